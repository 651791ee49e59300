"""Language-guided PGL-SUM: what hears the text and how, learning from it, scripts and pictures through a CLIP."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from keyart.errors import BadSetting, MissingFile  # noqa: E402
from keyart.learn.data import BadData  # noqa: E402
from keyart.learn.summaries.language import (  # noqa: E402
    LearnLanguageSum,
    examples_of,
    read_texts,
    scorer_of,
    summariser,
)
from keyart.learn.summaries.language_features import beside, frame_rows, read_script, sentence_rows  # noqa: E402
from keyart.learn.summaries.pgl_sum_net import Attention, LanguagePglSum, Shape  # noqa: E402
from keyart.learn.training import Plan, train  # noqa: E402
from keyart.models.kamodel import open_kamodel  # noqa: E402
from keyart.review.agreement import PairEmbedder  # noqa: E402
from tests.hub import tiny  # noqa: E402
from tests.hub.learn.test_pgl_sum import filled, h5_of, silent, video  # noqa: E402

SETTINGS: dict[str, Any] = {"epochs": 3, "batch": 2, "learning_rate": 3e-3}


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def texts(count: int, width: int = 8) -> dict[str, Any]:
    return {
        f"video_{seed}": np.random.default_rng(100 + seed).standard_normal((2 + seed % 2, width)).astype(np.float32)
        for seed in range(count)
    }


def test_the_text_is_key_and_value_and_the_frames_ask() -> None:
    one = Attention(2, 2, 1, dropout=0.0)
    filled(one.Wq[0], [[1, 0], [0, 1]])
    filled(one.Wk[0], [[0, 1], [1, 0]])
    filled(one.Wv[0], [[1, 1], [0, 2]])
    filled(one.out, [[1, 0], [0, 1]])
    frames = torch.tensor([[[1.0, 0.0], [2.0, 1.0], [0.0, 0.0]]])
    text = torch.tensor([[[3.0, 1.0], [0.0, 2.0]]])
    # K = [[1, 3], [2, 0]], V = [[4, 2], [2, 4]]; energies of the frames: [1, 2], [5, 4], [0, 0]
    shares = [1 / (1 + math.e), math.e / (1 + math.e), 0.5]
    wanted = [[4 * share + 2 * (1 - share), 2 * share + 4 * (1 - share)] for share in shares]
    found = one(frames, text)
    assert found.shape == (1, 3, 2)
    assert found[0].tolist() == [pytest.approx(row, abs=1e-6) for row in wanted]


def test_one_global_mechanism_of_four_heads_and_two_local_ones() -> None:
    shape = LearnLanguageSum(Path(), Path()).learner(examples_of([video("video_0", 0)], texts(1))).network.shape
    assert (shape.heads, shape.local_heads, shape.segments, shape.position) == (4, 4, 2, False)


def test_the_text_reaches_the_local_mechanisms_alone() -> None:
    torch.manual_seed(0)
    network = LanguagePglSum(Shape(8, 4, 4, 2, position=False)).eval()
    frames, text = torch.randn(1, 9, 8), torch.randn(1, 3, 8, requires_grad=True)
    whole = network.attention.attention
    assert torch.equal(whole(frames), whole(frames, None))
    halves = [torch.autograd.grad(network(frames, text)[0, at], text, retain_graph=True)[0] for at in (0, 8)]
    assert all(one.abs().sum() > 0 for one in halves)
    # each half of the video has its own: without the second, scores of the first are what they were
    before = network(frames, text)[0]
    with torch.no_grad():
        network.attention.local_attention[1].out.weight.zero_()
    after = network(frames, text)[0]
    assert torch.equal(before[:5], after[:5]) and not torch.allclose(before[5:], after[5:])


def test_the_order_of_frames_within_a_half_and_of_sentences_says_nothing() -> None:
    torch.manual_seed(0)
    network = LanguagePglSum(Shape(8, 4, 4, 2, position=False)).eval()
    frames, text = torch.randn(1, 8, 8), torch.randn(1, 3, 8)
    turned = frames[:, [3, 2, 1, 0, 4, 5, 6, 7]]
    assert torch.allclose(network(frames, text)[0, :4].flip(0), network(turned, text)[0, :4], atol=1e-5)
    assert torch.allclose(network(frames, text), network(frames, text.flip(1)), atol=1e-5)


def test_every_part_gets_a_gradient() -> None:
    network = LanguagePglSum(Shape(8, 4, 4, 2, position=False)).eval()
    network(torch.randn(2, 10, 8), torch.randn(2, 3, 8)).sum().backward()
    assert all(one.grad is not None and one.grad.abs().sum() > 0 for one in network.parameters())


def test_it_overfits_one_batch_that_frames_alone_do_not_explain() -> None:
    """The same frames under two texts, with opposite importance."""
    one = video("video_0", 0)
    pair = texts(2)
    examples = examples_of([one], pair) + examples_of([one], {"video_0": pair["video_1"]})
    examples[1] = type(examples[1])(examples[1].inputs, 1 - examples[1].target)
    recipe = LearnLanguageSum(Path(), Path(), **SETTINGS | {"dropout": 0.0, "learning_rate": 1e-2})
    history = train(recipe.learner(examples), Plan(300))
    assert history[-1].training["loss"] < 2e-3


def test_going_on_gives_the_same_weights(tmp_path: Path) -> None:
    videos = [video(f"video_{seed}", seed) for seed in range(5)]
    recipe = LearnLanguageSum(Path(), Path(), **SETTINGS)

    def run(folder: Path, *epochs: int) -> dict[str, Any]:
        for count in epochs:
            learner = recipe.learner(examples_of(videos, texts(5)))
            train(learner, Plan(count), folder, "stamp")
            torch.manual_seed(count)  # another process begins with another state
        found: dict[str, Any] = learner.network.state_dict()
        return found

    whole, parts = run(tmp_path / "whole", 4), run(tmp_path / "parts", 1, 3, 4)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_from_a_file_to_a_model_with_two_inputs(tmp_path: Path) -> None:
    videos, said = [video(f"video_{seed}", seed) for seed in range(5)], texts(5)
    data = h5_of(tmp_path / "set.h5", videos, said)
    facts = LearnLanguageSum(data, tmp_path / "out", **SETTINGS)(silent)
    assert facts == json.loads((tmp_path / "out" / "language.json").read_text("utf-8"))
    assert {"f1", "tau", "rho", "random f1", "human tau"} <= set(facts["test"])
    model = open_kamodel(tmp_path / "out" / "ranker.kamodel", "frames")
    (scores,) = model(features=videos[0].features[None], text=said["video_0"][None])
    assert scores.shape == (1, 12) and model.card.features == "clip.clip-vit-b32"
    (other,) = model(features=videos[0].features[None], text=said["video_1"][None])
    assert not np.allclose(scores, other)


def test_texts_that_are_missing_or_of_another_clip(tmp_path: Path) -> None:
    one = video("video_0", 0)
    with pytest.raises(BadData, match="no text about"):
        examples_of([one], {})
    with pytest.raises(BadData, match="one CLIP makes both"):
        examples_of([one], texts(1, width=4))
    with pytest.raises(BadData, match="give --scripts"):
        read_texts(h5_of(tmp_path / "set.h5", [one]))
    with pytest.raises(BadSetting, match="texts"):
        summariser([one])
    with pytest.raises(BadSetting, match="segments"):
        LearnLanguageSum(Path(), Path(), segments=0)


def test_as_a_scorer() -> None:
    videos, said = [video(f"video_{seed}", seed) for seed in range(3)], texts(3)
    assert summariser(videos, texts=said, **SETTINGS)(videos[1]).shape == (12,)
    network = LanguagePglSum(Shape(8, 4, 4, 2, position=False))
    assert scorer_of(network, said)(videos[2]).shape == (12,)


# --- scripts, pictures --------------------------------------------------------------------------------------------


def test_scripts_and_transcripts_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The mayor opens the bridge. A crowd cheers.\n\nRain falls.\n", encoding="utf-8")
    found = read_script(beside(tmp_path, "a", (".txt",)))
    assert [one.text for one in found] == ["The mayor opens the bridge.", "A crowd cheers.", "Rain falls."]
    (tmp_path / "b.srt").write_text(
        "1\n00:00:01,000 --> 00:00:03,000\nThe mayor opens the bridge.\n\n"
        "2\n00:00:04,000 --> 00:00:05,500\nRain falls.\n",
        encoding="utf-8",
    )
    timed = read_script(tmp_path / "b.srt")
    assert [(one.text, one.start, one.end) for one in timed] == [
        ("The mayor opens the bridge.", 1.0, 3.0), ("Rain falls.", 4.0, 5.5),
    ]  # fmt: skip
    (tmp_path / "c.txt").write_text(" \n", encoding="utf-8")
    with pytest.raises(BadData, match="not one sentence"):
        read_script(tmp_path / "c.txt")
    with pytest.raises(MissingFile):
        beside(tmp_path, "d", (".txt",))


def clip_of(path: Path) -> Path:
    """Twelve pictures of rising brightness."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=12)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for at in range(12):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 20 * at, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_frames_and_sentences_through_one_clip(tmp_path: Path) -> None:
    (tmp_path / "clip").mkdir()
    clip = PairEmbedder(str(tiny.clip(tmp_path / "clip")))
    (tmp_path / "a.txt").write_text("A cat on the table. The quick brown fox.", encoding="utf-8")
    said = sentence_rows(read_script(tmp_path / "a.txt"), clip)
    seen = frame_rows(clip_of(tmp_path / "a.mp4"), np.array([0, 5, 11]), clip)
    assert said.shape == (2, 16) and seen.shape == (3, 16)
    assert not np.allclose(seen[0], seen[2])
    with pytest.raises(BadData, match="1 of 2 frames"):
        frame_rows(tmp_path / "a.mp4", np.array([0, 50]), clip)


def test_the_recipe_embeds_scripts_and_videos(tmp_path: Path) -> None:
    for name in ("clip", "videos", "scripts"):
        (tmp_path / name).mkdir()
    clip = tiny.clip(tmp_path / "clip")
    videos = [video(f"video_{seed}", seed, rows=6) for seed in range(3)]
    for one in videos:
        one.picks[:] = np.arange(6) * 2
        clip_of(tmp_path / "videos" / f"{one.name}.mp4")
        (tmp_path / "scripts" / f"{one.name}.txt").write_text("A cat. A fox.", encoding="utf-8")
    data = h5_of(tmp_path / "set.h5", videos)
    recipe = LearnLanguageSum(
        data, tmp_path / "out", scripts=tmp_path / "scripts", videos=tmp_path / "videos", clip=str(clip), **SETTINGS
    )
    facts = recipe(silent)
    model = open_kamodel(tmp_path / "out" / "ranker.kamodel", "frames")
    assert model.card.feature_size == 16 and str(tmp_path) not in json.dumps(facts)
    assert str(tmp_path) not in json.dumps(model.card.settings)
