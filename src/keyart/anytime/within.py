"""The best package that a time allows: level after level, each in the place of the one before."""

from __future__ import annotations

import contextlib
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from keyart import errors
from keyart.anytime.apart import Line, Say, started
from keyart.anytime.budget import FLOOR_SECONDS, GRACE_SECONDS, Budget
from keyart.anytime.forecast import Forecast
from keyart.anytime.levels import LEVELS
from keyart.anytime.publish import STAGING, level_of, publish, roll_forward, staged, standing
from keyart.anytime.work import Job, one_level, work
from keyart.cache import StageCache, cache_folder
from keyart.errors import BadSetting, KeyartError, NothingUsable, OutputProblem, UnreadableVideo
from keyart.models.licence import LicenceMode
from keyart.package import MANIFEST, USUAL, add_to_run, claim
from keyart.progress import Progress, Silent
from keyart.recipe import Recipe

_WITHOUT_END_SECONDS = 1e6


@dataclass(frozen=True, slots=True)
class Tried:
    """How one level ended."""

    level: str
    end: str
    """made, stopped (the time was over), passed over (it would not have fitted) or failed."""
    seconds: float = 0.0
    """What it took; of one that was passed over, what it was expected to take."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Within:
    """What a budget bought."""

    folder: Path
    level: str
    """Of the package that stands: sketch, draft, fast or full."""
    manifest: Mapping[str, Any]
    """Its package.json."""
    seconds: float
    """From the budget's begin to the last word."""
    tried: tuple[Tried, ...]

    @property
    def is_whole(self) -> bool:
        """Whether it is what would have been made without a budget, byte for byte."""
        return self.level == "full"


def make_within(
    video: str | Path,
    seconds: float,
    folder: str | Path,
    recipe: Recipe | None = None,
    *,
    parts: tuple[str, ...] = USUAL,
    progress: Progress | None = None,
    cache: StageCache | None = None,
    licence: LicenceMode | None = None,
    called: str = "",
    begun: float | None = None,
    apart: bool = True,
) -> Within:
    """A complete package in `folder` within `seconds`, as good as they allow; better ones replace it in place.

    The first level may take FLOOR_SECONDS whatever the budget is; GRACE_SECONDS later everything is over. `begun` is
    when the budget began on the monotonic clock, now where it is not given. What stands in `folder` of the same video
    and wishes and is as good already is left there; what a killed run was about to publish is published.

    `apart`: the work is done in a child process that is killed when the time is over, and a video that crashes the
    decoder takes only that along. Otherwise it is done here and stopped where
    stages begin and between frames only, so a stage may run over: for a worker that someone else kills, whose models
    stay loaded. Killed at any moment, it leaves the last finished level; the next call, or `roll_forward(folder)`, puts
    it in its place where that was just being done.

    Raises `MissingFile`, `UnreadableVideo`, `OutputProblem`; `NothingUsable` where no picture could be had in time.
    """
    budget = Budget.of(seconds, begun)
    with claim(Path(folder)) as claimed:
        roll_forward(claimed.path)
        _refuse_fewer(claimed.path, parts)
        kept = cache or StageCache(cache_folder())
        keeper = _Keeper(claimed.path, budget, progress or Silent(), Forecast.read(kept.folder))
        job = Job(Path(video), recipe or Recipe(), parts, claimed.path, budget, kept, licence, called)
        try:
            (_apart if apart else _here)(job, keeper)
            return keeper.outcome(job.video)
        finally:
            shutil.rmtree(claimed.path / STAGING, ignore_errors=True)


def _refuse_fewer(folder: Path, parts: tuple[str, ...]) -> None:
    if more := set(standing(folder).get("parts", ())) - set(parts):
        raise OutputProblem(f"{folder}: holds a package with {', '.join(sorted(more))} too; choose another folder")


def _here(job: Job, keeper: _Keeper) -> None:
    with contextlib.suppress(KeyartError):  # it was told, and is raised where no level stands
        work(job, keeper.hear, Silent())


def _safely(worked: Callable[[Job, Say, Progress], None], job: Job, say: Say) -> None:
    try:
        worked(job, say, Silent())
    except KeyartError as err:
        say({"failed": "", "kind": type(err).__name__, "error": str(err)})
    except Exception as err:  # noqa: BLE001  here a fault of our own meets the parent
        line = " ".join(f"{type(err).__name__}: {err}".split())
        say({"failed": "", "kind": "Fault", "error": f"a fault of keyart's own, please report it ({line})"})


def _apart(job: Job, keeper: _Keeper) -> None:
    child = started(partial(_safely, work), job)
    try:
        for line in child.lines(job.budget.last_end):
            if line is None:
                keeper.wait()
            else:
                keeper.hear(line)
            if keeper.is_enough:
                break
        else:
            keeper.broken(child.ended() if time.monotonic() < job.budget.last_end else 0)
    finally:
        child.end()
        child.close()


