"""Clips with exact cut lists, assembled from real footage: one clip a class, one frozen recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.record import MEDIA, WORK
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.types import RGB

Frames = list[RGB]
Random = np.random.Generator
Span = tuple[int, int]

SIZE_PX = (480, 272)
FRAMES_PER_SECOND = 25
NUM_TAKES = 17
_TAKE_FRAMES = (36, 70)
FOOTAGE: tuple[tuple[str, float], ...] = (
    ("face_man_trimming_beard.mp4", 2.5),
    ("sport_marathon_noaudio.mp4", 0.0),
    ("move_kids_bed_noaudio.mp4", 0.0),
    ("move_dog_sidewalk.mp4", 1.0),
    ("talk_foreman_hevc_noaudio.mp4", 0.5),
    ("talk_two_men_webcam_vp9_noaudio.webm", 4.0),
    ("nasa_shuttle_vp8_noaudio.webm", 1.0),
    ("nasa_moonwalk_mjpeg.mov", 5.0),
    ("vertical_talk_man_kitchen.mp4", 2.0),
    ("vertical_talk_man_seated.mp4", 2.0),
    ("vertical_drummer_204x360.mp4", 3.0),
    ("edit_tears_of_steel_70s.webm", 13.2),
    ("edit_tears_of_steel_70s.webm", 24.0),
    ("edit_tears_of_steel_70s.webm", 41.3),
    ("talk_en_congress_a.mp4", 1.0),
    ("talk_en_webcam_datastreams.mp4", 2.5),
    ("sport_archery_xvid.avi", 0.5),
    ("sport_weightlifting.mp4", 2.0),
    ("family_baby_cat_noaudio.mp4", 3.0),
    ("long_people_one_by_one_noaudio.mp4", 20.0),
    ("film_his_girl_friday_bw.mp4", 0.5),
    ("anim_bbb_60s_hls.ts", 16.2),
    ("anim_bbb_60s_hls.ts", 48.5),
)
"""Stretches of one take each: video, and seconds from its first picture."""


def _at_once(_: Random) -> int:
    return 0


def _as_they_are(frames: Frames, _: Random) -> Frames:
    return frames


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of clips: how takes are joined, and what is done to each of them."""

    join: Callable[[Random], int] = _at_once
    """Frames of the transition; 0 is a hard cut."""
    mix: Callable[[RGB, RGB, float, int], RGB] | None = None
    """Picture before, picture after, share gone 0 ... 1, a seed -> the picture between."""
    spoil: Callable[[Frames, Random], Frames] = _as_they_are


@dataclass(frozen=True, slots=True)
class TransitionClip:
    path: Path
    kind: str
    truth: tuple[Span, ...]
    """First frame that is not the old take alone, first that is the new one alone; both the same for a cut."""


# --- what joins takes ---------------------------------------------------------------------------------------------


def dissolved(before: RGB, after: RGB, share: float, _: int) -> RGB:
    return np.asarray(cv2.addWeighted(after, share, before, 1 - share, 0), np.uint8)


def faded(before: RGB, after: RGB, share: float, _: int) -> RGB:
    """Out to black for two fifths, black for one, in again."""
    if share < 0.4:
        return np.asarray(before * (1 - share / 0.4), np.uint8)
    return np.asarray(after * max(0.0, (share - 0.6) / 0.4), np.uint8)


