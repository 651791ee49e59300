"""The clips that timings are taken on: 720p H.264 with sound, made of real footage or of moving photographs."""

from __future__ import annotations

import hashlib
import itertools
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from bench.record import MEDIA, WORK
from keyart.models import model_path
from keyart.plain import cue_span
from keyart.types import RGB, Sound

WIDTH_PX, HEIGHT_PX, FRAMES_PER_SECOND = 1280, 720, 30
SAMPLE_RATE_HZ = 44100
PHOTOS = ("photo-astronaut", "photo-rocket", "photo-coffee", "photo-chelsea", "photo-hubble")
# odd files are for other tests; these are ordinary footage
UNUSUAL = ("bad_", "edge_", "interlaced_", "loop_", "long_still", "long_timer")
SPEECH = "audio/en_lecture_physics_203s.webm"


@dataclass(frozen=True, slots=True)
class BenchClip:
    path: Path
    seconds: int
    material: str
    """What it was assembled from."""
    spoken: bool
    """Whether its sound track is real English speech."""

    def facts(self) -> dict[str, Any]:
        return {
            "seconds": self.seconds,
            "size_px": [WIDTH_PX, HEIGHT_PX],
            "frames_per_second": FRAMES_PER_SECOND,
            "codec": "h264",
            "size_bytes": self.path.stat().st_size,
            "sha256": hashlib.sha256(self.path.read_bytes()).hexdigest(),
            "material": self.material,
        }


def bench_clip(seconds: int, *, seed: int = 0, media: Path = MEDIA, folder: Path = WORK) -> BenchClip:
    """The clip of that length, built on the first call. Same seed and material: same pictures."""
    real = footage(media)
    spoken = (media / SPEECH).is_file()
    material = f"{len(real)} real videos" if real else "moving sample photographs"
    path = folder / f"clip-{'real' if real else 'photos'}-{seconds}s-{seed}.mp4"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        takes = _real_takes(real, seed) if real else _photo_takes(seed)
        pictures = itertools.islice(itertools.chain.from_iterable(takes), seconds * FRAMES_PER_SECOND)
        partial = path.with_suffix(".partial.mp4")
        _encode(partial, pictures, _speech(media / SPEECH, seconds) if spoken else _tone(seconds), spoken)
        partial.replace(path)
    return BenchClip(path, seconds, material, spoken)


