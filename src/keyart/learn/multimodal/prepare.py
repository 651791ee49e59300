"""Videos -> what the fusion learns from: every 9th frame, the 1000 best of them, rows of pictures, sound and words.

    keyart learn multimodal-data --data videos/ --out prepared/

`videos/videos.jsonl` holds an object a line: `file`, `title`, `description`, `language`, and `chosen`, the seconds of
the frames that people chose. The frames are looked at once, as the video streams; of those that may still be among the
best only what their row is made of is held.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keyart.errors import BadSetting, MissingFile
from keyart.learn.data import BadData
from keyart.learn.files import write_facts
from keyart.learn.multimodal.columns import load_columns, picture_scores
from keyart.learn.multimodal.encoders import Pictures, Sounds, Words, encoders_for
from keyart.learn.multimodal.values import Floats, MultimodalVideo, write_extractors, write_video
from keyart.learn.training import Say
from keyart.types import RGB

LIST = "videos.jsonl"
_LOOK_PX = 640
"""Longer side at which a picture is rated; the double-column network's crop is of this."""
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the list."""

    path: Path
    title: str
    description: str
    language: str
    chosen_seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PrepareMultimodal:
    """Frames, sound and words of videos as rows, for `keyart learn multimodal`."""

    data: Path
    """Folder of videos with `videos.jsonl`: file, title, description, language, chosen (seconds)."""
    out: Path
    """Folder for a .npz of each video; those already there are left as they are."""
    every: int = 9
    """Of so many frames one is looked at."""
    keep: int = 1000
    """The best frames of a video; all others are dropped."""
    columns: Path | None = None
    """Weights of the double-column network (`keyart learn columns`); without them the sharpest frames are kept."""
    vgg16: Path | None = None
    """VGG16 with the published names; without it the stills' own descriptor."""
    electra: str = ""
    """Folder or card of an ELECTRA; without it the titles' own vectors."""
    sounds: Path | None = None
    """Weights of the stand-in for TRILL (`keyart learn sounds`); without them log-mel statistics."""
    reach_seconds: float = 1.0
    """A chosen frame farther than this from every frame that was kept is lost."""

    def __post_init__(self) -> None:
        if self.every < 1 or self.keep < 1 or self.reach_seconds < 0:
            raise BadSetting(f"every {self.every}, keep {self.keep}, reach_seconds {self.reach_seconds}: all above 0")

    def __call__(self, say: Say = print) -> dict[str, Any]:
        """Raises `MissingFile`, `MissingModel`, `MissingExtra`, `BadModel`, `BadData`, `UnreadableVideo`."""
        told = read_list(self.data)
        encoders = encoders_for(self.vgg16, self.electra, self.sounds)
        made = {"frames": encoders[0].name, "text": encoders[1].name, "audio": encoders[2].name}
        self._check_folder(made)
        rater = load_columns(self.columns) if self.columns else None
        lost = []
        for number, one in enumerate(told, 1):
            if (self.out / f"{one.path.stem}.npz").is_file():
                continue
            video = prepared(one, self, encoders, rater)
            write_video(self.out, video)
            lost += [] if video.chosen else [video.name]
            say(f"{number} of {len(told)}: {video.name}, {len(video.frames)} frames, {len(video.audio)} rows of sound")
        facts = {"schema": 1, "features": made, "test": {"videos": len(told), "without_chosen_frame": len(lost)}}
        write_facts(self.out / "prepared.json", facts)
        return facts

    def _check_folder(self, made: dict[str, str]) -> None:
        from keyart.learn.multimodal.values import EXTRACTORS

        path = self.out / EXTRACTORS
        if path.is_file() and json.loads(path.read_text("utf-8")) != made:
            raise BadSetting(f"{path}: the videos there were prepared by other models; choose another --out")
        write_extractors(self.out, made)


def read_list(folder: Path) -> tuple[Told, ...]:
    """Raises `MissingFile`, and `BadData` with the line that is wrong."""
    path = folder / LIST
    if not path.is_file():
        raise MissingFile(f"{path}: no such file; wanted is an object a line: file, title, description, chosen")
    found = tuple(
        _told(folder, line, f"{path}: line {number}")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if line.strip()
    )
    stems = [one.path.stem for one in found]
    if not found or len(set(stems)) < len(stems):
        raise BadData(f"{path}: {len(stems)} videos, {len(set(stems))} different names; one or more, all different")
    return found


