"""Rivals of the title writer that need no training: TextRank, lead and cut, the best sentence in hindsight.

TextRank after Mihalcea and Tarau (2004): sentences are nodes, an edge weighs the lemmas that two share over the sum of
the logarithms of their lengths, PageRank with damping 0.85 ranks them.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence

import numpy as np

from keyart.titles.salience import content_lemmas

DAMPING = 0.85
ROUNDS = 60
MAX_SENTENCES = 400
"""More are not compared: every pair is."""


def text_rank(sentences: Sequence[str], language: str) -> list[float]:
    """A score for each sentence; they sum to 1.

    >>> scores = text_rank(["Кот ест рыбу.", "Кот любит рыбу.", "Идёт снег."], "ru")
    >>> scores[0] > scores[2] and scores[1] > scores[2]
    True
    """
    bags = [frozenset(content_lemmas(one, language)) for one in sentences[:MAX_SENTENCES]]
    weights = np.array([[_alike(left, right) if left is not right else 0.0 for right in bags] for left in bags])
    total = weights.sum(axis=0)
    steps = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    scores = np.full(len(bags), 1 / max(1, len(bags)))
    for _ in range(ROUNDS):
        scores = (1 - DAMPING) / max(1, len(bags)) + DAMPING * steps @ scores
    return [float(one) for one in scores] + [0.0] * (len(sentences) - len(bags))


def _alike(left: frozenset[str], right: frozenset[str]) -> float:
    size = math.log(len(left) or 1) + math.log(len(right) or 1)
    return len(left & right) / size if size > 0 else 0.0


def central_sentence(sentences: Sequence[str], language: str) -> str:
    scores = text_rank(sentences, language)
    return sentences[max(range(len(sentences)), key=lambda place: (scores[place], -place))]


def lead_cut(sentences: Sequence[str], max_words: int = 7) -> str:
    """The first words of the first sentence, as many as a headline may have.

    >>> lead_cut(["Раз, два, три, четыре.", "Пять."], 3)
    'Раз, два, три'
    """
    return " ".join(re.findall(r"\S+", sentences[0])[:max_words]).rstrip(",;:")


def random_sentence(sentences: Sequence[str], chance: random.Random) -> str:
    return chance.choice(list(sentences))
