"""Which addresses of web services may be used: encrypted, or on this very machine when a setting says so."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def checked_https_url(url: str, *, plaintext_hosts: tuple[str, ...] = ()) -> str:
    """`url` without a slash at its end. Raises ValueError unless it is https without a password in it.

    Plain http is for hosts that `plaintext_hosts` names and that are on this machine: for trying things out.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username is not None:
        raise ValueError("must begin with https://, name a host and hold no password")
    if parts.scheme == "http" and not (parts.hostname in plaintext_hosts and _is_here(parts.hostname)):
        raise ValueError("plain http:// is only for this machine, named in http_plaintext_hosts; use https://")
    return url.rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
