"""What a recipe learns from is what the stages serve: the same rows, kept under the video's content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keyart.cache import StageCache
from keyart.errors import MissingFile, UnreadableVideo
from keyart.learn import features
from keyart.learn.data import BadData
from keyart.learn.features import (
    annotated,
    audio_features,
    frame_features,
    own_gifs,
    own_videos,
    second_features,
)
from keyart.media.logmel import log_mel_statistics, mel_filters
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.stills import PickStills
from keyart.stills.sample import Sample
from keyart.titles.embed import text_row
from tests.conftest import ClipFactory, Take


@pytest.fixture
def kept(tmp_path: Path) -> StageCache:
    return StageCache(tmp_path / "cache")


@pytest.fixture
def film(clip: ClipFactory) -> Path:
    return clip(takes=(Take("photo-coffee", 2.0), Take("photo-rocket", 2.0)), tone_hz=440)


def served(path: Path) -> tuple[Sample, ...]:
    info = probe(path)
    sampler = PickStills().sample(info)
    for glimpse in Scan()(info):
        sampler.see(glimpse)
    return sampler.finish()


def test_the_rows_are_those_that_the_ranker_of_stills_is_given(film: Path, kept: StageCache) -> None:
    found, samples = frame_features(film, kept), served(film)
    assert np.array_equal(found.rows, np.stack([one.embedding for one in samples]).astype(np.float32))
    assert found.numbers.tolist() == [one.number for one in samples]
    assert found.num_frames == round(4.0 * found.frames_per_second)


def test_what_was_made_is_read_back(film: Path, kept: StageCache, monkeypatch: pytest.MonkeyPatch) -> None:
    first = frame_features(film, kept), second_features(film, kept), audio_features(film, kept)

    def never(*_: Any) -> Any:
        raise AssertionError("made a second time")

    monkeypatch.setattr(features, "_frame_features", never)
    monkeypatch.setattr(features, "sound_features", never)
    monkeypatch.setattr("keyart.teasers.learned.second_features", never)
    assert np.array_equal(frame_features(film, kept).rows, first[0].rows)
    assert np.array_equal(second_features(film, kept), first[1])
    assert np.array_equal(audio_features(film, kept), first[2])


def test_a_row_for_each_second(film: Path, kept: StageCache) -> None:
    rows = second_features(film, kept)
    assert len(rows) == 4
    assert rows[0] @ rows[1] > rows[0] @ rows[3]  # two of the first picture, two of the second
    sound = audio_features(film, kept)
    assert sound.shape[1] == 80 and abs(len(sound) - 4) <= 1


def test_a_tone_is_loudest_in_its_own_band() -> None:
    time = np.arange(16000) / 16000
    low, high = (log_mel_statistics(np.sin(2 * np.pi * hz * time).astype(np.float32))[:40] for hz in (300, 3000))
    centres = np.fft.rfftfreq(400, 1 / 16000)[mel_filters().argmax(axis=1)]
    assert centres[low.argmax()] == pytest.approx(300, abs=60)
    assert centres[high.argmax()] == pytest.approx(3000, abs=200)
    assert np.allclose(mel_filters().sum(axis=1), 1)
    steady = log_mel_statistics(np.sin(2 * np.pi * 300 * time).astype(np.float32))[40:]
    assert steady[low.argmax()] < 0.1
    assert log_mel_statistics(np.zeros(100, np.float32)).tolist()[40:] == [0.0] * 40


def test_a_silent_file_has_no_rows_of_sound(clip: ClipFactory, kept: StageCache) -> None:
    assert audio_features(clip(tone_hz=None), kept).shape == (0, 80)


def test_texts_that_are_alike_have_rows_that_are() -> None:
    (one, name), (near, _), (far, _) = (
        text_row(text, "en") for text in ("a dog runs", "the dog ran, a dog runs", "snow on hills")
    )
    assert name == "titles.letters"
    assert float(np.linalg.norm(one)) == pytest.approx(1)
    assert one @ near > one @ far


def test_files_that_are_none(tmp_path: Path, kept: StageCache) -> None:
    with pytest.raises(MissingFile):
        frame_features(tmp_path / "none.mp4", kept)
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(UnreadableVideo):
        frame_features(tmp_path / "text.mp4", kept)


# --- a user's own videos ---------------------------------------------------------------------------------------------


def put_own(folder: Path, film: Path, row: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "film.mp4").write_bytes(film.read_bytes())
    (folder / "annotations.json").write_text(json.dumps({"videos": {"film.mp4": row}}))
    return folder


def test_own_importance_lies_on_the_frames_that_are_served(film: Path, kept: StageCache, tmp_path: Path) -> None:
    folder = put_own(tmp_path / "own", film, {"importance": [0, 1, 4, 2]})
    found = annotated(folder, kept)
    (one,) = found.videos
    assert found.features == "stills.classical" and len(found.sha256) == 64
    assert np.array_equal(one.features, frame_features(film, kept).rows)
    seconds = frame_features(film, kept).seconds
    assert one.target.tolist() == [[0, 0.25, 1, 0.5][int(at)] for at in seconds]
    rate = one.frames_per_second
    assert one.scores.shape == (1, one.num_frames)
    assert one.scores[0, round(2.5 * rate)] == 1 and one.scores[0, round(0.5 * rate)] == 0
    put_own(tmp_path / "own", film, {"importance": [1] * 9})
    with pytest.raises(BadData, match="importance of 9 seconds"):
        own_videos(folder, kept)


def test_own_gifs_have_a_row_for_each_second(film: Path, kept: StageCache, tmp_path: Path) -> None:
    folder = put_own(tmp_path / "own", film, {"gifs": [[3, 0, 2]], "comments": [5, 1, 2, 2]})
    (one,) = own_gifs(folder, kept)
    assert one.gifs == ((3, 0, 2),) and one.features.shape[0] == one.num_shots == 4
    assert one.counts.tolist() == [5, 1, 2, 2]
    put_own(tmp_path / "own", film, {"chosen": [1.0]})
    with pytest.raises(BadData, match="no video has gifs"):
        own_gifs(folder, kept)
    assert own_videos(folder, kept)[0].target.max() == 1


def test_a_folder_of_nothing(tmp_path: Path, kept: StageCache) -> None:
    with pytest.raises(BadData, match=r"annotations\.json"):
        annotated(tmp_path, kept)
