"""Many who read at once: a few lines of HTTP/1.1, so that what is timed is the server and not the client."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Timed:
    """Answers of many readers together."""

    seconds: list[float] = field(default_factory=list)
    """From the request to the last byte of the answer."""
    failures: int = 0
    """Answers that were not 200, and connections that broke."""


def share_below(seconds: Sequence[float], share: float) -> float:
    """The nearest-rank quantile: the smallest of them that at least this share of them does not exceed.

    >>> share_below([3.0, 1.0, 2.0, 4.0], 0.5), share_below([1.0] * 19 + [9.0], 0.95), share_below([1.0, 9.0], 0.95)
    (2.0, 1.0, 9.0)
    """
    return sorted(seconds)[max(0, math.ceil(share * len(seconds)) - 1)]


def read(
    host: str, port: int, paths: Sequence[str], *, readers: int, for_seconds: float, think_seconds: float
) -> Timed:
    """Each reader asks for one of the paths after another on a connection that it keeps, thinking in between.

    With no time to think the loop is closed: as many requests as the server answers.
    """
    return asyncio.run(_read(host, port, paths, readers, for_seconds, think_seconds))


async def _read(host: str, port: int, paths: Sequence[str], readers: int, for_seconds: float, think: float) -> Timed:
    timed, until = Timed(), time.monotonic() + for_seconds
    ways = [_reader(host, port, paths, number, until, think, timed) for number in range(readers)]
    await asyncio.gather(*ways)
    return timed


async def _reader(
    host: str, port: int, paths: Sequence[str], number: int, until: float, think: float, timed: Timed
) -> None:
    chance = random.Random(number)
    await asyncio.sleep(chance.uniform(0, think))  # people do not click in step
    ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    turn = number
    while time.monotonic() < until:
        began = time.perf_counter()
        try:
            ends = ends or await asyncio.open_connection(host, port)
            status = await _ask(ends, f"{host}:{port}", paths[turn % len(paths)])
        except (OSError, ValueError, asyncio.IncompleteReadError):
            ends, status = None, 0
        if status == 200:
            timed.seconds.append(time.perf_counter() - began)
        else:
            timed.failures += 1
        turn += 1
        if think:
            await asyncio.sleep(max(0.0, think - (time.perf_counter() - began)))
    if ends is not None:
        ends[1].close()


async def _ask(ends: tuple[asyncio.StreamReader, asyncio.StreamWriter], host: str, path: str) -> int:
    """The status; the answer is read to its end."""
    reader, writer = ends
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
    lengths = [int(line.partition(":")[2]) for line in head if line.startswith("content-length:")]
    await reader.readexactly(lengths[0])
    return int(head[0].split()[1])
