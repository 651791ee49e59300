"""Pictures by time: the very frame the pass would show."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from keyart.errors import BadSetting, UnreadableVideo
from keyart.media import grab as grab_module
from keyart.media.grab import embedded_cover, grab
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.types import Frame, VideoInfo
from tests.conftest import ClipFactory, ClipRecipe, Take, make_clip

TAKES = tuple(Take(f"scene-{number}", 0.8) for number in range(5))


def by_scan(info: VideoInfo, seconds: Sequence[float]) -> list[Frame]:
    times = [glimpse.seconds for glimpse in Scan()(info)]
    numbers = [max(0, sum(one <= at + 1e-4 for one in times) - 1) for at in seconds]
    shown = {glimpse.number: glimpse.full() for glimpse in Scan()(info) if glimpse.number in numbers}
    return [shown[number] for number in numbers]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"codec_options": {"g": "12", "bf": "3"}},
        {"codec_options": {"g": "9999"}},
        {"codec_options": {"x264-params": "open-gop=1", "g": "15", "preset": "medium"}},
        {"suffix": ".ts", "start_seconds": 3.0},
        {"suffix": ".mkv", "times": "variable"},
        {"codec": "mpeg2video", "suffix": ".mpg", "codec_options": {"g": "10", "bf": "2"}},
        {"codec": "mpeg4", "suffix": ".avi"},
        {"codec": "libvpx", "suffix": ".webm", "codec_options": {"deadline": "realtime", "cpu-used": "8"}},
    ],
    ids=str,
)
def test_grab_is_exact_in_any_order(clip: ClipFactory, options: dict[str, object]) -> None:
    info = probe(clip(takes=TAKES, **options))
    wanted = [2.41, 0.0, 3.999, 0.013, 1.2, 2.42, -0.5, 99.0]
    grabbed, expected = grab(info, wanted), by_scan(info, wanted)
    assert [one.seconds for one in grabbed] == pytest.approx([one.seconds for one in expected])
    for one, other in zip(grabbed, expected, strict=True):
        assert np.array_equal(one.image, other.image)


def test_every_frame_by_its_own_time(clip: ClipFactory) -> None:
    info = probe(clip(takes=TAKES, codec_options={"g": "12", "bf": "3"}))
    times = [glimpse.seconds for glimpse in Scan()(info)]
    rounded = [round(one, 3) for one in times]
    assert [one.seconds for one in grab(info, rounded)] == pytest.approx(times)


def test_one_group_of_pictures_is_sought_once(clip: ClipFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    info = probe(clip(takes=TAKES, codec_options={"g": "20", "sc_threshold": "0"}))
    seeks: list[float] = []
    seek = grab_module._Reader._seek

    def counted(self: grab_module._Reader, at: float) -> None:
        seeks.append(at)
        seek(self, at)

    monkeypatch.setattr(grab_module._Reader, "_seek", counted)
    grab(info, [0.1, 0.3, 0.5, 2.5, 2.7, 2.9])
    assert seeks == [0.1, 2.5]


def test_reads_from_the_start_where_seeking_fails(clip: ClipFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    info = probe(clip(takes=TAKES))
    expected = grab(info, [3.1, 0.5])

    def refuse(self: object, at: float) -> None:
        raise grab_module._CannotSeek

    monkeypatch.setattr(grab_module._Reader, "_seek", refuse)
    read = grab(info, [3.1, 0.5, 50.0])
    assert [one.seconds for one in read[:2]] == [one.seconds for one in expected]
    assert np.array_equal(read[0].image, expected[0].image)
    assert read[2].seconds == pytest.approx(3.96)


def test_frames_without_stamps_are_read_not_sought(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "raw.h264", ClipRecipe(TAKES[:2], suffix=".h264"))
    info = probe(path)
    assert [one.seconds for one in grab(info, [0.4])] == [one.seconds for one in by_scan(info, [0.4])]


def test_damage_does_not_stop_a_grab(clip: ClipFactory, tmp_path: Path) -> None:
    content = bytearray(clip(takes=(Take("noise-1", 4.0),), codec_options={"g": "25"}).read_bytes())
    content[len(content) // 2 : len(content) // 2 + 9000] = bytes(9000)
    path = tmp_path / "hurt.mp4"
    path.write_bytes(content)
    frames = grab(probe(path), [0.5, 2.0, 3.5])
    assert [one.seconds for one in frames] == pytest.approx([0.48, 2.0, 3.48], abs=0.3)


def test_nothing_opened_waits_for_the_collector(clip: ClipFactory) -> None:
    info = probe(clip())
    gc.collect()
    gc.disable()
    try:
        grab(info, [0.1, 0.8])
        assert not [one for one in gc.get_objects() if isinstance(one, grab_module._Reader)]
    finally:
        gc.enable()


def test_nothing_asked_nothing_given(clip: ClipFactory) -> None:
    assert grab(probe(clip()), []) == ()


def test_no_time_is_an_error(clip: ClipFactory) -> None:
    with pytest.raises(BadSetting, match="finite"):
        grab(probe(clip()), [float("nan")])


def test_sound_only(tmp_path: Path) -> None:
    from tests.media.test_probe import _sound_only

    with pytest.raises(UnreadableVideo, match="no pictures"):
        grab(probe(_sound_only(tmp_path / "a.m4a")), [0.0])


def test_embedded_cover_is_upright_whatever_the_film_is(clip: ClipFactory) -> None:
    frame = embedded_cover(probe(clip(cover="scene-9", rotation_degrees=90)))
    assert frame is not None and frame.image.shape == (120, 160, 3) and frame.seconds == 0.0
    assert embedded_cover(probe(clip())) is None


def test_cover_that_cannot_be_decoded_is_none(clip: ClipFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    info = probe(clip(cover="scene-9"))
    monkeypatch.setattr("keyart.media.decode.Decoder.decode", lambda self, packet: [])
    assert embedded_cover(info) is None


def test_old_444_streams_come_clean_after_a_seek(media: Path) -> None:
    info = probe(media / "video" / "edge_seek_breaks_yuv444.mp4")
    grabbed, expected = grab(info, [9.0])[0], by_scan(info, [9.0])[0]
    assert grabbed.seconds == expected.seconds and np.array_equal(grabbed.image, expected.image)


def test_real_files_agree_with_the_scan(media: Path) -> None:
    for name in (
        "interlaced_avchd_halfsecond.mts",
        "edge_mpeg1_weird_aspect.mpg",
        "sport_rugby.flv",
        "edge_h263_3gp.3gp",
    ):
        info = probe(media / "video" / name)
        wanted = [0.3, 0.11, info.duration_seconds]
        for one, other in zip(grab(info, wanted), by_scan(info, wanted), strict=True):
            assert one.seconds == pytest.approx(other.seconds) and np.array_equal(one.image, other.image), name


def test_libav_errors_do_not_get_out(clip: ClipFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    info = probe(clip())

    def fail(*_: object, **__: object) -> None:
        raise av.error.InvalidDataError(1, "no")

    monkeypatch.setattr(grab_module._Reader, "_seek", fail)
    assert grab(info, [1.0])[0].seconds == pytest.approx(1.0)
