"""What each stage of a package costs in processor time: `python -m bench.stage_costs CLIP ...`, a JSON line per clip.

One process of one decode thread does one clip after another, as a worker of a library does. Processor time is that of
the whole process, so stages must not overlap: the words are made first, by themselves, and come out of the cache when
the pictures are made. The bare decode of the clip, on one thread too, is timed before and after, in the same process.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import av

WORDS = ("transcript", "titles", "words", "description")
REST = "rest"
"""Between the stages: probing, hashing the file, keeping outcomes."""
START = "start"
"""Of a worker: loading code and models, once."""


@dataclass(slots=True)
class Clock:
    """A listener that books the process's time on the stage that has begun last."""

    deaf_to: tuple[str, ...] = ()
    """Stages that come out of the cache, on a thread of their own."""
    seconds: dict[str, float] = field(default_factory=dict)
    _stage: str = REST
    _since: float = field(default_factory=time.process_time)

    def begin(self, stage: str) -> None:
        if stage not in self.deaf_to:
            self.turn_to(stage)

    def at(self, stage: str, fraction: float) -> None: ...

    def end(self, stage: str, _status: str, _note: str, _seconds: float) -> None:
        if stage == self._stage:
            self.turn_to(REST)

    def turn_to(self, stage: str) -> None:
        now = time.process_time()
        self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = stage, now


def decode_seconds(clip: Path) -> tuple[float, int]:
    """Processor time of decoding every frame on one thread, and how many there are."""
    begun, frames = time.process_time(), 0
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for _ in container.decode(stream):
            frames += 1
    return time.process_time() - begun, frames


def cost_of(clip: Path, *, like_library: bool = False) -> dict[str, Any]:
    """One package, from nothing: seconds by stage, bytes in and out; `like_library`: what `bench library` makes."""
    from keyart.cache import StageCache
    from keyart.journal import run_facts
    from keyart.package import USUAL, save
    from keyart.pipeline import make
    from keyart.recipe import Recipe

    parts: tuple[str, ...] = USUAL
    recipe = Recipe()
    if like_library:
        recipe = replace(recipe, covers=replace(recipe.covers, presets=("youtube", "telegram")))
        parts = ("stills", "titles", "covers")

    before, frames = decode_seconds(clip)
    with tempfile.TemporaryDirectory() as place:
        cache, folder = StageCache(Path(place) / "stages"), Path(place) / "made.keyart"
        words, pictures = Clock(), Clock(deaf_to=WORDS)
        make(clip, recipe, parts=("titles",), progress=words, cache=cache)
        words.turn_to(REST)
        pictures.turn_to(REST)
        pictures.seconds.clear()
        package = make(clip, recipe, parts=parts, progress=pictures, cache=cache)
        pictures.turn_to("save")
        save(package, folder, run_facts(package))
        pictures.turn_to(REST)
        made, kept = _bytes_below(folder), _bytes_below(cache.folder)
    after, _ = decode_seconds(clip)
    heard = {name: seconds for name, seconds in words.seconds.items() if name in WORDS}
    info = package.info
    return {
        "clip": clip.name,
        "codec": info.codec,
        "size_px": [info.width_px, info.height_px],
        "seconds": round(info.duration_seconds, 3),
        "frames": frames,
        "bytes_in": info.size_bytes,
        "package_bytes": made,
        "stage_cache_bytes": kept,
        "products": len(package.products),
        "decode_seconds": round((before + after) / 2, 4),
        "stages": {name: round(one, 4) for name, one in (heard | pictures.seconds).items()},
    }


def _bytes_below(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())


def main(arguments: Sequence[str]) -> int:
    """The first clip is done twice: what the first time takes longer is the start of a worker."""
    os.environ["KEYART_THREADS"] = "1"
    like_library = "--like-library" in arguments
    clips = [Path(one) for one in arguments if one != "--like-library"]
    cost_of(clips[0], like_library=like_library)
    cold = time.process_time()  # since the process began, its imports too
    for number, clip in enumerate(clips):
        begun = time.process_time()
        found = cost_of(clip, like_library=like_library)
        if number == 0:
            found[START] = round(max(0.0, cold - (time.process_time() - begun)), 4)
        print(json.dumps(found), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
