"""Which addresses of web services may be used: encrypted, or on this very machine when a setting says so."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def checked_https_url(url: str, *, plaintext_hosts: tuple[str, ...] = (), near_by: tuple[str, ...] = ()) -> str:
    """`url` without a slash at its end. Raises ValueError unless it is https without a password in it.

    Plain http is for hosts that `plaintext_hosts` names and that are on this machine: for trying things out; and for
    our own ones `near_by`, on a network that nobody else is on.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username is not None:
        raise ValueError("must begin with https://, name a host and hold no password")
    is_trusted = parts.hostname in near_by or (parts.hostname in plaintext_hosts and _is_here(parts.hostname))
    if parts.scheme == "http" and not is_trusted:
        raise ValueError("plain http:// is only for this machine, named in http_plaintext_hosts; use https://")
    return url.rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