@dataclass(slots=True)
class _Keeper:
    """Hears what becomes of each level, and puts the finished ones in their place."""

    folder: Path
    budget: Budget
    progress: Progress
    forecast: Forecast
    tried: list[Tried] = field(default_factory=list)
    stands: str = ""
    _level: str = ""
    _expected: float = 1.0
    _usual: float = 1.0
    _since: float = 0.0
    _error: KeyartError | None = None

    def hear(self, line: Line) -> None:
        for word, answer in _ANSWERS.items():
            if word in line:
                answer(self, str(line[word]), line)

    def begins(self, level: str, line: Line) -> None:
        self._level, self._since = level, time.monotonic()
        self._expected, self._usual = float(line["seconds"]), float(line["usual"])
        self.progress.begin(level)

    def made(self, level: str, line: Line) -> None:
        if (staged(self.folder, level) / MANIFEST).is_file():
            publish(staged(self.folder, level), self.folder)
            self.stands = level
        self._end(Tried(level, "made", float(line["seconds"])))

    def stood(self, level: str, _: Line) -> None:
        self.stands = level

    def stopped(self, level: str, _: Line) -> None:
        self._end(Tried(level, "stopped", self._spent, "the time was over"))

    def passed_over(self, level: str, line: Line) -> None:
        self.tried.append(Tried(level, "passed over", float(line["seconds"]), "it would not have fitted"))

    def failed(self, level: str, line: Line) -> None:
        if not level and self._error:  # it was told of its level already
            return
        kind = getattr(errors, str(line["kind"]), KeyartError)
        hint = "; only a few moments were looked at: give it more time"
        self._error = kind.__new__(kind)
        self._error.args = (str(line["error"]) + (hint if kind is NothingUsable and level == LEVELS[0].name else ""),)
        self._end(Tried(level or self._level, "failed", self._spent, str(line["error"])))

    def broken(self, status: int) -> None:
        """The child has ended; if it did so with a level under way, it broke down or was out of time."""
        if status < 0:
            name = signal.Signals(-status).name
            self._error = self._error or UnreadableVideo(f"the decoder broke down on it ({name})")
            self._end(Tried(self._level, "failed", self._spent, f"it broke down ({name})"))

    def wait(self) -> None:
        if self._level:
            self.progress.at(self._level, min(0.99, self._spent / max(0.1, self._expected)))

    @property
    def is_enough(self) -> bool:
        """Whether a level stands and the budget is spent: what is under way will not be waited for."""
        return bool(self.stands) and self.budget.left <= 0

    @property
    def _spent(self) -> float:
        return time.monotonic() - self._since

    def _end(self, tried: Tried) -> None:
        tried = replace(tried, seconds=round(tried.seconds, 3))
        if tried.end in ("made", "stopped"):
            self.forecast.learn(tried.level, tried.seconds, self._usual, stopped=tried.end == "stopped")
        self.tried.append(tried)
        self._level = ""
        status = "ok" if tried.end == "made" else "skipped"
        self.progress.end(tried.level, status, tried.reason, tried.seconds)  # type: ignore[arg-type]  # both are one

    def outcome(self, video: Path) -> Within:
        """What stands; the story of how it came is added to its run.json. Raises what kept it from coming."""
        if self._level:
            self._end(Tried(self._level, "stopped", self._spent, "the time was over"))
        if not self.stands:
            raise self._error or NothingUsable(
                f"{video}: not one picture could be had within {self.budget.seconds:g} s; give it more time"
            )
        found = standing(self.folder)
        self.forecast.keep()
        within = Within(self.folder, level_of(found), found, round(self.budget.spent, 3), tuple(self.tried))
        _tell(within, self.budget)
        return within


_ANSWERS: dict[str, Callable[[_Keeper, str, Line], None]] = {
    "begins": _Keeper.begins,
    "made": _Keeper.made,
    "stands": _Keeper.stood,
    "stopped": _Keeper.stopped,
    "passed over": _Keeper.passed_over,
    "failed": _Keeper.failed,
}


def _tell(within: Within, budget: Budget) -> None:
    told = {
        "seconds": budget.seconds,
        "floor_seconds": FLOOR_SECONDS,
        "grace_seconds": GRACE_SECONDS,
        "level": within.level,
        "spent_seconds": within.seconds,
        "levels": [
            {"level": one.level, "end": one.end, "seconds": one.seconds, "reason": one.reason} for one in within.tried
        ],
    }
    with contextlib.suppress(OSError):  # a story that cannot be told spoils nothing
        add_to_run(within.folder, {"budget": told})


def make_level(
    video: str | Path,
    level: str,
    folder: str | Path,
    recipe: Recipe | None = None,
    *,
    parts: tuple[str, ...] = USUAL,
    cache: StageCache | None = None,
) -> Within:
    """The package of one level, however long it takes: what a budget that just allows it would buy.

    Raises `BadSetting` for a level that is not there, and what `make_within` raises.
    """
    known = {one.name: one for one in LEVELS}
    if level not in known:
        raise BadSetting(f"no level is called {level!r}; there are: {', '.join(known)}")
    budget = Budget.of(_WITHOUT_END_SECONDS)
    with claim(Path(folder)) as claimed:
        kept = cache or StageCache(cache_folder())
        keeper = _Keeper(claimed.path, budget, Silent(), Forecast.read(kept.folder))
        try:
            one_level(
                Job(Path(video), recipe or Recipe(), parts, claimed.path, budget, kept), known[level], keeper.hear
            )
            return keeper.outcome(Path(video))
        finally:
            shutil.rmtree(claimed.path / STAGING, ignore_errors=True)
