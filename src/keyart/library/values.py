"""What the parts of a library hand to each other. All of it is plain: it goes through pipes, logs and clusters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

End = Literal["made", "degraded", "present", "failed", "quarantined"]
"""How a video ended: a whole package; one with a degraded stage; nothing to do, it was there; an error that another
try may cure; an input that is not tried again until it, the settings or the code change."""


@dataclass(frozen=True, slots=True)
class Row:
    """One video of a library, as its source tells of it."""

    url: str
    """A local path, or an address that fsspec opens (`s3://bucket/a.mp4`)."""
    name: str
    """Where its package goes, below the output folder, without `.keyart`; unique in a library: `season 1/a`."""
    size_bytes: int = -1
    """-1 where the store does not say."""
    stamp: str = ""
    """Changes when the file does, without reading it: size and time of change, or the store's ETag; "" if unknown."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of this video alone, from its manifest: `{"covers.text": "..."}`; they win over the library's own."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Whatever else the manifest says of it; goes into the report untouched."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one video may take; beyond it the worker is killed and the video counts as poison."""

    seconds: float = 1800.0
    """On the clock."""
    memory_bytes: int = 4_000_000_000
    """Resident, of the worker and all that it starts."""
    attempts: int = 3
    """Before it is given up, where an error may pass (a store that does not answer, a worker that died)."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to make of every row: the same for a whole library."""

    output: str
    """Folder or address below which the packages go."""
    parts: tuple[str, ...]
    given: tuple[tuple[str, str, str], ...] = ()
    """Settings: section, field, value as text."""
    config: str = ""
    """A keyart.toml to read after the usual ones."""
    channel: str = ""
    """A channel.toml (fonts, palette, templates, words to avoid)."""
    seed: int = 0
    licence: str = ""
    budget_seconds: float = 0.0
    """Anytime: the best package within that time; 0.0: the whole, however long it takes."""
    threads: int = 1
    """Of one worker: decoder, networks and pictures each."""
    limits: Limits = Limits()
    fresh: bool = False
    """Make it again although it is there, and use nothing that an earlier run has kept."""


@dataclass(frozen=True, slots=True)
class StageTold:
    """A stage of one video, for the report."""

    name: str
    status: str
    seconds: float
    resumed: bool
    """Its outcome was there already: nothing was done."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """How one video ended."""

    row: Row
    end: End
    reason: str = ""
    """In one line; "" where it was made whole."""
    attempt: int = 1
    seconds: float = 0.0
    """On the clock, of the last attempt."""
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    """Resident, of the worker at its highest during this video."""
    sha256: str = ""
    """Of the video's content."""
    key: str = ""
    """Of content, settings, code and models: a package of the same key need not be made again."""
    video_seconds: float = 0.0
    video_size: tuple[int, int] = (0, 0)
    """Width and height in displayed pixels."""
    package: str = ""
    """Where it lies."""
    package_bytes: int = 0
    worker: str = ""
    """Host and process."""
    stages: tuple[StageTold, ...] = ()
    kind: str = ""
    """Of the error that ended it, where one did: UnreadableVideo, StoreFailed, OverLimit, BroughtDown ..."""
    loads: tuple[tuple[str, int], ...] = ()
    """Name of a model and how often the worker has loaded it since it began: once, whatever the number of videos."""
    warnings: tuple[str, ...] = ()
    """Of its channel: covers that are nearly the same as older ones."""
    trace: str = ""
    """The last that a process said before it broke down or met a fault; for whoever mends it."""
