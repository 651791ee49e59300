"""What every room's tests share: where the real videos are, and a maker of small clips for when they are not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition
from numpy.typing import NDArray

from keyart.models import have, model_path

Picture = NDArray[np.uint8]

MEDIA = Path(os.environ.get("KEYART_TEST_MEDIA") or Path(__file__).parents[2] / "shared" / "media")
PHOTOS = ("photo-astronaut", "photo-rocket", "photo-coffee", "photo-chelsea", "photo-hubble")


def pytest_report_header() -> str:
    if MEDIA.is_dir():
        return f"keyart: real videos from {MEDIA}, and generated clips"
    return f"keyart: generated clips only ({MEDIA} is not there)"


@pytest.fixture(scope="session")
def media() -> Path:
    """Folder of real videos, speech and pictures; the test is skipped where it is not there."""
    if not MEDIA.is_dir():
        pytest.skip(f"no real videos at {MEDIA}")
    return MEDIA


@dataclass(frozen=True)
class Take:
    """One stretch of a generated clip.

    `look`: a photograph's card name ("photo-coffee": slow pan over it), "black", "white", "scene-N" (a generated
    moving picture, another for each N), "noise-N" (the same with film grain).
    """

    look: str
    seconds: float
    dissolve_seconds: float = 0.0
    """Length of the mix with the take before, inside this take's own time."""
    flash_at: float | None = None
    """Seconds into the take where three frames are nearly white."""


@dataclass(frozen=True)
class ClipRecipe:
    takes: tuple[Take, ...] = (Take("scene-1", 1.0), Take("scene-2", 1.0), Take("scene-3", 1.0))
    size_px: tuple[int, int] = (320, 180)
    """Coded width and height."""
    frames_per_second: Fraction = Fraction(25)
    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    codec_options: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ".mp4"
    tone_hz: float = 0.0
    """Pitch of the sound track; 0 for none."""
    audio_codec: str = "aac"
    rotation_degrees: int = 0
    """Clockwise turn that players apply."""
    sample_aspect: Fraction = Fraction(1)
    tags: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    """Text drawn into every picture."""
    start_seconds: float = 0.0
    times: Literal["constant", "variable"] = "constant"
    """variable: every third frame is shown twice as long."""
    color_range: int = 0
    color_trc: int = 0
    color_space: int = 0
    cover: str = ""
    """Look of a cover picture put into the file."""


def _photo(name: str, width: int, height: int, share: float) -> Picture:
    if not have(name):
        pytest.skip("needs the sample photographs: keyart models pull samples")
    stored = cv2.imread(str(model_path(name)))
    assert stored is not None
    picture = cv2.cvtColor(stored, cv2.COLOR_BGR2RGB)
    rows, columns = picture.shape[:2]
    crop_width = min(columns, rows * width / height) * 0.8
    crop_height = crop_width * height / width
    x, y = (columns - crop_width) * share, (rows - crop_height) * 0.3
    turn = np.array([[crop_width / width, 0, x], [0, crop_height / height, y]], np.float32)
    return np.asarray(
        cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP), np.uint8
    )


def _scene(seed: int, width: int, height: int, share: float) -> Picture:
    random = np.random.default_rng(seed)
    colours = random.integers(20, 236, (8, 3))
    down, across = np.linspace(0, 1, height)[:, None, None], np.linspace(0, 1, width)[None, :, None]
    ground = colours[0] * (1 - down) * (1 - across) + colours[1] * down * (1 - across)
    ground = ground + colours[2] * (1 - down) * across + colours[3] * down * across
    picture = np.ascontiguousarray(ground.astype(np.uint8))
    for number, (place, speed, size) in enumerate(
        zip(random.random((12, 2)), random.normal(0, 0.15, (12, 2)), random.random(12), strict=True)
    ):
        centre = ((place + speed * share) % 1 * (width, height)).astype(int)
        colour = tuple(int(one) for one in colours[4 + number % 4])
        cv2.circle(picture, (int(centre[0]), int(centre[1])), max(2, int(height * (0.04 + 0.12 * size))), colour, -1)
    return picture


def picture_of(look: str, width: int, height: int, share: float, seed: int = 0) -> Picture:
    """One RGB frame of a look; `share` (0 ... 1) is how much of the take has passed."""
    if look in ("black", "white"):
        return np.full((height, width, 3), 255 if look == "white" else 0, np.uint8)
    if look.startswith("photo-"):
        return _photo(look, width, height, share)
    kind, number = look.rsplit("-", 1)
    picture = _scene(int(number), width, height, share)
    if kind == "noise":
        grain = np.random.default_rng(seed).normal(0, 12, picture.shape)
        picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
    return picture


