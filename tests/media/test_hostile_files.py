"""What the fuzzer found, made anew from tiny files: each is answered, with a result or with one clear line."""

from __future__ import annotations

import json
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keyart.errors import BadSetting, UnreadableVideo
from keyart.media import develop
from keyart.media.clip import read_clip
from keyart.media.container import packets_of
from keyart.media.grab import grab
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.speech.sidecar import read_sidecar
from keyart.speech.subtitles import read_stream
from keyart.speech.written import from_json
from tests.conftest import ClipFactory, Take

TTML = '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="{begin}" end="1s">Words.</p></div></body></tt>'


@pytest.mark.parametrize("begin", ["12f", "1h1", "wallclock(1)"])
def test_times_that_the_subtitle_reader_does_not_know_are_one_clear_error(tmp_path: Path, begin: str) -> None:
    path = tmp_path / "a.ttml"
    path.write_text(TTML.format(begin=begin))
    with pytest.raises(BadSetting, match="not a subtitle file that can be read"):
        read_sidecar(path)


def test_a_time_beyond_all_numbers_is_a_clear_error_too(tmp_path: Path) -> None:
    path = tmp_path / "a.sub"
    path.write_text("{1}{1}25\n{" + "9" * 400 + "}{1}Words.\n")
    with pytest.raises(BadSetting, match="not a subtitle file that can be read"):
        read_sidecar(path, frames_per_second=25.0)


def test_margins_that_are_no_numbers_warn_nobody(tmp_path: Path) -> None:
    path = tmp_path / "a.ass"
    head = "[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, "
    head += "MarginV, Effect, Text\n"
    path.write_text(head + "Dialogue: x,0:00:00.10,0:00:00.50,Default,,wide,0,0,,Some words here.\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [cue.text for cue in read_sidecar(path)] == ["Some words here."]


def test_a_transcript_nested_beyond_reason_is_no_transcript() -> None:
    with pytest.raises(BadSetting, match="no JSON"):
        from_json("[" * 100_000)


@pytest.mark.parametrize("start", ["1" + "0" * 400, "-1", "NaN", "Infinity", "true", '"1"'])
def test_times_of_a_transcript_that_no_file_can_mean_are_none(start: str) -> None:
    (cue,) = from_json(json.dumps([{"text": "Words.", "start": 0, "end": 2}]).replace("0,", f"{start},")).cues
    assert (cue.start, cue.end) == (0.0, 2.0)


def test_subtitle_streams_are_read_through_the_same_door_as_the_pictures(
    clip: ClipFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file:x.mp4"  # taken for an address of a protocol, unless the door puts its prefix before it
    path.write_bytes(clip(takes=(Take("scene-1", 0.2),)).read_bytes())
    monkeypatch.chdir(tmp_path)
    assert read_stream(probe(path), 0) == ()


def _gif(width: int, height: int) -> bytes:
    """A hundred bytes that promise three pictures of that size."""
    picture = b"\x21\xf9\x04\x04\x0a\0\0\0\x2c" + struct.pack("<HHHH", 0, 0, width, height) + b"\0\x02\x02\x4c\x01\0"
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\xf0\0\0" + bytes(3) + b"\xff" * 3 + picture * 3 + b"\x3b"


def test_a_hundred_bytes_that_promise_gigabytes_of_pictures_are_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gif"
    path.write_bytes(_gif(16000, 16000))  # decoded, three gigabytes
    with pytest.raises(UnreadableVideo, match="could be decoded"):
        probe(path)
    path.write_bytes(_gif(64, 64))
    assert probe(path).width_px == 64


def test_a_large_picture_is_laid_on_its_backdrop_in_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.random.default_rng(0).integers(0, 256, (37, 50, 4), np.uint8)
    whole = develop._on_backdrop(image)
    monkeypatch.setattr(develop, "_BAND_PIXELS", 150)
    assert (develop._on_backdrop(image) == whole).all()
    assert (whole[image[..., 3] == 255] == image[..., :3][image[..., 3] == 255]).all()


@pytest.mark.parametrize("size_px", [(2048, 16), (16, 2048)])
def test_pictures_that_are_threads_of_pixels_are_one_clear_error(clip: ClipFactory, size_px: tuple[int, int]) -> None:
    path = clip(takes=(Take("scene-1", 0.2),), size_px=size_px)
    with pytest.raises(UnreadableVideo, match="one side at most 32 times the other"):
        probe(path)


def test_pictures_that_become_threads_of_pixels_on_the_way_are_passed_over(clip: ClipFactory, tmp_path: Path) -> None:
    parts = [clip(takes=(Take("scene-1", 0.4),), size_px=size, suffix=".h264") for size in ((128, 72), (2048, 16))]
    path = tmp_path / "both.h264"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    one_pass = Scan().open(probe(path))
    assert {glimpse.full().image.shape for glimpse in one_pass} == {(72, 128, 3)}
    assert any("damaged" in note for note in one_pass.report.notes)


def test_a_megabyte_of_title_is_cut(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("scene-1", 0.2),), suffix=".mkv", tags={"title": "Rocket " * 150_000}))
    assert len(info.tags["title"]) == 10_000  # whole, the title's shortening took minutes


class _Stumbling:
    """A reader that fails, once each, over the packets of two streams that it was not told of."""

    def __init__(self) -> None:
        self.told: Iterator[str] = iter(("one", "", "two", "", "three"))

    def demux(self, _stream: object) -> Iterator[str]:
        for word in self.told:
            if not word:
                raise IndexError("list index out of range")
            yield word


def test_streams_that_turn_up_on_the_way_do_not_end_the_others() -> None:
    reader: Any = _Stumbling()
    assert "".join(map(str, packets_of(reader, None))) == "onetwothree"


def test_a_time_that_no_seek_can_name_gives_the_last_frame(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("scene-1", 0.4),), size_px=(128, 72)))
    last, same = grab(info, (0.36, 1e300))
    assert (last.image == same.image).all()


def test_a_stream_that_changes_its_size_on_the_way_gives_pictures_of_one_size(
    clip: ClipFactory, tmp_path: Path
) -> None:
    wide = clip(takes=(Take("scene-1", 1.0),), size_px=(160, 90), suffix=".ts")
    tall = clip(takes=(Take("scene-2", 1.0),), size_px=(90, 160), suffix=".ts", start_seconds=1.0)
    path = tmp_path / "changes.ts"
    path.write_bytes(wide.read_bytes() + tall.read_bytes())
    info = probe(path)
    assert len({glimpse.small(320).shape for glimpse in Scan()(info)}) == 2  # as they lie in the file
    frames = read_clip(info, 0.0, 2.0, frames_per_second=10, longest_px=120)
    assert len(frames) > 12 and {one.image.shape for one in frames} == {frames[0].image.shape}
    last = frames[-1].image
    assert not last[:, :30].any() and last[:, 50:70].any()  # the tall one stands between two black bars
