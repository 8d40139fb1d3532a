"""A real web server on this machine, in threads of its own, that answers, keeps silent or breaks off as it is told."""

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Nothing(Enum):
    """Ways of not answering."""

    SILENCE = auto()
    BREAK_OFF = auto()
    STOP_IN_THE_MIDDLE = auto()


Answers = Callable[[Asked], Reply | Nothing]


class Handler(BaseHTTPRequestHandler):
    """Hands each request to the server's `answers`."""

    protocol_version = "HTTP/1.1"
    timeout = 5
    server: "Server"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
        pass

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.answers(Asked(self.command, parts.path, parse_qs(parts.query), headers, body))
        if reply is Nothing.SILENCE:
            self.server.closing.wait(10)
        if isinstance(reply, Reply):
            self._say(reply)
            return
        if reply is Nothing.STOP_IN_THE_MIDDLE:
            self.wfile.write(b"HTTP/1.1 201 Created\r\ncontent-length: 500\r\n\r\n{")
            self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _say(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in {"content-length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)


class Server(ThreadingHTTPServer):
    """Ends its threads when it is closed."""

    daemon_threads = False

    def __init__(self, answers: Answers) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        self.closing = Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no fault here."""


@contextmanager
def web_server(answers: Answers, *, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server on a free port of this machine; answers the port."""
    server = Server(answers)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(slots=True)
class Script:
    """Answers with `replies` in order, then 200; keeps what was asked."""

    replies: list[Reply | Nothing] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Reply | Nothing:
        self.asked.append(asked)
        return self.replies.pop(0) if self.replies else Reply(200)


def nobody_listens() -> int:
    """A port of this machine on which nothing answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
