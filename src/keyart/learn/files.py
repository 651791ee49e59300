"""Files of a training, written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from keyart.package import write_whole


def written_whole(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, data)


def write_facts(path: Path, facts: dict[str, Any]) -> None:
    """What a recipe found, as JSON."""
    written_whole(path, (json.dumps(facts, ensure_ascii=False, indent=1) + "\n").encode())
