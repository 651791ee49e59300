from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from keyart.errors import BadSetting  # noqa: E402
from keyart.learn.data import BadData  # noqa: E402
from keyart.learn.keyframes.bilstm import LearnBiLSTM, fit_bilstm  # noqa: E402
from keyart.learn.keyframes.data import of_rows  # noqa: E402
from keyart.learn.keyframes.frozen import LearnFrozen, fit_frozen, probabilities, score_head  # noqa: E402
from keyart.learn.keyframes.layer4 import LearnLayer4, fit_layer4, picture_probabilities  # noqa: E402
from keyart.learn.keyframes.measures import measured  # noqa: E402
from keyart.learn.keyframes.nets import BiLstm, LogisticHead, TunedResNet, sequence_loss  # noqa: E402
from keyart.learn.keyframes.resnet import as_tensor, feature_size, features_of, load  # noqa: E402
from keyart.learn.keyframes.shots import Parts, ShotVideo, all_keys  # noqa: E402
from keyart.learn.sets.values import AnnotatedVideo  # noqa: E402
from keyart.models.kamodel import open_kamodel  # noqa: E402
from keyart.types import RGB  # noqa: E402

HERE = Path()
RNG = np.random.default_rng(0)


def tiny_resnet(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8, 12, 16], depths=[1, 1, 1, 1], layer_type="bottleneck"
    )
    return transformers.ResNetModel(config).eval()


def noise(count: int, height: int, width: int) -> tuple[RGB, ...]:
    return tuple(np.asarray(RNG.integers(0, 255, (height, width, 3)), np.uint8) for _ in range(count))


def seen_videos(count: int, shots: int = 6, side: int = 40) -> tuple[ShotVideo, ...]:
    """Key shots are bright."""
    found = []
    for number in range(count):
        key = RNG.random(shots) < 0.4
        key[0] = True
        light = np.where(key, 190, 60)[:, None, None, None]
        pictures = np.clip(light + RNG.normal(0, 20, (shots, side, side, 3)), 0, 255).astype(np.uint8)
        found.append(ShotVideo(f"v{number}", key, tuple(pictures), pictures.mean((1, 2)).astype(np.float32) / 100 - 1))
    return tuple(found)


def in_context(count: int, shots: int = 12) -> tuple[ShotVideo, ...]:
    """Key is a shot whose sign differs from the one before: no row tells."""
    found = []
    for number in range(count):
        sign = RNG.integers(0, 2, shots)
        key = np.concatenate([[False], sign[1:] != sign[:-1]])
        rows = np.stack([2.0 * sign - 1, RNG.normal(size=shots)], 1).astype(np.float32)
        found.append(ShotVideo(f"v{number}", key, features=rows))
    return tuple(found)


def test_the_loss_is_summed_over_shots() -> None:
    logits, key = torch.tensor([0.3, -1.2, 2.0]), torch.tensor([1.0, 0.0, 0.0])
    by_hand = -sum(
        y * np.log(1 / (1 + np.exp(-x))) + (1 - y) * np.log(1 - 1 / (1 + np.exp(-x)))
        for x, y in zip(logits.double().tolist(), key.tolist(), strict=True)
    )
    assert float(sequence_loss(logits, key)) == pytest.approx(by_hand, rel=1e-5)


def test_a_step_of_two_videos_is_the_mean_over_videos() -> None:
    """L = 1/N sum_n sum_t: whatever their lengths, and what one step of each alone would give is averaged."""
    from keyart.learn.keyframes.bilstm import _BiLstm

    long, short = in_context(1, 12)[0], in_context(1, 5)[0]
    learner = _BiLstm(Parts((long, short), (), ()), LearnBiLSTM(HERE, HERE, hidden=4))
    both = [float(learner.loss(one).detach()) for one in (long, short)]
    assert learner.step([long, short])["loss"] == pytest.approx(sum(both) / 2, rel=1e-5)


def test_shapes_and_gradients() -> None:
    rows = torch.randn(2, 7, 5, requires_grad=True)
    for network in (LogisticHead(5), BiLstm(5, 3)):
        logits = network(rows)
        assert logits.shape == (2, 7)
        (gradient,) = torch.autograd.grad(logits[0, 3], rows)
        reaches = gradient.abs().sum(dim=2) > 0
        assert not reaches[1].any(), "videos of a batch do not see each other"
        assert reaches[0].sum() == (1 if isinstance(network, LogisticHead) else 7), "the LSTM sees both sides"
    assert BiLstm(5, 3).logit.weight.shape == (1, 6)


