"""The bench's clips: as long as they say, the same each time, with sound and subtitles where they are wanted."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import av
import pytest

from bench import clips, floors
from bench.clips import BenchClip, bench_clip, footage, repeated, with_subtitles


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clips of a size that is made in no time."""
    monkeypatch.setattr(clips, "WIDTH_PX", 64)
    monkeypatch.setattr(clips, "HEIGHT_PX", 36)


@pytest.fixture
def clip(small: None, tmp_path: Path) -> BenchClip:
    return bench_clip(2, media=tmp_path / "nothing", folder=tmp_path / "work")


def lengths(path: Path) -> tuple[int, float]:
    """Frames of the pictures, seconds of the sound."""
    with av.open(str(path)) as container:
        num_frames = sum(1 for _ in container.decode(video=0))
    with av.open(str(path)) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
    return num_frames, samples / clips.SAMPLE_RATE_HZ


def test_a_clip_of_photographs(clip: BenchClip) -> None:
    num_frames, sound_seconds = lengths(clip.path)
    assert num_frames == 60
    assert sound_seconds == pytest.approx(2.0, abs=0.1)
    assert (clip.material, clip.spoken) == ("moving sample photographs", False)
    assert clip.facts()["seconds"] == 2


def test_the_same_seed_gives_the_same_bytes(clip: BenchClip, tmp_path: Path) -> None:
    again = bench_clip(2, media=tmp_path / "nothing", folder=tmp_path / "again")
    other = bench_clip(2, seed=1, media=tmp_path / "nothing", folder=tmp_path / "again")
    assert again.facts()["sha256"] == clip.facts()["sha256"] != other.facts()["sha256"]


def test_a_clip_is_built_once(clip: BenchClip, tmp_path: Path) -> None:
    before = clip.path.stat().st_mtime_ns
    assert bench_clip(2, media=tmp_path / "nothing", folder=tmp_path / "work") == clip
    assert clip.path.stat().st_mtime_ns == before
    assert [path.name for path in clip.path.parent.iterdir()] == [clip.path.name]


def test_a_clip_several_times_over(clip: BenchClip) -> None:
    thrice = repeated(clip, 3)
    assert thrice.seconds == 6
    assert lengths(thrice.path)[0] == 180
    with av.open(str(thrice.path)) as container:
        times = [float(frame.time or 0) for frame in container.decode(video=0)]
    steps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert max(steps) == pytest.approx(1 / 30, abs=1e-3), "no gap where one copy meets the next"


def test_subtitles_lie_beside_a_copy(clip: BenchClip) -> None:
    beside = with_subtitles(dataclasses.replace(clip, seconds=12))
    assert beside.path.read_bytes() == clip.path.read_bytes()
    assert beside.path.parent != clip.path.parent
    text = beside.path.with_suffix(".ru.srt").read_text(encoding="utf-8")
    assert text.count("-->") == 3
    assert "00:00:08,000 --> 00:00:11,500" in text


def test_ordinary_footage_only(tmp_path: Path) -> None:
    (tmp_path / "video" / "derived").mkdir(parents=True)
    for name in ("talk.mp4", "bad_empty.mp4", "edge_hdr.mp4", "notes.json", "derived/x.mp4"):
        (tmp_path / "video" / name).touch()
    assert [path.name for path in footage(tmp_path)] == ["talk.mp4"]
    assert footage(tmp_path / "nothing") == ()


def test_a_clip_of_footage(small: None, clip: BenchClip, tmp_path: Path) -> None:
    media = tmp_path / "media"
    (media / "video").mkdir(parents=True)
    (media / "video" / "talk.mp4").write_bytes(clip.path.read_bytes())
    real = bench_clip(3, media=media, folder=tmp_path / "work")
    assert real.material == "1 real videos"
    assert lengths(real.path)[0] == 90, "stretches follow one another until the clip is full"


def test_real_speech_is_used_and_named(small: None, media: Path, tmp_path: Path) -> None:
    spoken = bench_clip(2, media=media, folder=tmp_path)
    assert spoken.spoken
    with av.open(str(spoken.path)) as container:
        assert container.streams.audio[0].language == "eng"


def test_floors_see_the_frames(clip: BenchClip, tmp_path: Path) -> None:
    path = str(clip.path)
    assert floors.FLOORS["decode"](path, tmp_path) == 60
    assert 1 <= floors.FLOORS["key-frames"](path, tmp_path) < 60


def test_the_thumbnail_filter_gives_a_picture_a_window(clip: BenchClip, tmp_path: Path) -> None:
    first, every = tmp_path / "first", tmp_path / "all"
    first.mkdir()
    every.mkdir()
    assert floors._thumbnails(str(clip.path), first, 25, limit=1) == 1
    assert floors._thumbnails(str(clip.path), every, 25, limit=0) == 3
    assert len(list(every.glob("*.jpg"))) == 3
    assert (first / "thumbnail_001.jpg").read_bytes() == (every / "thumbnail_001.jpg").read_bytes()
