"""How long the studio waits for requests to be sent and answers to be read: uvicorn itself waits for ever.

`uvicorn.Config(app, http=Patient)`.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS = 10.0
"""From the first byte of the line, or after what a kept line may stay silent, to the end of a request's headers."""
STALL_SECONDS = 120.0
"""For a reader who does not read what was asked for; a player that is paused asks again for the rest."""
MOST_HEADER_BYTES = 64_000
MOST_LINES = 200
"""Connections from one address; the machine itself, where a reverse proxy may stand, has no bound."""


class Patient(HttpToolsProtocol):
    """uvicorn's own protocol, with an end to its patience."""

    lines: ClassVar[Counter[str]] = Counter()
    """Open connections by address; all of a process."""
    _hurry: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _header_bytes = 0
    _address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type] # uvicorn narrows what asyncio declares
        self._address = self.client[0] if self.client else ""
        Patient.lines[self._address] += 1
        if Patient.lines[self._address] > MOST_LINES and not _is_here(self._address):
            self.transport.abort()
            return
        self._wait(HEADER_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._read_again()
        Patient.lines[self._address] -= 1
        if not Patient.lines[self._address]:
            del Patient.lines[self._address]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._hurry is not None:  # the headers are still not whole, or this is what follows a refusal
            self._header_bytes += len(data)
            if self._header_bytes > MOST_HEADER_BYTES:
                self.transport.abort()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.timeout_keep_alive_task is not None:
            self._wait(self.timeout_keep_alive + HEADER_SECONDS)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(STALL_SECONDS, self._give_up)

    def resume_writing(self) -> None:
        self._read_again()
        super().resume_writing()

    def _read_again(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
        self._stalled = None

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._hurry = self.loop.call_later(seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._hurry is not None:
            self._hurry.cancel()
        self._hurry, self._header_bytes = None, 0

    def _give_up(self) -> None:
        self.transport.abort()


def _is_here(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return True  # a socket of this machine has no address