def test_only_the_last_stage_and_the_head_are_trained() -> None:
    network = TunedResNet(tiny_resnet(), 16)
    trained = {name for name, weights in network.named_parameters() if weights.requires_grad}
    assert trained and all(name.startswith(("resnet.encoder.stages.3.", "head.")) for name in trained)
    network.train()
    assert not network.resnet.embedder.training and network.layer4.training
    before = {name: value.clone() for name, value in network.state_dict().items()}
    pictures = as_tensor(noise(4, 32, 32))
    network(pictures).sum().backward()
    torch.optim.SGD((one for one in network.parameters() if one.requires_grad), lr=0.1).step()
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert any(name.endswith("running_mean") for name in changed)
    assert all(name.startswith(("resnet.encoder.stages.3.", "head.")) for name in changed)


def test_the_network_taken_apart_is_the_network() -> None:
    resnet = tiny_resnet()
    pictures = as_tensor(noise(3, 32, 32))
    whole = resnet(pictures).pooler_output.flatten(1)
    assert torch.allclose(TunedResNet(resnet, 16).eval().pooled(pictures), whole, atol=1e-6)


def test_resnet_50_has_2048_features_and_fifteen_million_weights_in_its_last_stage() -> None:
    with torch.device("meta"):
        resnet = transformers.ResNetModel(transformers.ResNetConfig())
    assert feature_size(resnet) == 2048
    assert sum(one.numel() for one in resnet.encoder.stages[-1].parameters()) == 14_964_736, "the thesis says 2.5 M"


def test_pictures_are_normalised_as_imagenet_wants_them() -> None:
    found = as_tensor([np.full((2, 2, 3), (255, 0, 128), np.uint8)])[0, :, 0, 0]
    assert found.tolist() == pytest.approx([(1 - 0.485) / 0.229, -0.456 / 0.224, (128 / 255 - 0.406) / 0.225], abs=1e-5)


def test_a_resnet_comes_out_of_a_folder_and_gives_a_row_a_picture(tmp_path: Path) -> None:
    tiny_resnet(1).save_pretrained(tmp_path)
    resnet = load(str(tmp_path))
    pictures = noise(35, 36, 48)
    rows = features_of(resnet, pictures, 32)
    assert rows.shape == (35, 16) and rows.dtype == np.float32
    assert np.allclose(rows[33:], features_of(resnet, pictures[33:], 32), atol=1e-5), "in any company"


def test_frozen_learns_what_one_look_tells() -> None:
    videos = seen_videos(8)
    head = fit_frozen(videos, LearnFrozen(HERE, HERE, epochs=60, learning_rate=0.05))
    assert score_head(head, videos, 0.5).f1 > 0.95


def test_frozen_cannot_tell_a_change_and_the_bilstm_can() -> None:
    train, validation = in_context(24), in_context(6)
    head = fit_frozen(train, LearnFrozen(HERE, HERE, epochs=30, learning_rate=0.02))
    assert score_head(head, validation, 0.5).pr_auc < 0.8
    network, history = fit_bilstm(
        Parts(train, validation, ()), LearnBiLSTM(HERE, HERE, hidden=12, learning_rate=0.02, epochs=12)
    )
    found = score_head(network, validation, 0.5)
    assert found.f1 > 0.95 and found.f1 == pytest.approx(max(one.validation["f1"] for one in history), abs=1e-4)


def test_layer4_overfits_one_batch() -> None:
    videos = seen_videos(2)
    recipe = LearnLayer4(HERE, HERE, side_px=32, crop_from=0.8, batch=16, epochs=14, learning_rate=5e-3, patience=0)
    network, _ = fit_layer4(Parts(videos, videos, ()), tiny_resnet(), recipe)
    found = measured(all_keys(videos), picture_probabilities(network, videos, recipe))
    assert found.f1 > 0.95


@pytest.mark.parametrize(("shots", "sizes"), [(6, [4, 2]), (8, [4, 4]), (9, [4, 4]), (1, [1])])
def test_no_batch_is_of_one_draw(shots: int, sizes: list[int]) -> None:
    """Normalised by itself, a lone picture of one value a channel is an error."""
    from keyart.learn.keyframes.layer4 import _Layer4

    videos = seen_videos(1, shots)
    learner = _Layer4(Parts(videos, videos, ()), tiny_resnet(), LearnLayer4(HERE, HERE, side_px=32, batch=4))
    assert [len(one.places) for one in learner.epoch(0)] == sizes


def test_layer4s_rates_are_halved_every_five_epochs() -> None:
    from keyart.learn.keyframes.layer4 import _Layer4

    videos = seen_videos(1, shots=2)
    learner = _Layer4(Parts(videos, videos, ()), tiny_resnet(), LearnLayer4(HERE, HERE, side_px=32))
    assert [group["lr"] for group in learner.optimisers["adam"].param_groups] == [1e-3, 0.5e-3]
    learner.optimisers["adam"].step()
    for _ in range(5):
        learner.schedulers["halving"].step()
    assert [group["lr"] for group in learner.optimisers["adam"].param_groups] == [0.5e-3, 0.25e-3]


