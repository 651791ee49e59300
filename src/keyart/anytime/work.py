"""Level after level over one video; each finished one is saved and told. Runs in a child process or here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from keyart.anytime.apart import Say
from keyart.anytime.budget import Budget
from keyart.anytime.forecast import Forecast, load, usual_seconds
from keyart.anytime.levels import LEVELS, Level, certified, parts_of
from keyart.anytime.publish import asked_key, is_same, level_of, staged, standing
from keyart.anytime.stop import Deadline, OutOfTime
from keyart.cache import StageCache, file_sha256
from keyart.errors import KeyartError, NothingUsable, UnreadableVideo
from keyart.journal import run_facts
from keyart.media.probe import probe
from keyart.models.licence import LicenceMode
from keyart.package import Package, PackageFolder, manifest
from keyart.pipeline import make, settings_told
from keyart.progress import Progress, Silent
from keyart.recipe import Recipe, sections_for
from keyart.run import beside
from keyart.types import VideoInfo

_SAVING_SECONDS = 0.3
"""For writing the package: kept back from the first level's time."""
_QUICKLY_READ_BYTES = 200_000_000
"""A larger file's checksum is not taken for the first level: its package has none."""
_PATIENCE_SECONDS = 0.5
_SHORT_VERSIONS = 2.5
"""How many times longer a package with short versions takes."""


@dataclass(frozen=True, slots=True)
class Job:
    """One video and what time there is for it."""

    video: Path
    recipe: Recipe
    parts: tuple[str, ...]
    folder: Path
    budget: Budget
    cache: StageCache
    licence: LicenceMode | None = None
    called: str = ""
    facts: Callable[[Package], dict[str, Any]] = run_facts
    """`run.json` of a package."""


def work(job: Job, say: Say, progress: Progress) -> None:
    """Says `{"begins": level, "seconds": expected, "usual": on a quiet machine}`, then `{"made": level, "seconds"}`,
    `{"stopped": level}` or `{"failed": level, "kind", "error"}` of each level; of one that would not fit
    `{"passed over": level, "seconds"}`. `stands` beside `made`: what was there is no worse and stays."""
    _Work(job, say, progress).run()


def one_level(job: Job, level: Level, say: Say) -> None:
    """One level and no other."""
    _Work(job, say, Silent()).only(level)


class _Work:
    def __init__(self, job: Job, say: Say, progress: Progress) -> None:
        self.job, self.say, self.progress = job, say, progress
        self.forecast = Forecast.read(job.cache.folder)
        self.asked = asked_key(settings_told(job.recipe, sections_for(job.parts)), job.parts)
        self.info: VideoInfo | None = None
        self.sha256: Future[str] | None = None
        self.start = time.monotonic(), time.process_time()
        self.best = -1
        """Index of the level that stands."""
        self.stood = ""
        """The level that stood before and is no worse."""

    def run(self) -> None:
        first: Level = LEVELS[0]
        rest: tuple[Level, ...] = LEVELS[1:]
        if not self._try(first):
            rest = rest[-1:] if self.info is not None else ()  # another look may find what the first did not
        for level in self._fitting(rest):
            if not self._try(level):
                break

    def only(self, level: Level) -> None:
        self._try(level)

    def _fitting(self, levels: tuple[Level, ...]) -> Iterator[Level]:
        """Of the levels still to come the finest that fits the time left, and again."""
        told: set[str] = set()
        while True:
            waiting = [level for level in levels if LEVELS.index(level) > self.best]
            for level in reversed(waiting):
                seconds = self._expected(level)
                if seconds <= self.job.budget.left:
                    yield level
                    break
                if level.name not in told:
                    told.add(level.name)
                    self.say({"passed over": level.name, "seconds": round(seconds, 1)})
            else:
                return

    def _usual(self, level: Level) -> float:
        listens = bool(self.info and self.info.audio and not self.info.subtitles)
        listens = listens and self.job.recipe.speech.recogniser != "none"
        seconds = usual_seconds(level.name, self.info, listens=listens)
        return _SHORT_VERSIONS * seconds if level is LEVELS[-1] and "summaries" in self.job.parts else seconds

    def _expected(self, level: Level) -> float:
        return self.forecast.seconds(level.name, self._usual(level))

    def _try(self, level: Level) -> bool:
        """Whether the level was made. Raises what no other level can cure."""
        start = time.monotonic()
        usual, expected = self._usual(level), self._expected(level)
        self.say({"begins": level.name, "seconds": round(expected, 1), "usual": usual})
        try:
            self._make(level)
        except OutOfTime:
            self.say({"stopped": level.name})
            return False
        except KeyartError as err:
            self.say({"failed": level.name, "kind": type(err).__name__, "error": str(err)})
            if isinstance(err, UnreadableVideo | NothingUsable):
                return False
            raise
        seconds = time.monotonic() - start
        self.forecast.learn(level.name, seconds, usual)
        self.say({"made": level.name, "seconds": round(seconds, 3)} | ({"stands": self.stood} if self.stood else {}))
        return True

    def _make(self, level: Level) -> None:
        job = self.job
        is_first = level is LEVELS[0]
        if self.info is None:
            self.info = replace(probe(job.video), called=job.called)
        is_large = self.info.size_bytes > _QUICKLY_READ_BYTES
        if self.sha256 is None and not (is_first and is_large):  # a core that reads does not look
            self.sha256 = beside(lambda: file_sha256(job.video))
        until = job.budget.first_end if is_first else job.budget.end
        sha256 = "-" if is_first else self._hashed(until)
        if not sha256:
            raise OutOfTime
        package = make(
            job.video,
            level.recipe(job.recipe, partial(self._left, until), load(self.info)),
            parts=parts_of(level, job.parts),
            # the first is not stopped: what it has no time for it leaves out
            progress=self.progress if is_first else Deadline(until, self.progress),
            cache=_Nothing(job.cache.folder) if is_first else job.cache,
            licence=job.licence,
            called=job.called,
            sha256=sha256,
        )
        package = replace(package, sha256=self._hashed(time.monotonic() + min(_PATIENCE_SECONDS, self._left(until))))
        self._save(certified(package, level, job.parts, self.asked), level)

    def _left(self, until: float) -> float:
        """Seconds of work for which there is time before the package must be written.

        On a machine that others keep busy a second of work takes longer.
        """
        now, worked = time.monotonic(), time.process_time()
        busy = max(1.0, (now - self.start[0]) / max(0.05, worked - self.start[1]))
        return (until - now) / busy - _SAVING_SECONDS

    def _hashed(self, until: float) -> str:
        """The content's checksum; empty where the file is too large to be read by then."""
        try:
            return self.sha256.result(max(0.0, until - time.monotonic())) if self.sha256 else ""
        except TimeoutError:
            return ""

    def _save(self, package: Package, level: Level) -> None:
        """Saved beside what stands, unless that is better."""
        there = standing(self.job.folder)
        self.best = LEVELS.index(level)
        if is_same(there, manifest(package)):
            known = [number for number, one in enumerate(LEVELS) if one.name == level_of(there)]
            if known and known[0] >= self.best:
                self.best = known[0]
                self.stood = level_of(there)
                return
        PackageFolder(staged(self.job.folder, level.name)).save(package, self.job.facts(package))


class _Nothing(StageCache):
    """Keeps nothing: what was made in a hurry is not worth the time that it would take to keep it."""

    __slots__ = ()

    def get(self, *_: object) -> None:
        return None

    def put(self, *_: object) -> None:
        return None

    def warm_up(self, *_: object) -> None:
        return None
