"""A memory bounded in bytes for values that took time to make."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Shelved(Generic[T]):
    """Values that took time to make, the least recently used given up when all of them weigh more than `max_bytes`.

    Two who ask for the same value at once wait for one making of it.
    """

    max_bytes: int
    weigh: Callable[[T], int]
    hits: int = 0
    """Times that a value was at hand."""
    misses: int = 0
    _held: OrderedDict[object, tuple[T, int]] = field(default_factory=OrderedDict)
    _making: dict[object, threading.Lock] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: object, make: Callable[[], T]) -> T:
        """The value under the key, made now where it is not at hand."""
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        try:
            with making:
                if (found := self._found(key)) is not None:
                    self.hits += 1
                    return found
                self.misses += 1
                made = make()
                self._keep(key, made)
                return made
        finally:
            with self._lock:
                self._making.pop(key, None)

    def forget(self, is_stale: Callable[[Any], bool]) -> None:
        """Give up what lies under the keys that are stale."""
        with self._lock:
            for key in [one for one in self._held if is_stale(one)]:
                del self._held[key]

    @property
    def held_bytes(self) -> int:
        return sum(weight for _, weight in self._held.values())

    def _found(self, key: object) -> T | None:
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key][0]

    def _keep(self, key: object, value: T) -> None:
        with self._lock:
            self._held[key] = value, self.weigh(value)
            while len(self._held) > 1 and self.held_bytes > self.max_bytes:
                self._held.popitem(last=False)
