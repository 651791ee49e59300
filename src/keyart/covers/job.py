"""What one cover of a preset is made from, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from keyart.covers.brief import Brief, Plan
from keyart.covers.crop import Framing, Scene
from keyart.covers.legibility import Legibility
from keyart.covers.readback import ReadBack
from keyart.covers.staging import Staged
from keyart.types import RGB, Headline, Preset, Still


@dataclass(frozen=True, slots=True)
class Version:
    """One cover laid out and painted."""

    template: str
    image: RGB
    framing: Framing
    notes: tuple[str, ...] = ()
    brief: Brief | None = None
    plan: Plan | None = None
    legibility: Legibility | None = None
    strength: int = 0
    read: ReadBack | None = None

    @property
    def is_read(self) -> bool:
        return self.legibility is None or (self.legibility.passes and (self.read is None or self.read.passes))


@dataclass(frozen=True, slots=True)
class Job:
    """What one cover of a preset is made from."""

    preset: Preset
    rank: int
    still: Still
    scene: Scene
    headline: Headline | None
    staging: Staged | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        return (self.staging.note,) if self.staging and self.staging.note else ()

    @property
    def path(self) -> str:
        return f"covers/{self.preset.name}_{self.rank}"
