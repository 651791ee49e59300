from __future__ import annotations

from keyart.titles.entities import find_entities


def _found(text: str, language: str) -> list[tuple[str, str]]:
    return [(one.text, one.kind) for one in find_entities(text, language)]


def test_russian_names_without_the_capital_that_begins_a_sentence() -> None:
    found = _found("Вчера Илон Маск показал в Москве новую ракету компании SpaceX.", "ru")
    assert ("Илон Маск", "PER") in found and ("Москве", "LOC") in found and ("SpaceX", "ORG") in found
    assert all(text != "Вчера" for text, _ in found)
    assert _found("сегодня идёт дождь", "ru") == []


def test_each_entity_counts_once_in_any_case() -> None:
    assert len(_found("Москва растёт. Жители Москвы рады.", "ru")) == 1


def test_english_rules() -> None:
    text = "Yesterday Neil Armstrong met NASA engineers at Lake Victoria. The crew of Apollo Company left."
    found = _found(text, "en")
    assert ("Neil Armstrong", "PER") in found
    assert ("NASA", "ORG") in found
    assert ("Lake Victoria", "LOC") in found
    assert ("Apollo Company", "ORG") in found
    assert len(found) == 4
    assert _found("Nobody came. But it rains.", "en") == []
