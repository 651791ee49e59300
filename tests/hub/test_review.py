"""The review's hub backends on tiny random models, loaded as real ones are: a folder, or a name in the store."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from keyart.errors import BadModel, LicenceRefused
from keyart.models import CARDS, have, licensed
from keyart.models.store import stored_path
from keyart.review import Review
from keyart.review.agreement import PairEmbedder, cosines
from keyart.review.pictures import LABELS, NudeNet, PictureClassifier
from keyart.review.texts import TextClassifier
from keyart.types import RGB, Frame, Headline, Product, Receipt, Still
from tests.hub import tiny

TEXTS = ["a cat on the table", "как сварить борщ дома, если времени мало, а гостей много, и все хотят есть"]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KEYART_LICENCE", raising=False)
    return tmp_path / "models"


@pytest.fixture
def images() -> list[RGB]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (height, width, 3), np.uint8) for height, width in ((90, 160), (160, 90), (64, 64))]


def headline(text: str) -> Headline:
    return Headline(text, "ru", 0.0, 1.0, text, True, 1.0, "transcript")


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_embeddings_are_those_of_the_models_own_scores(kind: str, store: Path, images: list[RGB]) -> None:
    import torch
    from transformers import AutoModel, AutoProcessor

    folder = {"clip": tiny.clip, "siglip": tiny.siglip}[kind](store / kind)
    embedder = PairEmbedder(str(folder))
    found = cosines(embedder.pictures(images), embedder.texts(TEXTS))
    assert found.shape == (3, 2)

    network, processor = AutoModel.from_pretrained(folder).eval(), AutoProcessor.from_pretrained(folder)
    inputs = processor(
        text=TEXTS, images=images, return_tensors="pt", truncation=True, max_length=tiny.LENGTH, padding="max_length"
    )
    with torch.no_grad():
        logits = network(**inputs).logits_per_image.numpy()
    scale, bias = network.logit_scale.exp().item(), getattr(network, "logit_bias", torch.zeros(1)).item()
    assert found == pytest.approx((logits - bias) / scale, abs=1e-4)


def test_the_same_input_gives_the_same_numbers(store: Path, images: list[RGB]) -> None:
    embedder = PairEmbedder(str(tiny.clip(store / "one")))
    assert np.array_equal(embedder.pictures(images), embedder.pictures(images))
    again = PairEmbedder(str(tiny.clip(store / "two")))
    assert np.array_equal(embedder.texts(TEXTS), again.texts(TEXTS))


def test_tau_is_the_thesis_for_clip_and_siglips_own_for_siglip(store: Path) -> None:
    assert PairEmbedder(str(tiny.clip(store / "clip"))).tau() == 0.28
    siglip = PairEmbedder(str(tiny.siglip(store / "siglip")))
    chance = 1 / (1 + np.exp(-(siglip.tau() * np.exp(4.0) - 10.0)))
    assert chance == pytest.approx(0.01, rel=1e-4)


def test_a_model_in_the_store_is_found_by_name(store: Path, images: list[RGB]) -> None:
    tiny.siglip(stored_path(CARDS["siglip2-base"]))
    assert have("siglip2-base")
    stills = [Still(rank, Frame(image, float(rank)), rank, 1.0, ()) for rank, image in enumerate(images, 1)]
    covers = [
        Product(f"covers/{rank}.jpg", b"", "cover", Receipt("", {"still_rank": rank, "headline": {"text": text}}))
        for rank, text in enumerate(TEXTS, 1)
    ]
    outcome = Review(tau=-1.0).judge_agreement(covers, stills)
    assert (outcome.status, outcome.models) == ("ok", ("siglip2-base",))
    assert [one.verdict for one in outcome.value] == ["pass", "pass"]
    table = Review().pair_scores(stills, [headline(text) for text in TEXTS])
    assert table.value[0][0] == pytest.approx(outcome.value[0].score, abs=1e-4)
    assert len(table.value) == 3


def test_a_picture_classifier_judges(store: Path, images: list[RGB]) -> None:
    folder = str(tiny.picture_classifier(store / "vit", "normal", "nsfw"))
    classifier = PictureClassifier(folder)
    shares = classifier.shares(images[0])
    assert sum(shares.values()) == pytest.approx(1.0, abs=1e-5)
    verdict = classifier(images[0], "covers/a.jpg")
    assert verdict.score == pytest.approx(shares["nsfw"])
    strict = dataclasses.replace(classifier, block_from=0.0)
    assert (strict(images[0]).verdict, strict(images[0]).category) == ("block", "nudity")
    lax = dataclasses.replace(classifier, block_from=1.1, flag_from=1.1)
    assert lax(images[0]).verdict == "pass"


def test_labels_that_say_nothing_are_an_error(store: Path, images: list[RGB]) -> None:
    folder = str(tiny.picture_classifier(store / "vit", "cat", "dog"))
    with pytest.raises(BadModel, match="none of its labels says what is indecent: cat, dog"):
        PictureClassifier(folder)(images[0])
    with pytest.raises(BadModel, match="none of its labels is known to be harmless"):
        TextClassifier(str(tiny.text_classifier(store / "bert", "a", "b")))("text")


def test_a_text_classifier_judges_labels_that_may_go_together(store: Path) -> None:
    labels = ("non-toxic", "insult", "obscenity", "threat", "dangerous")
    classifier = TextClassifier(str(tiny.text_classifier(store / "bert", *labels)))
    chances = classifier.chances(TEXTS[1])
    assert tuple(chances) == labels
    assert sum(chances.values()) != pytest.approx(1.0, abs=0.05), "each label by its own sigmoid"
    verdict = dataclasses.replace(classifier, flag_from=0.0, block_from=1.1)(TEXTS[1], "headline 1")
    assert verdict.verdict == "flag"
    assert verdict.category in labels[1:]
    assert verdict.score == pytest.approx(1 - chances["non-toxic"] * (1 - chances["dangerous"]))


def test_a_text_classifier_judges_labels_that_exclude_one_another(store: Path) -> None:
    classifier = TextClassifier(str(tiny.text_classifier(store / "bert", "neutral", "toxic")))
    chances = classifier.chances("short")
    assert sum(chances.values()) == pytest.approx(1.0, abs=1e-5)
    assert classifier("short").score == pytest.approx(1 - chances["neutral"])
    assert classifier("word " * 500).score is not None, "long texts are cut"


def test_lists_and_classifier_together_the_worst_counts(store: Path) -> None:
    folder = str(tiny.text_classifier(store / "bert", "neutral", "toxic"))
    outcome = Review(word_backend="both", word_model=folder).judge_words([headline("Это пиздец")])
    assert outcome.value[0].verdict == "block"
    assert outcome.value[0].backend == "word lists"
    assert outcome.models == (folder,)


def test_a_network_of_yolos_shape_runs_from_the_store(
    store: Path, images: list[RGB], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnx")
    card = dataclasses.replace(CARDS["nudenet"], sha256="")
    monkeypatch.setitem(CARDS, "nudenet", card)
    tiny.yolo(stored_path(card), len(LABELS))
    found = NudeNet().sightings(images[0])
    assert found
    assert all(one.box.right <= 160 and one.box.bottom <= 90 for one in found)
    assert NudeNet()(images[0]).backend == "nudenet"


def test_a_folder_that_is_no_model_is_said_so(store: Path, images: list[RGB]) -> None:
    (store / "empty").mkdir(parents=True)
    with pytest.raises(BadModel, match="transformers cannot read it"):
        PictureClassifier(str(store / "empty"))(images[0])


def test_a_folder_without_a_card_is_refused_under_a_permissive_licence(store: Path, images: list[RGB]) -> None:
    folder = str(tiny.picture_classifier(store / "vit", "normal", "nsfw"))
    with licensed("permissive"), pytest.raises(LicenceRefused):
        PictureClassifier(folder)(images[0])
