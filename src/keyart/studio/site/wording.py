"""What the pages say, in Russian and in English: `words/*.toml`; numbers, plurals, times as each language has them."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = {"ru": "Русский", "en": "English"}
"""Code -> its own name; the first that a browser asks for is taken, else English."""
_FALLBACK = "en"
_UNITS = ("byte", "kilobyte", "megabyte", "gigabyte")
_NARROW_SPACE = "\u202f"


@dataclass(frozen=True, slots=True)
class Wording:
    """One language. Called with a key and values it says the sentence: `say("library.found", n=8)`."""

    code: str
    words: Mapping[str, str | Mapping[str, str]]
    """Flat: `"frames.title"`; a value of several forms is chosen from by the number `n`."""

    def __call__(self, key: str, **values: object) -> str:
        found = self.words[key]
        if not isinstance(found, str):
            found = found[plural(self.code, values["n"])]
        return found.format_map({name: self._shown(value) for name, value in values.items()})

    def maybe(self, key: str, otherwise: str) -> str:
        """A word that may be missing: names of things that plug-ins and later versions add."""
        found = self.words.get(key)
        return found if isinstance(found, str) else otherwise

    def _shown(self, value: object) -> str:
        return self.number(value) if isinstance(value, int | float) else str(value)

    def number(self, value: float, digits: int = 0) -> str:
        """1234.5 -> 1,234.5 or 1 234,5."""
        text = f"{value:,.{digits}f}"
        if self.code == "ru":
            text = text.replace(",", _NARROW_SPACE).replace(".", ",")
        return text

    def size(self, count: float) -> str:
        """Bytes in the largest unit of 1000 that leaves a whole number: 1.2 MB."""
        at = 0
        while count >= 999.5 and at < len(_UNITS) - 1:
            count, at = count / 1000, at + 1
        tenths = at > 1 and count < 99.5 and round(count, 1) != round(count)
        return f"{self.number(count, int(tenths))} {self.words[f'unit.{_UNITS[at]}']}"

    def duration(self, seconds: float) -> str:
        """45 s, 3 min 20 s, 1 h 5 min; 45 с, 3 мин 20 с, 1 ч 5 мин."""
        whole = max(0, round(seconds))
        hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
        parts = [(hours, "hour"), (minutes, "minute"), (rest if not hours else 0, "second")]
        said = [f"{count} {self.words[f'unit.{unit}']}" for count, unit in parts if count]
        return " ".join(said) or f"0 {self.words['unit.second']}"

    def day(self, timestamp: float) -> str:
        """20 November 2026."""
        when = datetime.datetime.fromtimestamp(timestamp).astimezone()
        months = str(self.words["date.months"]).split()
        return str(self.words["date.day"]).format(day=when.day, month=months[when.month - 1], year=when.year)


def plural(code: str, n: object) -> str:
    """The form of a word beside a number, by the rules of CLDR for the two languages."""
    if not isinstance(n, int):
        return "few" if code == "ru" else "many"
    if code == "en":
        return "one" if n == 1 else "many"
    if n % 10 == 1 and n % 100 != 11:
        return "one"
    return "few" if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else "many"


def clock(seconds: float) -> str:
    """0:13, 12:05, 1:02:05: as players show it, in every language."""
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@cache
def wording(code: str) -> Wording:
    text = files("keyart.studio.site").joinpath("words", f"{code}.toml").read_text("utf-8")
    return Wording(code, _flat(tomllib.loads(text)))


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str | dict[str, str]]:
    found: dict[str, str | dict[str, str]] = {}
    for key, value in tree.items():
        if isinstance(value, dict) and "many" not in value:
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def preferred(header: str) -> str:
    """The language of an Accept-Language header that we speak and that is wanted most."""
    wanted: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((float(weight or 1), name[:2].lower()))
        except ValueError:
            continue
    ours = [(weight, code) for weight, code in wanted if code in LANGUAGES]
    return max(ours, key=lambda one: one[0])[1] if ours else _FALLBACK
