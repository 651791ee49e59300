from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from keyart.errors import BadModel, BadSetting, MissingFile  # noqa: E402
from keyart.learn.data import BadData  # noqa: E402
from keyart.learn.thumbnails.aesthetics import judge_of  # noqa: E402
from keyart.learn.thumbnails.nets import AestheticNetwork, ImportanceEstimator  # noqa: E402
from keyart.learn.thumbnails.rewards import (  # noqa: E402
    Weighing,
    aesthetic_reward,
    best,
    demoted,
    distances_of,
    diversity_reward,
    min_max,
    pick,
    reinforce_loss,
    representativeness_reward,
    similarities_of,
)
from keyart.learn.thumbnails.rl_divts import (  # noqa: E402
    LearnThumbnails,
    _RlDivts,
    _Rows,
    evaluated,
    fit,
    measured_scale,
    thumbnails,
)
from keyart.learn.thumbnails.videos import ThumbnailVideo, read_thumbnail_h5, watched  # noqa: E402
from keyart.models.kamodel import open_kamodel  # noqa: E402

HERE = Path()
RNG = np.random.default_rng(0)
TINY = LearnThumbnails(HERE, HERE, hidden=8, layers=1, epochs=2, batch=2, learning_rate=1e-2)
X = torch.tensor([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0], [0.0, 1.0]])
A = torch.tensor([0.2, 0.9, 0.4, 0.5])


def video(name: str = "v", frames: int = 12, size: int = 4) -> ThumbnailVideo:
    """Four frames of each of three looks; a frame of each look was chosen."""
    looks = np.repeat(np.eye(size)[:3], frames // 3, axis=0) + 0.1 * RNG.normal(size=(frames, size))
    alike = np.kron(np.eye(3), np.ones(frames // 3)).astype(np.bool_)
    return ThumbnailVideo(name, looks.astype(np.float32), RNG.uniform(0.2, 0.9, frames).astype(np.float32), alike)


# --- the equations, by hand ---------------------------------------------------------------------------------------


def test_equation_1() -> None:
    found = aesthetic_reward(A, torch.tensor([[0, 1, 3], [2, 2, 2]]))
    assert found.tolist() == pytest.approx([(0.2 + 0.9 + 0.5) / 3, 0.4])


def test_equation_2() -> None:
    # nearest pick of {0, 1} for the frames 0 ... 3: 0, 0, 5, 1
    found = representativeness_reward(distances_of(X), torch.tensor([[0, 1]]))
    assert found.tolist() == pytest.approx([math.exp(-(0 + 0 + 5 + 1) / 4)])


def test_equation_3_as_printed() -> None:
    """Ordered pairs, over M: for 0, 1, 2 the distances are 5, 5 and 10, each twice, divided by three."""
    found = diversity_reward(distances_of(X), torch.tensor([[0, 1, 2], [0, 0, 0]]))
    assert found.tolist() == pytest.approx([2 * (5 + 5 + 10) / 3, 0.0])
    # it grows with the number of picks: of points one apart, M - 1
    corners = torch.eye(4) / math.sqrt(2)
    for count in (2, 3, 4):
        assert float(diversity_reward(distances_of(corners), torch.arange(count)[None])[0]) == pytest.approx(count - 1)


def test_equation_4() -> None:
    picks = torch.tensor([[0, 1]])
    found = Weighing(alpha=2.0, beta=3.0, gamma=0.5, scale=7.0).reward(A, distances_of(X), picks)
    assert found.tolist() == pytest.approx([2 * 0.55 + 3 * 7 * math.exp(-6 / 4) + 0.5 * (5 + 5) / 2])


def test_min_max_by_hand_and_of_equal_values() -> None:
    found = min_max(torch.tensor([[1.0, 3.0, 2.0], [5.0, 5.0, 5.0]]))
    assert found.tolist() == [[0.0, 1.0, 0.5], [1.0, 1.0, 1.0]]


def test_demotion_by_hand() -> None:
    """f_2 = N(f_1 o (1 - u)): the picked frame falls to 0, what is like it nearly so."""
    rows = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [3.0, 4.0]])
    u = similarities_of(rows)
    assert u[0].tolist() == pytest.approx([1.0, 1.0, 0.0, 0.6])
    f = torch.tensor([[1.0, 0.8, 0.5, 0.5]])
    found = demoted(f, u, torch.tensor([0]))
    assert found[0].tolist() == pytest.approx([0.0, 0.0, 1.0, 0.4]), "of 0, 0, .5, .2"


def test_reinforce_by_hand() -> None:
    logs = torch.tensor([[-1.0, -2.0], [-0.5, -0.5]])
    loss = reinforce_loss(logs, torch.tensor([3.0, 1.0]), baseline=2.0)
    assert float(loss) == pytest.approx(-((3 - 2) * -3.0 + (1 - 2) * -1.0) / 2)


# --- the sampler ----------------------------------------------------------------------------------------------------


def test_first_picks_fall_in_proportion_to_the_scores_and_know_their_probability() -> None:
    torch.manual_seed(0)
    scores = torch.tensor([0.1, 0.3, 0.5, 0.2])  # N: 0, .5, 1, .25
    picked = pick(scores, torch.eye(4), 1, 4000)
    shares = torch.bincount(picked.frames[:, 0], minlength=4) / 4000
    wanted = torch.tensor([0.0, 0.5, 1.0, 0.25]) / 1.75
    assert shares.tolist() == pytest.approx(wanted.tolist(), abs=0.03)
    assert torch.allclose(picked.log_probabilities[:, 0], wanted.log()[picked.frames[:, 0]], atol=1e-5)


def test_no_frame_is_picked_twice_and_what_is_alike_rarely() -> None:
    torch.manual_seed(0)
    rows = torch.tensor([[1.0, 0.0], [1.0, 0.01], [1.0, 0.02], [0.0, 1.0], [-1.0, 0.3]])
    scores, u = torch.tensor([0.9, 0.9, 0.9, 0.5, 0.3]), similarities_of(rows)
    demoting, plain = (pick(scores, u, 2, 500, demote=each).frames for each in (True, False))
    for frames in (demoting, plain):
        assert (frames[:, 0] != frames[:, 1]).all()
    share = [float((frames < 3).all(dim=1).float().mean()) for frames in (demoting, plain)]
    assert share[0] < 0.01 < 0.3 < share[1]
    assert len(set(pick(scores, u, 5, 1, demote=True).frames[0].tolist())) == 5, "all there is"


def test_gradient_reaches_the_scores_through_every_step() -> None:
    torch.manual_seed(0)
    scores = torch.rand(6, requires_grad=True)
    picked = pick(scores, similarities_of(torch.rand(6, 3)), 3, 4)
    assert picked.frames.shape == picked.log_probabilities.shape == (4, 3)
    for step in range(3):
        (gradient,) = torch.autograd.grad(picked.log_probabilities[:, step].sum(), scores, retain_graph=True)
        assert torch.isfinite(gradient).all() and gradient.abs().sum() > 0


def test_after_training_the_best_of_each_step_is_shown() -> None:
    rows = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [-1.0, 0.0]])
    scores = torch.tensor([0.9, 0.8, 0.5, 0.1])
    assert best(scores, similarities_of(rows), 2) == [0, 2]
    assert best(scores, similarities_of(rows), 3, demote=False) == [0, 1, 2]
    assert sorted(best(torch.ones(4), torch.ones(4, 4), 9)) == [0, 1, 2, 3], "as many as there are"


