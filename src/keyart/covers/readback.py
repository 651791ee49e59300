"""What a reading machine makes of a cover at feed size: the Tesseract binary, where one is installed."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from keyart.covers.legibility import FEED_SIZES, JUDGED_AT, feed_size
from keyart.errors import KeyartError
from keyart.types import RGB

ENOUGH = 0.8
"""Share of the headline's words that must come back."""
_READ_AT_PX = 738
"""Width to which a feed-size picture is enlarged before it is read: three times 246."""
_TIMEOUT_SECONDS = 120.0
_WORD = re.compile(r"\w+")
_TRAINED = {"ru": "rus+eng", "en": "eng+rus"}


class MissingReader(KeyartError, FileNotFoundError):
    """A read-back was asked for by name and no engine is there."""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Share of the headline's words that were read letter for letter, for each feed size (width, height)."""

    engine: str
    recall: dict[tuple[int, int], float]

    @property
    def passes(self) -> bool:
        """At home-feed size and above; at 138x77 a headline of more than three words is not read by anybody."""
        return all(share >= ENOUGH for size, share in self.recall.items() if size[0] >= JUDGED_AT[0])

    def facts(self) -> dict[str, object]:
        shares = {f"{width}x{height}": round(share, 3) for (width, height), share in self.recall.items()}
        return {"engine": self.engine, "word_recall": shares, "passes": self.passes}


def have_reader() -> bool:
    return shutil.which("tesseract") is not None


@cache
def reader_name() -> str:
    """Name and version of the engine. Raises `MissingReader`."""
    _check()
    done = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=True)
    return (done.stdout or done.stderr).splitlines()[0]


def read_again(image: RGB, headline: str, language: str) -> ReadBack:
    """The headline read from the cover at each feed size. Raises `MissingReader`."""
    name = reader_name()
    return ReadBack(name, {size: word_recall(headline, read_at(image, size, language)) for size in FEED_SIZES})


def read_at(image: RGB, size: tuple[int, int], language: str) -> str:
    """What Tesseract reads on the cover at a feed size, enlarged to a width it can read. Raises `MissingReader`."""
    _check()
    shown = feed_size(image.shape[1], image.shape[0], size)
    times = max(1, round(_READ_AT_PX / max(size)))
    small = Image.fromarray(np.ascontiguousarray(image)).resize(shown, Image.Resampling.LANCZOS)
    large = small.resize((shown[0] * times, shown[1] * times), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    large.save(file, "PNG")
    command = ["tesseract", "stdin", "stdout", "-l", _trained(language), "--psm", "11"]
    alone = {**os.environ, "OMP_THREAD_LIMIT": "1"}  # its threads cost more than they bring on a picture this small
    done = subprocess.run(
        command, input=file.getvalue(), capture_output=True, check=False, timeout=_TIMEOUT_SECONDS, env=alone
    )
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _trained(language: str) -> str:
    """The trained data of the language and of the other one, as far as they are installed."""
    wanted = _TRAINED.get(language, _TRAINED["en"]).split("+")
    return "+".join(name for name in wanted if name in _installed()) or "eng"


@cache
def _installed() -> frozenset[str]:
    done = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=False)
    return frozenset((done.stdout + done.stderr).split())


def _check() -> None:
    if not have_reader():
        raise MissingReader(
            "no tesseract is on the path; install it (Debian: tesseract-ocr, tesseract-ocr-rus) or set read_back to off"
        )


def words_of(text: str) -> list[str]:
    return [word.casefold().replace("ё", "е") for word in _WORD.findall(text)]


def word_recall(wanted: str, read: str) -> float:
    """Share of the headline's words that were read letter for letter, each as often as it stands there.

    >>> word_recall("Дом за неделю", "ДОМ ЗА недёлю")
    1.0
    >>> word_recall("one two two", "two one")
    0.6666666666666666
    """
    left = words_of(read)
    found = 0
    words = words_of(wanted)
    for word in words:
        if word in left:
            left.remove(word)
            found += 1
    return found / len(words) if words else 1.0
