"""MP4 out: what players need, the same bytes, and nothing half-written."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from keyart.errors import BadSetting, OutputProblem, UnreadableVideo
from keyart.media import encode
from keyart.media.encode import add_tracks, encode_mp4, transcode, write_mp4
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.types import RGB, Chapter, Cue, Receipt
from tests.conftest import ClipFactory, Take


def moving(count: int, width: int = 96, height: int = 64) -> list[RGB]:
    """A bright square that walks over a ramp."""
    frames = []
    for number in range(count):
        image = np.tile(np.linspace(20, 200, width, dtype=np.uint8)[None, :, None], (height, 1, 3))
        image[16:32, 4 * number : 4 * number + 16] = (240, 60, 40)
        frames.append(image)
    return frames


def test_the_same_frames_give_the_same_bytes_and_no_encoder_signs_them(tmp_path: Path) -> None:
    frames = moving(12)
    one, two = encode_mp4(frames, frames_per_second=25), encode_mp4(iter(frames), frames_per_second=25)
    assert one == two
    for word in (b"x264", b"Lavf", b"Lavc"):
        assert word not in one
    path = write_mp4(tmp_path / "a.mp4", frames, frames_per_second=25)
    assert path.read_bytes() == one


def test_the_index_comes_first_unless_it_is_not_wanted() -> None:
    first = encode_mp4(moving(5), frames_per_second=25)
    last = encode_mp4(moving(5), frames_per_second=25, faststart=False)
    assert first.index(b"moov") < first.index(b"mdat")
    assert last.index(b"moov") > last.index(b"mdat")


def test_what_comes_back_is_what_went_in(tmp_path: Path) -> None:
    frames = moving(20)
    path = write_mp4(tmp_path / "a.mp4", frames, frames_per_second=24000 / 1001, crf=12)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        back = [frame.to_ndarray(format="rgb24", src_colorspace="ITU709") for frame in container.decode(stream)]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert float(stream.average_rate or 0) == pytest.approx(24000 / 1001, abs=1e-3)
        assert int(stream.codec_context.colorspace) == 1
    assert len(back) == len(frames)
    assert np.abs(back[10].astype(int) - frames[10]).mean() < 4


@pytest.mark.parametrize(("width", "height", "expected"), [(97, 65, (96, 64)), (1, 1, (2, 2)), (2, 33, (2, 32))])
def test_odd_sizes_become_even(tmp_path: Path, width: int, height: int, expected: tuple[int, int]) -> None:
    frames = [np.full((height, width, 3), 120, np.uint8)] * 3
    info = probe(write_mp4(tmp_path / "a.mp4", frames, frames_per_second=10))
    assert (info.width_px, info.height_px) == expected


def test_sound_and_receipt_travel_with_the_pictures(tmp_path: Path) -> None:
    sound = (0.2 * np.sin(np.arange(44100) * 0.05)).astype(np.float32)
    receipt = Receipt("clip.mp4", {"why": "a test"})
    path = write_mp4(
        tmp_path / "a.mp4", moving(10), frames_per_second=10, sound=sound, sample_rate_hz=44100, receipt=receipt
    )
    with av.open(str(path)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        assert float(container.streams.audio[0].duration or 0) / 44100 == pytest.approx(1.0, abs=0.1)
        assert '"why": "a test"' in container.metadata["comment"]


def test_no_frames_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="at least one frame"):
        write_mp4(tmp_path / "a.mp4", [], frames_per_second=25)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_midway_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"what was there")

    def breaks() -> object:
        yield moving(1)[0]
        raise RuntimeError("out of pictures")

    with pytest.raises(RuntimeError, match="out of pictures"):
        write_mp4(path, breaks(), frames_per_second=25)  # type: ignore[arg-type]
    assert path.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(OutputProblem, match="cannot be written"):
        write_mp4(tmp_path / "missing" / "a.mp4", moving(2), frames_per_second=25)


def test_tracks_chapters_and_tags_are_added_without_touching_the_pictures(tmp_path: Path) -> None:
    bare = write_mp4(tmp_path / "bare.mp4", moving(50), frames_per_second=25)
    cues = {"eng": (Cue("Good morning", 0.2, 1.0),), "rus": (Cue("Доброе утро", 0.2, 1.0), Cue("Кофе", 1.2, 1.8))}
    chapters = (Chapter("One", 0.0, 1.0), Chapter("Two", 1.0, 2.0))
    path = add_tracks(bare, tmp_path / "full.mp4", subtitles=cues, chapters=chapters, tags={"title": "Test"})
    info = probe(path)
    assert [one.language for one in info.subtitles] == ["eng", "rus"]
    assert [(one.title, one.start, one.end) for one in info.chapters] == [("One", 0.0, 1.0), ("Two", 1.0, 2.0)]
    assert info.tags["title"] == "Test"
    before = [glimpse.full().image for glimpse in Scan()(probe(bare))]
    after = [glimpse.full().image for glimpse in Scan()(info)]
    assert len(before) == len(after) == 50
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    with av.open(str(path)) as container:
        texts = [bytes(packet) for packet in container.demux(container.streams.subtitles[1])]
    assert any("Доброе утро".encode() in text for text in texts)


def test_transcoding_keeps_times_and_turns_the_picture_upright(clip: ClipFactory, tmp_path: Path) -> None:
    source = probe(clip(codec="mpeg4", size_px=(160, 90), rotation_degrees=90, times="variable", suffix=".mp4"))
    path = tmp_path / "out.mp4"
    assert transcode(source, path) in ("libx264", "h264_nvenc")
    made = probe(path)
    assert (made.codec, made.width_px, made.height_px, made.rotation_degrees) == ("h264", 90, 160, 0)
    before = [glimpse.seconds for glimpse in Scan()(source)]
    after = [glimpse.seconds for glimpse in Scan()(made)]
    assert after == pytest.approx(before, abs=0.002)


def test_transcoding_takes_nvenc_where_it_opens(
    clip: ClipFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, dict[str, str]]] = []
    real = encode._h264_stream

    def spy(container: object, image: RGB, rate: object, options: dict[str, str], encoder: str = "libx264") -> object:
        asked.append((encoder, options))
        return real(container, image, rate, {"crf": "30"})  # type: ignore[arg-type]

    monkeypatch.setattr(encode, "nvenc_opens", lambda: True)
    monkeypatch.setattr(encode, "_h264_stream", spy)
    assert transcode(probe(clip()), tmp_path / "out.mp4") == "h264_nvenc"
    assert asked[0][0] == "h264_nvenc"
    assert asked[0][1]["preset"] == "p6"


def test_transcoding_what_cannot_be_decoded_leaves_nothing(clip: ClipFactory, tmp_path: Path) -> None:
    whole = clip(takes=(Take("scene-1", 1.0),), suffix=".avi", codec="mpeg4")
    info = probe(whole)
    broken = tmp_path / "broken.avi"
    data = whole.read_bytes()
    start = data.index(b"movi")
    broken.write_bytes(data[:start] + b"movi" + bytes(len(data) - start - 4))
    bad = type(info)(**{name: getattr(info, name) for name in info.__slots__} | {"path": broken})
    with pytest.raises(UnreadableVideo):
        transcode(bad, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()
