"""The animated teaser: three shots of about a second each from different moments, as GIF, WebP and MP4."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from keyart.errors import BadSetting
from keyart.media.animate import Animation, encode_gif, encode_webp, resized
from keyart.media.encode import encode_mp4
from keyart.models.kamodel import Kamodel, open_kamodel
from keyart.teasers.learned import learned_triple, second_features
from keyart.teasers.loop import Loop, joined, without_bars
from keyart.teasers.pieces import BLACK_LEVEL, Moment, Piece, best_pieces, choose, moments, shot_at
from keyart.types import Box, Outcome, Product, Receipt, Shot, Still, VideoInfo

FOLDER = "teaser"
_MOST_FRAMES_PER_SECOND = 30.5
_STILL_LEVELS = 0.15
"""Movement below this is what a codec does to a picture that stands still."""


@dataclass(frozen=True, slots=True)
class MakeTeaser:
    """Three shots from different moments (seed 002: begin, develop, end), chosen by still, movement and difference."""

    pieces: int = 3
    """How many pieces, 1 ... 8."""
    piece_seconds: float = 1.0
    """Length of a piece, 0.4 ... 5."""
    crossfade_seconds: float = 0.0
    """Overlap of two pieces, 0 (hard cuts) ... 0.5; half a piece at most."""
    order: Literal["time", "score"] = "time"
    """time: as in the video; score: the best piece first."""
    looks: int = 5
    """Moments that are decoded and compared, 1 ... 20; each costs up to a second."""
    formats: tuple[str, ...] = ("gif", "webp", "mp4")
    """Any of gif, webp, mp4."""
    gif_px: int = 480
    """Longer side of the GIF, 16 ... 1920; never enlarged."""
    gif_frames_per_second: float = 12.5
    """At most; the rate of the video divided by a whole number."""
    gif_max_bytes: int = 3_000_000
    """0: no limit."""
    webp_px: int = 640
    """Longer side of the WebP, 16 ... 1920."""
    webp_frames_per_second: float = 15.0
    """At most, as for the GIF."""
    webp_max_bytes: int = 3_000_000
    """0: no limit."""
    mp4_px: int = 640
    """Longer side of the MP4, 16 ... 1920."""
    mp4_crf: float = 20.0
    """x264's quality, 0 ... 51, lower is better."""
    crop_bars: bool = True
    """Leave out black bars that stand on every picture of the teaser."""
    ranker: Path | None = None
    """A learned generator of three shots (.kamodel, made by `keyart learn gif`), which then chooses and orders them."""

    def __post_init__(self) -> None:
        allowed: dict[str, tuple[float, float]] = {
            "pieces": (1, 8),
            "piece_seconds": (0.4, 5),
            "crossfade_seconds": (0, 0.5),
            "looks": (1, 20),
            "gif_px": (16, 1920),
            "webp_px": (16, 1920),
            "mp4_px": (16, 1920),
            "mp4_crf": (0, 51),
            "gif_frames_per_second": (1, 50),
            "webp_frames_per_second": (1, 60),
        }
        for name, (low, high) in allowed.items():
            if not low <= getattr(self, name) <= high:
                raise BadSetting(f"teaser {name}={getattr(self, name)}: allowed is {low} ... {high}")
        unknown = set(self.formats) - set(WRITERS)
        if unknown or not self.formats:
            raise BadSetting(f"teaser formats={self.formats}: any of {', '.join(WRITERS)}")

    def __call__(self, info: VideoInfo, stills: Sequence[Still], shots: Sequence[Shot]) -> Outcome[tuple[Product, ...]]:
        """`teaser/teaser.gif`, `.webp`, `.mp4`. Degraded where pieces are missing or nothing moves, and skipped where
        no picture can be decoded."""
        end = shots[-1].end if shots else info.duration_seconds
        model = open_kamodel(self.ranker, "triple") if self.ranker else None
        pieces: tuple[Piece, ...] = ()
        if info.video_index is not None:
            pieces = self._learned(model, info, shots) if model else ()
            model = model if pieces else None
            pieces = pieces or self._pieces(info, stills, shots, end)
        if not pieces:
            return Outcome((), "skipped", "no stretch of the video could be decoded")
        bars = without_bars(pieces) if self.crop_bars else None
        loop = joined(pieces, self._overlap(len(pieces)), bars)
        facts = self._facts(info, pieces, bars, model)
        products = tuple(WRITERS[format](self, loop, facts) for format in dict.fromkeys(self.formats))
        reason = self._shortcoming(pieces, end, "different, undamaged" if info.damaged_spans else "different")
        if self.ranker and not model:
            reason = reason or f"{end:.1f} s are too short for a learned choice of three; the usual one was made"
        models = (model.tag,) if model else ()
        return Outcome(products, "degraded" if reason else "ok", reason, backend="libav", models=models)

    def _learned(self, model: Kamodel, info: VideoInfo, shots: Sequence[Shot]) -> tuple[Piece, ...]:
        """The three seconds that a learned generator shows, in its order; nothing for a video shorter than that."""
        features = second_features(info)
        triple = learned_triple(model, features, range(len(features)))
        if triple is None:
            return ()
        places = [Moment(at + 0.5, at, at + self.piece_seconds, shot_at(shots, at + 0.5), 0.0) for at in triple]
        longest = max(self.gif_px, self.webp_px, self.mp4_px)
        return tuple(best_pieces(info, places, self.piece_seconds, frames_per_second=_rate(info), longest_px=longest))

    def _pieces(self, info: VideoInfo, stills: Sequence[Still], shots: Sequence[Shot], end: float) -> tuple[Piece, ...]:
        damaged = info.damaged_spans
        places = moments(stills, shots, end, looks=self.looks, apart=self.piece_seconds, damaged=damaged)
        count, seconds = self._plan(end, len({one.shot for one in places}))
        found = best_pieces(
            info,
            places,
            seconds + self._overlap(count),
            frames_per_second=_rate(info),
            longest_px=max(self.gif_px, self.webp_px, self.mp4_px),
        )
        chosen = choose(found, count, end)
        return chosen if self.order == "time" else tuple(sorted(chosen, key=lambda one: (-one.score, one.start)))

    def _plan(self, end: float, num_shots: int) -> tuple[int, float]:
        """How many pieces and how long: one take too short for three moments is shown as one piece."""
        wanted = self.pieces * self.piece_seconds
        if end >= 1.5 * wanted:
            return self.pieces, self.piece_seconds
        if num_shots > 1:
            return min(self.pieces, num_shots), self.piece_seconds
        return 1, min(wanted, end or wanted)

    def _overlap(self, num_pieces: int) -> float:
        """Seconds mixed where two pieces meet. A piece alone is always led back into itself: else it would jump."""
        return self.crossfade_seconds if num_pieces > 1 else max(self.crossfade_seconds, 0.25)

    def _facts(
        self, info: VideoInfo, pieces: Sequence[Piece], bars: Box | None, model: Kamodel | None
    ) -> dict[str, Any]:
        height, width = pieces[0].frames[0].image.shape[:2]
        box = (bars or Box(0, 0, width, height)).scaled(info.width_px / width, info.height_px / height)
        return {
            "pieces": [_explained(piece) for piece in pieces],
            "order": "learned" if model else self.order,
            **({"ranker": model.tag} if model else {}),
            "crossfade_seconds": self._overlap(len(pieces)),
            "loop": "for ever",
            "crop": [round(one) for one in (box.x, box.y, box.width, box.height)],
        }

    def _shortcoming(self, pieces: Sequence[Piece], end: float, wanted: str) -> str:
        if all(piece.brightness < BLACK_LEVEL for piece in pieces):
            return "every moment that was looked at is black"
        if len(pieces) == 1 and pieces[0].movement < _STILL_LEVELS:
            return "nothing moves in this video: the teaser is a still picture"
        if len(pieces) < self.pieces:
            return f"{len(pieces)} of {self.pieces} pieces: {end:.1f} s of video have no more {wanted} moments"
        return ""


