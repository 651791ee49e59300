"""The readers on files that the tests write, whole and broken; on the real ones where they are at hand."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat  # type: ignore[import-untyped]  # ships no types

from keyart.errors import MissingFile
from keyart.learn.data import BadData
from keyart.learn.sets.found import FindData, found
from keyart.learn.sets.gif import read_gifs
from keyart.learn.sets.own import read_annotations
from keyart.learn.sets.retargetvid import read_annotators
from keyart.learn.sets.summe import read_summe, read_truth, superframe_features
from keyart.learn.sets.tvsum import read_tvsum_npz
from keyart.learn.sets.values import AnnotatedVideo, GifVideo, chosen, even_segments, no_features

WHOLE = AnnotatedVideo(
    name="whole",
    features=np.zeros((2, 3), np.float32),
    picks=np.array([0, 2]),
    num_frames=4,
    frames_per_second=2.0,
    segments=np.array([[0, 1], [2, 3]]),
    scores=np.ones((2, 4), np.float32),
    summaries=np.zeros((0, 4), np.bool_),
    target=np.array([0.0, 1.0], np.float32),
)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"features": np.zeros((3, 3), np.float32)}, r"wanted is \(2, d\)"),
        ({"features": np.full((2, 3), np.nan, np.float32)}, "not finite"),
        ({"picks": np.array([2, 0])}, "must rise"),
        ({"picks": np.array([0, 4])}, r"lie in 0 \.\.\. 3"),
        ({"picks": np.array([0.0, 2.0])}, "whole numbers"),
        ({"num_frames": 0}, "0 frames"),
        ({"segments": np.array([[0, 1], [3, 3]])}, "without gap"),
        ({"segments": np.array([[0, 1], [1, 3]])}, "without gap or overlap"),
        ({"segments": np.array([[0, 1], [2, 4]])}, "from frame 0 to 3"),
        ({"segments": np.zeros((0, 2), np.int64)}, "from frame 0 to 3"),
        ({"segments": np.zeros((2, 3), np.int64)}, r"\(s, 2\)"),
        ({"scores": np.ones((2, 3), np.float32)}, r"\(people, 4\)"),
        ({"scores": np.ones((2, 4), np.int64)}, "floating"),
        ({"scores": np.full((2, 4), np.inf, np.float32)}, "not finite"),
        ({"summaries": np.ones((2, 4), np.float32)}, "bool"),
        ({"target": np.array([0.0, 1.5], np.float32)}, r"allowed is 0 \.\.\. 1"),
        ({"target": np.array([0.0], np.float32)}, "wanted are 2"),
    ],
)
def test_a_video_of_wrong_shapes_cannot_be_made(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(BadData, match=said):
        replace(WHOLE, **wrong)


def test_a_video_without_features_is_whole() -> None:
    bare = replace(WHOLE, features=no_features())
    assert WHOLE.has_features and not bare.has_features and bare.people == 2
    assert chosen([WHOLE], ["whole"]) == (WHOLE,)
    with pytest.raises(BadData, match="like whole"):
        chosen([WHOLE], ["half"])
    with pytest.raises(BadData, match="at least one"):
        even_segments(3, 0)


# --- TVSum, the cheap form; the MATLAB file is read in the hub tier, which has h5py -----------------------------------


def test_tvsum_in_its_cheap_form(tmp_path: Path) -> None:
    users = np.repeat(np.array([[1, 5], [3, 3]], np.uint8), 30, axis=1)
    np.savez(tmp_path / "scores.npz", ab_user=users)
    info = tmp_path / "info.json"
    info.write_text(json.dumps([{"video": "ab", "length_s": 4.0, "nframes": 60}]))
    (one,) = read_tvsum_npz(tmp_path / "scores.npz", info)
    assert (one.name, one.num_frames, one.frames_per_second, one.people) == ("ab", 60, 15.0, 2)
    assert one.picks.tolist() == [0, 15, 30, 45]
    assert one.segments.tolist() == [[0, 29], [30, 59]]
    assert one.target.tolist() == [0.25, 0.25, 0.75, 0.75]  # mean 2 and 4 on a scale of 1 ... 5
    np.savez(tmp_path / "scores.npz", ab_user=users + 1)
    with pytest.raises(BadData, match=r"allowed is 1 \.\.\. 5"):
        read_tvsum_npz(tmp_path / "scores.npz", info)
    info.write_text(json.dumps([{"video": "cd", "length_s": 4.0, "nframes": 60}]))
    with pytest.raises(BadData, match="belong together"):
        read_tvsum_npz(tmp_path / "scores.npz", info)
    with pytest.raises(MissingFile):
        read_tvsum_npz(tmp_path / "scores.npz", tmp_path / "none.json")


# --- SumMe ------------------------------------------------------------------------------------------------------------


def put_summe(folder: Path, frames: int = 100) -> np.ndarray[Any, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    kept = np.zeros((frames, 3), np.uint8)
    kept[10:20, 0], kept[10:30, 1], kept[60:70, 2] = 1, 2, 1
    savemat(folder / "Jumps.mat", {"user_score": kept, "FPS": 25, "nFrames": frames})
    return kept


def test_summe(tmp_path: Path) -> None:
    kept = put_summe(tmp_path / "GT")
    (one,) = read_summe(tmp_path)
    assert (one.name, one.num_frames, one.people, one.frames_per_second) == ("Jumps", 100, 3, 25.0)
    assert np.array_equal(one.summaries, kept.T > 0)
    assert one.target[1] == pytest.approx(2 / 3)  # frame 15: two of three kept it
    assert one.segments[0].tolist() == [0, 49]
    assert read_summe(tmp_path / "GT")[0].name == "Jumps"


def test_what_is_no_summe(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="one for each video"):
        read_summe(tmp_path)
    (tmp_path / "bad.mat").write_bytes(b"nothing" * 40)
    with pytest.raises(BadData, match="no MATLAB file"):
        read_truth(tmp_path / "bad.mat")
    savemat(tmp_path / "bad.mat", {"score": np.zeros(3)})
    with pytest.raises(BadData, match="no user_score and FPS"):
        read_truth(tmp_path / "bad.mat")
    savemat(tmp_path / "bad.mat", {"user_score": np.zeros((0, 0)), "FPS": 25})
    with pytest.raises(BadData, match="frames a second"):
        read_truth(tmp_path / "bad.mat")
    with pytest.raises(MissingFile):
        read_truth(tmp_path / "none.mat")


def test_superframes_are_laid_out_over_the_picks() -> None:
    rows = np.array([[0.5, 0.1, 0.9, 20.0], [0.7, 0.2, 0.4, 10.0]])
    motion = np.concatenate([np.zeros(20), np.ones(10)])
    segments = np.array([[0, 19], [20, 29]])
    found = superframe_features(rows, motion, segments, np.array([0, 15, 25]))
    np.testing.assert_allclose(found[:, 0], [0.5, 0.5, 0.7], atol=1e-6)
    np.testing.assert_allclose(found[:, 3], np.log([20, 20, 10]) / 5, atol=1e-6)
    np.testing.assert_allclose(found[:, 4], [0, 3 / 15, 10 / 12], atol=1e-6)  # 8 ... 22 and 18 ... 29
    np.testing.assert_allclose(found[:, 5], [0, 0, 1], atol=1e-6)
    np.testing.assert_allclose(found[:, 8], [0, 0, 0.2], atol=1e-6)


# --- GIF thumbnails ---------------------------------------------------------------------------------------------------

GIFS = {"a": {"gifs": {"1.gif": [5.0, 1.0, 3.0], "2.gif": [0, 2, 4]}, "fps": 25.0, "frames": 150, "video_url": "u"}}


def put_json(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value))
    return path


def test_gif_thumbnails(tmp_path: Path) -> None:
    data, counts = put_json(tmp_path / "x_data.json", GIFS), put_json(tmp_path / "x_dm_count.json", {"a": [1, 2, 3]})
    (one,) = read_gifs(data, counts)
    assert one.gifs == ((5, 1, 3), (0, 2, 4)) and one.seconds == 6.0 and one.num_shots == 6
    assert one.counts.tolist() == [1, 2, 3, 0, 0, 0]
    np.savez(tmp_path / "features.npz", a=np.ones((6, 4)))
    assert read_gifs(data, counts, tmp_path / "features.npz")[0].features.shape == (6, 4)
    np.savez(tmp_path / "features.npz", a=np.ones((9, 4)))
    with pytest.raises(BadData, match="features of 9 seconds"):
        read_gifs(data, counts, tmp_path / "features.npz")
    np.savez(tmp_path / "features.npz", b=np.ones((6, 4)))
    with pytest.raises(BadData, match="no array has the name"):
        read_gifs(data, counts, tmp_path / "features.npz")


def test_gif_thumbnails_without_annotations(tmp_path: Path) -> None:
    (one,) = read_gifs(put_json(tmp_path / "u.json", {"a": {"seconds": 61.5, "video_url": "u"}}))
    assert one.gifs == () and one.num_shots == 62 and not one.counts.any()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"gifs": {"1": [5, 1]}, "fps": 25, "frames": 150}, "three whole seconds"),
        ({"gifs": {"1": [5, 1, 2.5]}, "fps": 25, "frames": 150}, "three whole seconds"),
        ({"gifs": {"1": [5, 1, 6]}, "fps": 25, "frames": 150}, r"three in 0 \.\.\. 5"),
        ({"gifs": {}, "fps": 0, "frames": 150}, "0.0 a second"),
        ({"gifs": {}, "fps": "x", "frames": 150}, "x"),
        ({"gifs": {}}, "wanted is"),
        ([], "wanted is"),
    ],
)
def test_broken_gif_thumbnails(row: object, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadData, match=said):
        read_gifs(put_json(tmp_path / "x.json", {"a": row}))


def test_gif_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="one entry for each"):
        read_gifs(put_json(tmp_path / "x.json", []))
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(BadData, match="no JSON"):
        read_gifs(tmp_path / "x.json")
    with pytest.raises(MissingFile):
        read_gifs(tmp_path / "none.json")
    with pytest.raises(BadData, match=">= 0"):
        GifVideo("a", (), np.array([-1]), 25.0, 100, no_features())


def test_the_real_gif_thumbnails(media: Path) -> None:
    folder = media.parent / "gt" / "gif_thumbnails"
    if not folder.is_dir():
        pytest.skip("no GIF thumbnails here")
    videos = read_gifs(folder / "annotated_data.json", folder / "annotated_dm_count.json")
    assert (len(videos), sum(len(one.gifs) for one in videos)) == (1070, 5394)


# --- RetargetVid ------------------------------------------------------------------------------------------------------


def put_retargetvid(folder: Path, line: str = "0,0,9,9\n") -> None:
    for number in range(1, 7):
        with zipfile.ZipFile(folder / f"annotator_{number}.zip", "w") as archive:
            for aspect in ("1-3", "3-1"):
                archive.writestr(f"a/001_{aspect}.txt", line * 2)


def test_retargetvid(tmp_path: Path) -> None:
    put_retargetvid(tmp_path)
    runs = read_annotators(tmp_path, "1-3")
    assert len(runs) == 6 and runs[0]["001"].tolist() == [[0, 0, 9, 9]] * 2
    with pytest.raises(BadData, match="1-3 and 3-1"):
        read_annotators(tmp_path, "16-9")
    put_retargetvid(tmp_path, "0,0,nine\n")
    with pytest.raises(BadData, match="001: line 1 is '0,0,nine'"):
        read_annotators(tmp_path, "1-3")
    (tmp_path / "annotator_1.zip").write_bytes(b"x")
    with pytest.raises(BadData, match="no zip"):
        read_annotators(tmp_path, "1-3")
    with zipfile.ZipFile(tmp_path / "annotator_1.zip", "w") as archive:
        archive.writestr("read.me", "x")
    with pytest.raises(BadData, match="001_1-3"):
        read_annotators(tmp_path, "1-3")
    (tmp_path / "annotator_1.zip").unlink()
    with pytest.raises(MissingFile):
        read_annotators(tmp_path, "1-3")


# --- a user's own -----------------------------------------------------------------------------------------------------


def put_own(folder: Path, row: object) -> Path:
    (folder / "a.mp4").write_bytes(b"x")
    put_json(folder / "annotations.json", {"videos": {"a.mp4": row}})
    return folder


def test_own_importance_is_relative_to_the_highest(tmp_path: Path) -> None:
    (one,) = read_annotations(put_own(tmp_path, {"importance": [0, 2, 4]}))
    assert one.by_second(3.0).tolist() == [0, 0.5, 1]
    assert one.by_second(3.9).tolist() == [0, 0.5, 1, 1]
    assert one.by_second(1.5).tolist() == [0, 0.5]
    with pytest.raises(BadData, match="importance of 3 seconds; the video has 9"):
        one.by_second(9.0)


def test_own_choices_count_beside_them_too(tmp_path: Path) -> None:
    (one,) = read_annotations(put_own(tmp_path, {"chosen": [0.2, 3.7]}))
    assert one.by_second(5.0).tolist() == [1, 0.5, 0.5, 1, 0.5]
    (gifs,) = read_annotations(put_own(tmp_path, {"gifs": [[4, 0, 2]], "comments": [1, 2]}))
    assert gifs.gifs == ((4, 0, 2),) and gifs.comments.tolist() == [1, 2]
    assert gifs.by_second(5.0).tolist() == [1, 0.5, 1, 0.5, 1]
    with pytest.raises(BadData, match="second 4 was chosen"):
        gifs.by_second(3.0)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "one of importance, chosen, gifs"),
        ({"chosen": [-1]}, "0 or more"),
        ({"importance": ["x"]}, "no list of numbers"),
        ({"gifs": [[1, 2]]}, "three whole seconds"),
        ({"chosen": [1], "likes": 3}, "likes is not known"),
    ],
)
def test_broken_own(row: object, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadData, match=said):
        read_annotations(put_own(tmp_path, row))


def test_own_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="annotations"):
        read_annotations(tmp_path)
    put_own(tmp_path, {"chosen": [1]})
    (tmp_path / "a.mp4").unlink()
    with pytest.raises(MissingFile, match=r"a\.mp4"):
        read_annotations(tmp_path)
    put_json(tmp_path / "annotations.json", {"videos": []})
    with pytest.raises(BadData, match="wanted is"):
        read_annotations(tmp_path)
    put_json(tmp_path / "annotations.json", {"videos": {}})
    with pytest.raises(BadData, match="no video"):
        read_annotations(tmp_path)


# --- what is there ----------------------------------------------------------------------------------------------------


def test_what_is_there_is_listed_with_what_is_wrong(tmp_path: Path) -> None:
    for name in ("summe", "gifs", "crops", "own", "news", "other"):
        (tmp_path / name).mkdir()
    put_summe(tmp_path / "summe" / "GT")
    put_json(tmp_path / "gifs" / "annotated_data.json", GIFS)
    put_json(tmp_path / "gifs" / "annotated_dm_count.json", {"a": [1, 2, 3]})
    put_retargetvid(tmp_path / "crops")
    put_own(tmp_path / "own", {"chosen": [-1]})
    (tmp_path / "news" / "lenta-ru-news.csv").write_text("title,text\nСнег,Идёт снег.\n")
    put_json(tmp_path / "other" / "any.json", {"a": 1})
    put_json(tmp_path / "other" / "scenes_x.json", {"BBC/0": {"shots": [[0, 4], [5, 9]], "scenes_raw": "0,1,2"}})
    np.savez(tmp_path / "other" / "scenes_features.npz", BBC_0_VGG19=np.ones((2, 3)))
    (tmp_path / "other" / "rias.mp4").write_bytes(b"x")
    sets = {one.name: one for one in found([tmp_path, tmp_path])}
    assert {name: one.videos for name, one in sets.items()} == {
        "SumMe": 1, "GIF thumbnails": 1, "RetargetVid": 1, "your own videos": 0, "news with headlines": 1, "scenes": 1,
    }  # fmt: skip
    assert "0 or more" in sets["your own videos"].wrong
    assert sets["GIF thumbnails"].told == "1 videos, 2 GIFs, 1 with comments"
    assert sets["SumMe"].path == tmp_path / "summe"
    with pytest.raises(MissingFile):
        found([tmp_path / "none"])


def test_the_verb_says_when_there_is_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    assert FindData((str(tmp_path),))(said.append)["test"] == {}
    assert "learn-data.md" in said[0]
    put_summe(tmp_path / "GT")
    facts = FindData((str(tmp_path),))(said.append)
    assert facts["found"][0]["videos"] == 1
    assert facts["test"][str(tmp_path)].startswith("SumMe: 1 videos, summaries by 3 people each, without")