def pictures(recipe: ClipRecipe) -> Iterator[Picture]:
    """The frames of a recipe, as RGB, in order."""
    width, height = recipe.size_px
    before: Take | None = None
    count = 0
    for take in recipe.takes:
        num_frames = round(take.seconds * recipe.frames_per_second)
        mixed = round(take.dissolve_seconds * recipe.frames_per_second)
        for number in range(num_frames):
            picture = picture_of(take.look, width, height, number / max(1, num_frames), count)
            if before is not None and number < mixed:
                share = (number + 1) / (mixed + 1)
                old = picture_of(before.look, width, height, 1.0, count)
                picture = cv2.addWeighted(picture, share, old, 1 - share, 0).astype(np.uint8)
            if take.flash_at is not None and 0 <= number - round(take.flash_at * recipe.frames_per_second) < 3:
                picture = (255 - (255 - picture) // 6).astype(np.uint8)
            if recipe.title:
                cv2.putText(picture, recipe.title, (8, height // 2), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2)
            count += 1
            yield picture
        before = take


def _add_sound(container: Any, stream: Any, recipe: ClipRecipe, seconds: float) -> None:
    rate = stream.rate
    times = np.arange(int(seconds * rate)) / rate
    wave = (0.3 * np.sin(2 * np.pi * recipe.tone_hz * times)).astype(np.float32)[None]
    for start in range(0, wave.shape[1], 1024):
        chunk = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave[:, start : start + 1024]), "fltp", "mono")
        chunk.sample_rate, chunk.pts, chunk.time_base = rate, start, Fraction(1, rate)
        container.mux(stream.encode(chunk))
    container.mux(stream.encode(None))


def _add_pictures(container: Any, stream: Any, recipe: ClipRecipe, frames: Iterable[Picture] | None) -> int:
    step = stream.codec_context.time_base
    pts = round(recipe.start_seconds / step)
    count = 0
    for count, picture in enumerate(frames if frames is not None else pictures(recipe), 1):
        frame = av.VideoFrame.from_ndarray(picture, "rgb24")
        if frame.format.name != recipe.pixel_format:
            frame = frame.reformat(
                format=recipe.pixel_format,
                dst_color_range=recipe.color_range or None,
                dst_colorspace="ITU709" if recipe.color_space == 1 else None,
            )
        if recipe.color_range:
            frame.color_range = recipe.color_range
        if recipe.color_space:
            frame.colorspace = recipe.color_space
        frame.pts, frame.time_base = pts, step
        pts += 2 if recipe.times == "variable" and count % 3 == 0 else 1
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
    return count


def make_clip(path: Path, recipe: ClipRecipe, frames: Iterable[Picture] | None = None) -> Path:
    """Encode a recipe (or the given RGB frames with the recipe's settings) to `path`."""
    options = {"preset": "ultrafast", "threads": "1"} if recipe.codec.startswith("libx26") else {}
    with av.open(str(path), "w") as container:
        container.metadata.update(recipe.tags)
        stream: Any = container.add_stream(
            recipe.codec, rate=recipe.frames_per_second, options={**options, **recipe.codec_options}
        )
        stream.width, stream.height = recipe.size_px
        stream.pix_fmt = recipe.pixel_format
        stream.codec_context.time_base = 1 / recipe.frames_per_second
        stream.codec_context.sample_aspect_ratio = recipe.sample_aspect
        for name in ("color_range", "color_trc", "colorspace"):
            value = getattr(recipe, "color_space" if name == "colorspace" else name)
            if value:
                setattr(stream.codec_context, name, value)
        if recipe.rotation_degrees:
            stream.set_display_rotation(-recipe.rotation_degrees)  # PyAV counts counter-clockwise
        cover: Any = None
        if recipe.cover:
            cover = container.add_stream("mjpeg", options={"strict": "unofficial"})
            cover.width, cover.height, cover.pix_fmt = 160, 120, "yuvj420p"
            cover.disposition = Disposition.attached_pic
        sound: Any = container.add_stream(recipe.audio_codec, rate=48000, layout="mono") if recipe.tone_hz else None
        if cover is not None:
            picture = av.VideoFrame.from_ndarray(picture_of(recipe.cover, 160, 120, 0.5), "rgb24")
            container.mux(cover.encode(picture.reformat(format="yuvj420p")))
            container.mux(cover.encode(None))
        count = _add_pictures(container, stream, recipe, frames)
        if sound is not None:
            _add_sound(container, sound, recipe, float(count / recipe.frames_per_second))
    _at_usual_priority()
    return path


def _at_usual_priority() -> None:
    """SVT-AV1 makes its caller a real-time process where it may, and every test after it slows the other worker."""
    for thread in Path("/proc/self/task").glob("*"):
        with suppress(ProcessLookupError):  # a thread that has ended since
            if os.sched_getscheduler(int(thread.name)) in (os.SCHED_FIFO, os.SCHED_RR):
                os.sched_setscheduler(int(thread.name), os.SCHED_OTHER, os.sched_param(0))


_ONE_OF_EACH = {
    "KEYART_COVERS_COUNT": "1",
    "KEYART_CUTOUTS_COUNT": "1",
    "KEYART_VARIANTS_COUNT": "1",
    "KEYART_VARIANTS_LOOKS": "anime",
    "KEYART_VARIANTS_BACKGROUNDS": "",
    "KEYART_AVATAR_LOOKS": "natural",
}


@pytest.fixture
def one_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole packages with one picture of each kind: for tests of what goes on around them, at a third of the work."""
    for name, value in _ONE_OF_EACH.items():
        monkeypatch.setenv(name, value)


ClipFactory = Callable[..., Path]


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> ClipFactory:
    """`clip(takes=(Take("photo-coffee", 1.0), ...), tone_hz=440, ...)` -> path of the clip, made once per recipe."""
    folder = tmp_path_factory.mktemp("clips")

    def make(**options: Any) -> Path:
        recipe = ClipRecipe(**options)
        name = hashlib.sha256(repr(recipe).encode()).hexdigest()[:16]
        path = folder / f"{name}{recipe.suffix}"
        return path if path.exists() else make_clip(path, recipe)

    return make


@pytest.fixture
def patched(clip: ClipFactory, tmp_path: Path) -> Path:
    """H.264 with flipped bits in the second half: libav makes up what they were meant to be."""
    takes = tuple(Take(f"scene-{number}", 1.0) for number in range(6))
    content = bytearray(clip(takes=takes, size_px=(640, 360), codec_options={"bf": "2", "g": "100"}).read_bytes())
    start = content.index(b"mdat")
    for place in np.random.default_rng(5).integers(start + (len(content) - start) // 2, len(content) - 5000, 12):
        content[place] ^= 8
    path = tmp_path / "patched.mp4"
    path.write_bytes(content)
    return path
