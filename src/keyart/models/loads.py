"""How often each model was loaded in this process: once is right, whatever the number of videos."""

from __future__ import annotations

import threading
from collections import Counter

_loads: Counter[str] = Counter()
_lock = threading.Lock()


def note_load(name: str) -> None:
    """Said by whatever makes a network ready to run."""
    with _lock:
        _loads[name] += 1


def loads() -> dict[str, int]:
    """Name of a model -> how often this process has loaded it so far."""
    with _lock:
        return dict(sorted(_loads.items()))
