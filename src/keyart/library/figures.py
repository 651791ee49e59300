"""Results of a library -> the figures of its report; one result at a time, however many there are."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from keyart.library.names import mark_of
from keyart.library.places import shown
from keyart.library.values import End, Result

ENDS: tuple[End, ...] = ("made", "degraded", "present", "failed", "quarantined")
WORST_SHOWN = 500
SLOWEST_SHOWN = 12
SAMPLE_SHOWN = 24
WARNINGS_KEPT = 1000
_MOST_REASONS = 1000
_WORSE: dict[End, int] = {"quarantined": 3, "failed": 2, "degraded": 1}


@dataclass(frozen=True, slots=True)
class Prices:
    """What a machine's time and a store's room cost. Round figures of no one's list: give your own."""

    core_hour: float = 0.05
    """Of one core."""
    gb_month: float = 0.02
    """Of 10^9 bytes kept for a month."""
    currency: str = "USD"


@dataclass(slots=True)
class StageFigures:
    """One stage over all videos."""

    counts: Counter[str] = field(default_factory=Counter)
    """Videos by its status: ok, degraded, skipped."""
    resumed: int = 0
    """How often its outcome was there already."""
    seconds: float = 0.0
    """Of those that were done, on the clock."""
    longest_seconds: float = 0.0
    longest: str = ""
    """The video of those."""

    @property
    def done(self) -> int:
        return self.counts.total() - self.resumed - self.counts["skipped"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why videos ended as they did, those that say the same counted together."""

    end: End
    text: str
    count: int
    example: str


@dataclass(slots=True)
class _Top:
    """The largest few of many, by a key."""

    size: int
    _heap: list[tuple[tuple[float, ...], int, Result]] = field(default_factory=list)
    _seen: int = 0

    def see(self, key: tuple[float, ...], result: Result) -> None:
        self._seen += 1
        entry = key, -self._seen, result  # of equals, the first stays
        if len(self._heap) < self.size:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heappushpop(self._heap, entry)

    def largest_first(self) -> list[Result]:
        return [result for *_, result in sorted(self._heap, key=lambda one: one[:2], reverse=True)]


@dataclass(slots=True)
class Figures:
    """What a report says of all results; `see` each."""

    counts: Counter[End] = field(default_factory=Counter)
    video_seconds: float = 0.0
    """Of those with a package."""
    seconds: float = 0.0
    """On the clock, each worker's counted for itself."""
    cpu_seconds: float = 0.0
    lost_cpu_seconds: float = 0.0
    """Of them, for videos that have no package."""
    package_bytes: int = 0
    source_bytes: int = 0
    """Of those with a package, where the store says."""
    peak_bytes: int = 0
    retried: int = 0
    """Videos that took more than one attempt."""
    stages: dict[str, StageFigures] = field(default_factory=dict)
    workers: set[str] = field(default_factory=set)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    """Name of a video and what its channel says of a cover of it; the first thousand."""
    num_warnings: int = 0
    _reasons: dict[tuple[End, str], tuple[int, str]] = field(default_factory=dict)
    _slowest: _Top = field(default_factory=lambda: _Top(SLOWEST_SHOWN))
    _worst: _Top = field(default_factory=lambda: _Top(WORST_SHOWN))
    _sample: _Top = field(default_factory=lambda: _Top(SAMPLE_SHOWN))

    def see(self, result: Result) -> None:
        self.counts[result.end] += 1
        self.seconds += result.seconds
        self.cpu_seconds += result.cpu_seconds
        self.peak_bytes = max(self.peak_bytes, result.peak_bytes)
        self.retried += result.attempt > 1
        if result.worker:
            self.workers.add(result.worker)
        if result.end in ("failed", "quarantined"):
            self.lost_cpu_seconds += result.cpu_seconds
        else:
            self.video_seconds += result.video_seconds
            self.package_bytes += result.package_bytes
            self.source_bytes += max(0, result.row.size_bytes)
            self._sample.see((int(mark_of(result.row.name), 16),), result)
        self.num_warnings += len(result.warnings)
        self.warnings += [(result.row.name, one) for one in result.warnings[: WARNINGS_KEPT - len(self.warnings)]]
        self._see_stages(result)
        self._see_reason(result)
        self._worst.see((_WORSE.get(result.end, 0), result.seconds), result)
        if result.seconds:
            self._slowest.see((result.seconds,), result)

    def _see_stages(self, result: Result) -> None:
        for told in result.stages:
            stage = self.stages.setdefault(told.name, StageFigures())
            stage.counts[told.status] += 1
            stage.resumed += told.resumed
            if not told.resumed:
                stage.seconds += told.seconds
                if told.seconds > stage.longest_seconds:
                    stage.longest_seconds, stage.longest = told.seconds, result.row.name

    def _see_reason(self, result: Result) -> None:
        if not result.reason or result.end == "present":
            return
        for text in result.reason.split("; ") if result.end == "degraded" else (result.reason,):
            key = result.end, general(text, result)
            if key not in self._reasons and len(self._reasons) >= _MOST_REASONS:
                key = result.end, "others"
            count, example = self._reasons.get(key, (0, result.row.name))
            self._reasons[key] = count + 1, example

    # --- what they come to -------------------------------------------------------------------------------------

    @property
    def videos(self) -> int:
        return self.counts.total()

    @property
    def packages(self) -> int:
        return self.videos - self.counts["failed"] - self.counts["quarantined"]

    @property
    def core_hours(self) -> float:
        return self.cpu_seconds / 3600

    @property
    def video_hours(self) -> float:
        return self.video_seconds / 3600

    def work_costs(self, prices: Prices) -> float:
        return self.core_hours * prices.core_hour

    def month_costs(self, prices: Prices) -> float:
        return self.package_bytes / 1e9 * prices.gb_month

    def reasons(self) -> list[Reason]:
        """Worst kind of end first, then the most frequent."""
        found = [Reason(end, text, count, example) for (end, text), (count, example) in self._reasons.items()]
        return sorted(found, key=lambda one: (-_WORSE.get(one.end, 0), -one.count, one.text))

    def slowest(self) -> list[Result]:
        return self._slowest.largest_first()

    def worst(self) -> list[Result]:
        """Those without a package, then degraded ones, then the slowest."""
        return self._worst.largest_first()

    def sample(self) -> list[Result]:
        """Some of those with a package, the same ones every time, in the order of their names."""
        return sorted(self._sample.largest_first(), key=lambda one: one.row.name)


def seen(results: Iterable[Result], figures: Figures) -> Iterator[Result]:
    """The results as they come, `figures` having seen each."""
    for result in results:
        figures.see(result)
        yield result


def general(reason: str, result: Result) -> str:
    """The reason without the video's own address: a thousand files that are none have one reason.

    >>> from keyart.library.values import Row
    >>> general("/v/a.mp4: holds no video", Result(Row("/v/a.mp4", "a"), "failed"))
    'holds no video'
    """
    file = result.row.url.rpartition("/")[2]
    for own in (shown(result.row.url), result.row.url, file if "." in file else ""):
        if own:
            reason = reason.removeprefix(f"{own}: ").replace(own, "...")
    return reason
