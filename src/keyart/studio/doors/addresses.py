"""Which addresses the studio may ask when a user names one: public ones, by http(s), and no others.

A name is resolved once, here; whoever goes there connects to the address that was looked at, so that a name server that
answers differently the second time gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from keyart.errors import BadSetting
from keyart.studio.options import Studio

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MOST_CHARACTERS = 2000
_NAME = re.compile(
    r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.?", re.I
)
_LOW_PORTS = (80, 443)
"""Below 1024 only these: nobody's mail server is to be talked to."""
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.ip_network("::/96")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a request goes: the address that was looked at, and the name that it is asked for by."""

    url: str
    """As it was given."""
    url_by_address: str
    """The same with the address for a host: what is connected to."""
    headers: Mapping[str, str]
    """Host."""
    extensions: Mapping[str, str]
    """For httpx: the name that the certificate must be of."""


def public_address(host: str) -> str:
    """The address of a host all of whose addresses are public. Raises `BadSetting`, also where it has none."""
    found = _resolved(host)
    for one in found:
        if not is_public(one):
            raise BadSetting(f"{host}: an address of a private network is not asked")
    return str(found[0])


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public network, whatever IPv6 wraps it in."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id:
            return False
        if (inside := _wrapped(address)) is not None:
            return is_public(inside)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _wrapped(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that mapped, 6to4, Teredo, NAT64 and compatible ones lead to."""
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in one for one in _TRANSLATED) or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def destination(url: str, *, private: bool = False) -> Destination:
    """A user's address, looked at: http(s), no credentials, a public host unless `private`. Raises `BadSetting`."""
    parts, port = _parts(url)
    host = parts.hostname or ""
    address = str(_resolved(host)[0]) if private else public_address(host)
    shown = f"[{address}]" if ":" in address else address
    named = f"[{host}]" if ":" in host else host
    at = f":{port}" if port else ""
    return Destination(
        url,
        parts._replace(netloc=f"{shown}{at}", fragment="").geturl(),
        {"Host": f"{named}{at}"},
        {"sni_hostname": host.rstrip(".")},
    )


def may_call_private(options: Studio) -> bool:
    """Whether addresses of the machine's own network may be called: where only its own user can ask for it."""
    return options.is_local and not options.hosts


def _parts(url: str) -> tuple[SplitResult, int | None]:
    if len(url) > MOST_CHARACTERS:
        raise BadSetting(f"an address has at most {MOST_CHARACTERS} characters")
    # what one reader skips over another one reads: no such address is looked at any further
    if not (url.isascii() and url.isprintable()) or any(one in url for one in ' \\"<>^`{|}'):
        raise BadSetting("an address has only the characters of RFC 3986; write others as %XX")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as err:
        raise BadSetting(f"this is no address ({err})") from err
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadSetting("an address begins with http:// or https:// and a host")
    if "@" in parts.netloc:
        raise BadSetting("an address with a name and password in it is not asked")
    if port is not None and port not in _LOW_PORTS and port < 1024:
        raise BadSetting(f"port {port} is not asked; 80, 443 and those from 1024 are")
    return parts, port


def _resolved(host: str) -> tuple[Address, ...]:
    """All addresses that the host stands for. Numbers written in other ways (0x7f.1, 2130706433) are no hosts."""
    try:
        return (ipaddress.ip_address(host),)
    except ValueError:
        pass
    last = host.rstrip(".").rpartition(".")[2]
    if not _NAME.fullmatch(host) or last.isdigit() or re.fullmatch("0x[0-9a-f]*", last, re.I):
        raise BadSetting(f"{host[:253]}: this is no name of a host")
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as err:
        raise BadSetting(f"{host}: no such host is known") from err
    return tuple(dict.fromkeys(ipaddress.ip_address(str(one[4][0])) for one in found))
