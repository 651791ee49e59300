"""Files of a training, written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def written_whole(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(data)
        os.fsync(file.fileno())
    part.replace(path)


def write_facts(path: Path, facts: dict[str, Any]) -> None:
    """What a recipe found, as JSON."""
    written_whole(path, (json.dumps(facts, ensure_ascii=False, indent=1) + "\n").encode())
