"""The sample clip: what is in it, and that its story fits its pictures."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from keyart.errors import MissingModel
from keyart.media import sample
from keyart.media.probe import probe

SHORT = tuple(
    sample.Take(take.photo, take.chapter, take.seconds / 10, take.begin, take.end, take.dissolve_seconds / 10)
    for take in sample.TAKES
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same clip, ten times shorter and an eighth as wide: encoding the real one takes a quarter of a minute."""
    monkeypatch.setattr(sample, "TAKES", SHORT)
    monkeypatch.setattr(sample, "WIDTH_PX", 160)
    monkeypatch.setattr(sample, "HEIGHT_PX", 90)
    monkeypatch.setattr(sample, "_PAUSE_SECONDS", 0.02)


@pytest.mark.usefixtures("small")
def test_it_is_made_the_same_each_time_with_everything_in_it(tmp_path: Path) -> None:
    one, two = sample.make_sample(tmp_path / "one.mp4"), sample.make_sample(tmp_path / "two.mp4")
    assert one.read_bytes() == two.read_bytes()
    info = probe(one)
    assert (info.codec, info.width_px, info.height_px) == ("h264", 160, 90)
    assert info.duration_seconds == pytest.approx(sum(take.seconds for take in SHORT), abs=0.1)
    assert [one.codec for one in info.audio] == ["aac"]
    assert [one.language for one in info.subtitles] == ["eng", "rus"]
    assert [one.title for one in info.chapters] == ["Coffee", "The cat", "The suit", "The launch pad", "The telescope"]
    assert info.tags["title"] == "An astronaut's morning"
    russian = (tmp_path / "one.ru.srt").read_text(encoding="utf-8")
    assert russian.startswith("1\n00:00:00,020 --> 00:00:00,250\nКосмонавт")
    assert len((tmp_path / "one.en.srt").read_text(encoding="utf-8").split("\n\n")) == 12
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".mp4", ".mp4", ".srt", ".srt", ".srt", ".srt"]


def test_it_is_as_long_as_promised_and_every_sentence_has_its_time() -> None:
    assert sum(take.seconds for take in sample.TAKES) == pytest.approx(30.0)
    for texts in (sample.ENGLISH, sample.RUSSIAN):
        cues = sample.cues(texts)
        assert len(cues) == 2 * len(sample.TAKES)
        for cue, after in pairwise(cues):
            assert cue.start < cue.end <= after.start
        # 21 characters a second is the most that can be read with ease
        assert max(len(cue.text) / (cue.end - cue.start) for cue in cues) < 32
    assert sample.chapters()[-1].end == pytest.approx(30.0)


def test_the_sound_is_soft_and_never_stops_dead() -> None:
    sound = sample.sound_bed(12.0)
    assert len(sound) == 12 * sample.SAMPLE_RATE_HZ
    assert 0.1 < np.abs(sound).max() < 0.8
    assert np.abs(sound[:50]).max() < 0.01
    assert np.abs(sound[-50:]).max() < 0.01
    seconds = np.abs(sound.reshape(12, -1)).mean(axis=1)
    assert seconds.min() > 0.005


@pytest.mark.usefixtures("small")
def test_the_dissolve_is_a_mix_and_the_cuts_are_cuts() -> None:
    frames = list(sample.pictures())
    steps = np.array([np.abs(one.astype(int) - two).mean() for one, two in pairwise(frames)])
    usual = float(np.median(steps))
    counts = np.cumsum([round(take.seconds * sample.FRAMES_PER_SECOND) for take in SHORT])[:-1]
    for number, first in enumerate(counts):
        hard = SHORT[number + 1].dissolve_seconds == 0
        assert (steps[first - 1] > 2.5 * usual) == hard, (number, steps[first - 1], usual)


@pytest.mark.usefixtures("small")
def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert sample.main([]) == 2
    assert "usage" in capsys.readouterr().err
    assert sample.main([str(tmp_path / "clip.mp4")]) == 0
    assert (tmp_path / "clip.mp4").is_file()

    def missing(name: str) -> Path:
        raise MissingModel(name)

    monkeypatch.setattr(sample, "model_path", missing)
    assert sample.main([str(tmp_path / "other.mp4")]) == 1
    assert "keyart models pull" in capsys.readouterr().err
    assert not (tmp_path / "other.mp4").exists()