def _rate(info: VideoInfo) -> float:
    """Frames per second of the teaser: the video's own divided by a whole number, at most 30."""
    rate = info.frames_per_second if 1 <= info.frames_per_second <= 240 else 25.0
    return rate / math.ceil(rate / _MOST_FRAMES_PER_SECOND)


def _explained(piece: Piece) -> dict[str, Any]:
    moment = piece.moment
    return {
        "start": round(piece.start, 3),
        "end": round(piece.end, 3),
        "shot": moment.shot,
        "still_rank": moment.still_rank,
        "score": round(piece.score, 4),
        "terms": {term.name: round(term.value, 4) for term in piece.terms},
        "why": "; ".join(f"{term.name}: {term.note}" for term in piece.terms if term.note),
    }


# --- writing ----------------------------------------------------------------------------------------------------


def _gif(stage: MakeTeaser, loop: Loop, facts: Mapping[str, Any]) -> Product:
    slow = loop.thinned(stage.gif_frames_per_second)
    made = encode_gif(
        slow.frames,
        frames_per_second=slow.frames_per_second,
        width_px=stage.gif_px,
        max_bytes=stage.gif_max_bytes,
        cuts=slow.cuts,
        receipt=Receipt(f"{FOLDER}/teaser.gif", facts),
    )
    return _product("gif", made, stage.gif_max_bytes, facts, {"colors": made.colors, "palette": "one for each piece"})


def _webp(stage: MakeTeaser, loop: Loop, facts: Mapping[str, Any]) -> Product:
    slow = loop.thinned(stage.webp_frames_per_second)
    made = encode_webp(
        slow.frames,
        frames_per_second=slow.frames_per_second,
        width_px=stage.webp_px,
        max_bytes=stage.webp_max_bytes,
        receipt=Receipt(f"{FOLDER}/teaser.webp", facts),
    )
    return _product("webp", made, stage.webp_max_bytes, facts, {"quality": made.quality})


def _mp4(stage: MakeTeaser, loop: Loop, facts: Mapping[str, Any]) -> Product:
    frames = [resized(image, stage.mp4_px) for image in loop.frames]
    data = encode_mp4(
        frames,
        frames_per_second=loop.frames_per_second,
        crf=stage.mp4_crf,
        preset="veryfast",
        receipt=Receipt(f"{FOLDER}/teaser.mp4", facts),
    )
    height, width = (max(2, side // 2 * 2) for side in frames[0].shape[:2])
    made = Animation(data, width, height, len(frames), loop.frames_per_second)
    return _product("mp4", made, 0, facts, {"codec": "h264", "crf": stage.mp4_crf, "sound": "none"})


WRITERS: dict[str, Callable[[MakeTeaser, Loop, Mapping[str, Any]], Product]] = {"gif": _gif, "webp": _webp, "mp4": _mp4}


def _product(format: str, made: Animation, max_bytes: int, facts: Mapping[str, Any], own: Mapping[str, Any]) -> Product:
    path = f"{FOLDER}/teaser.{format}"
    measured = {
        "width_px": made.width_px,
        "height_px": made.height_px,
        "num_frames": made.num_frames,
        "frames_per_second": round(made.frames_per_second, 3),
        "max_bytes": max_bytes,
    }
    return Product(path, made.data, "teaser", Receipt(path, {**facts, **measured, **own}))
