"""The whole video in small pictures for a player's seek bar: WebVTT cues that point into sprite sheets."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keyart.errors import BadSetting
from keyart.media.images import encode_image
from keyart.media.scan import Glimpse
from keyart.plain import cue_span
from keyart.types import RGB, Outcome, Product, Receipt, VideoInfo

FOLDER = "storyboard"
_ROUND_SECONDS = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_TILES_WANTED = 50
_TILES_HELD = 1000
_TILE_QUALITY = 92  # each tile is compressed twice: while it waits, and in the sheet


@dataclass(slots=True, eq=False)
class Tile:
    """A small picture and the second from which it stands for the video; kept as JPEG."""

    seconds: float
    jpeg: bytes


class TileSampler:
    """Onlooker: one tile for each interval of the pass. When there are too many the interval doubles.

    Memory is bounded whatever the length: at most 1000 tiles of about 10 kB.
    """

    def __init__(self, interval_seconds: float, tile_px: int, *, fixed: bool) -> None:
        self.interval_seconds = interval_seconds
        self.tiles: list[Tile] = []
        self.end_seconds = 0.0
        self.size_px = (0, 0)
        """Width and height of every tile, settled by the first."""
        self._tile_px, self._fixed = tile_px, fixed
        self._due = -math.inf
        self._step = 0.0

    def see(self, glimpse: Glimpse) -> None:
        seconds = glimpse.seconds
        self._step = seconds - self.end_seconds if 0 < seconds - self.end_seconds < 1 else self._step
        self.end_seconds = max(self.end_seconds, seconds)
        if seconds < self._due:
            return
        slot = max(0, math.floor(seconds / self.interval_seconds + 0.01))
        self._due = (slot + 1) * self.interval_seconds - 0.005
        self.tiles.append(Tile(slot * self.interval_seconds, self._jpeg(glimpse.small(self._tile_px))))
        self._thin()

    def end(self, info: VideoInfo) -> float:
        """When the last picture leaves the screen."""
        return self.end_seconds + (self._step or (1 / info.frames_per_second if info.frames_per_second else 0.04))

    def _jpeg(self, image: RGB) -> bytes:
        from PIL import Image

        picture = Image.fromarray(image)
        if not self.tiles:
            self.size_px = picture.size
        elif picture.size != self.size_px:  # a stream may change its size midway; the sheet's tiles may not
            picture = picture.resize(self.size_px)
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=_TILE_QUALITY, subsampling=0)
        return buffer.getvalue()

    def _thin(self) -> None:
        limit = _TILES_HELD if self._fixed or self.interval_seconds >= _ROUND_SECONDS[-1] else 2 * _TILES_WANTED
        if len(self.tiles) <= limit:
            return
        self.interval_seconds *= 2
        self.tiles = [tile for tile in self.tiles if tile.seconds % self.interval_seconds < 1e-6]
        self._due = self.tiles[-1].seconds + self.interval_seconds - 0.005


@dataclass(frozen=True, slots=True)
class Storyboard:
    """`storyboard/storyboard.vtt` and its sprite sheets, in the form that video.js, JW Player and Bitmovin read."""

    interval_seconds: float = 0.0
    """Seconds between tiles; 0: 25 to 50 tiles for a short video, every 10 s for a long one."""
    tile_px: int = 320
    """Longer side of a tile in pixels, 16 ... 640."""
    columns: int = 10
    """Tiles across a sheet, 1 ... 20."""
    rows: int = 10
    """Tiles down a sheet, 1 ... 20."""
    quality: int = 75
    """JPEG quality of the sheets, 10 ... 100."""

    def __post_init__(self) -> None:
        allowed = {
            "interval_seconds": (0, 600),
            "tile_px": (16, 640),
            "columns": (1, 20),
            "rows": (1, 20),
            "quality": (10, 100),
        }
        for name, (low, high) in allowed.items():
            if not low <= getattr(self, name) <= high:
                raise BadSetting(f"storyboard {name}={getattr(self, name)}: allowed is {low} ... {high}")

    def sample(self, info: VideoInfo) -> TileSampler:
        """An onlooker for one pass over the video."""
        interval = self.interval_seconds or _interval_for(info.duration_seconds)
        return TileSampler(interval, self.tile_px, fixed=bool(self.interval_seconds))

    def __call__(self, info: VideoInfo, sampler: TileSampler) -> Outcome[tuple[Product, ...]]:
        """Tiles of a finished pass -> sheets and cues; `skipped` where the pass saw no picture."""
        tiles = sampler.tiles
        if not tiles:
            return Outcome((), "skipped", "the pass over the video showed no picture")
        per_sheet = self.columns * self.rows
        sheets = [tiles[first : first + per_sheet] for first in range(0, len(tiles), per_sheet)]
        sprites = [self._sprite(number, sheet, sampler) for number, sheet in enumerate(sheets)]
        text = _webvtt(tiles, sampler.end(info), sampler.size_px, self.columns, per_sheet)
        facts = {
            "tiles": len(tiles),
            "sheets": len(sheets),
            "interval_seconds": round(sampler.interval_seconds, 3),
            "tile_px": list(sampler.size_px),
            "end": round(sampler.end(info), 3),
            "why": "one picture for each interval, the first that is on display in it",
        }
        path = f"{FOLDER}/storyboard.vtt"
        cues = Product(path, text.encode(), "storyboard", Receipt(path, facts))
        return Outcome((cues, *sprites), backend="webvtt")

    def _sprite(self, number: int, sheet: Sequence[Tile], sampler: TileSampler) -> Product:
        from PIL import Image

        width, height = sampler.size_px
        across, down = min(self.columns, len(sheet)), math.ceil(len(sheet) / self.columns)
        image = np.zeros((down * height, across * width, 3), np.uint8)
        for place, tile in enumerate(sheet):
            x, y = place % self.columns * width, place // self.columns * height
            with Image.open(io.BytesIO(tile.jpeg)) as picture:
                image[y : y + height, x : x + width] = np.asarray(picture)
        path = f"{FOLDER}/sprite_{number:03d}.jpg"
        facts = {
            "tiles": len(sheet),
            "columns": across,
            "rows": down,
            "tile_px": [width, height],
            "first_seconds": round(sheet[0].seconds, 3),
            "last_seconds": round(sheet[-1].seconds, 3),
        }
        receipt = Receipt(path, facts)
        return Product(path, encode_image(image, "jpeg", receipt=receipt, quality=self.quality), "storyboard", receipt)


def _interval_for(duration_seconds: float) -> float:
    """Jellyfin's ten seconds for long videos, a denser round number for short ones; 1 s where nobody knows."""
    wanted = duration_seconds / _TILES_WANTED
    return next((seconds for seconds in _ROUND_SECONDS if seconds >= wanted), _ROUND_SECONDS[-1])


def _webvtt(tiles: Sequence[Tile], end_seconds: float, size_px: tuple[int, int], columns: int, per_sheet: int) -> str:
    width, height = size_px
    ends = [tile.seconds for tile in tiles[1:]] + [max(end_seconds, tiles[-1].seconds + 0.001)]
    cues = ["WEBVTT"]
    for number, (tile, end) in enumerate(zip(tiles, ends, strict=True)):
        sheet, place = divmod(number, per_sheet)
        box = f"{place % columns * width},{place // columns * height},{width},{height}"
        # players show nothing before the first cue, so it starts at zero
        start = tile.seconds if number else 0.0
        cues.append(f"{cue_span(start, end)}\nsprite_{sheet:03d}.jpg#xywh={box}")
    return "\n\n".join(cues) + "\n"