def _told(folder: Path, line: str, where: str) -> Told:
    try:
        facts = json.loads(line)
        path = folder / str(facts["file"])
        seconds = tuple(float(one) for one in facts.get("chosen", ()))
        words = [str(facts.get(name) or "") for name in ("title", "description", "language")]
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise BadData(f"{where}: no object with a file, and chosen as a list of seconds") from err
    if folder.resolve() not in path.resolve().parents or not path.is_file():
        raise BadData(f"{where}: no file {facts['file']!r} in the folder")
    return Told(path, words[0], words[1], words[2] or "en", seconds)


# --- frames -------------------------------------------------------------------------------------------------------


class Best:
    """The best pictures so far, and what their rows will be made of; never more than `keep` of them."""

    def __init__(self, keep: int, pictures: Pictures, rater: Any = None) -> None:
        self.keep, self.pictures, self.rater = keep, pictures, rater
        self._waiting: list[tuple[float, RGB]] = []
        self._heap: list[tuple[float, int, float, RGB]] = []
        self._seen = 0

    def see(self, picture: RGB, seconds: float) -> None:
        self._waiting.append((seconds, picture))
        if len(self._waiting) == _AT_ONCE:
            self._rate()

    def finish(self) -> tuple[Floats, Floats, list[RGB]]:
        """(seconds, quality, pictures made ready), in the order of time."""
        self._rate()
        kept = sorted(self._heap, key=lambda one: -one[1])
        seconds, quality = ([one[place] for one in kept] for place in (2, 0))
        return np.array(seconds, np.float32), np.array(quality, np.float32), [one[3] for one in kept]

    def _rate(self) -> None:
        shown = [picture for _, picture in self._waiting]
        scores = sharpness(shown) if self.rater is None else picture_scores(self.rater, shown)
        for score, (seconds, picture) in zip(scores, self._waiting, strict=True):
            # the number settles a tie, the earlier frame being the better one, before pictures would be compared
            self._seen += 1
            entry = float(score), -self._seen
            if len(self._heap) < self.keep:
                heapq.heappush(self._heap, (*entry, seconds, self.pictures.ready(picture)))
            elif entry > self._heap[0][:2]:
                heapq.heapreplace(self._heap, (*entry, seconds, self.pictures.ready(picture)))
        self._waiting = []


def sharpness(pictures: Sequence[RGB]) -> Floats:
    """Logarithm of the variance of the Laplacian: what stands in for the double-column network without weights."""
    import cv2

    greys = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in pictures]
    return np.array([np.log1p(cv2.Laplacian(one, cv2.CV_32F).var()) for one in greys], np.float32)


def prepared(
    told: Told, recipe: PrepareMultimodal, encoders: tuple[Pictures, Words, Sounds], rater: Any = None
) -> MultimodalVideo:
    """A video as the fusion sees it."""
    from keyart.media.probe import probe
    from keyart.media.scan import Scan

    pictures, words, sounds = encoders
    best = Best(recipe.keep, pictures, rater)
    for glimpse in Scan()(probe(told.path)):
        if glimpse.number % recipe.every == 0:
            best.see(glimpse.small(_LOOK_PX), glimpse.seconds)
    seconds, quality, ready = best.finish()
    return MultimodalVideo(
        told.path.stem,
        pictures.rows(ready),
        sounds.rows(told.path),
        words.row(told.title, told.language),
        words.row(told.description, told.language),
        chosen_rows(told.chosen_seconds, seconds, recipe.reach_seconds),
        quality,
        seconds,
    )


def chosen_rows(chosen: Sequence[float], seconds: Floats, reach_seconds: float) -> tuple[int, ...]:
    """The kept frame nearest to each chosen second, where one is within reach.

    >>> chosen_rows([2.1, 9.0, 1.9], np.array([0.0, 2.0, 4.0], np.float32), 1.0)
    (1,)
    """
    nearest = {int(np.argmin(abs(seconds - one))): one for one in chosen}
    return tuple(sorted(row for row, one in nearest.items() if abs(seconds[row] - one) <= reach_seconds))