def repeated(clip: BenchClip, times: int) -> BenchClip:
    """The clip's packets several times over: a long video at the price of a copy."""
    path = clip.path.with_name(f"{clip.path.stem}-x{times}.mp4")
    if not path.exists():
        partial = path.with_suffix(".partial.mp4")
        with av.open(str(partial), "w") as target, av.open(str(clip.path)) as source:
            copies = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
            reached: dict[int, int] = {}
            for turn in range(times):
                source.seek(0)
                for packet in source.demux():
                    if packet.dts is None or packet.pts is None or packet.time_base is None:
                        continue
                    shift = round(turn * clip.seconds / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    # sound begins a little before its pictures and ends a little after: leave out what would overlap
                    if packet.dts <= reached.get(packet.stream_index, packet.dts - 1):
                        continue
                    reached[packet.stream_index] = packet.dts
                    packet.stream = copies[packet.stream_index]
                    target.mux(packet)
        partial.replace(path)
    return BenchClip(path, clip.seconds * times, f"{clip.material}, {times} times over", clip.spoken)


def with_subtitles(clip: BenchClip) -> BenchClip:
    """The same clip in a folder of its own with Russian subtitles beside it: one line every four seconds."""
    folder = clip.path.parent / "with-subtitles"
    folder.mkdir(exist_ok=True)
    path = folder / clip.path.name
    if not path.exists():
        shutil.copyfile(clip.path, path)
    cues = [
        f"{number + 1}\n{cue_span(4 * number, 4 * number + 3.5, ',')}\n{LINES[number % len(LINES)]}\n"
        for number in range(clip.seconds // 4)
    ]
    path.with_suffix(".ru.srt").write_text("\n".join(cues), encoding="utf-8")
    return BenchClip(path, clip.seconds, clip.material, clip.spoken)


LINES = (
    "Сегодня мы едем на старый завод, где собирают ракетные двигатели.",
    "Инженер Анна Петрова работает здесь уже двадцать лет.",
    "Она показывает, как проверяют каждую деталь перед запуском.",
    "Один лишний зазор в полмиллиметра, и двигатель не запустится.",
    "В прошлом году на испытаниях взорвался опытный образец.",
    "Никто не пострадал, но причину искали три месяца.",
    "Оказалось, что датчик давления стоял не той стороной.",
    "После этого правила сборки переписали с нуля.",
    "Теперь двигатель собирают за шесть недель вместо десяти.",
    "А первый полёт новой ракеты назначен на весну.",
)


def footage(media: Path) -> tuple[Path, ...]:
    """Ordinary footage in the folder, in the order of its names."""
    videos = sorted(media.glob("video/*.*"))
    return tuple(path for path in videos if path.suffix != ".json" and not path.name.startswith(UNUSUAL))


def _real_takes(videos: tuple[Path, ...], seed: int) -> Iterator[Iterator[RGB]]:
    chance = random.Random(seed)
    while True:
        yield _stretch(chance.choice(videos), chance.random(), chance.uniform(1.5, 5.0))


def _stretch(video: Path, place: float, seconds: float) -> Iterator[RGB]:
    """A stretch from about `place` (0 ... 1) of a video, at the bench's size and rate."""
    wanted = round(seconds * FRAMES_PER_SECOND)
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        long = float(container.duration or 0) / av.time_base
        if long > seconds:
            container.seek(int((container.start_time or 0) + place * (long - seconds) * av.time_base))
        first, shown = None, 0
        for frame in _decoded(container, stream):
            at = float(frame.time or 0)
            first = at if first is None else first
            while shown < wanted and first + shown / FRAMES_PER_SECOND <= at + 1e-6:
                yield _filled(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
                shown += 1
            if shown >= wanted:
                return


def _decoded(container: Any, stream: Any) -> Iterator[av.VideoFrame]:
    """Frames until the end or the first damage: some files cannot be read from their middle."""
    try:
        yield from container.decode(stream)
    except av.InvalidDataError:
        return


def _filled(picture: RGB) -> RGB:
    """The picture scaled and cropped so that it fills the bench's frame."""
    import cv2

    scale = max(WIDTH_PX / picture.shape[1], HEIGHT_PX / picture.shape[0])
    size = max(WIDTH_PX, round(picture.shape[1] * scale)), max(HEIGHT_PX, round(picture.shape[0] * scale))
    scaled = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    top, left = (size[1] - HEIGHT_PX) // 2, (size[0] - WIDTH_PX) // 2
    return np.ascontiguousarray(scaled[top : top + HEIGHT_PX, left : left + WIDTH_PX], np.uint8)


def _photo_takes(seed: int) -> Iterator[Iterator[RGB]]:
    chance = np.random.default_rng(seed)
    for name in itertools.cycle(PHOTOS):
        yield _moving(_photo(name), chance.uniform(1.5, 5.0), chance.random(4), chance)


def _photo(name: str) -> RGB:
    from PIL import Image

    with Image.open(model_path(name)) as image:
        return np.asarray(image.convert("RGB"), np.uint8)


def _moving(photo: RGB, seconds: float, ways: Any, chance: np.random.Generator) -> Iterator[RGB]:
    """A slow pan and zoom over a photograph, with a camera's grain."""
    import cv2

    rows, columns = photo.shape[:2]
    grain = chance.normal(0, 3, (HEIGHT_PX, WIDTH_PX, 3)).astype(np.float32)
    num_frames = round(seconds * FRAMES_PER_SECOND)
    for number in range(num_frames):
        share = number / num_frames
        width = min(columns, rows * WIDTH_PX / HEIGHT_PX) * (0.95 - 0.3 * abs(ways[0] - share))
        height = width * HEIGHT_PX / WIDTH_PX
        x = (columns - width) * abs(ways[1] - 0.6 * share)
        y = (rows - height) * abs(ways[2] - 0.6 * share)
        turn = np.array([[width / WIDTH_PX, 0, x], [0, height / HEIGHT_PX, y]], np.float32)
        view = cv2.warpAffine(photo, turn, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        yield np.clip(view + np.roll(grain, 17 * number, axis=1), 0, 255).astype(np.uint8)


def _tone(seconds: int) -> Iterator[Sound]:
    for start in range(seconds):
        times = start + np.arange(SAMPLE_RATE_HZ, dtype=np.float64) / SAMPLE_RATE_HZ
        yield (0.2 * np.sin(2 * np.pi * 220 * times)).astype(np.float32)


def _speech(path: Path, seconds: int) -> Iterator[Sound]:
    """The lecture from its beginning, again and again until the clip is full."""
    left = seconds * SAMPLE_RATE_HZ
    while left > 0:
        with av.open(str(path)) as container:
            resampler = av.AudioResampler("fltp", "mono", SAMPLE_RATE_HZ)
            for frame in container.decode(audio=0):
                for piece in resampler.resample(frame):
                    samples = np.asarray(piece.to_ndarray()[0][:left], np.float32)
                    left -= samples.size
                    yield samples
                if left <= 0:
                    return


def _encode(path: Path, pictures: Iterator[RGB], sound: Iterator[Sound], spoken: bool) -> None:
    with av.open(str(path), "w") as container:
        # x264's macroblock tree is not repeatable on every processor
        options = {"preset": "fast", "threads": "2", "mbtree": "0"}
        video: Any = container.add_stream("libx264", rate=FRAMES_PER_SECOND, options=options)
        video.width, video.height, video.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        audio: Any = container.add_stream("aac", rate=SAMPLE_RATE_HZ, layout="mono")
        if spoken:
            audio.metadata["language"] = "eng"
        heard = 0
        for number, picture in enumerate(pictures, 1):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = number - 1, Fraction(1, FRAMES_PER_SECOND)
            container.mux(video.encode(frame))
            # the two tracks advance together, or players and decoders must hold a lot of one
            while heard * FRAMES_PER_SECOND < number * SAMPLE_RATE_HZ and (samples := next(sound, None)) is not None:
                container.mux(audio.encode(_sound_frame(samples, heard)))
                heard += samples.size
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


def _sound_frame(samples: Sound, start: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), "fltp", "mono")
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE_HZ, start, Fraction(1, SAMPLE_RATE_HZ)
    return frame