# --- training -----------------------------------------------------------------------------------------------------


def test_shapes_of_the_networks() -> None:
    network = ImportanceEstimator(5, 3, 2)
    rows = torch.randn(2, 7, 5, requires_grad=True)
    importance = network(rows)
    values = importance.detach().numpy()
    assert values.shape == (2, 7) and values.min() > 0 and values.max() < 1
    (gradient,) = torch.autograd.grad(importance[0, 3], rows)
    assert (gradient[0].abs().sum(dim=1) > 0).all() and not gradient[1].any()
    judge = AestheticNetwork((4, 4)).eval()
    for size in ((40, 60), (33, 97)):
        assert judge(torch.randn(2, 3, *size)).shape == (2,), "pictures of any size"


def test_d_brings_eq_2_to_the_scale_of_the_others() -> None:
    one = video()
    rows = _Rows(one)
    scale = measured_scale([rows], TINY, draws=600)
    triples = torch.combinations(torch.arange(12), 3)
    others = (aesthetic_reward(rows.a, triples).mean() + diversity_reward(rows.distances, triples).mean()) / 2
    assert scale == pytest.approx(float(others / representativeness_reward(rows.distances, triples).mean()), rel=0.03)
    assert _RlDivts([one], replace(TINY, rep_scale=5.0)).weighing.scale == 5.0


def test_it_learns_one_video_by_its_reward() -> None:
    """Aesthetics alone favour frames of one look; the reward for representing the video spreads the picks."""
    one = video()
    flat = replace(one, aesthetics=np.where(np.arange(12) < 4, 0.9, 0.5).astype(np.float32))
    recipe = replace(TINY, epochs=60, batch=1, learning_rate=2e-2, alpha=0.1, beta=4.0, demote=False)
    network, history = fit([flat], recipe)
    assert thumbnails(None, flat, recipe) == [0, 1, 2]
    assert evaluated(None, [flat], recipe) == pytest.approx(33.33)
    assert evaluated(network, [flat], recipe) == 100.0
    rewards = [one.training["reward"] for one in history]
    assert np.mean(rewards[-10:]) > np.mean(rewards[:10]) + 0.05


