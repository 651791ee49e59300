"""The stage: a video -> a short version for each platform, with the words it keeps and why it kept them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from keyart.errors import BadSetting
from keyart.media.scan import Scan
from keyart.media.sound import read_sound
from keyart.speech.products import transcript_srt, transcript_vtt
from keyart.teasers.summary.captions import retimed
from keyart.teasers.summary.film import Format, write_film
from keyart.teasers.summary.fragments import Cutting
from keyart.teasers.summary.framing import Camera, Framing, centre, longest_px
from keyart.teasers.summary.hearing import Hearing, hear, pauses
from keyart.teasers.summary.importance import SCORERS, Evidence, Scored, Weights
from keyart.teasers.summary.knapsack import choose
from keyart.teasers.summary.pieces import Piece, frame_rate, joined, mixed, pictures
from keyart.teasers.summary.platforms import platforms_named
from keyart.teasers.summary.watch import SummaryWatcher
from keyart.titles.sentences import split_sentences
from keyart.types import RGB, Outcome, Preset, Product, Receipt, Shot, Transcript, VideoInfo

FOLDER = "summaries"
_SAMPLE_RATE_HZ = 48_000


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
    min_piece_seconds: float = 1.5
    """Shortest piece, 0.4 ... 10."""
    crossfade_seconds: float = 0.08
    """Length of the cross-fade of sound at a cut, 0 ... 0.5."""
    captions: Literal["beside", "none"] = "beside"
    """beside: .srt and .vtt files."""
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
        }
        for name, (low, high) in allowed.items():
            if not low <= getattr(self, name) <= high:
                raise BadSetting(f"summary {name}={getattr(self, name)}: allowed is {low} ... {high}")
        if self.scorer not in SCORERS:
            raise BadSetting(f"no scorer is called {self.scorer!r}; there are: {', '.join(SCORERS)}")
        platforms_named(self.platforms)

    def watch(self) -> SummaryWatcher:
        """An onlooker for the one pass; without it the stage makes a pass of its own."""
        return SummaryWatcher()

    def __call__(
        self,
        info: VideoInfo,
        shots: Sequence[Shot],
        transcript: Transcript | None = None,
        watcher: SummaryWatcher | None = None,
        framing: Framing = centre,
    ) -> Outcome[tuple[Product, ...]]:
        """`summaries/PLATFORM.mp4` and its captions for each platform. Skipped where there are no pictures."""
        if info.video_index is None:
            return Outcome((), "skipped", "the file has sound but no pictures")
        found = self._judged(info, shots, transcript, watcher or self._watched(info))
        products: list[Product] = []
        for name, preset in platforms_named(self.platforms).items():
            pieces = self._pieces(info, found, preset)
            products += self._made(info, shots, transcript, found, name, preset, pieces, framing)
        return Outcome(tuple(products), backend=self.scorer)

    def _watched(self, info: VideoInfo) -> SummaryWatcher:
        watcher = self.watch()
        for glimpse in Scan()(info):
            watcher.see(glimpse)
        return watcher

    def _judged(
        self, info: VideoInfo, shots: Sequence[Shot], transcript: Transcript | None, watcher: SummaryWatcher
    ) -> _Judged:
        moments = watcher.finish()
        end = shots[-1].end if shots else max(watcher.end_seconds, info.duration_seconds)
        hearing = hear(info)
        spoken = split_sentences(transcript) if transcript else ()
        cutting = Cutting(self.min_piece_seconds)
        fragments = cutting(shots, pauses(hearing, transcript, end), [(one.start, one.end) for one in spoken], end)
        scored = SCORERS[self.scorer](Evidence(fragments, moments, hearing), Weights())
        return _Judged(scored, hearing)

    def _pieces(self, info: VideoInfo, found: _Judged, preset: Preset) -> tuple[Piece, ...]:
        budget = min(self.seconds, preset.max_seconds or self.seconds)
        lengths = [one.fragment.seconds for one in found.scored]
        chosen = choose(
            lengths, [one.score * length for one, length in zip(found.scored, lengths, strict=True)], budget
        )
        return joined([one.fragment for one in found.scored], chosen, frame_rate(info))

    def _made(
        self,
        info: VideoInfo,
        shots: Sequence[Shot],
        transcript: Transcript | None,
        found: _Judged,
        name: str,
        preset: Preset,
        pieces: Sequence[Piece],
        framing: Framing,
    ) -> Iterator[Product]:
        size = preset.width_px, preset.height_px
        cameras = [framing(info, (one.start, one.end), size, shots) for one in pieces]
        facts = self._facts(found, preset, pieces, cameras)
        path = f"{FOLDER}/{name}.mp4"
        data = self._film(info, preset, pieces, cameras, Receipt(path, facts))
        yield Product(path, data, "summary", Receipt(path, {**facts, "bytes": len(data)}))
        if transcript and self.captions == "beside":
            heard = retimed(transcript, pieces)
            for suffix, text in (("vtt", transcript_vtt(heard)), ("srt", transcript_srt(heard))):
                beside = f"{FOLDER}/{name}.{suffix}"
                yield Product(beside, text.encode(), "captions", Receipt(beside, {"of": path, "cues": len(heard.cues)}))

    def _film(
        self,
        info: VideoInfo,
        preset: Preset,
        pieces: Sequence[Piece],
        cameras: Sequence[Camera],
        receipt: Receipt,
    ) -> bytes:
        size = preset.width_px, preset.height_px
        shown = pictures(info, pieces, longest_px(info, size))
        frames: Iterator[RGB] = (cameras[number].view(frame, size) for number, frame in shown)
        sound = mixed(read_sound(info, sample_rate_hz=_SAMPLE_RATE_HZ), pieces, _SAMPLE_RATE_HZ, self.crossfade_seconds)
        limit = min(one for one in (self.max_bytes, preset.max_bytes, 2**62) if one)
        form = Format(pieces[0].rate, crf=self.crf, max_bytes=0 if limit == 2**62 else limit)
        seconds = sum(one.seconds for one in pieces)
        with tempfile.TemporaryDirectory(prefix="keyart-summary-") as folder:
            path = Path(folder) / "summary.mp4"
            write_film(path, frames, sound if info.audio else None, form, seconds=seconds, receipt=receipt)
            return path.read_bytes()

    def _facts(
        self, found: _Judged, preset: Preset, pieces: Sequence[Piece], cameras: Sequence[Camera]
    ) -> dict[str, Any]:
        return {
            "platform": preset.name,
            "size_px": [preset.width_px, preset.height_px],
            "seconds": round(sum(one.seconds for one in pieces), 3),
            "pieces": [
                {
                    "start": round(one.start, 3),
                    "end": round(one.end, 3),
                    "at": round(one.shown_at, 3),
                    "camera": camera.decision,
                    "score": round(max(found.scored[n].score for n in one.fragments), 4),
                }
                for one, camera in zip(pieces, cameras, strict=True)
            ],
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    scored: tuple[Scored, ...]
    hearing: Hearing
