"""The field's HDF5 files, written by the tests, whole and broken; the real ones where they are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keyart.errors import MissingFile
from keyart.learn.data import BadData
from keyart.learn.sets.eccv16 import read_eccv16, real_names, with_scores
from keyart.learn.sets.found import found
from keyart.learn.sets.gif import read_gifs
from keyart.learn.sets.summe import read_choices, read_summe
from keyart.learn.sets.tvsum import read_abouts, read_tvsum, read_tvsum_npz

h5py = pytest.importorskip("h5py")
savemat = pytest.importorskip("scipy.io").savemat


def put_eccv16(path: Path, **changed: Any) -> Path:
    """Two videos as the field's files hold them; `changed` replaces (None: leaves out) keys of the second."""
    with h5py.File(path, "w") as file:
        for number in (1, 10):
            values: dict[str, Any] = {
                "features": np.full((4, 5), number, np.float32),
                "gtscore": np.linspace(0, 1, 4),
                "user_summary": np.array([[1.0] * 30 + [0.0] * 30, [0.0] * 60]),
                "change_points": np.array([[0, 29], [30, 59]]),
                "n_frame_per_seg": np.array([30, 30]),
                "n_frames": 60,
                "n_steps": 4,
                "picks": np.arange(0, 60, 15),
                "gtsummary": np.zeros(4),
                "video_name": np.bytes_(b"Jumps"),
            }
            for key, value in {**values, **(changed if number == 10 else {})}.items():
                if value is not None:
                    file.create_dataset(f"video_{number}/{key}", data=value)
    return path


def test_eccv16(tmp_path: Path) -> None:
    path = put_eccv16(tmp_path / "eccv16_dataset_x.h5")
    videos = read_eccv16(path)
    assert [one.name for one in videos] == ["video_1", "video_10"]
    one = videos[1]
    assert one.features.shape == (4, 5) and one.features[0, 0] == 10
    assert one.summaries.sum() == 30 and one.scores.shape == (0, 60)
    assert one.segments.tolist() == [[0, 29], [30, 59]] and one.frames_per_second == 0.0
    assert one.target.tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert real_names(path) == {"video_1": "Jumps", "video_10": "Jumps"}
    (listed,) = found([tmp_path])
    assert (listed.name, listed.videos, listed.told) == ("eccv16", 2, "2 videos, features of 5 numbers")


