"""Names that users gave to files, made fit to be shown. No name ever becomes a path."""

from __future__ import annotations

import re
import unicodedata

MOST_CHARACTERS = 200
_SEPARATORS = re.compile(r"[/\\\u2215\u2044\u29f8\u2216\u29f5\u2571\u2572\uff0f\uff3c]")
_JOINERS = "\u200c\u200d"
"""Persian and Indic words and many emoji are not what they are without these."""


def shown_name(given: str, otherwise: str = "video") -> str:
    """The name in NFC without folders, control and direction characters, 200 characters at most, ending kept.

    >>> shown_name("C:\\\\fakepath\\\\..\\\\film\\u202e4pm.mp4")
    'film4pm.mp4'
    """
    last = _SEPARATORS.split(unicodedata.normalize("NFC", given))[-1]
    shown = "".join(one if not one.isspace() else " " for one in last if _is_shown(one))
    shown = " ".join(shown.split()).lstrip(".").strip()
    return _shortened(shown) or otherwise


def _is_shown(character: str) -> bool:
    kind = unicodedata.category(character)
    if character in _JOINERS:
        return True
    return character in "\t\n" or kind not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _shortened(name: str) -> str:
    if len(name) <= MOST_CHARACTERS:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        return name[:MOST_CHARACTERS].rstrip()
    return f"{stem[: MOST_CHARACTERS - len(ending) - 2].rstrip()}….{ending}"
