"""The fusion: its measures by hand, its network, its training, what it leaves behind."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from keyart.errors import BadModel, BadSetting, MissingFile  # noqa: E402
from keyart.learn.data import BadData  # noqa: E402
from keyart.learn.multimodal.fusion import (  # noqa: E402
    LearnMultimodal,
    fit_fusion,
    network_of,
    padded,
    rankings,
    vectors,
)
from keyart.learn.multimodal.fusion_net import choice_loss, frame_logits, positions  # noqa: E402
from keyart.learn.multimodal.measures import cosines, hit_at, nearest, precision_at, ranked, scores_of  # noqa: E402
from keyart.learn.multimodal.song import song_like  # noqa: E402
from keyart.learn.multimodal.values import (  # noqa: E402
    MultimodalVideo,
    Parts,
    parted,
    read_video,
    read_videos,
    write_extractors,
    write_video,
)
from keyart.models.kamodel import open_kamodel  # noqa: E402

HERE = Path()
TINY = LearnMultimodal(
    HERE, HERE, width=8, heads=2, layers=1, hidden=16, dropout=0.1, epochs=3, batch=4, learning_rate=1e-2
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def video(number: int = 0, frames: int = 6, sounds: int = 4) -> MultimodalVideo:
    """The chosen frame is the one that the title points at."""
    chance = np.random.default_rng(number)
    rows = chance.normal(size=(frames, 5)).astype(np.float32)
    chosen = int(chance.integers(frames))
    title = np.concatenate([rows[chosen], [1.0]]).astype(np.float32)
    audio, description = chance.normal(size=(sounds, 3)), chance.normal(size=6)
    return MultimodalVideo(
        f"v{number:02}", rows, audio.astype(np.float32), title, description.astype(np.float32), (chosen,)
    )


def videos(count: int) -> tuple[MultimodalVideo, ...]:
    return tuple(video(number, 5 + number % 3, number % 4) for number in range(count))


# --- measures ------------------------------------------------------------------------------------------------------


def test_the_nearest_frame_is_that_of_greatest_cosine_not_of_greatest_length() -> None:
    frames = np.array([[9.0, 9.0], [0.1, 0.0], [0.0, 5.0], [0.0, 0.0]], np.float32)
    vector = np.array([2.0, 0.0], np.float32)
    assert cosines(vector, frames) == pytest.approx([1 / math.sqrt(2), 1.0, 0.0, 0.0])
    assert nearest(vector, frames) == 1
    assert ranked(cosines(vector, frames)) == [1, 0, 2, 3]


def test_precision_and_hits_by_hand() -> None:
    ranking, chosen = [4, 2, 0, 1, 3], {2, 1}
    assert [precision_at(ranking, chosen, k) for k in (1, 2, 4, 9)] == [0.0, 1 / 2, 2 / 4, 2 / 5]
    assert [hit_at(ranking, chosen, k) for k in (1, 2, 5)] == [0.0, 1.0, 1.0]
    two = [dataclasses.replace(video(one, 6), chosen=(0, 1)) for one in range(2)]
    found = scores_of([[0, 1, 2, 3, 4, 5], [5, 0, 4, 3, 2, 1]], two)
    assert found["precision_at_1"] == 0.5
    assert found["precision_at_3"] == pytest.approx((2 / 3 + 1 / 3) / 2)
    assert found["hit_at_3"] == 1.0


def test_a_selection_without_learning_takes_the_middle_of_the_largest_cluster_among_the_good() -> None:
    turns = np.array([0.0, 0.05, 0.1, 0.15, 0.2, 1.5, 1.6, 1.55])
    frames = np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)
    quality = np.array([0.9, 0.8, 0.0, 0.9, 0.8, 0.7, 0.7, 0.7], np.float32)
    one = dataclasses.replace(video(), frames=frames, quality=quality, chosen=())
    first = song_like(one, clusters=2)
    assert sorted(first) == list(range(8))
    assert first[0] in (0, 3)  # the middle itself, 2, is of the worst
    assert first[1] == 7
    assert first[-1] == 2
    assert sorted(song_like(dataclasses.replace(one, frames=np.ones((8, 2), np.float32)))) == list(range(8))


# --- network -------------------------------------------------------------------------------------------------------


def test_the_loss_is_the_cross_entropy_over_a_videos_frames() -> None:
    logits = torch.tensor([[1.0, 2.0, 0.5], [0.0, 3.0, -1e9]])
    chosen = torch.tensor([[0.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
    first = -math.log(math.exp(2) / (math.e + math.exp(2) + math.exp(0.5)))
    whole = math.log(1 + math.exp(3))
    second = 0.5 * (whole - 0) + 0.5 * (whole - 3)
    assert float(choice_loss(logits, chosen)) == pytest.approx((first + second) / 2, abs=1e-5)


def test_logits_are_cosines_over_the_temperature() -> None:
    vector, frames = torch.tensor([[3.0, 4.0]]), torch.tensor([[[3.0, 4.0], [-4.0, 3.0], [30.0, 0.0], [1.0, 1.0]]])
    kept = torch.tensor([[True, True, True, False]])
    found = frame_logits(vector, frames, kept, 0.1)[0]
    assert found[:3].tolist() == pytest.approx([10.0, 0.0, 6.0], abs=1e-5)
    assert found[3] < -1e8


def test_places_are_sines_and_cosines() -> None:
    found = positions(3, 4, torch.zeros(1))
    assert found[2].tolist() == pytest.approx([math.sin(2), math.cos(2), math.sin(0.02), math.cos(0.02)], abs=1e-6)


@pytest.mark.parametrize("modalities", [("frames",), ("audio", "title"), ("frames", "audio", "title", "description")])
def test_a_vector_has_the_size_of_a_frame_and_every_weight_a_gradient(modalities: tuple[str, ...]) -> None:
    some = videos(4)
    network = network_of(dataclasses.replace(TINY, modalities=modalities), some[0].sizes)
    inputs, chosen = padded(some)
    vector = network(*inputs)
    assert vector.shape == (4, 5)
    choice_loss(frame_logits(vector, inputs[0], inputs[3], 0.1), chosen).backward()
    assert all(one.grad is not None and bool(one.grad.abs().sum() > 0) for one in network.parameters())
    assert set(network.parts) == set(modalities)


def test_padding_changes_no_vector() -> None:
    some = videos(7)
    network = network_of(TINY, some[0].sizes).eval()
    together = vectors(network, some, batch=7)
    alone = np.concatenate([vectors(network, [one]) for one in some])
    assert np.allclose(together, alone, atol=1e-5)
    one = some[3]
    bare = (one.frames[None], one.audio[None], one.text[None])
    with torch.no_grad():
        assert np.allclose(network(*map(torch.from_numpy, bare)).numpy()[0], together[3], atol=1e-5)


def test_what_is_switched_off_cannot_be_seen_and_what_is_on_can() -> None:
    one = video()
    other = dataclasses.replace(one, audio=one.audio[::-1].copy(), title=one.title + 1, description=one.description - 1)
    blind = network_of(dataclasses.replace(TINY, modalities=("frames",)), one.sizes)
    assert np.array_equal(vectors(blind, [one]), vectors(blind, [other]))
    hearing = network_of(dataclasses.replace(TINY, modalities=("audio",)), one.sizes)
    turned = dataclasses.replace(one, audio=other.audio)
    assert not np.allclose(vectors(hearing, [one]), vectors(hearing, [turned]))  # the same rows in another order


# --- training ------------------------------------------------------------------------------------------------------


def test_one_batch_is_learned_by_heart() -> None:
    some = videos(6)
    recipe = dataclasses.replace(TINY, width=16, hidden=32, dropout=0.0, epochs=80, batch=6)
    network, history = fit_fusion(Parts(some, some, some), recipe)
    assert history[-1].training["loss"] < 0.05 < history[0].training["loss"]
    assert [one[0] for one in rankings(network, some)] == [one.chosen[0] for one in some]


@pytest.mark.parametrize("at", [2, 5, 7])
def test_a_run_taken_up_again_equals_an_unbroken_one(at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts(videos(14), videos(4), ())  # four steps an epoch
    whole, _ = fit_fusion(parts, TINY, tmp_path / "whole", "stamp")
    steps, real = 0, torch.optim.AdamW.step

    def dying(self: Any, *args: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps > at:
            raise KeyboardInterrupt
        return real(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", dying)
        with pytest.raises(KeyboardInterrupt):
            fit_fusion(parts, TINY, tmp_path / "broken", "stamp")
    torch.manual_seed(123)
    again, _ = fit_fusion(parts, TINY, tmp_path / "broken", "stamp")
    for name, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


@pytest.mark.parametrize("modalities", [("frames",), ("frames", "audio", "title", "description")])
def test_a_recipe_leaves_its_scores_and_a_model_that_needs_no_torch(
    tmp_path: Path, modalities: tuple[str, ...]
) -> None:
    for one in videos(20):
        write_video(tmp_path / "data", one)
    write_extractors(tmp_path / "data", {"frames": "vgg16.fc7", "audio": "log-mel", "text": "electra"})
    recipe = dataclasses.replace(TINY, data=tmp_path / "data", out=tmp_path / "out", modalities=modalities)
    facts = recipe(lambda _: None)
    assert facts["videos"] == {"train": 14, "validation": 3, "test": 3}
    assert facts == json.loads((tmp_path / "out" / "multimodal.json").read_text("utf-8"))
    assert str(tmp_path) not in json.dumps(facts)
    assert set(facts["test"]) == {f"{name}_at_{k}" for name in ("precision", "hit") for k in (1, 3, 5)}
    model = open_kamodel(tmp_path / "out" / "ranker.kamodel", "vector")
    assert (model.card.features, model.card.feature_size) == ("vgg16.fc7", 5)
    new = video(99, 11, 7)
    (vector,) = model(frames=new.frames[None], audio=new.audio[None], text=new.text[None])
    assert vector.shape == (1, 5)
    test = parted(read_videos(tmp_path / "data").videos, 0).test
    hits = [int(model.vector_scores(one.frames, one.audio, one.text).argmax()) in one.chosen for one in test]
    assert np.mean(hits) == pytest.approx(facts["test"]["precision_at_1"], abs=1e-4)
    with pytest.raises(BadModel, match="rows of 5"):
        model.vector_scores(np.ones((3, 4), np.float32), new.audio, new.text)


def test_settings_out_of_bounds_are_named() -> None:
    for wrong in ({"modalities": ("smell",)}, {"width": 9}, {"temperature": 0.0}, {"train_share": 0.0}):
        with pytest.raises(BadSetting, match=next(iter(wrong))):
            dataclasses.replace(TINY, **wrong)


# --- data ----------------------------------------------------------------------------------------------------------


def test_videos_come_back_as_they_were_written(tmp_path: Path) -> None:
    one = dataclasses.replace(video(), quality=np.arange(6, dtype=np.float32), chosen=(1, 4))
    back = read_video(write_video(tmp_path, one))
    for name in ("frames", "audio", "title", "description", "quality", "seconds"):
        assert np.array_equal(getattr(back, name), getattr(one, name))
    assert (back.name, back.chosen) == (one.name, (1, 4))


def test_fewer_training_videos_leave_the_other_parts_as_they_are() -> None:
    whole, part = parted(videos(40), 3), parted(videos(40), 3, 0.5)
    names = [[one.name for one in group] for group in (whole.train, whole.validation, whole.test)]
    assert [len(one) for one in names] == [28, 6, 6]
    assert len({name for group in names for name in group}) == 40
    assert [one.name for one in part.train] == names[0][:14]
    assert [one.name for one in part.test] == names[2]


def test_broken_data_say_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        read_videos(tmp_path / "nowhere")
    with pytest.raises(BadData, match="none with a chosen frame"):
        read_videos(tmp_path)
    with pytest.raises(BadData, match="rows in 0"):
        dataclasses.replace(video(), chosen=(6,))
    with pytest.raises(BadData, match="not finite"):
        dataclasses.replace(video(), title=np.full(6, np.nan, np.float32))
    (tmp_path / "a.npz").write_bytes(b"no archive")
    with pytest.raises(BadData, match=r"a\.npz"):
        read_videos(tmp_path)
    np.savez(tmp_path / "a.npz", frames=np.zeros((2, 3)))
    with pytest.raises(BadData, match="no array audio, title"):
        read_videos(tmp_path)
    (tmp_path / "a.npz").unlink()
    write_video(tmp_path, video())
    write_video(tmp_path, dataclasses.replace(video(1), audio=np.zeros((2, 4), np.float32)))
    with pytest.raises(BadData, match="2 sizes"):
        read_videos(tmp_path)