def test_a_run_that_was_stopped_ends_with_the_same_weights(tmp_path: Path) -> None:
    videos = [video(f"v{number}") for number in range(4)]

    def weights(epochs: int, folder: Path) -> dict[str, Any]:
        return dict(fit(videos, replace(TINY, epochs=epochs), folder)[0].state_dict())

    whole = weights(4, tmp_path / "whole")
    weights(2, tmp_path / "parts")
    again = weights(4, tmp_path / "parts")
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_settings_outside_their_bounds_are_refused() -> None:
    with pytest.raises(BadSetting, match="episodes is 0"):
        replace(TINY, episodes=0)


# --- from files ---------------------------------------------------------------------------------------------------


def h5_file(path: Path, columns: int = 12, drop: str = "") -> Path:
    import h5py

    with h5py.File(path, "w") as file:
        for number in range(1, 6):
            one = video(f"video_{number}")
            group = file.create_group(one.name)
            likeness = np.repeat(np.where(one.alike, 0.9, 0.3), columns // 12, axis=1)
            values = {
                "features": one.features,
                "aesthetic_scores_mean": one.aesthetics,
                "n_frames": columns,
                "ssim_matrix": np.concatenate([likeness, np.ones((2, columns))]),
                "top3_thumbnail_ids": np.array([1, 5, 9]),
            }
            for name, value in values.items():
                if name != drop:
                    group[name] = value
    return path


@pytest.mark.parametrize("columns", [12, 36])
def test_the_authors_files_are_read(columns: int, tmp_path: Path) -> None:
    """The matrix has a column for each row of features or for each frame, and more rows than the three most chosen."""
    pytest.importorskip("h5py")
    videos = read_thumbnail_h5(h5_file(tmp_path / "ovp.h5", columns))
    assert [one.name for one in videos] == [f"video_{number}" for number in range(1, 6)]
    assert videos[0].alike.tolist() == video().alike.tolist()
    with pytest.raises(BadData, match=r"video_1: no ssim_matrix; there are"):
        read_thumbnail_h5(h5_file(tmp_path / "bad.h5", drop="ssim_matrix"))


def test_a_file_becomes_scores_and_a_ranker(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    out = tmp_path / "out"
    facts = replace(TINY, data=h5_file(tmp_path / "ovp.h5"), out=out)(say=lambda _: None)
    assert facts == json.loads((out / "thumbnails.json").read_text("utf-8"))
    assert 0 <= facts["test"]["top3_random"] <= 100 and 0 <= facts["test"]["top3"] <= 100
    model = open_kamodel(out / "ranker.kamodel", "frames")
    assert model.card.recipe == "thumbnails" and model.card.scores == facts["test"]
    assert model.frame_scores(video().features).shape == (12,)


def test_a_folder_of_videos_becomes_a_ranker_for_the_serving_descriptor(tmp_path: Path) -> None:
    from keyart.media.encode import write_mp4

    data = tmp_path / "videos"
    data.mkdir()
    for number in range(2):
        coarse = RNG.integers(0, 255, (3, 6, 8, 3))
        looks = [np.asarray(np.kron(one, np.ones((12, 12, 1))), np.uint8) for one in coarse]
        write_mp4(data / f"v{number}.mp4", [look for look in looks for _ in range(8)], frames_per_second=8)
        for person in ("user1", "user2"):
            (data / "UserSummary" / f"v{number}" / person).mkdir(parents=True)
            for frame in (4, 12, 20):
                (data / "UserSummary" / f"v{number}" / person / f"Frame{frame}.jpeg").touch()
    facts = replace(TINY, data=data, out=tmp_path / "out", epochs=1)(say=lambda _: None)
    assert (facts["features"], facts["aesthetics"], facts["data"]["videos"]) == ("stills.classical", "stills' terms", 2)
    assert facts["test"]["top3"] >= facts["test"]["top3_random"] > 0, "three looks, demoted: each is found"


def test_what_was_chosen_may_stand_in_annotations(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    (tmp_path / "annotations.json").write_text(json.dumps({"videos": {"a.mp4": {"chosen": [1.5, 4]}}}))
    assert list(watched(tmp_path)) == [(tmp_path / "a.mp4", (1.5, 4.0))]
    with pytest.raises(MissingFile, match="no video in it"):
        list(watched(tmp_path / "nowhere"))


def test_an_aesthetic_network_comes_out_of_its_weights(tmp_path: Path) -> None:
    torch.manual_seed(0)
    torch.save(AestheticNetwork().state_dict(), tmp_path / "fcn.pt")
    judge, called = judge_of(tmp_path / "fcn.pt")
    pictures = [np.asarray(RNG.integers(0, 255, (40, 60, 3)), np.uint8) for _ in range(3)]
    found = judge(pictures)
    assert called == "fcn.pt" and found.shape == (3,) and 0 <= found.min() <= found.max() <= 1
    assert judge(pictures[1:]).tolist() == pytest.approx(found[1:].tolist(), abs=1e-6)
    with pytest.raises(MissingFile):
        judge_of(tmp_path / "none.pt")
    (tmp_path / "other.pt").write_bytes(b"no weights")
    with pytest.raises(BadModel, match=r"other\.pt: no weights"):
        judge_of(tmp_path / "other.pt")
