"""What a file says of itself, and the one clear line where it says nothing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
import pytest

from keyart.errors import MissingFile, UnreadableVideo
from keyart.media.develop import upright
from keyart.media.probe import orientation, probe, square_size
from keyart.types import VideoInfo
from tests.conftest import ClipFactory, ClipRecipe, Take, make_clip


def test_plain_clip(clip: ClipFactory) -> None:
    info = probe(clip(tone_hz=440.0, tags={"title": "Two cups"}))
    assert (info.width_px, info.height_px) == (info.coded_width_px, info.coded_height_px) == (320, 180)
    assert info.video_index == 0 and info.codec == "h264" and info.pixel_format == "yuv420p"
    assert info.frames_per_second == 25 and info.duration_seconds == pytest.approx(3.0)
    assert (info.bit_depth, info.transfer, info.field_order) == (8, "sdr", "progressive")
    assert info.rotation_degrees == 0 and not info.mirrored and info.cover_index is None
    assert [one.codec for one in info.audio] == ["aac"] and info.audio[0].channels == 1
    assert info.tags["title"] == "Two cups" and info.notes == ()


def test_title_key_is_lower_case_and_bytes_that_are_no_text_do_not_stop_us(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "odd.mkv", ClipRecipe(suffix=".mkv", tags={"TITLE": "Кофе"}))
    path.write_bytes(path.read_bytes().replace("Кофе".encode(), b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8"))
    assert probe(path).tags["title"] != "Кофе"


@pytest.mark.parametrize(("degrees", "shown"), [(90, (180, 320)), (180, (320, 180)), (270, (180, 320))])
def test_turned(clip: ClipFactory, degrees: int, shown: tuple[int, int]) -> None:
    info = probe(clip(rotation_degrees=degrees))
    assert info.rotation_degrees == degrees and (info.width_px, info.height_px) == shown


def test_wide_pixels(clip: ClipFactory) -> None:
    info = probe(clip(sample_aspect=Fraction(3, 2)))
    assert (info.width_px, info.height_px) == (480, 180) and info.sample_aspect == Fraction(3, 2)


def test_turned_wide_pixels(clip: ClipFactory) -> None:
    info = probe(clip(sample_aspect=Fraction(3, 2), rotation_degrees=90))
    assert (info.width_px, info.height_px) == (180, 480)


@pytest.mark.parametrize(("aspect", "noted"), [(Fraction(399, 400), 0), (Fraction(40, 1), 1)])
def test_odd_aspects_are_taken_as_square(clip: ClipFactory, aspect: Fraction, noted: int) -> None:
    info = probe(clip(sample_aspect=aspect))
    assert info.width_px == 320 and len(info.notes) == noted


def _info(degrees: Literal[0, 90, 180, 270], mirrored: bool) -> VideoInfo:
    return VideoInfo(Path("x"), "", 0, 0, "", "", 3, 2, 3, 2, Fraction(1), degrees, mirrored, 25.0, 1.0, 0.0)


@pytest.mark.parametrize("turn", [(1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0)])
@pytest.mark.parametrize("flip", [1, -1])
def test_every_pixel_goes_where_the_display_matrix_says(turn: tuple[int, ...], flip: int) -> None:
    a, b, c, d = flip * turn[0], flip * turn[1], turn[2], turn[3]
    degrees, mirrored, note = orientation([a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30])
    picture = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    shown = upright(picture, _info(degrees, mirrored))
    corners = [(a * p + c * q, b * p + d * q) for p in range(3) for q in range(2)]
    left, top = min(x for x, _ in corners), min(y for _, y in corners)
    for p in range(3):
        for q in range(2):
            x, y = a * p + c * q - left, b * p + d * q - top
            assert shown[y, x].tolist() == picture[q, p].tolist()
    assert note == ""


def test_a_slanted_matrix_is_taken_to_the_nearest_right_angle() -> None:
    a, b = round(65536 * np.cos(np.radians(80))), round(65536 * np.sin(np.radians(80)))
    degrees, mirrored, note = orientation([a, b, 0, -b, a, 0, 0, 0, 1 << 30])
    assert (degrees, mirrored) == (90, False) and "80 degrees" in note


def test_square_size_never_vanishes() -> None:
    assert square_size(1, 1, Fraction(1, 8)) == (1, 1)


def test_cover_picture_is_not_the_video(clip: ClipFactory) -> None:
    info = probe(clip(cover="scene-9"))
    assert info.cover_index is not None and info.cover_index != info.video_index
    assert info.codec == "h264"


def test_sound_alone_is_no_error(tmp_path: Path) -> None:
    info = probe(_sound_only(tmp_path / "only.m4a"))
    assert info.video_index is None and len(info.audio) == 1 and info.width_px == 0


def _sound_only(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_chapters_count_from_the_first_picture(tmp_path: Path) -> None:
    path = tmp_path / "parts.mkv"
    with av.open(str(path), "w") as container:
        container.set_chapters(
            [{"id": 1, "start": 0, "end": 400, "time_base": Fraction(1, 1000), "metadata": {"title": "Opening"}}]
        )
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height = 64, 48
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 20 * number, np.uint8), "rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    chapter = probe(path).chapters[0]
    assert (chapter.title, chapter.start) == ("Opening", 0.0) and chapter.end == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.mp4", b"", "the file is empty"),
        ("text.mp4", b"Dear diary, nothing moved today. " * 40, "not a video"),
        ("cut.mp4", b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + b"\x00" * 200, "moov"),
        ("noise.mkv", bytes(range(256)) * 8, "not a video"),
        ("talk.srt", b"1\n00:00:01,000 --> 00:00:02,000\nHello\n", "a subtitle file"),
        ("list.mp4", b"#EXTM3U\n#EXTINF:5,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n", ""),
    ],
)
def test_what_is_no_video(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableVideo) as caught:
        probe(path)
    assert says in str(caught.value) and "\n" not in str(caught.value) and str(path) in str(caught.value)


def test_still_picture_is_no_video(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (40, 30)).save(tmp_path / "still.png")
    with pytest.raises(UnreadableVideo, match="a still picture, not a video"):
        probe(tmp_path / "still.png")


@pytest.mark.parametrize(
    ("path", "says"),
    [("nowhere.mp4", "no such file"), ("", "folder"), ("https://example.org/a.mp4", "local files only")],
)
def test_what_is_no_file(tmp_path: Path, path: str, says: str) -> None:
    with pytest.raises(MissingFile, match=says):
        probe(path if "://" in path else tmp_path / path)


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(MissingFile, match="no regular file"):
        probe(tmp_path / "pipe.mp4")


def test_name_that_looks_like_a_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_clip(tmp_path / "http:clip 100%.mp4", ClipRecipe(takes=(Take("scene-1", 0.2),)))
    assert probe("http:clip 100%.mp4").codec == "h264"


def test_real_files(media: Path) -> None:
    video = media / "video"
    turned = probe(video / "edge_rotate_and_mirror.mp4")
    assert turned.mirrored and (turned.width_px, turned.height_px) == (720, 1080)
    assert probe(video / "screen_terminal_sar3x2.mp4").width_px == 1920
    assert probe(video / "edge_hdr10_hevc10bit.mp4").transfer == "pq"
    assert probe(video / "edge_hdr10_hevc10bit.mp4").bit_depth == 10
    assert probe(video / "interlaced_pattern_bff.mkv").field_order == "bff"
    assert probe(video / "derived" / "interlaced_man_yellow_wall_tff.mpg").field_order == "tff"
    assert probe(video / "anim_bbb_60s_hls.ts").start_seconds == pytest.approx(10.0)
    assert probe(video / "edge_rotated_motionphoto_hevc.mp4").video_index == 0
    assert len(probe(video / "derived" / "subs_manifesto_en_ru.mkv").subtitles) == 2


def test_unknown_codec_is_said(media: Path) -> None:
    with pytest.raises(UnreadableVideo, match="codec that is not known"):
        probe(media / "video" / "bad_invalid_codec.mp4")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.mp4", "ffconcat version 1.0\nfile other.mp4\n"),
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nother.mp4\n#EXT-X-ENDLIST\n"),
        ("list.mpd", '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"></MPD>'),
        ("list.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"),
    ],
)
def test_a_list_of_other_files_is_no_video(clip: ClipFactory, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "other.mp4").write_bytes(clip().read_bytes())
    (tmp_path / name).write_text(text)
    with pytest.raises(UnreadableVideo):
        probe(tmp_path / name)