def test_what_other_sets_of_the_kind_lack_or_bring(tmp_path: Path) -> None:
    changed = {"user_summary": None, "change_points": np.array([[0, 29], [30, 60]]), "fps": 30.0}
    one = read_eccv16(put_eccv16(tmp_path / "x.h5", **changed))[1]
    assert one.summaries.shape == (0, 60) and one.frames_per_second == 30.0
    assert one.segments[-1].tolist() == [30, 59]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"features": None}, "video_10: no features"),
        ({"picks": None}, "no picks"),
        ({"features": np.zeros((3, 5))}, r"wanted is \(4, any\)"),
        ({"gtscore": np.full(4, 2.0)}, r"allowed is 0 \.\.\. 1"),
        ({"gtscore": np.array(["a"] * 4, dtype="S1")}, "wanted are numbers"),
        ({"user_summary": np.zeros((2, 59))}, r"wanted is \(any, 60\)"),
        ({"change_points": np.array([[0, 29], [31, 59]])}, "without gap"),
        ({"n_frames": np.array([60, 60])}, "one number"),
    ],
)
def test_broken_eccv16(changed: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(BadData, match=said):
        read_eccv16(put_eccv16(tmp_path / "x.h5", **changed))


def test_files_that_are_none_of_these(tmp_path: Path) -> None:
    path = tmp_path / "eccv16_x.h5"
    with pytest.raises(MissingFile):
        read_eccv16(path)
    path.write_bytes(b"no HDF5 at all")
    with pytest.raises(BadData, match="no HDF5 file"):
        read_eccv16(path)
    assert "no HDF5" in found([tmp_path])[0].wrong
    put_eccv16(path)
    path.write_bytes(path.read_bytes()[:900])  # a download that broke off
    with pytest.raises(BadData, match="broken"):
        read_eccv16(path)
    with h5py.File(path, "w") as file:
        file["other"] = 1
    with pytest.raises(BadData, match="its keys are: other"):
        read_eccv16(path)
    with pytest.raises(BadData, match="no struct tvsum50"):
        read_tvsum(path)


def put_tvsum(path: Path, users: Any, frames: int = 60, fields: int = 7) -> Path:
    """A struct array as MATLAB 7.3 writes it: each field a column of references, text as codes of characters."""
    row = {
        "video": np.array([[ord(one)] for one in "ab"], np.uint16),
        "category": np.array([[ord(one)] for one in "VT"], np.uint16),
        "title": np.array([[ord(one)] for one in "Ein Rätsel"], np.uint16),
        "length": np.array([[4.0]]),
        "nframes": np.array([[float(frames)]]),
        "user_anno": np.asarray(users, np.float64),
        "gt_score": np.mean(users, axis=0, keepdims=True),
    }
    with h5py.File(path, "w") as file:
        for name, value in list(row.items())[:fields]:
            file[f"#refs#/{name}"] = value
            references = file.create_dataset(f"tvsum50/{name}", (1, 1), dtype=h5py.ref_dtype)
            references[0, 0] = file[f"#refs#/{name}"].ref
    return path


def test_tvsum_as_matlab_wrote_it(tmp_path: Path) -> None:
    users = np.repeat([[1.0, 5.0], [3.0, 3.0]], 30, axis=1)
    path = put_tvsum(tmp_path / "ydata-tvsum50.mat", users)
    (one,) = read_tvsum(path)
    assert (one.name, one.num_frames, one.people) == ("ab", 60, 2)
    assert np.array_equal(one.scores, users)
    assert one.target.tolist() == [0.25, 0.25, 0.75, 0.75]
    (about,) = read_abouts(path)
    assert (about.title, about.category) == ("Ein Rätsel", "VT")
    with pytest.raises(BadData, match=r"wanted is \(people, 61\)"):
        read_tvsum(put_tvsum(path, users, frames=61))
    with pytest.raises(BadData, match="has no user_anno"):
        read_tvsum(put_tvsum(path, users, fields=5))
    with pytest.raises(BadData, match=r"allowed is 1 \.\.\. 5"):
        read_tvsum(put_tvsum(path, 2 * users))


def test_scores_of_tvsum_join_the_fields_features(tmp_path: Path) -> None:
    videos = read_eccv16(put_eccv16(tmp_path / "x.h5"))[:1]
    people = read_tvsum(put_tvsum(tmp_path / "ydata-tvsum50.mat", np.repeat([[1.0, 5.0]], 30, axis=1)))
    (one,) = with_scores(videos, people)
    assert one.scores.shape == (1, 60) and one.features.shape == (4, 5) and one.frames_per_second == 15.0
    with pytest.raises(BadData, match="has 60 frames, ab has 30"):
        with_scores(videos, read_tvsum(put_tvsum(tmp_path / "y.mat", np.ones((1, 30)), frames=30)))
    with pytest.raises(BadData, match="there are 1 videos"):
        with_scores(read_eccv16(tmp_path / "x.h5"), people)


def put_superframes(folder: Path, lengths: list[int]) -> None:
    (folder / "GT").mkdir(exist_ok=True)
    kept = np.zeros((100, 2), np.uint8)
    kept[10:40] = 1
    savemat(folder / "GT" / "Jumps.mat", {"user_score": kept, "FPS": 25})
    (folder / "gunter_index_map.json").write_text(json.dumps({"map": {"0": ["Jumps"]}}))
    with h5py.File(folder / "gunter_features.hdf5", "w") as file:
        file["fea_0"] = np.array([[0.5, 0.1, 0.9, one] for one in lengths])
        file["mot_0"] = np.linspace(0, 1, 98)
    with h5py.File(folder / "gunter_interest.hdf5", "w") as file:
        file["vid_0"] = np.repeat([0.0, 1.0], 50)


def test_superframes_of_summe(tmp_path: Path) -> None:
    put_superframes(tmp_path, [40, 59])
    (one,) = read_summe(tmp_path)
    assert one.features.shape == (7, 10)
    assert one.segments.tolist() == [[0, 39], [40, 99]]  # the last frame is counted by no superframe
    assert read_choices(tmp_path)["Jumps"].sum() == 50
    put_superframes(tmp_path, [40, 30])
    with pytest.raises(BadData, match="70 frames in all; the video has 100"):
        read_summe(tmp_path)
    (tmp_path / "gunter_index_map.json").write_text("{}")
    with pytest.raises(BadData, match="map"):
        read_summe(tmp_path)


def test_features_of_gif_thumbnails(tmp_path: Path) -> None:
    data = tmp_path / "data.json"
    data.write_text(json.dumps({"a": {"gifs": {"1": [0, 1, 2]}, "fps": 25, "frames": 75}}))
    with h5py.File(tmp_path / "f.h5", "w") as file:
        file["a"] = np.ones((3, 8), np.float32)
    (one,) = read_gifs(data, features=tmp_path / "f.h5")
    assert one.features.shape == (3, 8)


def test_the_real_tvsum_is_the_same_in_both_forms(media: Path) -> None:
    folder = media.parent / "gt" / "tvsum"
    if not folder.is_dir():
        pytest.skip("no annotations of TVSum here")
    videos = read_tvsum(folder / "ydata-tvsum50.mat")
    cheap = read_tvsum_npz(folder / "tvsum50_scores.npz", folder / "tvsum50_info.json")
    assert len(videos) == 50
    for one, other in zip(videos, cheap, strict=True):
        assert one.name == other.name and np.array_equal(one.scores, other.scores)


def test_the_real_summe_has_features_of_every_video(media: Path) -> None:
    folder = media.parent / "gt" / "summe"
    if not folder.is_dir():
        pytest.skip("no annotations of SumMe here")
    videos = read_summe(folder)
    assert len(videos) == 25 and all(one.features.shape[1] == 10 for one in videos)
    assert {one.people for one in videos} == {15, 16, 17, 18}
