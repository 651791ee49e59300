"""Headlines against references (ROUGE, BLEU, BERTScore) and by themselves (names, nearness to the text): §5.4-5.5.

One definition of a word for all: `\\w+`, small letters, ё as е, entities of HTML taken out. (The usual package drops
Cyrillic.) All are shares of 1; perplexity is not.
"""

from __future__ import annotations

import html
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.errors import MissingModel
from keyart.learn.data import batched
from keyart.models.hub import hub_model
from keyart.titles.dedup import Embedder, GuidMaster, unit
from keyart.titles.embed import Encoder, embedders_for
from keyart.titles.entities import find_entities


@dataclass(frozen=True, slots=True)
class Scores:
    """Means over the pairs; None where what measures it is not here."""

    pairs: int
    rouge_1: float
    rouge_2: float
    rouge_l: float
    bleu_4: float
    bert_score: float | None
    perplexity: float | None
    words: float
    unique_entities: float | None
    cosine: float | None

    def facts(self) -> dict[str, Any]:
        return {name: round(one, 4) if isinstance(one, float) else one for name, one in asdict(self).items()}


def score(
    candidates: Sequence[str],
    references: Sequence[str],
    texts: Sequence[str],
    *,
    language: str = "ru",
    encoder: str = "",
    perplexity: float | None = None,
) -> Scores:
    """All of them. `encoder`: a card's name or a folder, for BERTScore and cosine; without one no BERTScore is given
    and the cosine is that of the house's own embedders."""
    if not candidates or not len(candidates) == len(references) == len(texts):
        raise ValueError(f"{len(candidates)} headlines, {len(references)} references, {len(texts)} texts")
    pairs = list(zip(candidates, references, strict=True))
    return Scores(
        len(pairs),
        _mean(rouge_n(one, other, 1) for one, other in pairs),
        _mean(rouge_n(one, other, 2) for one, other in pairs),
        _mean(rouge_l(one, other) for one, other in pairs),
        bleu_4(candidates, references),
        bert_score(candidates, references, encoder) if encoder else None,
        perplexity,
        _mean(len(words_of(one)) for one in candidates),
        unique_entities(candidates, language),
        mean_cosine(candidates, texts, (Encoder(encoder),) if encoder else embedders_for(language)),
    )


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", html.unescape(text).casefold().replace("ё", "е"))


def rouge_n(candidate: str, reference: str, n: int) -> float:
    """F1 of the runs of n words that both have, each as often as both have it; 0 ... 1.

    >>> rouge_n("Кот спит", "кот не спит", 1)
    0.8
    >>> rouge_n("кот не спит", "Кот не ест", 2)
    0.5
    """
    left, right = _runs(words_of(candidate), n), _runs(words_of(reference), n)
    return _f1((left & right).total(), left.total(), right.total())


def rouge_l(candidate: str, reference: str) -> float:
    """F1 of the longest common subsequence of words; 0 ... 1.

    >>> rouge_l("кот кот спит", "кот спит дома кот")
    0.5714285714285714
    """
    left, right = words_of(candidate), words_of(reference)
    row = [0] * (len(right) + 1)
    for word in left:
        before = 0
        for at, other in enumerate(right, 1):
            before, row[at] = row[at], before + 1 if word == other else max(row[at], row[at - 1])
    return _f1(row[-1], len(left), len(right))


def bleu_4(candidates: Sequence[str], references: Sequence[str]) -> float:
    """BLEU of the corpus, runs of 1 to 4 words, one reference each, brevity penalty; not smoothed; 0 ... 1.

    Papineni et al., 2002: counts are summed over the corpus before they are divided.
    """
    shared, made = [0] * 4, [0] * 4
    lefts, rights = [words_of(one) for one in candidates], [words_of(one) for one in references]
    for left, right in zip(lefts, rights, strict=True):
        for n in range(1, 5):
            runs = _runs(left, n)
            shared[n - 1] += (runs & _runs(right, n)).total()
            made[n - 1] += runs.total()
    if not all(shared):
        return 0.0
    length, wanted = sum(map(len, lefts)), sum(map(len, rights))
    brevity = min(0.0, 1 - wanted / length)
    return math.exp(brevity + sum(math.log(one / all_) for one, all_ in zip(shared, made, strict=True)) / 4)


def bert_score(candidates: Sequence[str], references: Sequence[str], encoder: str) -> float:
    """Mean F1 of the greedy match of contextual token vectors by cosine (Zhang et al., 2020); -1 ... 1.

    The encoder's last layer, neither weighted by rarity nor rescaled to a baseline: compare it under one encoder alone.
    """
    values = []
    for part in batched(zip(candidates, references, strict=True), 16):
        lefts = _token_vectors([one for one, _ in part], encoder)
        rights = _token_vectors([other for _, other in part], encoder)
        values += [_matched(left, right) for left, right in zip(lefts, rights, strict=True)]
    return _mean(values)


def _matched(left: NDArray[np.float32], right: NDArray[np.float32]) -> float:
    if not len(left) or not len(right):
        return 0.0
    alike = left @ right.T
    precision, recall = float(alike.max(axis=1).mean()), float(alike.max(axis=0).mean())
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def _token_vectors(texts: Sequence[str], encoder: str) -> list[NDArray[np.float32]]:
    """Unit vectors of each text's tokens, the model's own marks left out."""
    network, tokenizer = hub_model(encoder, "AutoModel", "AutoTokenizer")
    import torch

    limit = min(512, tokenizer.model_max_length)
    tokens = tokenizer(
        list(texts),
        return_tensors="pt",
        padding=True,
        truncation=True,
        max_length=limit,
        return_special_tokens_mask=True,
    )
    own = (1 - tokens.pop("special_tokens_mask")).bool() & tokens["attention_mask"].bool()
    with torch.inference_mode():
        hidden = network(**{name: one.to(network.device) for name, one in tokens.items()}).last_hidden_state
    rows = hidden.float().cpu().numpy()
    return [unit(row[mask]) for row, mask in zip(rows, own.numpy(), strict=True)]


def unique_entities(headlines: Sequence[str], language: str) -> float | None:
    """Different names in a headline, on average; None where the tagger's model is not here."""
    try:
        return _mean(len(find_entities(one, language)) for one in headlines)
    except MissingModel:
        return None


def mean_cosine(headlines: Sequence[str], texts: Sequence[str], embedders: Sequence[Embedder]) -> float | None:
    """Mean of S = cos(v(headline), v(text)), as GuidMaster has it; None where an embedder's model is not here."""
    try:
        found = [GuidMaster()([one], text, embedders)[0].relevance for one, text in zip(headlines, texts, strict=True)]
    except MissingModel:
        return None
    return _mean(found)


def _runs(words: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[at : at + n]) for at in range(len(words) - n + 1))


def _f1(shared: int, left: int, right: int) -> float:
    return 2 * shared / (left + right) if shared else 0.0


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return float(sum(found) / len(found)) if found else 0.0
