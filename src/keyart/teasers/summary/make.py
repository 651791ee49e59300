"""The stage: a video -> a short version for each platform, with the words it keeps and why it kept them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from keyart.errors import BadSetting
from keyart.media.scan import Scan
from keyart.media.sound import normalise_loudness
from keyart.models.kamodel import open_kamodel, open_ranker
from keyart.teasers.summary.captions import BURNT_CHARACTERS, BurntIn, caption_files, retimed
from keyart.teasers.summary.channels import Channels, num_channels, read_channels
from keyart.teasers.summary.film import Format, write_film
from keyart.teasers.summary.framing import FRAMINGS, Camera, longest_px
from keyart.teasers.summary.hearing import Hearing, hear
from keyart.teasers.summary.importance import SCORERS
from keyart.teasers.summary.pieces import Piece, cut_short, frame_rate, joined, mixed, pictures
from keyart.teasers.summary.plan import Judge, Judged, kept
from keyart.teasers.summary.platforms import platforms_named
from keyart.teasers.summary.watch import SummaryWatcher
from keyart.types import RGB, Outcome, Preset, Product, Receipt, Shot, Transcript, VideoInfo

FOLDER = "summaries"
_SAMPLE_RATE_HZ = 48_000
_MOST_GAIN_DB = 9.0
_TWO_CHANNELS_DB = 3.0
"""What was heard as one channel is this much louder as two: BS.1770 adds their powers."""


@dataclass(frozen=True, slots=True)
class MakeSummary:
    """The moments worth most within a time (0/1 knapsack), cut between words, in the shape each platform wants."""

    platforms: tuple[str, ...] = ("reels",)
    """Names of the video presets (reels, shorts, tiktok, telegram, rutube ...), or shapes: 9:16, 4:5, 1:1, 16:9."""
    seconds: float = 20.0
    """How long at most, 3 ... 3600; a platform's own limit holds as well."""
    about: str = ""
    """What it shall be about: a few words, a question or a script. Empty: whatever is worth most."""
    scorer: str = "embedded"
    """A name of SCORERS."""
    ranker: Path | None = None
    """A learned ranker (.kamodel, made by `keyart learn`, or its name on the shelf); a term of the score."""
    min_piece_seconds: float = 2.0
    """Shortest piece, 0.4 ... 10."""
    crossfade_seconds: float = 0.08
    """Length of the cross-fade of sound at a cut, 0 ... 0.5."""
    loudness_lufs: float = 0.0
    """Loudness (BS.1770) of the summary, -40 ... -5; 0: as loud as the whole video is."""
    captions: Literal["beside", "burnt", "both", "none"] = "beside"
    """beside: .srt and .vtt files; burnt: drawn into the pictures."""
    framing: Literal["smart", "centre"] = "smart"
    """What another shape shows: smart follows the subject, centre keeps the middle."""
    max_bytes: int = 0
    """A smaller limit than the platform's; 0: the platform's own."""
    crf: float = 21.0
    """x264's quality, 1 ... 51, lower is better; the byte limit goes first."""

    def __post_init__(self) -> None:
        allowed: dict[str, tuple[float, float]] = {
            "seconds": (3, 3600),
            "min_piece_seconds": (0.4, 10),
            "crossfade_seconds": (0, 0.5),
            "crf": (1, 51),
            "max_bytes": (0, 2**40),
        }
        for name, (low, high) in allowed.items():
            if not low <= getattr(self, name) <= high:
                raise BadSetting(f"summary {name}={getattr(self, name)}: allowed is {low} ... {high}")
        if self.loudness_lufs and not -40 <= self.loudness_lufs <= -5:
            raise BadSetting(f"summary loudness_lufs={self.loudness_lufs}: allowed is -40 ... -5, or 0")
        if self.scorer not in SCORERS:
            raise BadSetting(f"no scorer is called {self.scorer!r}; there are: {', '.join(SCORERS)}")
        platforms_named(self.platforms)

    def watch(self, liken: Callable[[RGB], float] | None = None) -> SummaryWatcher:
        """An onlooker for the one pass; without it the stage makes a pass of its own.

        `liken`: a text-image model's answer to how well a picture fits `about`, 0 ... 1.
        """
        return SummaryWatcher(liken=liken)

    def __call__(
        self,
        info: VideoInfo,
        shots: Sequence[Shot],
        transcript: Transcript | None = None,
        watcher: SummaryWatcher | None = None,
    ) -> Outcome[tuple[Product, ...]]:
        """`summaries/PLATFORM.mp4` and its captions for each platform. Degraded where what was asked for is not there,
        skipped where there are no pictures."""
        if info.video_index is None:
            return Outcome((), "skipped", "the file has sound but no pictures")
        source = _Source(info, tuple(shots), transcript, watcher or self._watched(info), hear(info))
        products: list[Product] = []
        reasons: list[str] = []
        for name, preset in platforms_named(self.platforms).items():
            plan = self._plan(source, preset)
            reasons += plan.shortcomings
            products += self._made(source, name, preset, plan)
        reason = "; ".join(dict.fromkeys(reasons))
        models = (open_kamodel(self.ranker).tag,) if self.ranker else ()
        return Outcome(tuple(products), "degraded" if reason else "ok", reason, self.scorer, models)

    def _watched(self, info: VideoInfo) -> SummaryWatcher:
        watcher = self.watch()
        for glimpse in Scan()(info):
            watcher.see(glimpse)
        return watcher

    # --- what is kept -------------------------------------------------------------------------------------------

    def _plan(self, source: _Source, preset: Preset) -> _Plan:
        budget = min(self.seconds, preset.max_seconds or self.seconds)
        ranker = open_ranker(self.ranker, "stills.classical") if self.ranker else None
        judge = Judge(self.scorer, min_seconds=self.min_piece_seconds, about=self.about, ranker=ranker)
        info, rate = source.info, frame_rate(source.info)
        judged = judge(
            source.shots,
            source.transcript,
            info.chapters,
            source.watcher.finish(),
            source.hearing,
            source.end_seconds,
            budget,
        )
        pieces = joined(judged.fragments, kept(judged, budget), rate)
        if pieces:
            return _Plan(judged, pieces, self._shortcomings(judged, pieces, preset))
        best = max(range(len(judged.scored)), key=lambda number: judged.scored[number].score)
        short = (cut_short(judged.fragments[best], best, budget, rate),)
        return _Plan(judged, short, (f"nothing can be cut out between words: {budget:g} s of the best stretch",))

    def _shortcomings(self, judged: Judged, pieces: Sequence[Piece], preset: Preset) -> tuple[str, ...]:
        reasons = []
        if self.about and not judged.said.about:
            reasons.append(f"nobody's words are known here, so nothing could be chosen about {self.about!r}")
        elif self.about and not judged.said.is_answered:
            reasons.append(f"nothing that is said here is about {self.about!r}")
        seconds = sum(one.seconds for one in pieces)
        if seconds < preset.min_seconds:
            reasons.append(f"{seconds:.1f} s, and {preset.title} takes no less than {preset.min_seconds:g} s")
        return tuple(reasons)

    # --- what is made -------------------------------------------------------------------------------------------

    def _made(self, source: _Source, name: str, preset: Preset, plan: _Plan) -> Iterator[Product]:
        size = preset.width_px, preset.height_px
        spans = [(one.start, one.end) for one in plan.pieces]
        cameras = FRAMINGS[self.framing](source.info, spans, size, source.shots, source.hearing)
        path = f"{FOLDER}/{name}.mp4"
        facts = self._facts(source, preset, plan, cameras)
        data = self._film(source, preset, plan, cameras, Receipt(path, facts))
        yield Product(path, data, "summary", Receipt(path, facts))
        if plan.judged.transcript and self.captions in ("beside", "both"):
            yield from caption_files(retimed(plan.judged.transcript, plan.pieces), f"{FOLDER}/{name}")

    def _film(self, source: _Source, preset: Preset, plan: _Plan, cameras: Sequence[Camera], receipt: Receipt) -> bytes:
        limit, count = self._byte_limit(preset), num_channels(source.info)
        form = Format(plan.pieces[0].rate, crf=self.crf, max_bytes=limit, channels=max(1, count))
        sound = partial(self._sound, source, plan) if source.info.audio else None
        with tempfile.TemporaryDirectory(prefix="keyart-summary-") as folder:
            path = Path(folder) / "summary.mp4"
            frames = partial(self._frames, source, preset, plan, cameras)
            write_film(path, frames, sound, form, seconds=plan.seconds, receipt=receipt)
            return path.read_bytes()

    def _frames(self, source: _Source, preset: Preset, plan: _Plan, cameras: Sequence[Camera]) -> Iterator[RGB]:
        size = preset.width_px, preset.height_px
        words = plan.judged.transcript if self.captions in ("burnt", "both") else None
        burnt = BurntIn(retimed(words, plan.pieces, BURNT_CHARACTERS).cues, preset) if words else None
        shown = pictures(source.info, plan.pieces, longest_px(source.info, cameras, size))
        for number, (piece, frame) in enumerate(shown):
            image = cameras[piece].view(frame, size)
            yield burnt.on(image, float(number / plan.pieces[0].rate)) if burnt else image

    def _byte_limit(self, preset: Preset) -> int:
        limits = [one for one in (self.max_bytes, preset.max_bytes) if one]
        return min(limits, default=0)

    def _sound(self, source: _Source, plan: _Plan) -> Iterator[Channels]:
        read = read_channels(source.info, _SAMPLE_RATE_HZ)
        made = mixed(read, plan.pieces, _SAMPLE_RATE_HZ, self.crossfade_seconds)
        own, target = self._loudness(source, plan)
        return normalise_loudness(made, own, target_lufs=target, max_gain_db=_MOST_GAIN_DB)

    def _loudness(self, source: _Source, plan: _Plan) -> tuple[float, float]:
        """What the pieces have, and what the summary shall have: integrated loudness, LUFS."""
        own = source.hearing.loudness_lufs([(one.start, one.end) for one in plan.pieces])
        both = _TWO_CHANNELS_DB if num_channels(source.info) == 2 else 0.0
        return own + both, self.loudness_lufs or source.hearing.loudness_lufs() + both

    def _facts(self, source: _Source, preset: Preset, plan: _Plan, cameras: Sequence[Camera]) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "platform": preset.name,
            "size_px": [preset.width_px, preset.height_px],
            "seconds": round(plan.seconds, 3),
            "frames_per_second": round(float(plan.pieces[0].rate), 3),
            "max_bytes": self._byte_limit(preset),
            "channels": num_channels(source.info),
            "scorer": self.scorer,
            "framing": self.framing,
            "captions": self.captions if plan.judged.transcript else "none: no words are known",
        }
        facts |= {"about": self.about} if self.about else {}
        facts |= {"ranker": open_kamodel(self.ranker).tag} if self.ranker else {}
        own, target = self._loudness(source, plan)
        if own > -70:
            facts["loudness_lufs"] = {"pieces": round(own, 1), "made": round(target, 1)}
        pairs = zip(plan.pieces, cameras, strict=True)
        return facts | {"pieces": [_explained(plan.judged, piece, camera) for piece, camera in pairs]}