@pytest.mark.parametrize("kind", ["frozen", "layer4", "bilstm"])
def test_a_run_that_was_stopped_ends_with_the_same_weights(kind: str, tmp_path: Path) -> None:
    videos = seen_videos(6)
    parts = Parts(videos[:4], videos[4:], ())

    def weights(epochs: int, folder: Path) -> dict[str, Any]:
        if kind == "frozen":
            return dict(fit_frozen(videos, LearnFrozen(HERE, HERE, epochs=epochs, batch=8), folder).state_dict())
        if kind == "bilstm":
            return dict(fit_bilstm(parts, LearnBiLSTM(HERE, HERE, hidden=4, epochs=epochs), folder)[0].state_dict())
        recipe = LearnLayer4(HERE, HERE, side_px=32, batch=8, epochs=epochs, patience=0)
        return dict(fit_layer4(parts, tiny_resnet(), recipe, folder)[0].state_dict())

    whole = weights(3, tmp_path / "whole")
    weights(1, tmp_path / "parts")
    again = weights(3, tmp_path / "parts")
    assert whole.keys() == again.keys()
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_mixed_precision_learns_too() -> None:
    videos = seen_videos(2)
    parts = Parts(videos, videos, ())
    recipe = LearnLayer4(HERE, HERE, side_px=32, epochs=1, precision="bf16")
    network, (seen,) = fit_layer4(parts, tiny_resnet(), recipe)
    assert next(network.parameters()).dtype == torch.float32 and 0 < seen.training["loss"] < 2
    _, (seen,) = fit_bilstm(parts, LearnBiLSTM(HERE, HERE, hidden=4, epochs=1, precision="bf16"))
    assert 0 < seen.training["loss"] < 10


def test_settings_outside_their_bounds_are_refused() -> None:
    tried: list[tuple[dict[str, Any], str]] = [
        ({"epochs": 0}, "epochs is 0"),
        ({"key_share": 1.5}, "key_share"),
        ({"hidden": 0}, "hidden"),
    ]
    for settings, words in tried:
        with pytest.raises(BadSetting, match=words):
            LearnBiLSTM(HERE, HERE, **settings)


# --- from files ---------------------------------------------------------------------------------------------------


def annotated(number: int, frames: int = 150, rows: int = 20) -> AnnotatedVideo:
    target = RNG.random(rows).astype(np.float32)
    features = np.stack([target, RNG.random(rows)], 1).astype(np.float32)
    return AnnotatedVideo(
        f"video_{number}", features, np.arange(rows, dtype=np.int64) * 7, frames, 25.0, np.array([[0, frames - 1]]),
        np.zeros((0, frames), np.float32), np.zeros((0, frames), np.bool_), target,
    )  # fmt: skip


def test_any_annotated_video_with_features_is_taken() -> None:
    one = annotated(0)
    found = of_rows(one)
    assert found.features is one.features and found.key.sum() == 3 and found.key[np.argmax(one.target)]
    assert of_rows(one, "score").key.tolist() == (one.target >= 0.75).tolist()
    with pytest.raises(BadData, match="no features"):
        of_rows(replace(one, features=np.zeros((0, 0), np.float32)))


def eccv16(path: Path, count: int = 8) -> Path:
    import h5py

    with h5py.File(path, "w") as file:
        for number in range(1, count + 1):
            one = annotated(number)
            group = file.create_group(one.name)
            group["features"], group["gtscore"], group["picks"] = one.features, one.target, one.picks
            group["change_points"], group["n_frames"] = one.segments, one.num_frames
    return path


