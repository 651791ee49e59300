"""Chosen fragments -> the pieces of the summary, their pictures and their sound, as streams that hold a few frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from keyart.media.clip import stream_clips
from keyart.teasers.summary.channels import Channels
from keyart.teasers.summary.fragments import Fragment
from keyart.types import Frame, VideoInfo

_BLOCK_SECONDS = 1.0
_EDGE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the video as the summary shows it; whole frames of the summary's rate."""

    start: float
    num_frames: int
    rate: Fraction
    at: int
    """Number of its first frame in the summary."""
    fragments: tuple[int, ...] = ()
    """The fragments that it is made of, neighbours of each other."""

    @property
    def seconds(self) -> float:
        return float(self.num_frames / self.rate)

    @property
    def end(self) -> float:
        return self.start + self.seconds

    @property
    def shown_at(self) -> float:
        """Seconds in the summary at which it begins."""
        return float(self.at / self.rate)


def joined(fragments: Sequence[Fragment], chosen: Sequence[int], rate: Fraction) -> tuple[Piece, ...]:
    """Fragments next to each other become one piece: nothing is cut where nothing is left out."""
    pieces: list[Piece] = []
    at = 0
    for run in _runs(chosen):
        start, end = fragments[run[0]].start, fragments[run[-1]].end
        count = int((end - start) * rate + 1e-6)
        if count:
            pieces.append(Piece(start, count, rate, at, tuple(run)))
            at += count
    return tuple(pieces)


def cut_short(fragment: Fragment, number: int, seconds: float, rate: Fraction) -> Piece:
    """The beginning of a fragment that is longer than all there is room for."""
    return Piece(
        fragment.start, max(1, int(min(seconds, fragment.end - fragment.start) * rate + 1e-6)), rate, 0, (number,)
    )