def _explained(judged: Judged, piece: Piece, camera: Camera) -> dict[str, Any]:
    """Why a piece is kept: its best fragment's terms, how it is cut, what is said."""
    best = max((judged.scored[number] for number in piece.fragments), key=lambda one: one.score)
    first, last = judged.fragments[piece.fragments[0]], judged.fragments[piece.fragments[-1]]
    text = " ".join(judged.said.texts[number] for number in piece.fragments) if judged.said.texts else ""
    return {
        "start": round(piece.start, 3),
        "end": round(piece.end, 3),
        "at": round(piece.shown_at, 3),
        "camera": camera.facts(),
        "cut": [first.before.kind, last.after.kind],
        "score": best.score,
        "terms": {term.name: round(term.value, 3) for term in best.terms},
        "why": "; ".join(f"{term.name}: {term.note}" for term in best.terms if term.note),
    } | ({"said": text} if text else {})


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """What one video brings along."""

    info: VideoInfo
    shots: tuple[Shot, ...]
    transcript: Transcript | None
    watcher: SummaryWatcher
    hearing: Hearing

    @property
    def end_seconds(self) -> float:
        return self.shots[-1].end if self.shots else max(self.watcher.end_seconds, self.info.duration_seconds)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    judged: Judged
    pieces: tuple[Piece, ...]
    shortcomings: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        return sum(one.seconds for one in self.pieces)