@pytest.mark.parametrize(("recipe", "name"), [(LearnBiLSTM, "keyframes-bilstm"), (LearnFrozen, "keyframes-frozen")])
def test_a_file_of_features_becomes_a_ranker(recipe: Any, name: str, tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    data = eccv16(tmp_path / "eccv16_dataset_tvsum_google_pool5.h5")
    out = tmp_path / "out"
    facts = recipe(data=data, out=out, features="set", epochs=2)(say=lambda _: None)
    assert facts == json.loads((out / f"{name}.json").read_text("utf-8"))
    assert set(facts["test"]) == {"accuracy", "precision", "recall", "f1", "pr_auc"}
    assert ("whole" in facts) == (name == "keyframes-frozen")
    model = open_kamodel(out / "ranker.kamodel", "frames")
    assert (model.card.recipe, model.card.feature_size) == (name, 2)
    scores = model.frame_scores(annotated(0).features)
    assert scores.shape == (20,) and 0 <= scores.min() <= scores.max() <= 1
    with pytest.raises(BadSetting, match="brings rows of features"):
        recipe(data=data, out=out, features="resnet")(say=lambda _: None)


def test_the_export_says_what_the_network_says(tmp_path: Path) -> None:
    from keyart.learn.keyframes.data import Opened
    from keyart.learn.keyframes.finish import finished

    videos = in_context(6)
    recipe = LearnBiLSTM(HERE, tmp_path, hidden=4, epochs=1)
    network, _ = fit_bilstm(Parts(videos, videos, ()), recipe)
    wanted = probabilities(network, videos[:1])
    opened = Opened(videos, "made", "0", "stills.classical")
    finished(recipe, "keyframes-bilstm", opened, network, score_head(network, videos, 0.5), {})
    scores = open_kamodel(tmp_path / "ranker.kamodel").frame_scores(videos[0].features)  # type: ignore[arg-type]
    assert scores.tolist() == pytest.approx(wanted.tolist(), abs=1e-5)


def tvsum(folder: Path, videos: int = 5) -> Path:
    """The public set in small: its .mat (which is HDF5) and its videos."""
    import h5py

    from keyart.media.encode import write_mp4

    frames, rate = 48, 4
    names = [f"clip{number}" for number in range(videos)]
    (folder / "video").mkdir(parents=True)
    (folder / "matlab").mkdir()
    with h5py.File(folder / "matlab" / "ydata-tvsum50.mat", "w") as file:
        columns: dict[str, list[Any]] = {
            "video": [np.array([[ord(one)] for one in name], np.uint16) for name in names],
            "category": [np.array([[86], [84]], np.uint16)] * videos,
            "title": [np.array([[65]], np.uint16)] * videos,
            "length": [np.array([[frames / rate]])] * videos,
            "nframes": [np.array([[float(frames)]])] * videos,
            "user_anno": [np.repeat(RNG.integers(1, 6, (20, frames // 8)), 8, axis=1).astype(float)] * videos,
        }
        struct = file.create_group("tvsum50")
        for field, values in columns.items():
            references = np.array(
                [[file.create_dataset(f"#refs#/{field}{place}", data=value).ref] for place, value in enumerate(values)],
                h5py.ref_dtype,
            )
            struct.create_dataset(field, data=references, dtype=h5py.ref_dtype)
    for name in names:
        shades = RNG.integers(30, 220, (frames // 8, 1, 1, 3))
        pictures = [np.full((64, 96, 3), shades[place // 8], np.uint8) for place in range(frames)]
        write_mp4(folder / "video" / f"{name}.mp4", pictures, frames_per_second=rate)
    return folder


def test_tvsum_and_its_videos_teach_layer4_and_the_bilstm_on_what_it_left(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    data, base = tvsum(tmp_path / "tvsum"), tmp_path / "resnet"
    tiny_resnet().save_pretrained(base)
    out = tmp_path / "layer4"
    facts = LearnLayer4(data, out, base=str(base), side_px=32, batch=8, epochs=1)(say=lambda _: None)
    assert (facts["data"]["videos"], facts["shots"]) == (5, 30)
    assert open_kamodel(out / "ranker.kamodel").card.features == "layer4:resnet"
    tuned = LearnBiLSTM(data, tmp_path / "bilstm", base=str(out / "weights"), hidden=4, epochs=1)
    assert tuned(say=lambda _: None)["features"] == "resnet:weights"
    served = LearnFrozen(data, tmp_path / "frozen", features="stills.classical", epochs=1)
    assert served(say=lambda _: None)["features"] == "stills.classical"
    assert open_kamodel(tmp_path / "frozen" / "ranker.kamodel").card.feature_size > 100


def test_ones_own_videos_teach_a_ranker_that_can_be_served(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    tvsum(tmp_path)
    names = [f"clip{number}.mp4" for number in range(5)]
    for name in names:
        (tmp_path / "video" / name).rename(tmp_path / name)
    rows = {name: {"importance": [1, 2, 3, 4, 5, 9, 1, 1, 1, 1, 1, 1]} for name in names}
    (tmp_path / "annotations.json").write_text(json.dumps({"videos": rows}))
    out = tmp_path / "out"
    facts = LearnBiLSTM(tmp_path, out, hidden=4, epochs=1)(say=lambda _: None)
    assert facts["features"] == open_kamodel(out / "ranker.kamodel", "frames").card.features == "stills.classical"
    assert facts["data"]["videos"] == 5 <= facts["key_shots"]


def test_layer4_starts_from_a_copy_only_where_the_caller_makes_one() -> None:
    resnet = tiny_resnet()
    kept = copy.deepcopy(resnet)
    videos = seen_videos(2)
    fit_layer4(Parts(videos, videos, ()), resnet, LearnLayer4(HERE, HERE, side_px=32, epochs=1))
    changed = [name for name, value in resnet.state_dict().items() if not torch.equal(value, kept.state_dict()[name])]
    assert changed and all(name.startswith("encoder.stages.3.") for name in changed)