def wiped(before: RGB, after: RGB, share: float, seed: int) -> RGB:
    """One of seven shapes, its edge sharp or soft."""
    rows, columns = before.shape[:2]
    y, x = np.mgrid[0 : 1 : rows * 1j, 0 : 1 : columns * 1j].astype(np.float32)
    shapes = (x, 1 - x, y, 1 - y, (x + y) / 2, np.hypot(x - 0.5, y - 0.5) / 0.7072, x * 6 % 1)
    soft = (0.005, 0.06)[seed // len(shapes) % 2]
    edge = share * (1 + soft)
    mask = np.clip((edge - shapes[seed % len(shapes)]) / soft, 0, 1)[..., None]
    return np.asarray(before + mask * (after.astype(np.float32) - before), np.uint8)


def _frames(least: int, most: int) -> Callable[[Random], int]:
    return lambda random: int(random.integers(least, most + 1))


# --- what is done to takes ----------------------------------------------------------------------------------------


def flashed(frames: Frames, random: Random) -> Frames:
    """Two or three flashes of one to four frames, none near the ends; every third lights up one side only."""
    lit = list(frames)
    for place in np.linspace(10, len(frames) - 14, int(random.integers(2, 4))).astype(int):
        strength, one_side = random.uniform(0.5, 1.0), random.random() < 0.34
        for number in range(place, place + int(random.integers(1, 5))):
            white = 255 - (255 - lit[number].astype(np.float32)) * (1 - strength)
            if one_side:
                white[:, SIZE_PX[0] // 2 :] = lit[number][:, SIZE_PX[0] // 2 :]
            lit[number] = white.astype(np.uint8)
    return lit


def shaken(frames: Frames, random: Random) -> Frames:
    """A hand-held camera that is run with: 12 pixels from frame to frame on average, and a little roll."""
    path = np.zeros(3)
    moved = []
    for frame in frames:
        path = 0.8 * path + random.normal(0, (10, 10, 1.2))
        moved.append(_seen(frame, 1.25, float(path[0]), float(path[1]), float(path[2])))
    return moved


def panned(frames: Frames, random: Random) -> Frames:
    """Whip pans over an enlarged picture, 14 to 28 pixels a frame, with the blur of an open shutter."""
    speed, reach = random.uniform(14, 28), 0.55 * SIZE_PX[0]
    x, way, moved = -reach, 0.0, []
    for number, frame in enumerate(frames):
        if number % 30 == 8:
            way = speed if x < 0 else -speed
        if abs(x + way) > reach:
            way = 0.0
        views = [_seen(frame, 2.2, x + way * part, 0.0, 0.0) for part in (0.0, 0.25, 0.5)]
        moved.append(np.mean(views, axis=0).astype(np.uint8) if way else views[0])
        x += way
    return moved


def noisy(frames: Frames, random: Random) -> Frames:
    return [np.clip(one + random.normal(0, 25, one.shape), 0, 255).astype(np.uint8) for one in frames]


def flickering(frames: Frames, random: Random) -> Frames:
    """Each frame's light is its own, within a third."""
    return [np.clip(one * random.uniform(0.67, 1.33), 0, 255).astype(np.uint8) for one in frames]


def _seen(frame: RGB, zoom: float, x: float, y: float, degrees: float) -> RGB:
    """The middle of the frame enlarged, moved by (x, y) pixels of the result and turned."""
    width, height = SIZE_PX
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, zoom)
    turn[:, 2] -= np.array([x, y])
    return np.asarray(cv2.warpAffine(frame, turn, SIZE_PX, borderMode=cv2.BORDER_REFLECT_101), np.uint8)


KINDS: dict[str, Kind] = {
    "hard cuts": Kind(),
    "dissolves of 1-4 frames": Kind(_frames(1, 4), dissolved),
    "dissolves of 5-15 frames": Kind(_frames(5, 15), dissolved),
    "dissolves of 16-30 frames": Kind(_frames(16, 30), dissolved),
    "fades": Kind(_frames(12, 40), faded),
    "wipes": Kind(_frames(8, 30), wiped),
    "flashes": Kind(spoil=flashed),
    "camera shake": Kind(spoil=shaken),
    "fast pans": Kind(spoil=panned),
    "noise": Kind(spoil=noisy),
    "brightness flicker": Kind(spoil=flickering),
}
"""Those that spoil have hard cuts between their takes."""


# --- assembling ---------------------------------------------------------------------------------------------------


def clips(seed: int, media: Path = MEDIA, folder: Path = WORK) -> Iterator[TransitionClip]:
    """One a class; built on the first call. Same seed and material: same pictures and the same list of cuts."""
    for number, name in enumerate(KINDS):
        path = folder / "transitions" / f"{name.replace(' ', '-')}-{seed}.mp4"
        listed = path.with_suffix(".txt")
        if not (path.exists() and listed.exists()):
            path.parent.mkdir(parents=True, exist_ok=True)
            truth: list[Span] = []
            pictures = assembled(KINDS[name], np.random.default_rng([seed, number]), media, truth)
            partial = path.with_suffix(".partial.mp4")
            _encode(partial, pictures)
            listed.write_text("".join(f"{first} {after}\n" for first, after in truth))
            partial.replace(path)
        rows = [line.split() for line in listed.read_text().splitlines()]
        yield TransitionClip(path, name, tuple((int(first), int(after)) for first, after in rows))


def assembled(kind: Kind, random: Random, media: Path, truth: list[Span]) -> Iterator[RGB]:
    """The frames of a clip; `truth` has grown by its boundaries once they are through."""
    order = random.permutation(len(FOOTAGE))[:NUM_TAKES]
    count, left_over, length = 0, Frames(), 0
    for place, which in enumerate(order):
        num_frames = int(random.integers(*_TAKE_FRAMES))
        following = kind.join(random) if place < NUM_TAKES - 1 else 0
        take = kind.spoil(_take(media, FOOTAGE[which], num_frames + length + following), random)
        if place:
            truth.append((count, count + length))
        for number in range(length):
            assert kind.mix is not None
            share = (number + 1) / (length + 1)
            yield kind.mix(left_over[number], take[number], share, place)
        body = take[length : len(take) - following] if following else take[length:]
        yield from body
        count += length + len(body)
        left_over, length = take[len(take) - following :], following


def _take(media: Path, stretch: tuple[str, float], num_frames: int) -> Frames:
    video, start = stretch
    info = probe(media / "video" / video)
    frames = (one for one in Scan()(info) if one.seconds >= start - 1e-6)
    return [_fitted(one.small(960)) for one in islice(frames, num_frames)]


def _fitted(image: RGB) -> RGB:
    width, height = SIZE_PX
    rows, columns = image.shape[:2]
    scale = max(width / columns, height / rows)
    large = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    large = large if large.shape[0] >= height and large.shape[1] >= width else cv2.resize(large, SIZE_PX)
    y, x = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
    return np.asarray(large[y : y + height, x : x + width], np.uint8)


def _encode(path: Path, pictures: Iterator[NDArray[np.uint8]]) -> None:
    with av.open(str(path), "w") as container:
        options = {"preset": "veryfast", "crf": "21", "threads": "1"}
        stream: Any = container.add_stream("libx264", rate=FRAMES_PER_SECOND, options=options)
        stream.width, stream.height, stream.pix_fmt = *SIZE_PX, "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")))
        container.mux(stream.encode(None))


def found_of(truth: Sequence[Span], found: Sequence[int], tolerance: int = 2) -> tuple[int, int, int]:
    """Hits, false, missed: a boundary hits where it lies in the transition, give or take `tolerance` frames.

    A second one inside the same transition is neither a hit nor false.
    """
    hit = {span for span in truth for one in found if span[0] - tolerance <= one <= span[1] + tolerance}
    false = sum(not any(a - tolerance <= one <= b + tolerance for a, b in truth) for one in found)
    return len(hit), false, len(truth) - len(hit)
