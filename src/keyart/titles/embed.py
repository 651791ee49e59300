"""Text -> vector, with what is at hand without a model hub."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from keyart.titles.dedup import Embedder
from keyart.titles.salience import content_lemmas, rarity, sentence_vector


def embedders_for(language: str) -> tuple[Embedder, ...]:
    """Russian: mean word vectors and letters; other languages: letters alone."""
    return (navec_mean, letters) if language == "ru" else (letters,)


def navec_mean(texts: Sequence[str]) -> NDArray[np.float32]:
    """Mean of navec's vectors of the content words, each weighted by how rare it is; shape (n, 300)."""
    rows = []
    for text in texts:
        lemmas = content_lemmas(text, "ru")
        rows.append(sentence_vector(lemmas, {one: rarity(one, "ru") for one in set(lemmas)}, "ru"))
    return np.stack(rows) if rows else np.zeros((0, 300), np.float32)


def letters(texts: Sequence[str], size: int = 2048) -> NDArray[np.float32]:
    """Hashed counts of letter groups of 3 to 5 in words, damped, those rare in `texts` weighing more; (n, size)."""
    counts = np.zeros((len(texts), size), np.float32)
    for row, text in enumerate(texts):
        for word in re.findall(r"\w+", text.casefold()):
            for gram in _grams(f" {word} "):
                counts[row, zlib.crc32(gram.encode()) % size] += 1
    present = (counts > 0).sum(axis=0)
    idf = np.log((1 + len(texts)) / (1 + present)) + 1
    return np.asarray(np.log1p(counts) * idf, np.float32)


def _grams(word: str) -> list[str]:
    return [word[at : at + length] for length in (3, 4, 5) for at in range(len(word) - length + 1)]
