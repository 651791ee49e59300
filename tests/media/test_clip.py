"""A stretch of the video at an even rate: the right pictures, wherever it starts."""

from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keyart.media.clip import read_clip, read_clips, stream_clips
from keyart.media.decode import Decoder
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.types import RGB, VideoInfo
from tests.conftest import ClipFactory, Take


def shown(info: VideoInfo, seconds: float) -> RGB:
    """The picture on display at a time, found by decoding everything."""
    found = None
    for glimpse in Scan()(info):
        if glimpse.seconds <= seconds + 0.002:
            found = glimpse.small(160)
    assert found is not None
    return found


TAKES = (Take("scene-1", 1.2), Take("noise-2", 1.2), Take("scene-3", 1.2))


@pytest.mark.parametrize(
    "options",
    [
        {"codec_options": {"bf": "3", "preset": "medium", "g": "250"}},
        {"codec": "mpeg4", "suffix": ".avi"},
        {
            "codec": "libvpx",
            "suffix": ".webm",
            "frames_per_second": Fraction(30000, 1001),
            "codec_options": {"deadline": "realtime", "cpu-used": "8"},
        },
        {"suffix": ".ts", "start_seconds": 10.0},
        {"times": "variable"},
    ],
    ids=["b-frames", "avi", "webm", "ts", "vfr"],
)
@pytest.mark.parametrize("start", [0.0, 1.3, 3.1])
def test_every_tick_has_the_picture_on_display(clip: ClipFactory, options: dict[str, object], start: float) -> None:
    info = probe(clip(takes=TAKES, **options))
    frames = list(read_clip(info, start, start + 0.3, frames_per_second=10, longest_px=160))
    assert [frame.seconds for frame in frames] == pytest.approx([start, start + 0.1, start + 0.2])
    for frame in frames:
        assert np.array_equal(frame.image, shown(info, frame.seconds))


def test_a_faster_rate_repeats_pictures(clip: ClipFactory) -> None:
    info = probe(clip(takes=TAKES, frames_per_second=Fraction(10)))
    frames = list(read_clip(info, 0.0, 1.0, frames_per_second=30, longest_px=160))
    assert len(frames) == 30
    assert frames[0].image is frames[1].image


@pytest.mark.parametrize("keys_every", [12, 250])
def test_several_stretches_in_any_order_agree_with_one_by_one(clip: ClipFactory, keys_every: int) -> None:
    options = {"bf": "3", "preset": "medium", "g": str(keys_every), "sc_threshold": "0"}
    info = probe(clip(takes=TAKES, codec_options=options))
    spans = [(2.5, 3.0), (0.4, 0.8), (0.6, 1.1), (1.9, 2.2)]
    together = dict(read_clips(info, spans, frames_per_second=10, longest_px=160))
    assert sorted(together) == [0, 1, 2, 3]
    for number, (start, end) in enumerate(spans):
        alone = read_clip(info, start, end, frames_per_second=10, longest_px=160)
        assert [frame.seconds for frame in together[number]] == [frame.seconds for frame in alone]
        for one, other in zip(together[number], alone, strict=True):
            assert np.array_equal(one.image, other.image)
            assert np.array_equal(one.image, shown(info, one.seconds))


def test_a_stream_gives_the_same_pictures_as_they_pass(clip: ClipFactory) -> None:
    info = probe(clip(takes=TAKES))
    spans = [(2.5, 3.0), (0.4, 0.8), (0.6, 1.1), (3.5, 9.0), (1.0, 1.0)]
    passing = list(stream_clips(info, spans, frames_per_second=10, longest_px=160))
    times = [round(frame.seconds, 6) for _, frame in passing]
    assert times == sorted(times)
    for number, frames in read_clips(info, spans, frames_per_second=10, longest_px=160):
        streamed = [frame for one, frame in passing if one == number]
        assert [frame.seconds for frame in streamed] == [frame.seconds for frame in frames]
        for one, other in zip(streamed, frames, strict=True):
            assert np.array_equal(one.image, other.image)


def test_a_stream_may_be_left(clip: ClipFactory) -> None:
    info = probe(clip(takes=TAKES))
    threads = threading.active_count()
    stream = stream_clips(info, [(0.0, 3.0)], frames_per_second=10, longest_px=160)
    assert next(stream)[0] == 0
    del stream
    assert threading.active_count() == threads


def test_nothing_is_decoded_twice(clip: ClipFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    info = probe(clip(takes=TAKES, codec_options={"g": "250", "sc_threshold": "0"}))
    decoded = []
    real = Decoder.decode

    def counted(self: Decoder, packet: Any) -> Any:
        decoded.append(packet)
        return real(self, packet)

    monkeypatch.setattr(Decoder, "decode", counted)
    list(read_clips(info, [(3.0, 3.3), (1.0, 1.3), (2.0, 2.3)], frames_per_second=10, longest_px=96))
    assert len(decoded) <= 91


def test_it_ends_where_the_video_ends(clip: ClipFactory) -> None:
    info = probe(clip(takes=TAKES))
    frames = list(read_clip(info, 3.4, 9.0, frames_per_second=25, longest_px=160))
    assert 4 <= len(frames) <= 6
    assert read_clip(info, 50.0, 51.0, frames_per_second=25, longest_px=160) == ()


def test_no_pictures_no_frames(clip: ClipFactory) -> None:
    info = probe(clip())
    deaf = type(info)(**{name: getattr(info, name) for name in info.__slots__} | {"video_index": None})
    assert read_clip(deaf, 0.0, 1.0, frames_per_second=10, longest_px=100) == ()


def test_a_damaged_file_gives_what_can_be_decoded(clip: ClipFactory, tmp_path: Path) -> None:
    whole = clip(takes=TAKES, suffix=".ts", codec_options={"g": "10"})
    data = bytearray(whole.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path = tmp_path / "damaged.ts"
    path.write_bytes(data)
    info = probe(path)
    assert len(list(read_clip(info, 0.2, 0.6, frames_per_second=10, longest_px=100))) == 4


def test_real_videos_agree_with_a_full_pass(media: Path) -> None:
    for name, start in (("anim_bbb_60s_hls.ts", 31.7), ("talk_foreman_hevc_noaudio.mp4", 2.2)):
        info = probe(media / "video" / name)
        (frame,) = read_clip(info, start, start + 0.1, frames_per_second=10, longest_px=160)
        assert np.array_equal(frame.image, shown(info, start))
