"""The levels, cheapest first: each makes the whole package, with less of everything than the next.

sketch ─> draft ─> fast ─> full        a level's package replaces the one before when it is complete, and not earlier
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from keyart.package import Package, StageReport
from keyart.recipe import Recipe, with_needed
from keyart.run import ORDER
from keyart.types import Outcome

if TYPE_CHECKING:
    from keyart.speech import Transcribe
    from keyart.titles import WriteTitles

S = TypeVar("S")
SHORT_SECONDS = 40.0
"""A video that is no more than so many seconds of 720p at 30 frames a second is looked at whole in two."""
TimeLeft = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Level:
    """How much of a package is made."""

    name: str
    recipe: Callable[[Recipe, TimeLeft, float], Recipe]
    """What was asked for, the time left, the video's length in seconds of 720p -> what this level makes of it."""
    left_out: tuple[str, ...] = ()
    """Parts that it does not make."""
    lessened: tuple[str, ...] = ()
    """Stages whose result is less than what was asked for."""
    why: str = ""
    """Said of each of them in the package."""


# --- what each level asks for -----------------------------------------------------------------------------------


def _sketch(asked: Recipe, left: TimeLeft, _: float) -> Recipe:
    """Key frames at a few moments; one cover, one look of the avatar, a teaser of a second and a half."""
    from keyart.anytime.skim import Skim

    skim: Any = type("Skim", (Skim,), {"__slots__": (), "time_left": staticmethod(left)})()
    teaser = asked.teaser
    formats = ("mp4",) if "mp4" in teaser.formats else teaser.formats[:1]
    return replace(
        asked,
        scan=skim,
        shots=replace(asked.shots, detector="embedded", gradual=False, structure=False, key_frame_activity=0.0),
        stills=replace(asked.stills, count=min(3, asked.stills.count), peeks=0, closer_looks=0, ranker=None),
        speech=_written(asked.speech),
        titles=hurried(_first_words(_extracted(asked.titles)), left, 0.3),
        covers=hurried(replace(_few_covers(asked, 1, 1), look="", background=""), left, 0.2),
        avatar=hurried(replace(asked.avatar, looks=_plain_look(asked.avatar.looks)), left, 0.2),
        teaser=hurried(
            replace(teaser, pieces=1, piece_seconds=min(1.5, teaser.piece_seconds), looks=1, formats=formats,
                    mp4_px=min(320, teaser.mp4_px), ranker=None),
            left, 0.3,
        ),
        review=replace(asked.review, generated=False, prompt=""),
    )  # fmt: skip


def _draft(asked: Recipe, left: TimeLeft, length_seconds: float) -> Recipe:
    """All key frames, of a short video all frames; of every product the first one."""
    teaser = asked.teaser
    formats = tuple(one for one in teaser.formats if one != "webp") or teaser.formats
    return replace(
        _fast(asked, left, length_seconds),
        covers=_few_covers(asked, 1, 2),
        cutouts=replace(asked.cutouts, count=1),
        variants=replace(asked.variants, count=1, engine="procedural"),
        teaser=replace(teaser, looks=min(3, teaser.looks), formats=formats),
    )


def _fast(asked: Recipe, _: TimeLeft, length_seconds: float) -> Recipe:
    """All key frames, of a short video all frames; all products. Sound is not listened to."""
    return replace(
        asked,
        scan=asked.scan if length_seconds <= SHORT_SECONDS else replace(asked.scan, mode="fast"),
        shots=replace(asked.shots, detector="embedded"),
        speech=_written(asked.speech),
        titles=_extracted(asked.titles),
        review=replace(asked.review, generated=False, prompt=""),
    )


def _full(asked: Recipe, _: TimeLeft, __: float) -> Recipe:
    """What would be made without a budget."""
    return asked


