"""The judge's hub tier on tiny random networks, and the recipe on a set of made clips."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("optuna")
pytest.importorskip("shap")

from bench.judge_tiny import human_preference, tiny_models  # noqa: E402
from keyart.errors import BadModel, BadSetting, MissingModel  # noqa: E402
from keyart.learn.judge.forests import (  # noqa: E402
    SLOPE_SHARE,
    Table,
    cross_validated,
    fitted,
    folds_of,
    make_forest,
    quantile_bins,
)
from keyart.learn.judge.onnx_trees import forest_bytes  # noqa: E402
from keyart.learn.judge.recipe import LearnJudge  # noqa: E402
from keyart.learn.judge.slopes import fit_slope, pairs_of  # noqa: E402
from keyart.media.encode import write_mp4  # noqa: E402
from keyart.models.fetch import add  # noqa: E402
from keyart.models.onnx import open_session  # noqa: E402
from keyart.review.generated import hub  # noqa: E402
from keyart.review.generated.features import spaces  # noqa: E402
from keyart.review.generated.flow import FLOW_NAMES, STATISTICS, flow_statistics  # noqa: E402
from keyart.review.generated.lpips_net import Lpips  # noqa: E402
from keyart.review.generated.measure import Measure  # noqa: E402
from keyart.review.generated.prompts import prompt_embedder  # noqa: E402
from keyart.review.generated.raft_net import Raft  # noqa: E402
from keyart.review.generated.ssim import ssim  # noqa: E402
from keyart.review.generated.verdict import judge  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return tiny_models(tmp_path_factory.mktemp("models"))


def film(path: Path, count: int = 6, seed: int = 0, noise: float = 0.0) -> Path:
    chance = np.random.default_rng(seed)
    ground = chance.integers(0, 256, (80, 220, 3), np.uint8)
    frames = [ground[:64, 2 * n : 2 * n + 96] for n in range(count)]
    grained = [np.clip(one + chance.normal(0, noise, one.shape), 0, 255).astype(np.uint8) for one in frames]
    return write_mp4(path, grained, frames_per_second=25, preset="ultrafast")


# --- the seed's appendix --------------------------------------------------------------------------------------------


def test_flow_statistics_are_those_of_the_appendix() -> None:
    flow = torch.randn(2, 7, 6, generator=torch.Generator().manual_seed(1))
    parts = (flow, torch.sqrt(flow[0] ** 2 + flow[1] ** 2), torch.arctan2(flow[0], flow[1]))
    wanted = [float(getattr(part, how)()) for part in parts for how in STATISTICS]
    assert flow_statistics(flow.numpy()) == pytest.approx(wanted, abs=1e-5)


def test_ssim_is_that_of_scikit_image() -> None:
    metrics = pytest.importorskip("skimage.metrics")
    chance = np.random.default_rng(0)
    smooth = np.add.outer(np.arange(90), np.arange(120)).astype(np.uint8)
    rough = chance.integers(0, 256, (90, 120)).astype(np.uint8)
    pairs = [(smooth, rough), (smooth, smooth), (rough, 255 - rough), (smooth, np.full_like(smooth, 255))]
    for one, other in pairs:
        assert ssim(one, other) == pytest.approx(metrics.structural_similarity(one, other, data_range=255), abs=1e-6)


# --- networks -------------------------------------------------------------------------------------------------------


def test_raft_has_the_published_weights_and_answers_in_full_size() -> None:
    whole = Raft()
    assert sum(one.numel() for one in whole.parameters()) == 5_257_536  # as torchvision states for raft_large
    names = set(whole.state_dict())
    assert {
        "feature_encoder.layer2.0.downsample.0.weight",
        "context_encoder.convnormrelu.1.running_mean",
        "update_block.motion_encoder.convcorr1.0.weight",
        "update_block.recurrent_block.convgru2.convq.bias",
        "update_block.flow_head.conv2.weight",
        "mask_predictor.convrelu.0.weight",
        "mask_predictor.conv.bias",
    } <= names
    small = Raft(16).eval()
    with torch.no_grad():
        assert small(torch.rand(2, 3, 128, 136), torch.rand(2, 3, 128, 136), 2).shape == (2, 2, 128, 136)


def test_raft_follows_a_planted_likeness() -> None:
    """The look-up finds the best place: with features that are one-hot, the level-0 peak lies at the true shift."""
    from keyart.review.generated.raft_net import _grid, _looked_up, _pyramid

    maps = torch.eye(16 * 16).view(1, 256, 16, 16)
    moved = torch.roll(maps, (2, 3), (2, 3))  # two down, three across
    places = _grid(1, 16, 16, maps)
    seen = _looked_up(_pyramid(maps, moved), places)[0, :81, 6, 6].view(9, 9)
    across, down = divmod(int(seen.argmax()), 9)
    assert (across - 4, down - 4) == (3, 2)


def test_lpips_is_nothing_for_the_same_picture_and_as_by_hand_for_two() -> None:
    torch.manual_seed(3)
    network = Lpips((4, 4, 4, 4, 4)).eval()
    one, other = torch.rand(1, 3, 64, 64) * 2 - 1, torch.rand(1, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        assert float(network(one, one)) == 0.0
        first = [(network._maps(x)[0]) for x in (one, other)]
        unit = [x / x.pow(2).sum(1, keepdim=True).sqrt().clamp_min(1e-10) for x in first]
        weights = network.lin0.model[1].weight.view(-1)
        by_hand = ((unit[0] - unit[1]) ** 2 * weights.view(1, -1, 1, 1)).sum(1).mean()
        for number in range(1, 5):
            getattr(network, f"lin{number}").model[1].weight.zero_()
        assert float(network(one, other)) == pytest.approx(float(by_hand), abs=1e-5)


def test_weights_of_another_network_are_an_error(tmp_path: Path) -> None:
    torch.save({"a.weight": torch.zeros(2)}, tmp_path / "raft_large.pth")
    with pytest.raises(BadModel, match="RAFT"):
        hub.raft_network(tmp_path)
    with pytest.raises(BadModel, match="neither"):
        hub.lpips_network(tmp_path)


def test_networks_without_a_folder_come_from_the_store(
    tmp_path: Path, models: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path))
    hub.raft_network.cache_clear()
    with pytest.raises(MissingModel, match="raft-large"):
        hub.raft_network()
    with pytest.raises(MissingModel, match="alexnet"):
        hub.lpips_network()
    add("raft-large", next(one for one in Path(models["raft"]).iterdir() if one.suffix == ".pth"))
    assert hub.raft_network() is not None
    hub.raft_network.cache_clear()


def test_hps_takes_its_words_from_their_own_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path / "store"))
    whole = tmp_path / "hps"
    human_preference(whole)
    alone = tmp_path / "alone"
    alone.mkdir()
    checkpoint = next(one for one in whole.iterdir() if one.suffix == ".pt")
    (alone / checkpoint.name).write_bytes(checkpoint.read_bytes())
    checkpoint.unlink()
    add("hps-v2", alone)
    embedder = prompt_embedder("HPS")
    with pytest.raises(MissingModel, match="openclip-vit-h14-words"):
        embedder.texts(["a cat"])
    add("openclip-vit-h14-words", whole)
    assert embedder.texts(["a cat"]).shape[0] == 1


def test_hps_reads_the_names_of_open_clip(tmp_path: Path) -> None:
    from transformers import CLIPModel

    from tests.hub.tiny import clip

    plain = CLIPModel.from_pretrained(clip(tmp_path / "plain")).eval()
    human_preference(tmp_path / "hps")
    embedder = prompt_embedder("HPS", {"HPS": str(tmp_path / "hps")})
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    other = prompt_embedder("clip-vit-base-patch32", {"clip-vit-base-patch32": str(tmp_path / "plain")})
    assert np.allclose(embedder.pictures([image]), other.pictures([image]), atol=1e-5)
    assert np.allclose(embedder.texts(["a cat"]), other.texts(["a cat"]), atol=1e-5)
    assert plain is not None


@pytest.mark.parametrize("name", ["HPS", "jina-clip-v2", "clip-vit-base-patch32", "siglip-large-patch16-384"])
def test_each_prompt_model_answers_a_row_a_picture(models: dict[str, str], name: str) -> None:
    embedder = prompt_embedder(name, models)
    images = list(np.random.default_rng(0).integers(0, 256, (3, 40, 60, 3)).astype(np.uint8))
    pictures, texts = embedder.pictures(images), embedder.texts(["a cat on the table"])
    assert pictures.shape[0] == 3 and texts.shape == (1, pictures.shape[1])
    assert not np.allclose(pictures[0], pictures[1])


def test_an_unknown_prompt_model_is_told(models: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match="there are: HPS"):
        prompt_embedder("blip", models)


# --- one pass -------------------------------------------------------------------------------------------------------


def test_the_pass_gives_one_number_a_frame_and_a_pair(tmp_path: Path, models: dict[str, str]) -> None:
    video = film(tmp_path / "a.mp4", count=11)
    found = hub.measure_with_hub(
        video, "a cat", Measure(("ssim",)), ("clip-vit-base-patch32",), lpips=True, raft=True, folders=models
    )
    assert found.series["clip-vit-base-patch32"].shape == (11,)
    assert found.series["lpips"].shape == found.series["ssim"].shape == (10,)
    assert all(found.series[f"raft_{name}"].shape == (10,) for name in FLOW_NAMES)
    assert np.abs(found.series["clip-vit-base-patch32"]).max() <= 1.0


def test_a_pair_is_asked_once(models: dict[str, str]) -> None:
    asked: list[int] = []

    def work(items: list[int]) -> list[tuple[float, ...]]:
        asked.extend(items)
        return [(float(one),) for one in items]

    meter = hub.Meter(("x",), f"test {models['raft']}", work)
    for mark in [*range(10), 3, 3, 11]:
        meter.add(str(mark), mark)
    assert meter.series()["x"].tolist() == [*range(10), 3, 3, 11]
    assert sorted(asked) == [*range(10), 11]
    assert hub.Kept(2).get("nothing") is None


# --- the forest -----------------------------------------------------------------------------------------------------


def noisy_table(count: int = 120) -> Table:
    chance = np.random.default_rng(0)
    X = chance.random((count, 4)).astype(np.float32).astype(np.float64)
    y = np.clip(1 + 9 * (1 - X[:, 0]) + chance.normal(0, 0.3, count), 1, 10)
    return Table(X, y, np.arange(count, dtype=np.int64), ("a", "b", "c", "d"))


def test_the_served_forest_is_the_learned_one() -> None:
    table = noisy_table()
    forest = make_forest("regression", {"n_estimators": 7}, 0).fit(table.X, table.y)
    rows = np.random.default_rng(1).random((300, 4)).astype(np.float32)
    trees = open_session(forest_bytes(forest)).run(None, {"features": rows})[0]
    assert trees.shape == (300, 7)
    assert np.allclose(trees, np.stack([one.predict(rows) for one in forest.estimators_], 1), atol=1e-5)


def test_a_threshold_that_float32_cannot_hold_decides_alike() -> None:
    table = noisy_table()
    forest = make_forest("regression", {"n_estimators": 3}, 0).fit(table.X, table.y)
    on_edges = np.repeat(forest.estimators_[0].tree_.threshold[:1].astype(np.float32)[:, None], 4, axis=1)
    edges = np.concatenate([on_edges, np.nextafter(on_edges, 2), np.nextafter(on_edges, -2)]).astype(np.float32)
    trees = open_session(forest_bytes(forest)).run(None, {"features": edges})[0]
    assert np.allclose(trees, np.stack([one.predict(edges) for one in forest.estimators_], 1), atol=1e-5)


def test_a_forest_held_to_a_sign_never_goes_the_other_way() -> None:
    table = noisy_table()
    forest = make_forest("regression", {"n_estimators": 20}, 0, (-1, 0, 0, 0)).fit(table.X, table.y)
    rows = np.repeat(table.X[:1], 50, axis=0)
    rows[:, 0] = np.linspace(0, 1, 50)
    assert (np.diff(forest.predict(rows)) <= 1e-9).all()


def takes_of_scenes(scenes: int = 20, takes: int = 6) -> Table:
    """Takes of scenes which look unlike each other; one feature of three rises with the fault."""
    chance = np.random.default_rng(2)
    fault = chance.uniform(0, 10, (scenes, takes))
    looks = chance.normal(0, 30, (scenes, 1, 3))
    X = looks + np.stack([fault, chance.normal(0, 1, fault.shape), -0.2 * fault], -1)
    groups = np.repeat(np.arange(scenes, dtype=np.int64), takes)
    return Table(X.reshape(-1, 3), (10 - 0.9 * fault).reshape(-1), groups, ("a", "b", "c"))


def test_pairs_are_takes_of_one_group_that_are_rated_apart() -> None:
    y, groups = np.array([9.0, 3.0, 8.9, 5.0]), np.array([0, 0, 0, 1])
    assert sorted(map(tuple, pairs_of(y, groups).tolist())) == [(0, 1), (2, 1)]
    assert fit_slope(np.zeros((4, 2)), y, np.arange(4)) is None


def test_a_slope_ranks_the_takes_of_a_scene_and_never_thanks_for_more() -> None:
    table = takes_of_scenes()
    slope = fit_slope(table.X, table.y, table.groups)
    assert slope is not None and (slope.weights >= 0).all()
    found = slope.predict(table.X)
    assert found.min() >= 1 and found.max() <= 10
    better, worse = pairs_of(table.y, table.groups).T
    assert (found[better] > found[worse]).mean() > 0.9
    assert slope.weights[0] > 3 * max(slope.weights[1:])


def test_the_served_model_is_the_forest_and_its_slope() -> None:
    table = takes_of_scenes()
    model = fitted("regression", {"n_estimators": 5}, table, 0, (-1, -1, -1))
    assert model.slope is not None
    rows = table.X.astype(np.float32)
    trees = open_session(forest_bytes(model.forest, model.slope, SLOPE_SHARE)).run(None, {"features": rows})[0]
    assert trees.shape == (len(rows), 5)
    assert np.allclose(trees.mean(axis=1), model.predict(rows.astype(np.float64)), atol=1e-3)
    assert fitted("regression", {"n_estimators": 5}, table, 0, (-1, 0, -1)).slope is None
    assert fitted("classification", {"n_estimators": 5}, table, 0, (-1, -1, -1)).slope is None


def test_folds_are_balanced_by_quantile_and_keep_groups_whole() -> None:
    table = noisy_table()
    bins = quantile_bins(table.y)
    assert np.bincount(bins).tolist() == [24] * 5
    for learn, look in folds_of(table, 0):
        assert not set(learn) & set(look)
        assert np.bincount(bins[look], minlength=5).min() >= 4
    grouped = Table(table.X, table.y, np.repeat(np.arange(30), 4), table.names)
    for learn, look in folds_of(grouped, 0):
        assert not set(grouped.groups[learn]) & set(grouped.groups[look])


def test_what_can_be_learned_is_learned() -> None:
    table = noisy_table()
    assert cross_validated(table, "regression", {"n_estimators": 20}, 0).mean < 0.6
    assert cross_validated(table, "classification", {"n_estimators": 20}, 0).mean > 85


# --- the recipe -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rated")
    (folder / "videos").mkdir()
    with (folder / "metadata.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file_name", "text", "mos"])
        for number in range(20):
            noise = 4.0 * (number % 10)
            film(folder / "videos" / f"{number}.mp4", seed=number, noise=noise)
            writer.writerow([f"videos/{number}.mp4", "a cat on the table", 10 - 0.9 * (number % 10)])
    return folder


def test_the_recipe_learns_a_forest_that_judges(rated: Path, tmp_path: Path) -> None:
    said: list[str] = []
    facts = LearnJudge(rated, tmp_path, trials=2, trees=10)(said.append)
    assert facts["clips"] == 20 and facts["test"]["MAE"] < 3
    assert (tmp_path / "shap_regression.png").stat().st_size > 2000
    assert len(facts["top_features"]["classification"]) == 10
    model = str(tmp_path / "judge.kamodel")
    clean = judge(film(tmp_path / "clean.mp4", seed=99), model=model)
    poor = judge(film(tmp_path / "poor.mp4", seed=99, noise=36), model=model)
    assert 1 <= poor.score < clean.score <= 10
    assert poor.uncertainty >= 0 and len(poor.reasons) == 3
    again = LearnJudge(rated, tmp_path, trials=2, trees=10)(said.append)
    assert again["file"] == facts["file"] and again["folds"] == facts["folds"]


def test_a_space_of_the_seed_is_learned_and_served(
    rated: Path, tmp_path: Path, models: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = tuple(f"{name}={place}" for name, place in models.items())
    space = "clip-vit-base-patch32/joined/L_S"
    facts = LearnJudge(rated, tmp_path, space, trials=1, trees=5, plots=False, model_folders=folders)(lambda _: None)
    assert facts["features"] == 15 + 100 + 15 + 15
    by_name = {"clip-vit-base-patch32": models["clip-vit-base-patch32"], "lpips": models["lpips"]}
    real = hub.measure_with_hub
    monkeypatch.setattr(hub, "measure_with_hub", lambda *args, **options: real(*args, **options, folders=by_name))
    found = judge(rated / "videos" / "0.mp4", "a cat", model=str(tmp_path / "judge.kamodel"))
    assert found.models == ("clip-vit-base-patch32",)
    with pytest.raises(BadSetting, match="prompt is wanted"):
        judge(rated / "videos" / "0.mp4", model=str(tmp_path / "judge.kamodel"))


def test_the_seed_s_spaces_are_144(tmp_path: Path) -> None:
    assert len({one.name for one in spaces()}) == 144
    with pytest.raises(BadSetting, match="no space"):
        LearnJudge(tmp_path, tmp_path, "clip/L")
