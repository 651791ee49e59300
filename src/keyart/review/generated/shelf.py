"""What was measured of clips, kept in a folder under a key of the file's content, of what was measured, and of the code
that measures: a change of anything else measures nothing anew.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from keyart.review.generated.measure import Measured

SCHEMA = 1
_EMBEDDED = ("flow.py", "groups.py", "held.py", "measure.py", "moments.py", "ssim.py", "subjects.py")
_HUB = ("hub.py", "lpips_net.py", "prompts.py", "raft_net.py")


@cache
def code_mark(hub: bool = False) -> str:
    """Digest of the modules that the numbers of the embedded tier, or of the hub's too, are made by."""
    folder = Path(__file__).parent
    found = hashlib.sha256()
    for name in (*_EMBEDDED, *(_HUB if hub else ())):
        found.update((folder / name).read_bytes())
    return found.hexdigest()[:16]


def kept(folder: Path, video: Path, what: str, make: Callable[[], Measured], hub: bool = False) -> Measured:
    """The measurements that lie there, or new ones, which are then kept. `what` stands for all settings that they
    depend on, `hub` for the use of models of the hub."""
    with video.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    path = folder / f"{hashlib.sha256(f'{SCHEMA} {code_mark(hub)} {content} {what}'.encode()).hexdigest()[:32]}.npz"
    if path.is_file():
        try:
            return _read(path)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            path.unlink()
    made = make()
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(_packed(made))
    part.replace(path)
    return made


def _packed(made: Measured) -> bytes:
    facts = {
        "num_frames": made.num_frames,
        "seconds": made.seconds,
        "size_px": list(made.size_px),
        "whole": dict(made.whole),
        "notes": list(made.notes),
    }
    target = io.BytesIO()
    text = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    arrays = {f"series/{name}": array for name, array in made.series.items()}
    np.savez_compressed(target, facts=text, pair_seconds=made.pair_seconds, **arrays)  # type: ignore[arg-type]
    return target.getvalue()


def _read(path: Path) -> Measured:
    with np.load(path, allow_pickle=False) as file:
        facts = json.loads(bytes(file["facts"]))
        series = {name.removeprefix("series/"): file[name] for name in file.files if name.startswith("series/")}
        return Measured(
            facts["num_frames"],
            facts["seconds"],
            (facts["size_px"][0], facts["size_px"][1]),
            series,
            facts["whole"],
            file["pair_seconds"],
            tuple(facts["notes"]),
        )
