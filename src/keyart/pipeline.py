"""The way of one video through the house, top to bottom.

media ─> shots ─> stills ─┬─> covers, cutouts, variants, avatar ─┐
  │        └─ storyboard ─┼─> teaser ────────────────────────────┼─> review ─> package
  └────> speech ─> titles ┘   (beside the pictures)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyart.cache import StageCache, cache_folder, file_sha256
from keyart.cores import give_back_memory, one_heap, opencv_on_one_thread
from keyart.errors import MissingFile, NothingUsable
from keyart.media.probe import probe
from keyart.models.licence import LicenceMode, licence_mode, licensed
from keyart.package import PARTS, USUAL, Package
from keyart.progress import Progress, Silent
from keyart.recipe import PUBLISHED, Recipe, sections_for, with_needed
from keyart.run import Run, beside
from keyart.settings import settings_of
from keyart.types import Headline, Outcome, Product, Shot, Still, Transcript, VideoInfo
from keyart.witness import witnessed

if TYPE_CHECKING:
    from keyart.media.scan import Onlooker, Pass, ScanReport
    from keyart.review import Verdict
    from keyart.stills.learned import Told

__all__ = ["Recipe", "make"]

Products = tuple[Product, ...]
Words = tuple[Transcript | None, tuple[Headline, ...], tuple["Verdict", ...]]


def make(
    video: str | Path,
    recipe: Recipe | None = None,
    *,
    parts: tuple[str, ...] = USUAL,
    progress: Progress | None = None,
    cache: StageCache | None = None,
    licence: LicenceMode | None = None,
    called: str = "",
    begun: Pass | None = None,
    sha256: str = "",
) -> Package:
    """A video's publishing package, or the named parts of it and what they need; `keyart.save` puts it on disk.

    `licence` "permissive" keeps out models whose card is not permissive; None takes what KEYART_LICENCE says.
    `called` is the file's name for people, where the path is a place in a store. `begun` is a pass over this video that
    is under way: the caller closes it. `sha256` is that of the file, where it is known already.
    Raises `MissingFile`, `UnreadableVideo`, and `NothingUsable` where pictures are wanted and not one can be offered.
    """
    one_heap()
    with licensed(licence or licence_mode()), witnessed(called or Path(video).name) as witness:
        info = replace(begun.info if begun else probe(video), called=called)
        witness.know(info)
        try:
            return _made(
                info,
                recipe or Recipe(),
                parts,
                progress or Silent(),
                cache or StageCache(cache_folder()),
                begun,
                sha256,
            )
        finally:
            give_back_memory()  # a process that makes many holds no more than one that makes few


def _made(
    info: VideoInfo,
    recipe: Recipe,
    parts: tuple[str, ...],
    progress: Progress,
    cache: StageCache,
    begun: Pass | None = None,
    sha256: str = "",
) -> Package:
    sha256 = sha256 or file_sha256(info.path)
    wanted = _wanted(recipe, parts)
    own = recipe.covers.said(()) if "covers" in wanted else ()
    run = Run(sha256, cache, progress)

    said = _said(recipe, info) if "titles" in wanted else ()
    words = beside(lambda: _words(run, recipe, info, said, own)) if "titles" in wanted else None
    moments = recipe.summaries.watch() if "summaries" in wanted else None
    looked = _look(run, recipe, info, wanted, moments, begun) if "shots" in wanted else (info, (), (), ())
    info, shots, stills, products = looked
    named, frames = _by_hand(run, recipe, info) if "covers" in wanted and recipe.covers.is_named else ((), ())
    products += frames if "stills" not in wanted else ()
    give_back_memory()  # what passed is gone; what is made of the stills needs room of its own
    transcript, titles, verdicts = words.result() if words else (None, (), _judged(run, recipe, own) if own else ())

    def made(part: str, work: Callable[[], Outcome[Products]], *inputs: object) -> Products:
        if part not in wanted:
            return ()
        stage = getattr(recipe, part)
        ranked = _ranker_key(getattr(stage, "ranker", None))
        inputs = (stage, ranked, info.name, *inputs, recipe.scan, recipe.shots, recipe.stills)
        return run.stage(part, work, Outcome[Products], *inputs).value

    shown, drawn = named or stills, _drawn_key(recipe) if "covers" in wanted else ""
    scores = recipe.review.pair_scores(shown, own or titles).value if "covers" in wanted else ()
    products += made("covers", lambda: recipe.covers(info, shown, titles, scores), said, titles, scores, drawn)
    products += made("cutouts", lambda: recipe.cutouts(info, stills))
    products += made("variants", lambda: recipe.variants(info, stills, titles), titles)
    portrait = _picture_key(recipe.avatar.picture) if "avatar" in wanted else ""
    products += made("avatar", lambda: recipe.avatar(info, stills), portrait)
    products += made("teaser", lambda: recipe.teaser(info, stills, shots))
    if moments is not None and not moments.end_seconds:
        moments = None  # an earlier run has spared the pass: the stage looks for itself
    products += made("summaries", lambda: recipe.summaries(info, shots, transcript, moments), said)
    products += _written(run, recipe, info, transcript, titles, shots, said) if "titles" in wanted else ()
    if wanted & PUBLISHED - {"titles"}:
        products, seen = _reviewed(run, recipe, products, shown)
        verdicts += seen
    verdicts += _as_generated(run, recipe, info) if wanted & PUBLISHED and recipe.review.judges_video else ()
    stages = tuple(report for report in run.reports() if report.name not in set(PARTS) - wanted)
    settings = settings_told(recipe, sections_for(parts))
    return Package(
        info, sha256, parts, shots, stills or named, transcript, titles, products, stages, settings, verdicts
    )


def _wanted(recipe: Recipe, parts: tuple[str, ...]) -> frozenset[str]:
    """The parts, and those that they are made from. Covers of frames that the user names need no pass over the video,
    covers of the user's own text no titles."""
    wanted = with_needed(parts)
    if "covers" not in wanted:
        return wanted
    spared = {"shots", "stills"} if recipe.covers.is_named else set()
    bare = recipe.covers.is_named and recipe.covers.template == "none"
    spared |= {"titles"} if recipe.covers.text or bare else set()
    return wanted - (spared - with_needed([part for part in parts if part != "covers"]))


