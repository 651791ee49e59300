"""A learned model's file: what comes back out of it, and what is said of files that are none."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from keyart.cli import main
from keyart.errors import BadModel, BadSetting, MissingFile
from keyart.models import bill_of_models
from keyart.models.kamodel import (
    LearnedCard,
    learned_file,
    learned_models,
    open_kamodel,
    packed,
    read_card,
    shelve,
)
from tests.models.kamodels import frame_ranker

WEIGHTS = (1.0, -2.0, 0.5)
ROWS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [2, 1, 4]], np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return frame_ranker(tmp_path / "ranker.kamodel", WEIGHTS)


def test_scores_are_those_of_the_network(path: Path) -> None:
    model = open_kamodel(path, "frames")
    assert model.frame_scores(ROWS) == pytest.approx(1 / (1 + np.exp(-ROWS @ np.array(WEIGHTS))), abs=1e-6)
    assert open_kamodel(path) is model  # opened once


def test_a_changed_file_is_opened_anew(path: Path) -> None:
    first = open_kamodel(path)
    frame_ranker(path, (9.0, 9.0, 9.0, 9.0))
    assert open_kamodel(path).card.feature_size == 4 and open_kamodel(path).sha256 != first.sha256


def test_the_card_is_read_without_its_network(path: Path) -> None:
    card = read_card(path)
    assert (card.kind, card.feature_size, card.features) == ("frames", 3, "stills.classical")


def test_the_manifest_names_it_with_its_checksum(path: Path) -> None:
    model = open_kamodel(path)
    (entry,) = bill_of_models([model.tag])
    assert entry == {"name": "linear", "licence": "unknown", "permissive": False, "sha256": model.sha256}


def test_the_same_model_is_the_same_file() -> None:
    card = LearnedCard("a", "frames", "r", "stills.classical", 3, "d", "s", scores={"f1": 0.5})
    assert packed(card, b"network") == packed(card, b"network")


@pytest.mark.parametrize("shape", [(4, 2), (4,), (1, 4, 3)])
def test_rows_of_another_size_are_refused(path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(BadModel, match="wants rows of 3 numbers"):
        open_kamodel(path).frame_scores(np.zeros(shape, np.float32))


def test_another_kind_or_input_is_refused(path: Path) -> None:
    with pytest.raises(BadModel, match="'frames'; 'triple' is wanted"):
        open_kamodel(path, "triple")
    with pytest.raises(BadModel, match="takes features, not noise"):
        open_kamodel(path)(noise=ROWS)


def test_what_is_no_such_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        open_kamodel(tmp_path / "none.kamodel")
    broken = tmp_path / "text.kamodel"
    broken.write_text("no zip")
    with pytest.raises(BadModel, match=r"no \.kamodel file"):
        open_kamodel(broken)


@pytest.mark.parametrize(
    "card, words",
    [
        ({"schema": 99}, "schema 99"),
        ({"name": "no schema"}, "cannot be read"),
        ({"schema": 1, "name": "x"}, "cannot be read"),
        ({"schema": 1, "name": "x", "kind": "cake", "recipe": "", "features": "", "feature_size": 1,
          "trained_on": "", "data_sha256": ""}, "kind is one of"),
    ],
)  # fmt: skip
def test_a_card_that_cannot_be_read_says_why(tmp_path: Path, card: dict[str, object], words: str) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("card.json", json.dumps(card))
        archive.writestr("model.onnx", b"")
    path = tmp_path / "odd.kamodel"
    path.write_bytes(target.getvalue())
    with pytest.raises((BadModel, BadSetting), match=words):
        open_kamodel(path)


def test_a_network_that_is_none_says_so(tmp_path: Path) -> None:
    path = tmp_path / "empty.kamodel"
    path.write_bytes(packed(LearnedCard("a", "frames", "r", "f", 3, "d", "s"), b"not a network"))
    with pytest.raises(BadModel, match="network cannot be opened"):
        open_kamodel(path)


def test_a_model_on_the_shelf_is_found_by_its_name(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path / "models"))
    with pytest.raises(MissingFile, match="there are: none"):
        learned_file(Path("channel"))
    assert main(["models", "add", "channel", str(path)]) == 0
    assert learned_models() == learned_models("frames") == {"channel": learned_file(Path("channel"))}
    assert learned_models("triple") == {}
    assert open_kamodel(Path("channel"), "frames").sha256 == open_kamodel(path).sha256
    assert main(["models", "list"]) == 0 and "learned: frames" in capsys.readouterr().out
    (learned_file(Path("channel")).parent / "broken.kamodel").write_text("torn")
    assert list(learned_models()) == ["channel"]


@pytest.mark.parametrize("name", ["", "../up", ".hidden", "a/b", "x" * 81])
def test_a_shelf_takes_no_odd_names(path: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path / "models"))
    with pytest.raises(BadSetting, match="letters, digits"):
        shelve(name, path)


def test_a_file_that_is_no_model_does_not_reach_the_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path / "models"))
    torn = tmp_path / "torn.kamodel"
    torn.write_text("torn")
    with pytest.raises(BadModel):
        shelve("torn", torn)
    assert learned_models() == {}
