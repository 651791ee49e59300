"""What every route may use."""

from __future__ import annotations

from dataclasses import dataclass

from keyart.studio.catalogue import Catalogue
from keyart.studio.darkroom.darkroom import Darkroom
from keyart.studio.options import Studio
from keyart.studio.works.jobs import Jobs


@dataclass(frozen=True, slots=True)
class Rooms:
    """The parts of one open studio."""

    options: Studio
    catalogue: Catalogue
    jobs: Jobs
    darkroom: Darkroom