LEVELS = (
    Level(
        "sketch",
        _sketch,
        ("cutouts", "variants", "summaries"),
        ("shots", "stills", "storyboard", "titles", "covers", "avatar", "teaser"),
        "made in a hurry from a few moments of the video",
    ),
    Level(
        "draft",
        _draft,
        ("summaries",),
        ("stills", "titles", "covers", "cutouts", "variants", "teaser"),
        "made in a hurry, the first of several",
    ),
    Level("fast", _fast, ("summaries",), ("stills", "titles"), "made in a hurry, from key frames and subtitles"),
    Level("full", _full),
)
UNREAD = "a large file, not read whole: its checksum is not known"


def _few_covers(asked: Recipe, count: int, presets: int) -> Any:
    return replace(asked.covers, count=min(count, asked.covers.count), presets=asked.covers.presets[:presets])


def _plain_look(looks: tuple[str, ...]) -> tuple[str, ...]:
    """A look that needs no figure cut out."""
    from keyart.covers.avatar import CUT_OUT

    return next(((look,) for look in looks if look not in CUT_OUT), ("natural",))


def _extracted(titles: WriteTitles) -> WriteTitles:
    """Without a language model."""
    return replace(titles, writer="extract")


def _written(speech: Transcribe) -> Transcribe:
    """Reads subtitles and does not listen."""

    def listen(_: Any, __: Any, notes: list[str]) -> Outcome[None]:
        reason = "; ".join(("no subtitles, and there was no time to listen", *notes))
        return Outcome(None, "skipped", reason)

    return _of_kind(speech, "Written", _listen=listen)


def _first_words(titles: WriteTitles, most: int = 60) -> WriteTitles:
    """Takes its titles from the first few lines that are said."""
    kind = type(titles)

    def call(self: Any, info: Any, transcript: Any) -> Any:
        return kind.__call__(self, info, transcript and replace(transcript, cues=transcript.cues[:most]))

    return _of_kind(titles, "FirstWords", __call__=call)


def hurried(stage: S, left: TimeLeft, needs_seconds: float) -> S:
    """The stage, which is skipped where less time is left than it needs."""
    kind: Any = type(stage)

    def call(self: Any, *given: Any, **named: Any) -> Any:
        if left() < needs_seconds:
            return Outcome((), "skipped", "the budget left no time for it")
        return kind.__call__(self, *given, **named)

    return _of_kind(stage, "Hurried", __call__=call)


def _of_kind(stage: S, name: str, **methods: Any) -> S:
    """The same settings in a subclass: they are read off its fields like its parent's, and its cache keys differ."""
    kind: Any = type(name + type(stage).__name__, (type(stage),), {"__slots__": (), **methods})
    made: S = kind(**{one.name: getattr(stage, one.name) for one in fields(stage) if one.init})  # type: ignore[arg-type]
    return made


# --- what a package says of its level ---------------------------------------------------------------------------


def parts_of(level: Level, parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part for part in parts if part not in level.left_out)


def certified(package: Package, level: Level, parts: tuple[str, ...], of: str) -> Package:
    """The package with all parts that were asked for: those that the level lessens or leaves out say so.

    `of` stands for the settings that were asked for. A package of the last level is as if there had been no budget.
    """
    if level is LEVELS[-1]:
        return package
    why = f"{level.name}: {level.why}"
    is_whole_look = package.settings.get("scan", {}).get("mode") == "full"
    lessened = set(level.lessened) - ({"stills"} if is_whole_look else set())
    stages = [_lessened(one, why) if one.name in lessened else one for one in package.stages]
    if not package.sha256:
        stages = [_lessened(one, UNREAD) if one.name == "scan" else one for one in stages]
    missing = [part for part in with_needed(parts) if part in level.left_out]
    stages += [StageReport(part, "skipped", f"{level.name}: the budget left no time for it") for part in missing]
    stages.sort(key=lambda one: ORDER.index(one.name))
    settings = {**package.settings, "budget": {"level": level.name, "of": of}}
    products = tuple(one for one in package.products if one.data)  # a list of titles may have come out empty
    return replace(package, parts=parts, stages=tuple(stages), settings=settings, products=products)


def _lessened(report: StageReport, why: str) -> StageReport:
    if report.status == "skipped":
        return report
    return replace(report, status="degraded", reason="; ".join(part for part in (why, report.reason) if part))
