"""Loopback ports: whether one is free, and how to find one that stays free."""

import secrets
import socket

from deploy.native.errors import NativeError

HOST = "127.0.0.1"

# Below Linux's range for outgoing connections (32768-60999). A client that keeps calling a stopped server's port inside
# that range can be given this very port for its own end, connect to itself, and keep the server from coming back.
LOWEST, HIGHEST = 20000, 32000


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:port now; connections that are still closing do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def find_free(taken: set[int]) -> int:
    """A port that nobody listens on and that is not in `taken`."""
    for _ in range(200):
        port = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
        if port not in taken and is_free(port):
            return port
    raise NativeError(f"No free port was found between {LOWEST} and {HIGHEST} on {HOST}.")
