"""How much a word, and a sentence, says about the whole text."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from keyart.titles import lexicon
from keyart.titles.russian import known_word, lemma_of, navec, readings
from keyart.titles.sentences import Sentence

Vector = NDArray[np.float32]
_FUNCTION_POS = frozenset({"PREP", "CONJ", "PRCL", "NPRO", "INTJ", "PRED"})


@dataclass(frozen=True, slots=True)
class Salience:
    """Weights of the text's own lemmas, and how central each sentence is."""

    weights: Mapping[str, float]
    """Lemma -> 0 ... 1; 1 is the word that the text is most about."""
    central: Mapping[int, float]
    """Sentence number -> 0 ... 1."""

    strength: Mapping[str, float]
    """Lemma -> how often and how rare, from 0; about 3 for a rare word said five times."""

    def said(self, lemmas: Collection[str]) -> float:
        """Sum of the strengths of the different lemmas."""
        return sum(self.strength.get(lemma, 0.0) for lemma in sorted(set(lemmas)))

    def of(self, lemmas: Sequence[str]) -> float:
        """Sum of the weights of the different lemmas."""
        return sum(self.weights.get(lemma, 0.0) for lemma in sorted(set(lemmas)))


def content_lemmas(text: str, language: str) -> list[str]:
    """Lemmas of the words that carry meaning, in order, with repeats."""
    words = re.findall(r"[^\W_]+(?:[-'’][^\W_]+)*", text.lower())
    if language == "ru":
        return [lemma for word in words if (lemma := _russian_content(word))]
    return [english_lemma(word) for word in words if len(word) > 1 and word not in lexicon.EN_STOP]


@lru_cache(50_000)
def _russian_content(word: str) -> str:
    if len(word) < 2 or word in lexicon.RU_FILLERS or word in lexicon.RU_DEIXIS:
        return ""
    if re.search("[а-яё]", word):
        reading = readings(word)[0]
        if str(reading.tag.POS) in _FUNCTION_POS or "Apro" in reading.tag:
            return ""
    lemma = lemma_of(word)
    return "" if lemma in lexicon.RU_FILLERS or lemma in lexicon.RU_DEIXIS else lemma


@lru_cache(50_000)
def english_lemma(word: str) -> str:
    """Plural and possessive off, verb endings kept apart by rule; enough to count a word's forms together."""
    word = re.sub(r"['’]s?$", "", word.lower())
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and re.search(r"(?:ss|x|ch|sh|z)es$", word):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def measure(sentences: Sequence[Sentence], language: str) -> Salience:
    """One pass over the text: weights (damped counts times how rare the word is in the language), then centrality."""
    lemmas = [content_lemmas(one.text, language) for one in sentences]
    counts = Counter(lemma for one in lemmas for lemma in one)
    raw = {
        lemma: (1 + math.log(count)) * rarity(lemma, language) * _trust(lemma, count, language)
        for lemma, count in counts.items()
    }
    top = max(raw.values(), default=1.0) or 1.0
    weights = {lemma: value / top for lemma, value in raw.items()}
    strength = {
        lemma: (1 + math.log(count)) ** 1.4 * rarity(lemma, language) ** 0.5 * _trust(lemma, count, language)
        for lemma, count in counts.items()
    }
    return Salience(weights, _centrality(sentences, lemmas, weights, language), strength)


def rarity(lemma: str, language: str) -> float:
    """0 (everywhere) ... about 1 (rare), from how often the language's own word counts have it."""
    counts, total = _counts(language)
    return min(1.0, max(0.05, math.log(total / (1 + counts.get(lemma, 0))) / math.log(total / 50)))


@cache
def _counts(language: str) -> tuple[Mapping[str, int], int]:
    if language == "ru":
        vocabulary = navec().vocab
        words = {
            str(word).replace("ё", "е"): int(n) for word, n in zip(vocabulary.words, vocabulary.counts, strict=True)
        }
        return words, sum(words.values())
    import textblob.en

    lines = (Path(textblob.en.__file__).parent / "en-spelling.txt").read_text("utf-8").splitlines()
    pairs = (line.split() for line in lines if line and not line.startswith(";"))
    words = {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}
    return words, sum(words.values())


def _trust(lemma: str, count: int, language: str) -> float:
    # a word that no dictionary has and that comes once is more often a recognition error than a subject
    if language != "ru" or known_word(lemma) or count >= 3:
        return 1.0
    return 0.3 if count == 1 else 0.7


def _centrality(
    sentences: Sequence[Sentence], lemmas: Sequence[list[str]], weights: Mapping[str, float], language: str
) -> dict[int, float]:
    vectors = np.stack([sentence_vector(one, weights, language) for one in lemmas]) if lemmas else np.zeros((0, 1))
    whole = vectors.sum(axis=0)
    norms = np.linalg.norm(vectors, axis=1) * (np.linalg.norm(whole) or 1.0)
    cosines = np.divide(vectors @ whole, norms, out=np.zeros(len(vectors)), where=norms > 0)
    top = max(float(cosines.max(initial=0.0)), 1e-9)
    return {one.number: max(0.0, float(value) / top) for one, value in zip(sentences, cosines, strict=True)}


def sentence_vector(lemmas: Sequence[str], weights: Mapping[str, float], language: str) -> Vector:
    """Weighted mean of word vectors (Russian) or hashed weighted counts (other languages), not normalised."""
    if language == "ru":
        vectors = navec()
        rows = [weights.get(one, 0.3) * vectors[one] for one in lemmas if one in vectors]
        return np.asarray(np.mean(rows, axis=0) if rows else np.zeros(300), np.float32)
    found = np.zeros(1024, np.float32)
    for lemma, count in Counter(lemmas).items():
        found[_bucket(lemma)] += weights.get(lemma, 0.3) * (1 + math.log(count))
    return found


@cache
def _bucket(lemma: str) -> int:
    import zlib

    return zlib.crc32(lemma.encode()) % 1024