def _by_hand(run: Run, recipe: Recipe, info: VideoInfo) -> tuple[tuple[Still, ...], Products]:
    """The frames that the user names instead of the ranked ones."""
    from keyart.stills.by_hand import named_stills
    from keyart.stills.export import still_products

    picking, at, picture = recipe.stills, recipe.covers.at, recipe.covers.picture

    def work() -> Outcome[tuple[Still, ...]]:
        return named_stills(info, at, picture, picking)

    found = run.stage("by hand", work, Outcome[tuple[Still, ...]], at, _drawn_key(recipe), picking).value
    return found, still_products(found)


def _drawn_key(recipe: Recipe) -> str:
    """Stands for the picture that the user names."""
    return _picture_key(recipe.covers.picture)


def _picture_key(picture: Path | None) -> str:
    """The picture's content, not its place."""
    if picture and not picture.is_file():
        raise MissingFile(f"{picture}: no such picture file")
    return file_sha256(picture) if picture else ""


def _ranker_key(ranker: Path | None) -> str:
    """Stands for a learned model by its content."""
    from keyart.models.kamodel import learned_file

    return file_sha256(learned_file(ranker)) if ranker else ""


def _look(
    run: Run,
    recipe: Recipe,
    info: VideoInfo,
    wanted: frozenset[str],
    moments: Onlooker | None,
    begun: Pass | None,
) -> tuple[VideoInfo, tuple[Shot, ...], tuple[Still, ...], Products]:
    """One pass over the pictures, what it tells of the file, and what its onlookers make of it."""
    from keyart.media.scan import ScanReport

    if "stills" in wanted:
        beside(lambda: import_module("keyart.stills.export"))  # what writes pictures loads while the frames pass

    def work() -> tuple[Outcome[Any], ...]:
        watcher = recipe.shots.watch(info)
        sampler = recipe.stills.sample(info) if "stills" in wanted else None
        tiles = recipe.storyboard.sample(info) if "storyboard" in wanted else None
        onlookers: list[Onlooker] = [one for one in (watcher, sampler, tiles, moments) if one is not None]
        with opencv_on_one_thread():  # the other core is the decoder's
            scanned = _passed(run, begun if begun and begun.scan == recipe.scan else recipe.scan.open(info), onlookers)
        seen = _seen(info, scanned.value)
        with run.timing("shots"):
            shots = watcher.shots(scanned.value.end_seconds)
        with run.timing("stills"):
            stills = recipe.stills(seen, sampler, shots, _told(recipe, seen)) if sampler else _not_asked_for()
        with run.timing("storyboard"):
            board = recipe.storyboard(seen, tiles) if tiles else _not_asked_for()
        return scanned, _shots_outcome(shots, watcher.exact), stills, board

    kind = tuple[Outcome[ScanReport], Outcome[tuple[Shot, ...]], Outcome[tuple[Still, ...]], Outcome[Products]]
    inputs = (recipe.scan, recipe.shots, *(getattr(recipe, name) for name in sorted(wanted & {"stills", "storyboard"})))
    inputs += (_ranker_key(recipe.stills.ranker),) if "stills" in wanted else ()
    scanned, shots, stills, board = run.together(("scan", "shots", "stills", "storyboard"), work, kind, *inputs)
    if "stills" in wanted and not stills.value:
        raise NothingUsable(f"{info.path}: {stills.reason}")
    info = _seen(info, scanned.value)
    if not stills.value:  # whoever asks for shots alone does not wait for the room of the stills
        return info, shots.value, (), board.value
    from keyart.stills.export import still_products

    return info, shots.value, stills.value, still_products(stills.value) + board.value


def _seen(info: VideoInfo, report: ScanReport) -> VideoInfo:
    """What is known of the file after the pass."""
    return replace(info, is_damaged=report.is_damaged, damaged_spans=report.damaged_spans)


