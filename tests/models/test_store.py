"""The store gives only files that are what their cards say."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyart.errors import BadModel, MissingModel
from keyart.models import CARDS, Card, have, model_path
from keyart.models import store as store_module
from keyart.models.store import card_facts, store_folder, stored_path


def put(card: Card, content: bytes) -> Path:
    path = stored_path(card)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def test_the_store_is_where_the_environment_says(store: Path) -> None:
    assert store_folder() == store
    assert stored_path(CARDS["silero-vad"]) == store / "silero-vad" / "silero_vad.onnx"


def test_the_store_is_in_the_users_data_folder_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEYART_MODELS", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert store_folder() == tmp_path / "keyart" / "models"


def test_an_empty_variable_does_not_name_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_MODELS", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert store_folder() == tmp_path / "keyart" / "models"


def test_a_model_that_is_here(store: Path, cards: dict[str, Card]) -> None:
    path = put(cards["left"], b"left" * 99)
    assert have("left")
    assert not have("right")
    assert model_path("left") == path


def test_a_missing_model_says_the_cure(store: Path, cards: dict[str, Card]) -> None:
    with pytest.raises(MissingModel, match="keyart models pull left") as caught:
        model_path("left")
    assert caught.value.name == "left"
    assert isinstance(caught.value, LookupError)


def test_an_unknown_model_says_which_there_are(store: Path, cards: dict[str, Card]) -> None:
    with pytest.raises(MissingModel, match="known models: left, one, right"):
        model_path("nonesuch")


def test_a_tampered_file_is_refused(store: Path, cards: dict[str, Card]) -> None:
    put(cards["left"], b"left" * 98 + b"lefu")
    with pytest.raises(BadModel, match="--force"):
        model_path("left")


def test_a_file_is_hashed_once_a_process(store: Path, cards: dict[str, Card]) -> None:
    path = put(cards["left"], b"left" * 99)
    model_path("left")
    path.write_bytes(b"changed later: nobody pays for hashing at every use")
    assert model_path("left") == path
    assert store_module._verified.cache_info().hits == 1


def test_a_card_without_a_hash_is_not_verified(
    store: Path, cards: dict[str, Card], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.models.conftest import card_of

    card = card_of("hubbed", cards["left"].source, sha256="")
    monkeypatch.setattr("keyart.models.store.CARDS", {"hubbed": card})
    path = put(card, b"anything")
    assert model_path("hubbed") == path


@pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.name)
def test_a_card_in_plain_values(card: Card) -> None:
    import json

    facts = card_facts(card)
    assert json.loads(json.dumps(facts)) == facts
    assert facts["source"]
    assert facts["licence"] == card.licence


def test_what_is_known_of_a_model_is_told() -> None:
    facts = card_facts(CARDS["clip-vit-b32"])
    assert facts["input"] == [224, 224]
    assert facts["mean"][0] == pytest.approx(0.481, abs=1e-3)
    assert facts["languages"] == ["en"]
    assert card_facts(CARDS["sd3-medium"])["demands"]["memory_gb"] == 8.0
    assert "nudenet==3.4.2" in card_facts(CARDS["nudenet"])["source"]
