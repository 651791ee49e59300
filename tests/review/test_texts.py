"""Word lists against what people write to get past them, and against words that only look like it."""

from __future__ import annotations

import pytest

from bench.moderation import DISGUISED, INNOCENT, PLAIN, lines
from keyart.review.disguise import folded
from keyart.review.lexicon import LANGUAGES, english_forms, lexicon
from keyart.review.texts import WordLists, find_words, masked

judge = WordLists()


@pytest.mark.parametrize("text", lines(PLAIN))
def test_what_is_written_plainly_is_found(text: str) -> None:
    assert judge(text).verdict in ("flag", "block")


@pytest.mark.parametrize("text", lines(DISGUISED))
def test_what_is_disguised_is_found(text: str) -> None:
    verdict = judge(text)
    assert verdict.verdict in ("flag", "block")


@pytest.mark.parametrize("text", lines(INNOCENT))
def test_what_only_looks_like_it_passes(text: str) -> None:
    assert judge(text).verdict == "pass", judge(text).reason


def test_the_place_is_that_of_the_text_as_it_is() -> None:
    text = "Вот это ё-моё, п и з д е ц какой"
    verdict = judge(text)
    assert verdict.span is not None
    assert text[slice(*verdict.span)] == "п и з д е ц"
    assert judge("He said f\u200buck").span == (8, 13)


def test_the_worst_decides_and_all_are_told() -> None:
    verdict = judge("Говно и пиздец, жопа")
    assert (verdict.verdict, verdict.category) == ("block", "profanity")
    assert verdict.reason.count("profanity") == 3


def test_a_reason_does_not_repeat_the_word() -> None:
    assert "пиздец" not in judge("пиздец").reason
    assert masked("пиздец") == "п****ц"


def test_mild_words_pass_and_are_told() -> None:
    verdict = judge("Какая жопа")
    assert verdict.verdict == "pass"
    assert "profanity" in verdict.reason


def test_mild_words_are_not_looked_for_behind_a_disguise() -> None:
    assert find_words("xep") == ()
    assert find_words("d1ck") == ()


def test_severity_by_category() -> None:
    assert judge("убей себя").category == "self-harm"
    assert judge("самоубийство актёра").verdict == "flag"
    assert judge("зиг хайль").category == "hate"
    assert judge("кокаин").category == "drugs"


@pytest.mark.parametrize("form", ["хуй", "хуя", "хую", "хуем", "хуи", "хуёв", "хуями"])
def test_every_case_counts(form: str) -> None:
    assert judge(f"Нет {form} здесь").verdict == "block"


@pytest.mark.parametrize("form", ["героин", "героина", "героином", "ГЕРОИНУ"])
def test_lemmas_cover_their_cases(form: str) -> None:
    assert judge(form).category == "drugs"
    assert judge("героиня и герои").verdict == "pass"


def test_empty_and_wordless_texts() -> None:
    for text in ("", " ", "!!!", "123 456", "— … —", "👍🏽", "***", "# # #", "日本語の題名"):
        assert judge(text).verdict == "pass"


def test_long_texts_take_no_age() -> None:
    assert judge("привет мир " * 500 + "х у й").verdict == "block"


def test_english_inflection() -> None:
    assert {"shits", "shitting", "shitty", "shit"} <= set(english_forms("shit"))
    assert {"raped", "raping", "rapes"} <= set(english_forms("rape"))
    assert {"bitches"} <= set(english_forms("bitch"))


def test_folding_keeps_short_i() -> None:
    assert folded("ЙÖЁ") == "йoе"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lists_are_sound(language: str) -> None:
    known = lexicon(language)
    names = [*known.lemmas, *known.forms]
    assert all(name == name.lower().replace("ё", "е") and name.strip() == name for name in names)
    assert known.innocent.isdisjoint(known.lemmas)
    assert {entry.category for entry in known.lemmas.values()} | {entry.category for entry in known.forms.values()} <= {
        "profanity", "hate", "sexual", "violence", "drugs", "self-harm"
    }  # fmt: skip
