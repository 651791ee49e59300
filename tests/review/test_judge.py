"""The stage: three outcomes, each with a reason; what is blocked is left out, what nobody looked at is said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from keyart.cache import StageCache
from keyart.errors import BadSetting, MissingModel
from keyart.models import licensed
from keyart.review import REVIEWS, Review, Verdicts, judge, kept_headlines, kept_products, verdict_fact
from keyart.review.agreement import PairEmbedder, Vectors
from keyart.review.texts import TextClassifier, chance_of_harm
from keyart.review.verdict import Verdict, softened
from keyart.settings import settings_of
from keyart.types import RGB, Box, Outcome
from tests.review.conftest import headline, plain_picture, product, still

RUDE = headline("Это пиздец")
FINE = headline("Как сварить борщ")


class RedIsRude:
    """A moderator that blocks red pictures."""

    backend = "red is rude"
    models = ("nudenet",)

    def __call__(self, image: RGB, product: str = "") -> Verdict:
        red = float(image[..., 0].mean()) / 255
        region = Box(0, 0, image.shape[1], image.shape[0])
        if red < 0.5:
            return Verdict(product, "pass", "", "", self.backend, red)
        return Verdict(product, "block", "nudity", "too red", self.backend, red, region)


class Toy(PairEmbedder):
    """Pictures by redness, texts by length."""

    def pictures(self, images: Sequence[RGB]) -> Vectors:
        return np.array([[one[..., 0].mean() / 255, 0.5] for one in images], np.float32)

    def texts(self, texts: Sequence[str]) -> Vectors:
        return np.array([[len(one) / 10, 0.5] for one in texts], np.float32)

    def tau(self) -> float:
        return 0.9


def test_rude_headlines_are_blocked_and_left_out() -> None:
    outcome = Review().judge_words([FINE, RUDE])
    assert outcome.status == "ok"
    assert [one.verdict for one in outcome.value] == ["pass", "block"]
    assert outcome.value[1].product == "headline 2"
    assert kept_headlines([FINE, RUDE], outcome.value) == (FINE,)


def test_flag_leaves_nothing_out() -> None:
    outcome = Review(words="flag").judge_words([RUDE])
    assert [one.verdict for one in outcome.value] == ["flag"]
    assert outcome.value[0].span == (4, 10)
    assert kept_headlines([RUDE], outcome.value) == (RUDE,)


def test_what_the_user_wrote_is_told_but_kept() -> None:
    own = headline("Это пиздец", "user")
    outcome = Review().judge_words([own])
    assert [one.verdict for one in outcome.value] == ["flag"]
    assert kept_headlines([own], outcome.value) == (own,)


@pytest.mark.parametrize("name", REVIEWS)
def test_off_does_not_look_and_says_so(name: str) -> None:
    review = Review(words="off", pictures="off", agreement="off")
    outcome = dict(zip(REVIEWS, review([product("covers/a.png")], [RUDE], [still(1)]), strict=True))[name]
    assert (outcome.value, outcome.status) == ((), "skipped")
    assert f"review.{name} = off" in outcome.reason


def test_without_models_pictures_and_agreement_are_skipped_with_the_cure() -> None:
    cover = product("covers/a.png", still_rank=1, headline={"text": "Cat"})
    words, seen, agreement = Review()([cover], [FINE], [still(1)])
    assert words.status == "ok"
    for outcome in (seen, agreement):
        assert (outcome.value, outcome.status, outcome.models) == ((), "skipped", ())
        assert "keyart models pull" in outcome.reason
    assert "nudenet (AGPL-3.0)" in seen.reason
    assert "siglip2-base (Apache-2.0)" in agreement.reason
    with licensed("permissive"):
        assert "nudenet" not in Review().judge_pictures([cover]).reason, "no cure that the mode would refuse"


def test_a_model_asked_for_by_name_and_missing_is_an_error() -> None:
    with pytest.raises(MissingModel, match="pull nudenet"):
        Review(picture_backend="nudenet").judge_pictures([product("covers/a.png")])
    cover = product("covers/a.png", still_rank=1, headline={"text": "Cat"})
    with pytest.raises(MissingModel, match="pull clip-vit-b32"):
        Review(agreement_backend="clip").judge_agreement([cover], [still(1)])
    with pytest.raises(MissingModel, match="pull toxicity-ru"):
        Review(word_backend="both").judge_words([FINE])


def test_pictures_are_judged_product_by_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "picture_moderator", lambda backend, model: RedIsRude())
    dark, red = [plain_picture(10)], [plain_picture(250)]
    products = [
        product("covers/a.png", images=dark),
        product("covers/b.png", images=red),
        product("teaser/t.webp", "teaser", images=dark * 3 + red),
        product("storyboard/s.png", "storyboard", images=red),
        product("titles.json", "titles"),
    ]
    outcome = Review(pictures="block").judge_pictures(products)
    assert outcome.status == "ok"
    assert outcome.models == ("nudenet",)
    assert {one.product: one.verdict for one in outcome.value} == {
        "covers/a.png": "pass", "covers/b.png": "block", "teaser/t.webp": "block"
    }  # fmt: skip
    assert [one.path for one in kept_products(products, outcome.value)] == [
        "covers/a.png", "storyboard/s.png", "titles.json"
    ]  # fmt: skip
    assert all(one.verdict != "block" for one in Review().judge_pictures(products).value), "flag is the default"


def agreement_of(monkeypatch: pytest.MonkeyPatch, model: str, *texts: str, **settings: object) -> Outcome[Verdicts]:
    monkeypatch.setattr(judge, "pair_embedder", lambda backend, name: Toy(model))
    covers = [
        product(f"covers/{number}.png", still_rank=number, headline={"text": text})
        for number, text in enumerate(texts, 1)
    ]
    stills = [still(number, plain_picture(255 // number)) for number in range(1, len(texts) + 1)]
    review = Review(**settings)  # type: ignore[arg-type]
    return review.judge_agreement([*covers, product("avatar/a.png", "avatar")], stills)


def test_a_cover_is_judged_by_its_still_and_its_headline(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = agreement_of(monkeypatch, "siglip2-base", "ten chars.", "x")
    # still 1 is (1, .5), text (1, .5): the same; still 2 is (127/255, .5), text (.1, .5): 0.833
    assert [round(one.score or 0, 3) for one in outcome.value] == [1.0, 0.833]
    assert [one.verdict for one in outcome.value] == ["pass", "flag"]
    assert outcome.models == ("siglip2-base",)
    assert "0.83" in outcome.value[1].reason


def test_the_users_tau_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = agreement_of(monkeypatch, "siglip2-base", "ten chars.", "x", tau=0.8, agreement="block")
    assert [one.verdict for one in outcome.value] == ["pass", "pass"]


def test_a_model_of_english_gives_no_number_for_russian(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = agreement_of(monkeypatch, "clip-vit-b32", "ten chars.", "по-русски")
    assert [one.product for one in outcome.value] == ["covers/1.png"]
    assert outcome.status == "degraded"
    assert "1 of 2" in outcome.reason
    assert agreement_of(monkeypatch, "clip-vit-b32", "по-русски").status == "skipped"


def test_scores_for_whoever_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Review().pair_scores([still(1)], [FINE]).status == "skipped"
    monkeypatch.setattr(judge, "pair_embedder", lambda backend, name: Toy("siglip2-base"))
    outcome = Review().pair_scores([still(1, plain_picture(255))], [headline("ten chars."), headline("x")])
    assert outcome.value == ((1.0, 0.6139),)
    assert Review(agreement="off").pair_scores([still(1)], [FINE]).value == ()


def test_settings_are_read_off_the_fields() -> None:
    found = {one.name: one for one in settings_of(Review, with_help=True)}
    assert found["words"].choices == ("block", "flag", "off")
    assert all(one.help for one in found.values())


@pytest.mark.parametrize(
    "settings", [{"picture_backend": "yolo"}, {"agreement_backend": "bert"}, {"word_backend": "x"}, {"tau": 2.0}]
)
def test_a_wrong_setting_says_what_there_is(settings: dict[str, object]) -> None:
    with pytest.raises(BadSetting):
        Review(**settings)  # type: ignore[arg-type]


def test_an_outcome_comes_back_from_the_cache_as_it_was(tmp_path: Path) -> None:
    verdicts = (
        Verdict("covers/a.jpg", "flag", "nudity", "r", "nudenet", 0.5, Box(1, 2, 3, 4)),
        Verdict("headline 1", "block", "profanity", "r", "word lists", span=(4, 10)),
    )
    cache = StageCache(tmp_path)
    cache.put("key", Outcome(verdicts, backend="b"), Outcome[Verdicts])
    found = cache.get("key", Outcome[Verdicts])
    assert found is not None
    assert found.value == verdicts


def test_softened_keeps_everything_else() -> None:
    hard = Verdict("a", "block", "nudity", "r", "b", 0.9, Box(1, 2, 3, 4), (1, 2))
    assert softened(hard, "block") is hard
    soft = softened(hard, "flag")
    assert (soft.verdict, soft.region, soft.span, soft.score, soft.reason) == ("flag", hard.region, (1, 2), 0.9, "r")


def test_chance_of_harm_by_hand() -> None:
    assert chance_of_harm({"neutral": 0.3, "toxic": 0.7}) == pytest.approx(0.7)
    # the model's card: safe is non-toxic and not dangerous
    assert chance_of_harm({"non-toxic": 0.9, "insult": 0.1, "dangerous": 0.5}) == pytest.approx(1 - 0.9 * 0.5)
    assert chance_of_harm({"cat": 1.0}) is None
    assert TextClassifier().languages == ("ru",)


def test_a_text_in_a_language_the_classifier_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TextClassifier, "chances", lambda self, text: {"non-toxic": 0.05, "insult": 0.95})
    outcome = Review(word_backend="classifier").judge_words([headline("Дурак"), headline("You fool", language="en")])
    assert [(one.product, one.verdict, one.category) for one in outcome.value] == [("headline 1", "block", "insult")]
    assert outcome.status == "degraded"
    assert "1 of 2" in outcome.reason


def test_a_verdict_in_the_manifest() -> None:
    fact = verdict_fact(Verdict("a", "flag", "nudity", "r", "b", 0.123456, Box(1.4, 2, 3, 4)))
    assert fact == {
        "product": "a", "verdict": "flag", "category": "nudity", "reason": "r", "score": 0.1235, "region": [1, 2, 3, 4],
        "span": None, "backend": "b",
    }  # fmt: skip
    assert verdict_fact(Verdict("a", "pass", "", "", "b", span=(1, 2)))["span"] == [1, 2]
