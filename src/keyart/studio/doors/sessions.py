"""Who may come in: a token shown with every request, or a cookie that a browser got for showing it once.

No database: a cookie is a time and a random number under a signature. Another token, or another key in the data folder,
ends all sessions.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from keyart.errors import BadSetting

LASTS_SECONDS = 14 * 24 * 3600
_KEY_BYTES = 32
_KEY_FILE = "door.key"
_BURST = 10
"""Wrong tokens that one address may show in a row ..."""
_REFILL_SECONDS = 30.0
"""... and then one more each so many seconds."""
_MOST_ADDRESSES = 10_000


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is logged in."""

    number: str
    csrf_token: str


class Keys:
    """Makes and checks cookies, and compares tokens."""

    def __init__(self, token: str, folder: Path, metrics_token: str = "") -> None:
        # the token alone could be guessed at leisure by whoever sees a cookie; the key file cannot
        self._key = hmac.digest(_kept_key(folder / _KEY_FILE), token.encode(), hashlib.sha256)
        self._token = self._mark(b"token", token)
        self._metrics_token = self._mark(b"metrics", metrics_token) if metrics_token else b""
        self.name = f"keyart-{self._mark(b'name', '').hex()[:8]}"
        """Of the cookie. Browsers tell hosts apart, not ports: two studios of a machine are not to end each other's."""

    def is_token(self, given: str) -> bool:
        """In the same time whatever is given."""
        return hmac.compare_digest(self._token, self._mark(b"token", given))

    def is_metrics_token(self, given: str) -> bool:
        """The same, of the token that opens /metrics alone."""
        return hmac.compare_digest(self._metrics_token, self._mark(b"metrics", given))

    def new_cookie(self, now: float | None = None) -> str:
        begun = f"{int(time.time() if now is None else now):x}.{secrets.token_hex(16)}"
        return f"{begun}.{self._mark(b'session', begun).hex()}"

    def session(self, cookie: str, now: float | None = None) -> Session | None:
        """The session of a cookie of ours that is not too old."""
        begun, _, mark = cookie.rpartition(".")
        if not hmac.compare_digest(self._mark(b"session", begun).hex().encode(), mark.encode(errors="replace")):
            return None
        at, _, number = begun.partition(".")
        age = (time.time() if now is None else now) - int(at, 16)
        return Session(number, self._mark(b"csrf", number).hex()) if -60 <= age <= LASTS_SECONDS else None

    def is_csrf_token(self, session: Session, given: str) -> bool:
        return hmac.compare_digest(session.csrf_token.encode(), given.encode(errors="replace"))

    def _mark(self, use: bytes, text: str) -> bytes:
        return hmac.digest(self._key, use + b"\0" + text.encode(errors="replace"), hashlib.sha256)


class Attempts:
    """Slows down whoever tries tokens: a bucket of tries for each address, refilled slowly."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_seconds(self, address: str, now: float | None = None) -> float:
        """0 where the address may try."""
        left = self._left(_neighbourhood(address), time.monotonic() if now is None else now)
        return 0.0 if left >= 1 else (1 - left) * _REFILL_SECONDS

    def failed(self, address: str, now: float | None = None) -> None:
        now = time.monotonic() if now is None else now
        place = _neighbourhood(address)
        self._tries[place] = (max(0.0, self._left(place, now) - 1), now)
        self._tries.move_to_end(place)
        while len(self._tries) > _MOST_ADDRESSES:
            self._tries.popitem(last=False)

    def _left(self, place: str, now: float) -> float:
        left, at = self._tries.get(place, (float(_BURST), now))
        return min(float(_BURST), left + (now - at) / _REFILL_SECONDS)


def _neighbourhood(address: str) -> str:
    """An IPv6 user has a whole /64 to try from."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


def _kept_key(path: Path) -> bytes:
    """The studio's own random key, made at the first start, for its owner's eyes only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    if not path.exists():
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
        fresh.replace(path)
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise BadSetting(f"{path}: is damaged; remove it, and everybody logs in anew")
    return key
