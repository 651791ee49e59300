"""A learned model as one file, `.kamodel`: an ONNX network and its card. `keyart learn` writes it; read without torch.

A zip of two members, `card.json` and `model.onnx`. The card says what the network ranks, which serving stage makes the
features that it eats, what it was trained on and how it scored there.
"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from keyart.cache import file_sha256
from keyart.errors import BadModel, BadSetting, MissingFile
from keyart.models.loads import note_load
from keyart.models.store import store_folder

SUFFIX = ".kamodel"
SCHEMA = 1
Kind = Literal["frames", "triple", "vector", "judge"]
Floats = NDArray[np.float32]
_LARGEST_BYTES = 2_000_000_000
_CARD_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class LearnedCard:
    """What is known of a learned model."""

    name: str
    kind: Kind
    """frames: importance of each; triple: three shots of a GIF; vector: the video as one vector; judge: a score."""
    recipe: str
    features: str
    """The serving extractor whose rows it eats, as `stills.classical`."""
    feature_size: int
    trained_on: str
    data_sha256: str
    scores: dict[str, float] = field(default_factory=dict)
    """On test data that training did not see."""
    settings: dict[str, Any] = field(default_factory=dict)
    licence: str = "as its training data allows"
    note: str = ""

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise BadSetting(f"a model's kind is one of {', '.join(get_args(Kind))}, not {self.kind!r}")


@dataclass(frozen=True, slots=True, eq=False)
class Kamodel:
    """An open model; called with its inputs by name, answers with its outputs in their order."""

    card: LearnedCard
    sha256: str
    session: Any = field(repr=False)

    @property
    def tag(self) -> str:
        """As a manifest names it among the models that took part."""
        return f"{self.card.name}@{self.sha256}"

    def __call__(self, **inputs: NDArray[Any]) -> tuple[Floats, ...]:
        """Raises `BadModel` for inputs that the network does not take."""
        wanted = {one.name for one in self.session.get_inputs()}
        if set(inputs) != wanted:
            raise BadModel(f"{self.card.name}: takes {', '.join(sorted(wanted))}, not {', '.join(sorted(inputs))}")
        fed = {name: np.ascontiguousarray(value, np.float32) for name, value in inputs.items()}
        try:
            return tuple(np.asarray(one, np.float32) for one in self.session.run(None, fed))
        except Exception as err:  # onnxruntime's errors are of many types, none of them public
            raise BadModel(f"{self.card.name}: {str(err).splitlines()[0]}") from err

    def frame_scores(self, features: Floats) -> Floats:
        """Importance (n,) in [0, 1] of rows (n, d). Raises `BadModel` where rows or scores have another shape."""
        self._check_rows(features)
        scores = self(features=features[None])[0].reshape(-1)
        if scores.shape != features.shape[:1] or not np.isfinite(scores).all():
            raise BadModel(f"{self.card.name}: gave {scores.shape} scores for {len(features)} rows, or no numbers")
        return np.clip(scores, 0.0, 1.0)

    def vector_scores(self, frames: Floats, audio: Floats, text: Floats) -> Floats:
        """Cosine (n,) of each frame (n, d) with the one vector that frames, audio (m, a) and text (t,) become.

        No sound is one row of zeros, as in training. Raises `BadModel` where rows or the vector have another shape.
        """
        self._check_rows(frames)
        heard = audio if len(audio) else np.zeros((1, audio.shape[1]), np.float32)
        vector = self(frames=frames[None], audio=heard[None], text=text[None])[0].reshape(-1)
        if vector.shape != frames.shape[1:] or not np.isfinite(vector).all():
            raise BadModel(f"{self.card.name}: gave a vector of {vector.shape}, or no numbers")
        norms = np.linalg.norm(frames, axis=1) * float(np.linalg.norm(vector))
        return np.asarray(frames @ vector / np.maximum(norms, 1e-9), np.float32)

    def _check_rows(self, features: Floats) -> None:
        if features.ndim != 2 or features.shape[1] != self.card.feature_size:
            want, got = self.card.feature_size, "x".join(map(str, features.shape))
            raise BadModel(f"{self.card.name}: wants rows of {want} numbers ({self.card.features}), got {got}")


def shelf() -> Path:
    """Folder of the learned models that can be asked for by name: `learned` in the model store."""
    return store_folder() / "learned"


def learned_models(*kinds: Kind) -> dict[str, Path]:
    """Name -> file of those on the shelf that can be read, of these kinds, or of any."""
    found = {}
    for path in sorted(shelf().glob(f"*{SUFFIX}")):
        with suppress(BadModel, BadSetting):
            kind = read_card(path).kind
            if not kinds or kind in kinds:
                found[path.stem] = path
    return found


def learned_file(named: Path) -> Path:
    """The file that is meant: a path, or the name of a model on the shelf. Raises `MissingFile`."""
    on_shelf = shelf() / f"{named}{SUFFIX}"
    if named.is_file():
        return named
    if len(named.parts) == 1 and on_shelf.is_file():
        return on_shelf
    there = ", ".join(learned_models()) or "none"
    raise MissingFile(f"{named}: no such model file, and no learned model of that name; there are: {there}")


def shelve(name: str, path: Path) -> Path:
    """A copy on the shelf under this name. Raises `BadModel` for a file that is none, `BadSetting` for an odd name."""
    if not re.fullmatch(r"[\w.-]{1,80}", name) or name.startswith("."):
        raise BadSetting(f"a learned model's name has letters, digits, dots and dashes, not {name!r}")
    _session(_member(path, "model.onnx", _LARGEST_BYTES), path)
    read_card(path)
    target = shelf() / f"{name}{SUFFIX}"
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.part")
    shutil.copyfile(path, partial)
    partial.replace(target)
    return target


def open_kamodel(path: Path, kind: Kind | None = None) -> Kamodel:
    """The model of a file or name, made once per process. Raises `MissingFile`, `BadModel` for another file or kind."""
    path = learned_file(path)
    mark = path.stat()
    model = _opened(path, mark.st_mtime_ns, mark.st_size)
    if kind is not None and model.card.kind != kind:
        raise BadModel(f"{path}: a model of kind {model.card.kind!r}; {kind!r} is wanted here")
    return model


def open_ranker(path: Path, features: str) -> Kamodel:
    """A model that ranks frames by these features. Raises `MissingFile`, and `BadModel` for one of other features."""
    model = open_kamodel(path, "frames")
    if model.card.features != features:
        raise BadModel(f"{path}: was trained on {model.card.features}; the features here are {features}")
    return model


def read_card(path: Path) -> LearnedCard:
    """The card alone. Raises `MissingFile`, `BadModel`."""
    path = learned_file(path)
    return _card_of(_member(path, "card.json", _CARD_BYTES), path)


@cache
def _opened(path: Path, _mtime_ns: int, _size: int) -> Kamodel:
    card = read_card(path)
    note_load(card.name)
    return Kamodel(card, file_sha256(path), _session(_member(path, "model.onnx", _LARGEST_BYTES), path))


def _session(network: bytes, path: Path) -> Any:
    from keyart.models.onnx import open_session

    try:
        return open_session(network)
    except Exception as err:  # onnxruntime's errors are of many types, none of them public
        raise BadModel(f"{path}: its network cannot be opened: {str(err).splitlines()[0]}") from err


def _member(path: Path, name: str, most: int) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(name).file_size > most:
                raise BadModel(f"{path}: its {name} is larger than {most} bytes")
            return archive.read(name)
    except (zipfile.BadZipFile, KeyError, OSError, EOFError) as err:
        raise BadModel(f"{path}: no {SUFFIX} file: {err}") from err


def _card_of(data: bytes, path: Path) -> LearnedCard:
    known = {one.name for one in fields(LearnedCard)}
    try:
        facts: Mapping[str, Any] = json.loads(data)
        if facts["schema"] != SCHEMA:
            raise BadModel(f"{path}: its card has schema {facts['schema']}, this keyart reads {SCHEMA}")
        return LearnedCard(**{name: value for name, value in facts.items() if name in known})
    except (ValueError, KeyError, TypeError) as err:
        if isinstance(err, BadModel):
            raise
        raise BadModel(f"{path}: its card cannot be read: {err}") from err


def packed(card: LearnedCard, network: bytes) -> bytes:
    """The file's bytes: the same for the same card and network."""
    import io

    target = io.BytesIO()
    text = json.dumps({"schema": SCHEMA, **asdict(card)}, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in (("card.json", text.encode()), ("model.onnx", network)):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    return target.getvalue()
