"""GEVADEN, step by step: every equation against a value worked out another way; it learns, goes on, and is served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from keyart.errors import BadSetting, MissingFile  # noqa: E402
from keyart.learn.data import BadData  # noqa: E402
from keyart.learn.gif import losses, nets  # noqa: E402
from keyart.learn.gif.gevaden import (  # noqa: E402
    LearnGif,
    drawing,
    fit_gif,
    network_of,
    parted,
    top_three,
    usable,
)
from keyart.learn.gif.results import MODEL, RESULT  # noqa: E402
from keyart.learn.sets.values import GifVideo  # noqa: E402
from keyart.models.kamodel import open_kamodel  # noqa: E402
from keyart.teasers.learned import learned_triple  # noqa: E402

SIZE, HERE = 5, Path()
TINY = LearnGif(HERE, HERE, semantic=8, gif_semantic=6, latent=3, batch=4, epochs=2, patience=0, validation_draws=2)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def video(number: int, num_gifs: int = 2, size: int = SIZE) -> GifVideo:
    chance = np.random.default_rng(number)
    seconds = int(chance.integers(6, 10))
    gifs = tuple((int(a), int(b), int(c)) for a, b, c in (chance.permutation(seconds)[:3] for _ in range(num_gifs)))
    rows = chance.standard_normal((seconds, size), np.float32)
    return GifVideo(f"v{number}", gifs, chance.poisson(5, seconds), 1.0, seconds, rows)


VIDEOS = tuple(video(number) for number in range(8))


def gevaden(**changed: Any) -> Any:
    return network_of(replace(TINY, **changed), SIZE)


def batch() -> tuple[Any, Any, Any]:
    """Two videos of different lengths, padded with what must not be read, and a GIF of each."""
    torch.manual_seed(3)
    shots, lengths = torch.randn(2, 7, SIZE), torch.tensor([7, 4])
    shots[1, 4:] = 1e6
    return shots, lengths, shots[:, [3, 0, 1]]


# --- the equations ------------------------------------------------------------------------------------------------


def by_hand(cell: Any, x: Any, state: tuple[Any, Any], layer: str = "") -> tuple[Any, Any]:
    """One step of an LSTM from its textbook equations."""
    h, c = state
    w_x, w_h, b_x, b_h = (getattr(cell, f"{name}{layer}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    i, f, g, o = (w_x @ x + b_x + w_h @ h + b_h).chunk(4)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def test_the_encoders_are_two_lstm_layers_and_a_mlp_of_two_layers() -> None:
    encoder, (shots, lengths, _) = gevaden().prior, batch()
    s_x = encoder(shots, lengths)
    for row, length in enumerate(lengths.tolist()):
        lower = upper = (torch.zeros(8), torch.zeros(8))
        for shot in shots[row, :length]:
            lower = by_hand(encoder.lstm, shot, lower, "_l0")
            upper = by_hand(encoder.lstm, lower[0], upper, "_l1")
        assert torch.allclose(s_x[row], upper[0], atol=1e-6)
    one, _, two = encoder.head
    mean, log_variance = encoder.gaussian(s_x)
    found = torch.relu(s_x @ one.weight.T + one.bias) @ two.weight.T + two.bias
    assert torch.allclose(torch.cat([mean, log_variance], dim=1), found, atol=1e-6)


def test_equation_3_begins_with_the_video_and_no_shot_and_hands_each_shot_on() -> None:
    torch.manual_seed(0)
    network = nets.Generator(SIZE, 8, 3)
    s_x, z = torch.randn(8), torch.randn(3)
    lower = upper = (s_x, torch.zeros(8))
    shot, wanted = torch.zeros(SIZE), []
    for _ in range(3):
        lower = by_hand(network.lower, torch.cat([z, shot]), lower)
        upper = by_hand(network.upper, lower[0], upper)
        shot = network.out.weight @ upper[0] + network.out.bias
        wanted.append(shot)
    assert torch.allclose(network(s_x[None], z[None])[0], torch.stack(wanted), atol=1e-6)


def test_equations_1_and_2_draw_from_the_gaussians() -> None:
    mean, log_variance = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, 2 * float(np.log(3.0))]])
    noise = torch.randn(1, 50_000, 2, generator=torch.Generator().manual_seed(0))
    drawn = nets.at((mean, log_variance), noise)
    assert torch.allclose(drawn.mean(dim=1), mean, atol=0.05)
    assert torch.allclose(drawn.std(dim=1), torch.tensor([[1.0, 3.0]]), rtol=0.02)


def test_the_regression_is_the_sum_of_l2_norms() -> None:
    made, wanted = torch.zeros(1, 3, 2), torch.tensor([[[3.0, 4.0], [0.0, 0.0], [-6.0, 8.0]]])
    assert nets.regression(made, wanted).tolist() == [15.0]


def test_the_divergence_is_that_of_torchs_distributions() -> None:
    torch.manual_seed(1)
    one, other = [(torch.randn(4, 3), torch.randn(4, 3)) for _ in range(2)]
    normals = [torch.distributions.Normal(mean, (log / 2).exp()) for mean, log in (one, other)]
    wanted = torch.distributions.kl_divergence(*normals).sum(dim=1)
    assert torch.allclose(nets.divergence(one, other), wanted, atol=1e-5)
    assert nets.divergence(one, one).abs().max() < 1e-6


def test_equation_7_adds_its_terms_with_their_weights_over_the_samples() -> None:
    network, (shots, lengths, wanted) = gevaden(), batch()
    torch.manual_seed(5)
    found = losses.mixed(network, shots, lengths, wanted, 4, 0.3, 0.2)
    torch.manual_seed(5)
    noise = torch.randn(2, 4, 3)
    regression, kl, apart = [], [], []
    for row in range(2):
        s_x = network.prior(shots[row : row + 1, : lengths[row]])
        s_y = network.posterior(wanted[row : row + 1])
        mean, log_variance = network.posterior.gaussian(s_y)
        kl.append(nets.divergence((mean, log_variance), network.prior.gaussian(s_x))[0])
        for sample in range(4):
            made = network.generator(s_x, mean + (log_variance / 2).exp() * noise[row, sample])
            regression.append(sum((made[0, place] - wanted[row, place]).norm() for place in range(3)))
            apart.append((network.posterior(made) - s_y).norm())
    parts = [sum(terms) / len(terms) for terms in (regression, kl, apart)]
    assert [found[name].item() for name in ("regression", "kl", "perceptual")] == pytest.approx(
        [part.item() for part in parts], rel=1e-5
    )
    assert found["loss"].item() == pytest.approx((parts[0] + 0.3 * parts[1] + 0.2 * parts[2]).item(), rel=1e-5)


def test_equation_6_trains_the_generator_and_leaves_the_posterior_encoder_alone() -> None:
    network, (shots, _, _) = gevaden(), batch()
    gifs = torch.randn(2, 4, 3, SIZE, requires_grad=True)
    network.re_embedded(gifs).sum().backward()
    assert gifs.grad is not None
    assert gifs.grad.abs().sum() > 0
    assert all(weight.grad is None for weight in network.posterior.parameters())
    assert torch.allclose(network.re_embedded(gifs)[1, 2], network.posterior(gifs[1, 2:3])[0], atol=1e-6)
    assert shots.shape[0] == 2


def test_the_perceptual_loss_moves_no_encoding_of_the_truth() -> None:
    """Where z hangs on nothing, its gradient ends before the posterior encoder."""
    network, (shots, lengths, wanted) = gevaden(), batch()
    for parameter in network.posterior.head.parameters():
        parameter.data.zero_()
    losses.mixed(network, shots, lengths, wanted, 4, 0.0, 1.0)["perceptual"].backward()
    assert all(weight.grad is None or not weight.grad.any() for weight in network.posterior.lstm.parameters())
    assert any(weight.grad.any() for weight in network.generator.parameters())


def test_a_fixed_prior_is_a_standard_normal() -> None:
    network, (shots, lengths, _) = gevaden(model="fixed-prior"), batch()
    mean, log_variance = network.prior_of(network.prior(shots, lengths))
    assert not mean.any()
    assert not log_variance.any()
    noise = torch.randn(6, 3)
    made = network(shots[:1], noise)
    assert torch.allclose(made[2], network.generator(network.prior(shots[:1]), noise[2:3])[0], atol=1e-6)


def test_re_seq2seq_looks_back_at_its_own_video_and_away_from_another() -> None:
    network, (shots, lengths, wanted) = gevaden(model="re-seq2seq"), batch()
    found = losses.retrospective(network, shots, lengths, wanted, 0.5)
    s_x = network.encoder(shots, lengths)
    seen = network.back(network.generated(s_x))
    own = [(seen[row] - s_x[row]).norm() for row in range(2)]
    other = [(seen[row] - s_x[1 - row]).norm() for row in range(2)]
    back = sum(a + max(0.0, 1 + a - b) for a, b in zip(own, other, strict=True)) / 2
    assert found["back"].item() == pytest.approx(back.item(), rel=1e-5)
    assert found["loss"].item() == pytest.approx((found["regression"] + 0.5 * found["back"]).item())
    assert torch.equal(network(shots[:1], torch.randn(4, 3))[0], network(shots[:1], torch.zeros(1, 3))[0])


@pytest.mark.parametrize("model", ["gevaden", "fixed-prior", "re-seq2seq"])
def test_every_weight_that_is_to_be_trained_has_a_gradient(model: Any) -> None:
    network, (shots, lengths, wanted) = gevaden(model=model), batch()
    idle = {"re-seq2seq": ("encoder.head", "back.head"), "fixed-prior": ("prior.head",)}.get(model, ())
    if model == "re-seq2seq":
        found = losses.retrospective(network, shots, lengths, wanted, 0.1)
    else:
        found = losses.mixed(network, shots, lengths, wanted, 2, 0.1, 0.1)
    found["loss"].backward()
    trained = {name: weight for name, weight in network.named_parameters() if not name.startswith(idle)}
    assert len(trained) > 20
    for name, weight in trained.items():
        assert weight.grad.isfinite().all(), name
        assert weight.grad.any(), name


def test_the_dimensions_are_those_of_the_seed() -> None:
    network = network_of(LearnGif(HERE, HERE), 2048)
    assert network.prior.lstm.hidden_size == 512
    assert network.posterior.lstm.hidden_size == 128
    assert (network.prior.lstm.num_layers, network.posterior.lstm.num_layers) == (2, 2)
    assert network.latent == 10
    assert network(torch.zeros(1, 4, 2048), torch.zeros(2, 10)).shape == (2, 3, 2048)


# --- training -----------------------------------------------------------------------------------------------------


def test_it_overfits_one_batch() -> None:
    one = video(1, num_gifs=3)
    recipe = replace(TINY, semantic=32, gif_semantic=16, epochs=150, learning_rate=2e-2, beta=1e-3, validation_draws=1)
    _, history = fit_gif([one], [one], recipe)
    assert history[-1].training["regression"] < 0.2 * history[0].training["regression"]
    assert min(epoch.validation["PME"] for epoch in history) < 0.1


def test_two_answers_to_one_question_are_both_generated_and_never_their_mean() -> None:
    """What a sequence to sequence model cannot do: half of the draws tell the one GIF, half the other."""
    rows = np.array([[2, 0], [0, 2], [-2, 0], [0, -2], [1, -1], [-1, 1]], np.float32)
    both = GifVideo("both", ((0, 1, 2), (2, 3, 0)), np.ones(6, np.int64), 1.0, 6, rows)
    settings = {"semantic": 16, "gif_semantic": 8, "epochs": 120, "learning_rate": 1e-2, "beta": 0.02, "batch": 2}
    recipe = replace(TINY, **settings)  # type: ignore[arg-type]
    network, _ = fit_gif([both], [both], recipe)
    made = next(drawing(network, recipe)(both, 200))
    ends = np.sign(made[:, 0, 0])
    assert 0.2 < (ends > 0).mean() < 0.8
    assert np.median(np.abs(made[:, 0, 0])) > 1.5


@pytest.mark.parametrize("model", ["gevaden", "ranked"])
def test_a_run_taken_up_again_ends_where_an_unbroken_one_does(model: Any, tmp_path: Path) -> None:
    recipe = replace(TINY, model=model)
    whole, _ = fit_gif(VIDEOS[:6], VIDEOS[6:], replace(recipe, epochs=3))
    fit_gif(VIDEOS[:6], VIDEOS[6:], replace(recipe, epochs=1), tmp_path)
    network, history = fit_gif(VIDEOS[:6], VIDEOS[6:], replace(recipe, epochs=3), tmp_path)
    assert [one.epoch for one in history] == [1, 2, 3]
    for name, value in whole.state_dict().items():
        assert torch.equal(value, network.state_dict()[name]), name


def test_the_scorer_learns_which_shots_are_in_gifs() -> None:
    def marked(number: int) -> GifVideo:
        one = video(number)
        one.features[:, 0] = [float(any(shot in gif for gif in one.gifs)) for shot in range(len(one.features))]
        return one

    videos = [marked(number) for number in range(10)]
    network, _ = fit_gif(videos[:8], videos[8:], replace(TINY, model="ranked", epochs=30, learning_rate=3e-3))
    for one in videos[8:]:
        chosen = top_three(network, one)
        assert set(chosen.tolist()) <= {shot for gif in one.gifs for shot in gif}
        assert chosen.tolist() == sorted(chosen.tolist())
        assert (next(drawing(network, replace(TINY, model="ranked"))(one, 7)) == one.features[chosen]).all()


# --- data and files -----------------------------------------------------------------------------------------------


def test_the_split_has_the_seeds_sizes() -> None:
    many = [replace(VIDEOS[0], name=f"{number:04}") for number in range(1070)]
    parts = parted(many, seed=1)
    assert [len(part) for part in (parts.train, parts.validation, parts.test)] == [857, 106, 107]
    assert len({one.name for part in (parts.train, parts.validation, parts.test) for one in part}) == 1070
    assert [one.name for one in parted(many[::-1], 1).test] == [one.name for one in parts.test]
    with pytest.raises(BadData, match="at least 6"):
        parted(many[:4], 1)


def test_videos_that_do_not_fit_together_are_an_error() -> None:
    with pytest.raises(BadData, match=r"sizes \[4, 5\]"):
        usable([VIDEOS[0], video(9, size=4)])
    with pytest.raises(BadData, match=r"a GIF of second \d+; features of \d"):
        usable([replace(VIDEOS[0], features=VIDEOS[0].features[: max(max(gif) for gif in VIDEOS[0].gifs)])])
    bare = replace(VIDEOS[1], gifs=())
    assert usable([VIDEOS[0], bare]) == (VIDEOS[0],)


@pytest.mark.parametrize("wrong", [{"latent": 0}, {"beta": -1}, {"learning_rate": 0.0}, {"draws": 0}])
def test_settings_outside_their_range_are_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadSetting, match=next(iter(wrong))):
        replace(TINY, **wrong)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = {
        one.name: {
            "gifs": {str(at): list(gif) for at, gif in enumerate(one.gifs)},
            "fps": 1.0,
            "frames": one.num_frames,
        }
        for one in VIDEOS
    }
    (tmp_path / "annotated_data.json").write_text(json.dumps(rows))
    (tmp_path / "annotated_dm_count.json").write_text(json.dumps({one.name: one.comments.tolist() for one in VIDEOS}))
    np.savez(tmp_path / "features.npz", **{one.name: one.features for one in VIDEOS})  # type: ignore[arg-type]
    return tmp_path


@pytest.mark.parametrize("model", ["gevaden", "re-seq2seq"])
def test_from_files_to_a_model_that_serves_without_torch(model: Any, folder: Path) -> None:
    recipe = replace(TINY, data=folder, out=folder / "out", model=model, draws=40, features="teasers.seconds")
    facts = recipe(say=lambda _: None)
    assert set(facts["test"]) == {"PME", "PS", "PS of eq. 10"}
    assert json.loads((folder / "out" / RESULT).read_text()) == facts
    opened = open_kamodel(folder / "out" / MODEL, "triple")
    assert opened.card.features == "teasers.seconds"
    assert opened.card.scores == facts["test"]
    assert str(folder) not in json.dumps(facts)
    for rows in (VIDEOS[0].features, np.concatenate([VIDEOS[1].features] * 3)):
        triple = learned_triple(opened, rows, [float(second) for second in range(len(rows))], draws=16)
        assert triple is not None
        assert len(set(triple)) == 3


def test_without_the_files_it_says_which_are_wanted(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match=r"annotated_data\.json and features\.npz .* annotations\.json beside"):
        replace(TINY, data=tmp_path, out=tmp_path)(say=lambda _: None)


def test_ones_own_videos_are_read_as_the_teaser_sees_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "annotations.json").write_text("{}")
    monkeypatch.setattr("keyart.learn.gif.results.own_gifs", lambda folder: VIDEOS)
    recipe = replace(TINY, data=tmp_path, out=tmp_path / "out", model="re-seq2seq", draws=2)
    recipe(say=lambda _: None)
    assert open_kamodel(tmp_path / "out" / MODEL).card.features == "teasers.seconds"