def _told(recipe: Recipe, info: VideoInfo) -> Told | None:
    """What is heard and what the file says of itself, where a learned ranker of stills asks for it."""
    ranker = recipe.stills.learned_ranker
    if ranker is None or not ranker.listens:
        return None
    from keyart.titles.told import told_of

    return told_of(info, ranker)


def _not_asked_for() -> Outcome[tuple[Any, ...]]:
    return Outcome((), "skipped", "not asked for")


def _passed(run: Run, one_pass: Pass, onlookers: list[Onlooker]) -> Outcome[ScanReport]:
    info = one_pass.info
    for glimpse in one_pass:
        for onlooker in onlookers:
            onlooker.see(glimpse)
        if glimpse.number % 30 == 0 and info.duration_seconds:
            run.progress.at("scan", glimpse.seconds / info.duration_seconds)
    report = one_pass.report
    backend = f"{info.codec}, {one_pass.scan.mode}"
    if report.complete:
        return Outcome(report, backend=backend)
    return Outcome(report, "degraded", "; ".join(report.notes) or "the file is damaged", backend)


def _shots_outcome(shots: tuple[Shot, ...], exact: bool) -> Outcome[tuple[Shot, ...]]:
    if exact:
        return Outcome(shots)
    return Outcome(shots, "degraded", "the fast scan sees key frames only: boundaries are approximate")


def _words(run: Run, recipe: Recipe, info: VideoInfo, said: tuple[object, ...], own: tuple[Headline, ...]) -> Words:
    """Transcript and titles, less those that no cover should carry; what the user wrote is judged with them."""
    from keyart.review import kept_headlines

    transcript = run.stage("transcript", lambda: recipe.speech(info), Outcome[Transcript | None], *said).value
    titles = run.stage("titles", lambda: recipe.titles(info, transcript), Outcome[tuple[Headline, ...]], *said).value
    verdicts = _judged(run, recipe, (*titles, *own))
    return transcript, kept_headlines(titles, verdicts), verdicts


def _judged(run: Run, recipe: Recipe, headlines: tuple[Headline, ...]) -> tuple[Verdict, ...]:
    from keyart.review import Verdicts

    judge = recipe.review.judge_words
    return run.stage("words", lambda: judge(headlines), Outcome[Verdicts], recipe.review, headlines).value


def _written(
    run: Run,
    recipe: Recipe,
    info: VideoInfo,
    transcript: Transcript | None,
    titles: tuple[Headline, ...],
    shots: tuple[Shot, ...],
    said: tuple[object, ...],
) -> Products:
    """What is read beside the video: transcript, titles, description, chapters, tags."""
    from keyart.speech import transcript_products
    from keyart.titles import titles_products
    from keyart.titles.describe import Description

    def describe() -> Outcome[Description]:
        return recipe.description(transcript, titles, shots, duration_seconds=info.duration_seconds)

    found = run.stage("description", describe, Outcome[Description], recipe.description, said, titles, shots).value
    told = titles_products(titles, description=found)
    return told + (transcript_products(transcript) if transcript else ())


def _as_generated(run: Run, recipe: Recipe, info: VideoInfo) -> tuple[Verdict, ...]:
    """How good the video is, where it was generated."""
    from keyart.review import Verdicts

    judge = recipe.review.judge_video
    return run.stage("generated", lambda: judge(info), Outcome[Verdicts], recipe.review).value


def _reviewed(
    run: Run, recipe: Recipe, products: Products, stills: tuple[Still, ...]
) -> tuple[Products, tuple[Verdict, ...]]:
    """The products that may be shown, and what was said of each."""
    from keyart.review import Verdicts, kept_products

    review, key = recipe.review, [hashlib.sha256(one.data).hexdigest() for one in products]
    seen = run.stage("pictures", lambda: review.judge_pictures(products), Outcome[Verdicts], review, key).value
    agreed = run.stage(
        "agreement", lambda: review.judge_agreement(products, stills), Outcome[Verdicts], review, key
    ).value
    return kept_products(products, (*seen, *agreed)), (*seen, *agreed)


def _said(recipe: Recipe, info: VideoInfo) -> tuple[object, ...]:
    """All that decides what the words are, beside the video itself."""
    return recipe.speech, recipe.titles, _sidecars(info), info.name


def _sidecars(info: VideoInfo) -> list[tuple[str, str]]:
    """Names and checksums of the files beside the video that carry its name: they decide what is said."""
    stem = info.path.stem
    beside_it = (one for one in info.path.parent.iterdir() if one.name.startswith(f"{stem}.") and one != info.path)
    return sorted(
        (one.name, file_sha256(one)) for one in beside_it if one.is_file() and one.stat().st_size < 50_000_000
    )


def settings_told(recipe: Recipe, sections: tuple[str, ...]) -> dict[str, Any]:
    """Every setting of those stages as plain values, for the manifest."""
    stages = {name: getattr(recipe, name) for name in sections}
    return {
        name: {one.name: _plain(getattr(stage, one.name)) for one in settings_of(type(stage)) if one.kind is not Path}
        for name, stage in stages.items()
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
