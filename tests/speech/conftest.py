"""Small containers with subtitles and sound, made here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame

from keyart.types import AudioStream, SubtitleStream, VideoInfo

Line = tuple[float, float, str]


def info_for(
    path: Path,
    *,
    audio: Sequence[AudioStream] = (),
    subtitles: Sequence[SubtitleStream] = (),
    start_seconds: float = 0.0,
    tags: dict[str, str] | None = None,
) -> VideoInfo:
    return VideoInfo(
        path=path,
        container="matroska",
        size_bytes=1,
        video_index=None,
        codec="",
        pixel_format="",
        width_px=0,
        height_px=0,
        coded_width_px=0,
        coded_height_px=0,
        sample_aspect=Fraction(1),
        rotation_degrees=0,
        mirrored=False,
        frames_per_second=25.0,
        duration_seconds=10.0,
        start_seconds=start_seconds,
        audio=tuple(audio),
        subtitles=tuple(subtitles),
        tags=tags or {},
    )


@pytest.fixture
def sound_file(tmp_path: Path) -> Callable[..., VideoInfo]:
    """A WAV of the given samples (float, 16 kHz) as a file with one audio stream."""

    def make(
        samples: np.ndarray[tuple[int], np.dtype[np.float32]], language: str = "", name: str = "talk"
    ) -> VideoInfo:
        path = tmp_path / f"{name}.wav"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("pcm_s16le", rate=16000, layout="mono")
            frame = AudioFrame.from_ndarray((samples[None] * 32767).astype(np.int16), format="s16", layout="mono")
            frame.sample_rate = 16000
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return info_for(path, audio=[AudioStream(0, "pcm_s16le", language, 1, 16000)])

    return make
