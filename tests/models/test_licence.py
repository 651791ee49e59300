"""Licence mode: what is not permissive is refused by name, passed over by default, and always listed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from keyart.errors import BadSetting, LicenceRefused
from keyart.models import CARDS, Card, bill_of_models, have, licensed, model_folder, model_path
from keyart.models.card import HubFolder
from keyart.models.licence import licence_mode, permitted
from keyart.models.onnx import onnx_session
from tests.models.conftest import card_of
from tests.models.test_store import put


@pytest.fixture
def agpl(store: Path, cards: dict[str, Card]) -> Card:
    """`right` is a model that is not permissive, and both are in the store."""
    cards["right"] = dataclasses.replace(cards["right"], licence="AGPL-3.0", permissive=False)
    put(cards["left"], b"left" * 99)
    put(cards["right"], b"right" * 99)
    return cards["right"]


def test_any_is_the_usual_mode(agpl: Card) -> None:
    assert licence_mode() == "any"
    assert have("right")
    assert model_path("right").is_file()


def test_permissive_refuses_by_name_and_says_the_cure(agpl: Card) -> None:
    with licensed("permissive"), pytest.raises(LicenceRefused, match=r"'right'.*AGPL-3\.0.*--licence any") as caught:
        model_path("right")
    assert (caught.value.model, caught.value.licence) == ("right", "AGPL-3.0")
    assert isinstance(caught.value, ValueError)


def test_permissive_is_passed_over_by_an_unnamed_default(agpl: Card) -> None:
    def default() -> str:
        return next(name for name in ("right", "left") if have(name))

    assert default() == "right"
    with licensed("permissive"):
        assert default() == "left"
        assert model_path("left").is_file()


def test_the_mode_ends_with_its_block(agpl: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_LICENCE", "permissive")
    with licensed("any"):
        assert permitted(agpl)
    assert licence_mode() == "permissive"
    assert not have("right")


def test_the_mode_is_asked_each_time_not_remembered(agpl: Card) -> None:
    model_path("right")
    with licensed("permissive"), pytest.raises(LicenceRefused):
        model_path("right")


def test_a_wrong_mode_says_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSetting, match="'gpl'; allowed: any, permissive"), licensed("gpl"):
        pass
    monkeypatch.setenv("KEYART_LICENCE", "free")
    with pytest.raises(BadSetting, match="KEYART_LICENCE"):
        licence_mode()


def test_a_folder_without_a_card_has_no_known_licence(store: Path, tmp_path: Path) -> None:
    assert model_folder(str(tmp_path)) == tmp_path
    with licensed("permissive"), pytest.raises(LicenceRefused, match="no card"):
        model_folder(str(tmp_path))


def test_an_open_session_is_not_handed_out_in_another_mode(agpl: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyart.models.onnx.open_session", lambda path, threads: object())
    onnx_session("right")
    with licensed("permissive"), pytest.raises(LicenceRefused):
        onnx_session("right")


def test_the_bill_lists_every_model_known_or_not() -> None:
    bill = bill_of_models(["silero-vad", "nudenet", "a-model-of-mine", "silero-vad"])
    assert [line["name"] for line in bill] == ["a-model-of-mine", "nudenet", "silero-vad"]
    assert [line["licence"] for line in bill] == ["unknown", "AGPL-3.0", "MIT"]
    assert [line["permissive"] for line in bill] == [False, False, True]
    assert bill[2]["sha256"] == CARDS["silero-vad"].sha256


def test_the_hubs_own_cache_is_found(store: Path, tmp_path: Path, cards: dict[str, Card]) -> None:
    cards["clip"] = dataclasses.replace(card_of("clip", HubFolder("someone/clip"), sha256=""), filename="")
    assert not have("clip")
    cached = tmp_path / "hub" / "hub" / "models--someone--clip"
    (cached / "refs").mkdir(parents=True)
    (cached / "refs" / "main").write_text("abc123")
    (cached / "snapshots" / "abc123").mkdir(parents=True)
    assert have("clip")
    assert model_folder("clip") == cached / "snapshots" / "abc123"
