"""A signed note to an address of the user's choice when a video is at its end, as often as it takes to get through.

`X-Keyart-Signature: sha256=<HMAC of "<timestamp>.<body>">` with the studio's key, `X-Keyart-Timestamp` in Unix seconds:
whoever checks both, and that the time is near, knows that the note is ours and new.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from keyart.errors import BadSetting
from keyart.studio.doors.addresses import destination, may_call_private
from keyart.studio.options import Studio
from keyart.version import __version__

log = logging.getLogger("keyart.studio")

Fate = Literal["delivered", "refused", "unheard"]

DELAYS_SECONDS = (10.0, 60.0, 600.0, 3600.0, 21_600.0)
"""Before the second attempt, the third ...; after the last one it is given up."""
_PATIENCE_SECONDS = 10.0
_TRY_AGAIN = (408, 409, 425, 429)
KEY_FILE = "webhook.key"


def signature(key: bytes, timestamp: str, body: bytes) -> str:
    """What X-Keyart-Signature says.

    >>> signature(b"key", "1700000000", b"{}")
    'sha256=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae'
    """
    return f"sha256={hmac.new(key, timestamp.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Sends notes as the studio."""

    options: Studio

    def key(self) -> bytes:
        """The one that was set, or the one that the studio has made for itself: `webhook.key` in its data folder."""
        if self.options.webhook_secret:
            return self.options.webhook_secret.encode()
        path = self.options.data / KEY_FILE
        if not path.is_file():
            _write_key(path)
        return path.read_bytes().strip()

    def send(self, url: str, body: str) -> Fate:
        """One attempt. `unheard` is worth another one: no connection, a server in trouble."""
        import httpx

        try:
            there = destination(url, private=may_call_private(self.options))
        except BadSetting as err:
            log.warning("webhook %s: %s", url, err)
            return "unheard"  # names come and go
        timestamp, data = str(int(time.time())), body.encode()
        headers = {
            **there.headers,
            "Content-Type": "application/json",
            "User-Agent": f"keyart/{__version__}",
            "X-Keyart-Timestamp": timestamp,
            "X-Keyart-Signature": signature(self.key(), timestamp, data),
        }
        # no proxy, no .netrc, no redirect: the address that was looked at is the one that is asked
        with httpx.Client(trust_env=False, timeout=_PATIENCE_SECONDS, follow_redirects=False) as client:
            try:
                with client.stream(
                    "POST", there.url_by_address, content=data, headers=headers, extensions=dict(there.extensions)
                ) as answer:
                    return _fate(url, answer.status_code)
            except httpx.HTTPError as err:
                log.info("webhook %s: %s", url, type(err).__name__)
                return "unheard"


def _fate(url: str, status: int) -> Fate:
    if 200 <= status < 300:
        return "delivered"
    log.info("webhook %s: answered %d", url, status)
    return "unheard" if status >= 500 or status in _TRY_AGAIN else "refused"


def _write_key(path: Path) -> None:
    """Whole or not at all, for nobody else to read."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
    try:
        os.link(partial, path)  # the first one wins
    except FileExistsError:
        pass
    finally:
        partial.unlink(missing_ok=True)
