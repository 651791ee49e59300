"""A sample clip to try keyart on, made from public-domain and CC0 photographs: `python -m keyart.media.sample OUT.mp4`.

Slow pans and zooms, hard cuts and one dissolve, a soft bed of sound, subtitles in English and Russian, chapters.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keyart.errors import KeyartError
from keyart.media.encode import add_tracks, write_mp4
from keyart.media.images import read_image
from keyart.models import model_path
from keyart.plain import cue_span
from keyart.types import RGB, Chapter, Cue, Sound

WIDTH_PX, HEIGHT_PX = 1280, 720
FRAMES_PER_SECOND = 25
SAMPLE_RATE_HZ = 44_100


@dataclass(frozen=True, slots=True)
class View:
    """What the camera frames: centre as shares of the photograph, and the share of its largest 16:9 crop."""

    x: float
    y: float
    size: float


@dataclass(frozen=True, slots=True)
class Take:
    """One photograph, seen from `begin` to `end` of a slow move."""

    photo: str
    chapter: str
    """Empty: the take goes on with the chapter before."""
    seconds: float
    begin: View
    end: View
    dissolve_seconds: float = 0.0
    """How long the take before shines through at the start."""


TAKES = (
    Take("photo-coffee", "Coffee", 5.0, View(0.50, 0.46, 1.00), View(0.50, 0.44, 0.80)),
    Take("photo-chelsea", "The cat", 5.0, View(0.42, 0.42, 0.78), View(0.52, 0.50, 1.00)),
    Take("photo-astronaut", "The suit", 5.6, View(0.46, 0.30, 1.00), View(0.44, 0.22, 0.74)),
    Take("photo-rocket", "The launch pad", 5.4, View(0.50, 0.62, 0.70), View(0.50, 0.45, 1.00)),
    Take("photo-hubble", "The telescope", 5.0, View(0.35, 0.40, 0.55), View(0.62, 0.58, 0.55), 1.0),
    Take("photo-astronaut", "", 4.0, View(0.44, 0.18, 0.62), View(0.44, 0.21, 0.52)),
)

ENGLISH = (
    "The astronaut starts her day with strong coffee.",
    "One cup gives her enough strength for a whole day of training.",
    "The cat wakes up before the alarm clock.",
    "A tabby cat guards the space suit all night.",
    "At seven in the morning the astronaut puts on her orange suit.",
    "The orange suit protects the astronaut during the launch.",
    "The rocket waits for its launch at dawn.",
    "Engineers fill the tanks four hours before the start.",
    "The space telescope sees thousands of galaxies.",
    "The light of these galaxies travelled for thirteen billion years.",
    "Tonight the astronaut will see the stars from orbit.",
    "At home the cat waits for her return.",
)
RUSSIAN = (
    "Космонавт начинает утро с крепкого кофе.",
    "Одна чашка даёт силы на целый день тренировок.",
    "Кошка просыпается раньше будильника.",
    "Полосатая кошка всю ночь охраняет скафандр.",
    "В семь утра женщина надевает оранжевый скафандр.",
    "Оранжевый скафандр защищает космонавта при старте.",
    "Ракета ждёт старта на рассвете.",
    "Инженеры заполняют баки за четыре часа до старта.",
    "Космический телескоп видит тысячи галактик.",
    "Свет этих галактик летел тринадцать миллиардов лет.",
    "Вечером космонавт увидит звёзды с орбиты.",
    "Дома кошка ждёт её возвращения.",
)
TAGS = {
    "title": "An astronaut's morning",
    "artist": "keyart",
    "comment": "Photographs: NASA (public domain), SpaceX, Rachel Michetti, Stefan van der Walt (CC0)",
}
_PAUSE_SECONDS = 0.2
_CHORDS_HZ = ((220.0, 277.18, 329.63), (185.0, 220.0, 277.18), (146.83, 185.0, 220.0), (164.81, 207.65, 246.94))
"""A, F sharp minor, D, E: one for five seconds each."""
_CHORD_SECONDS = 5.0


def make_sample(path: str | Path) -> Path:
    """Render the clip and, beside it, its subtitles as `.en.srt` and `.ru.srt`; the same bytes each time.

    Raises `MissingModel` while the pack "samples" is not pulled.
    """
    path = Path(path)
    tracks = {"eng": cues(ENGLISH), "rus": cues(RUSSIAN)}
    with tempfile.TemporaryDirectory(prefix="keyart-sample-") as folder:
        bare = Path(folder) / "bare.mp4"
        write_mp4(
            bare,
            pictures(),
            frames_per_second=FRAMES_PER_SECOND,
            crf=23,
            preset="veryfast",
            sound=sound_bed(sum(take.seconds for take in TAKES)),
            sample_rate_hz=SAMPLE_RATE_HZ,
        )
        add_tracks(bare, path, subtitles=tracks, chapters=chapters(), tags=TAGS)
    for ending, language in (("en", "eng"), ("ru", "rus")):
        path.with_suffix(f".{ending}.srt").write_text(_srt(tracks[language]), encoding="utf-8", newline="\n")
    return path


def pictures() -> Iterator[RGB]:
    """The frames of the clip in order, (720, 1280, 3)."""
    photos = {take.photo: read_image(model_path(take.photo)) for take in TAKES}
    before: RGB | None = None
    for take in TAKES:
        count = round(take.seconds * FRAMES_PER_SECOND)
        mixed = round(take.dissolve_seconds * FRAMES_PER_SECOND)
        image = None
        for number in range(count):
            image = _seen(photos[take.photo], take, number / (count - 1))
            if before is not None and number < mixed:
                share = (number + 1) / (mixed + 1)
                image = np.asarray(before * (1 - share) + image * share + 0.5, np.uint8)
            yield image
        before = image


def _seen(photo: RGB, take: Take, share: float) -> RGB:
    """The photograph through the camera; the move starts and ends gently."""
    import cv2

    eased = share * share * (3 - 2 * share)
    x, y, size = (
        first + (last - first) * eased
        for first, last in zip(
            (take.begin.x, take.begin.y, take.begin.size), (take.end.x, take.end.y, take.end.size), strict=True
        )
    )
    height, width = photo.shape[:2]
    crop_width = min(width, height * WIDTH_PX / HEIGHT_PX) * size
    crop_height = crop_width * HEIGHT_PX / WIDTH_PX
    left = min(max(x * width - crop_width / 2, 0), width - crop_width)
    top = min(max(y * height - crop_height / 2, 0), height - crop_height)
    scale = crop_width / WIDTH_PX
    # pixel centres: (0.5, 0.5) of the frame is (0.5, 0.5) * scale of the crop
    move = np.array([[scale, 0, left + scale / 2 - 0.5], [0, scale, top + scale / 2 - 0.5]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    image = cv2.warpAffine(photo, move, (WIDTH_PX, HEIGHT_PX), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(image, np.uint8)


def cues(texts: Sequence[str]) -> tuple[Cue, ...]:
    """Two sentences for each take, in step with the pictures."""
    starts = np.cumsum([0.0, *(take.seconds for take in TAKES)])
    halves = np.sort(np.concatenate([starts, (starts[:-1] + starts[1:]) / 2]))
    return tuple(
        Cue(text, round(float(start) + _PAUSE_SECONDS, 3), round(float(end), 3))
        for text, start, end in zip(texts, halves[:-1], halves[1:], strict=True)
    )


def chapters() -> tuple[Chapter, ...]:
    starts = [float(start) for start in np.cumsum([0.0, *(take.seconds for take in TAKES)])]
    named = [(take.chapter, start) for take, start in zip(TAKES, starts[:-1], strict=True) if take.chapter]
    ends = [start for _, start in named[1:]] + [starts[-1]]
    return tuple(Chapter(title, start, end) for (title, start), end in zip(named, ends, strict=True))


def sound_bed(seconds: float) -> Sound:
    """Soft chords that swell and fade into each other, at 44.1 kHz; no speech, no drums."""
    times = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    wave = np.zeros(len(times))
    for number in range(int(np.ceil(seconds / _CHORD_SECONDS)) + 1):
        away = np.abs(times - number * _CHORD_SECONDS) / _CHORD_SECONDS
        swell = np.where(away < 1, np.cos(away * np.pi / 2) ** 2, 0.0)
        for pitch_hz in _CHORDS_HZ[number % len(_CHORDS_HZ)]:
            wave += swell * (np.sin(2 * np.pi * pitch_hz * times) + 0.25 * np.sin(4 * np.pi * pitch_hz * times + 1))
    ends = np.clip(np.minimum(times, seconds - times) / 1.0, 0, 1)
    return (0.05 * wave * ends).astype(np.float32)


def _srt(track: Sequence[Cue]) -> str:
    blocks = (f"{n}\n{cue_span(cue.start, cue.end, ',')}\n{cue.text}\n" for n, cue in enumerate(track, 1))
    return "\n".join(blocks)


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python -m keyart.media.sample OUT.mp4", file=sys.stderr)
        return 2
    try:
        print(make_sample(arguments[0]))
    except KeyartError as err:
        print(f"keyart: {err}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