def _runs(numbers: Sequence[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def frame_rate(info: VideoInfo, least: float = 23.0, most: float = 60.0) -> Fraction:
    """The video's own rate; multiplied or divided by a whole number where platforms would refuse it."""
    own = info.frames_per_second if 0.5 <= info.frames_per_second <= 480 else 25.0
    rate = Fraction(own).limit_denominator(1001)
    for broadcast in (
        Fraction(24000, 1001),
        Fraction(30000, 1001),
        Fraction(60000, 1001),
        *map(Fraction, (24, 25, 30, 50, 60)),
    ):
        if abs(own - broadcast) < 0.005:
            rate = broadcast
    if rate > most:
        return rate / -int(-rate // Fraction(most))
    times = -int(-Fraction(least) // rate)
    return rate * times if times > 1 else rate


def pictures(info: VideoInfo, pieces: Sequence[Piece], longest_px: int) -> Iterator[tuple[int, Frame]]:
    """(number of the piece, the picture on display) for every frame of the summary, in order.

    One picture is held; a frame carries the time it was asked for. Where the video ends early its last picture stays.
    """
    if not pieces:
        return
    spans = [(one.start, one.end) for one in pieces]
    read = stream_clips(info, spans, frames_per_second=float(pieces[0].rate), longest_px=longest_px)
    last: tuple[int, Frame] | None = None
    at = 0
    for number, frame in read:
        if last is not None and number != last[0]:
            yield from _stays(pieces, last, at)
            at = pieces[number].at
        yield number, frame
        last, at = (number, frame), at + 1
    if last is not None:
        yield from _stays(pieces, last, at)


def _stays(pieces: Sequence[Piece], last: tuple[int, Frame], at: int) -> Iterator[tuple[int, Frame]]:
    """The last picture, up to the end of its piece. `at`: how many frames the summary has."""
    number, frame = last
    end = pieces[number].at + pieces[number].num_frames
    yield from ((number, frame) for _ in range(at, end))


# --- sound ------------------------------------------------------------------------------------------------------


class _Tape:
    """The sound as it streams; a stretch may begin at most half a second before the last one taken ended."""

    def __init__(self, chunks: Iterable[Channels], rate: int) -> None:
        self._chunks = iter(chunks)
        self._buffer: Channels = np.zeros((0, 1), np.float32)
        self._first = 0
        self._kept = rate // 2

    def take(self, start: int, count: int) -> Channels:
        """Samples [start, start + count); silence where there are none."""
        while self._first + len(self._buffer) < start + count:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._drop(start - self._kept)
            self._buffer = np.concatenate([self._buffer, chunk]) if len(self._buffer) else chunk
        found = np.zeros((count, self._buffer.shape[1]), np.float32)
        low, high = max(start, self._first), min(start + count, self._first + len(self._buffer))
        if high > low:
            found[low - start : high - start] = self._buffer[low - self._first : high - self._first]
        return found

    def _drop(self, before: int) -> None:
        drop = min(len(self._buffer), max(0, before - self._first))
        self._buffer, self._first = self._buffer[drop:], self._first + drop


def mixed(
    chunks: Iterable[Channels], pieces: Sequence[Piece], sample_rate_hz: int, crossfade_seconds: float
) -> Iterator[Channels]:
    """The summary's sound in blocks of about a second, exactly as long as its pictures, cross-faded at every cut.

    A cross-fade takes half of its length from either side of the cut (equal power): both lie in a pause, so no word is
    mixed with another. Sound goes in and out at the ends within 20 ms.
    """
    tape = _Tape(chunks, sample_rate_hz)
    half = round(crossfade_seconds * sample_rate_hz / 2)
    edge = round(_EDGE_SECONDS * sample_rate_hz)
    spans = [_samples(piece, sample_rate_hz) for piece in pieces]
    came_from: Channels | None = None
    for number, (start, count) in enumerate(spans):
        is_last = number == len(spans) - 1
        near = min(half, count // 2)
        head = tape.take(start, near or min(edge, count))
        yield _blended(came_from, head, rising=True) if came_from is not None else _ramped(head, edge)
        tail = min(half if not is_last else edge, count - len(head))
        for first, length in _blocks(start + len(head), count - len(head) - tail, sample_rate_hz):
            yield tape.take(first, length)
        end = start + count
        leaving = tape.take(end - tail, tail)
        if is_last:
            yield _ramped(leaving[::-1], edge)[::-1].copy()
            return
        following = min(half, spans[number + 1][1] // 2)
        came_from = tape.take(end, following)
        yield _blended(tape.take(spans[number + 1][0] - tail, tail), leaving, rising=False)


def _samples(piece: Piece, rate: int) -> tuple[int, int]:
    """First sample of the source, and how many: ends are rounded on the summary's clock, so that nothing drifts."""
    first, last = (round(frames * rate / piece.rate) for frames in (piece.at, piece.at + piece.num_frames))
    return round(piece.start * rate), last - first


def _blocks(start: int, count: int, rate: int) -> Iterator[tuple[int, int]]:
    size = round(_BLOCK_SECONDS * rate)
    for first in range(start, start + count, size):
        yield first, min(size, start + count - first)


def _ramped(sound: Channels, length: int) -> Channels:
    rise = np.minimum(1.0, (np.arange(len(sound)) + 1) / max(1, length))
    return np.asarray(sound * rise[:, None], np.float32)


def _blended(other: Channels, own: Channels, *, rising: bool) -> Channels:
    """The second or the first half of an equal-power cross-fade of `own` with what lies across the cut."""
    count = min(len(other), len(own))
    turn = _quarter(count, rising)[:, None]
    mixed = own.copy()
    part = slice(0, count) if rising else slice(len(own) - count, len(own))
    across = other[:count] if rising else other[len(other) - count :]
    mixed[part] = own[part] * np.cos(turn) + across * np.sin(turn)
    return mixed


def _quarter(count: int, rising: bool) -> NDArray[np.float32]:
    """From an even mix at the cut (45 degrees) to none of the other side."""
    share = (np.arange(count, dtype=np.float32) + 0.5) / max(1, count)
    return np.asarray(np.pi / 4 * (1 - share if rising else share), np.float32)


def cuts(pieces: Sequence[Piece]) -> list[tuple[float, float]]:
    """For each cut of the summary: where the piece before leaves the video and where the next one enters."""
    return [(before.end, after.start) for before, after in pairwise(pieces)]
