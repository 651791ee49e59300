"""Tags: nominative, by lemma, without empty words."""

from __future__ import annotations

from keyart.titles.keywords import keywords
from keyart.titles.salience import content_lemmas, measure
from keyart.titles.sentences import split_sentences
from keyart.types import Cue, Transcript

RUSSIAN = (
    "Сегодня мы говорим о чёрных дырах. Чёрную дыру нельзя увидеть. Стивен Хокинг изучал чёрные дыры в Кембридже. "
    "Излучение Хокинга слабое. В Кембридже хранят телескоп. Телескопом видят звёзды. Звёзды гаснут."
)
ENGLISH = (
    "The blue whale lives in the ocean. Blue whales sing at night. NASA tracks whales from orbit. "
    "The ocean is deep. A whale song travels far in the ocean. Krill feeds the whale."
)


def tags(text: str, language: str, most: int = 12) -> tuple[str, ...]:
    sentences = split_sentences(Transcript(language, "test", (Cue(text, 0.0, 60.0),)))
    return keywords(sentences, measure(sentences, language), language, most)


def test_russian_tags_stand_in_the_nominative() -> None:
    found = tags(RUSSIAN, "ru")
    assert "чёрные дыры" in found or "чёрная дыра" in found
    assert "Кембридж" in found and "звёзды" in found
    assert 5 <= len(found) <= 12
    assert not {"сегодня", "мы", "дырах", "дыру"} & set(found)


def test_each_lemma_once() -> None:
    for text, language in ((RUSSIAN, "ru"), (ENGLISH, "en")):
        heads = [content_lemmas(one, language)[-1] for one in tags(text, language)]
        assert len(heads) == len(set(heads)), heads


def test_a_full_name_is_one_tag() -> None:
    text = "Александр Данилов вывел бойцов. Александра Данилова наградили. Бойцы гордятся Александром Даниловым."
    assert tags(text, "ru")[0] == "Александр Данилов" or "Александр Данилов" in tags(text, "ru")
    assert "Данилов" not in tags(text, "ru")


def test_capitals_of_names_stay() -> None:
    text = "Бои идут в Курской области. Курская область держится. Гости едут в Курскую область."
    assert "Курская область" in tags(text, "ru")


def test_english_tags() -> None:
    found = tags(ENGLISH, "en")
    assert any("whale" in one for one in found) and "ocean" in found
    assert not {"the", "night", "is"} & set(found)


def test_no_more_than_asked_for_and_none_for_nothing() -> None:
    assert len(tags(RUSSIAN, "ru", 3)) == 3
    assert tags("Ну вот. Да.", "ru") == () and tags("", "en") == ()
