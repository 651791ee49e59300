"""Words on a cover -> verdict: our own lists, always there, and a classifier of the hub's."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from keyart.errors import BadModel
from keyart.models import CARDS
from keyart.models.hub import hub_model
from keyart.review.disguise import Candidate, candidates, folded
from keyart.review.lexicon import LANGUAGES, Entry, lexicon
from keyart.review.verdict import Judgement, Verdict

_HIDDEN = ("profanity", "hate", "sexual")
"""What people write with stars."""
_LONGEST_DISGUISED = 16  # longer ones are words that ran together


class TextModerator(Protocol):
    """Reads one text. `backend` and `models` go into the manifest."""

    @property
    def backend(self) -> str: ...
    @property
    def models(self) -> tuple[str, ...]: ...
    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that it reads; empty where any goes."""

    def __call__(self, text: str, product: str = "") -> Verdict: ...


@dataclass(frozen=True, slots=True)
class Hit:
    """A place in a text that an entry of the lists fits."""

    start: int
    end: int
    entry: Entry
    disguised: bool


@dataclass(frozen=True, slots=True)
class WordLists:
    """Lists of words in Russian and English, with their inflections and the usual disguises."""

    backend: str = "word lists"
    models: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    def __call__(self, text: str, product: str = "") -> Verdict:
        """The worst that the text holds; mild words are told, but pass."""
        hits = find_words(text)
        if not hits:
            return Verdict(product, "pass", "", "", self.backend)
        worst = max(hits, key=lambda hit: hit.entry.weight)
        told = "; ".join(_told(text, hit) for hit in hits)
        span = (worst.start, worst.end)
        judgement: Judgement = "pass" if worst.entry.severity == "mild" else worst.entry.severity
        return Verdict(product, judgement, worst.entry.category, told, self.backend, span=span)


def find_words(text: str) -> tuple[Hit, ...]:
    """Everything in the text that is on a list, in order, the worst where several overlap."""
    hits = [hit for one in candidates(text) if (hit := _judged(one)) is not None]
    hits += _phrases(text)
    hits.sort(key=lambda hit: (-hit.entry.weight, hit.disguised, hit.start - hit.end))
    kept: list[Hit] = []
    for hit in hits:
        if all(hit.end <= other.start or hit.start >= other.end for other in kept):
            kept.append(hit)
    return tuple(sorted(kept, key=lambda hit: hit.start))


def _judged(candidate: Candidate) -> Hit | None:
    entry = _under_stars(candidate) if candidate.starred else lexicon(candidate.language).find(candidate.word)
    if entry is None or not _believable(candidate, entry):
        return None
    return Hit(candidate.start, candidate.end, entry, candidate.disguised)


def _believable(candidate: Candidate, entry: Entry) -> bool:
    if candidate.split:
        return entry.severity == "block"
    short = 3 <= len(candidate.word) <= _LONGEST_DISGUISED
    return not candidate.disguised or (entry.severity != "mild" and short)


def _phrases(text: str) -> list[Hit]:
    words = [(one.start(), one.end(), folded(one.group())) for one in re.finditer(r"[^\W\d_]+", text)]
    row = [word for _, _, word in words]
    return [
        Hit(words[first][0], words[last - 1][1], entry, False)
        for language in LANGUAGES
        for first, last, entry in lexicon(language).find_phrases(row)
    ]


def _under_stars(candidate: Candidate) -> Entry | None:
    pattern = re.compile(candidate.word)
    fitting = (entry for word, entry in _starrable(candidate.language) if pattern.fullmatch(word))
    return max(fitting, key=lambda entry: entry.weight, default=None)


@cache
def _starrable(language: str) -> tuple[tuple[str, Entry], ...]:
    from keyart.titles.russian import analyzer

    known = lexicon(language)
    found = dict(known.forms)
    for lemma, entry in known.lemmas.items():
        lexeme = analyzer().parse(lemma)[0].lexeme
        found |= {str(one.word).replace("ё", "е"): entry for one in lexeme} | {lemma: entry}
    return tuple((word, one) for word, one in found.items() if one.category in _HIDDEN and one.severity != "mild")


def _told(text: str, hit: Hit) -> str:
    how = ", disguised" if hit.disguised else ""
    return f"{hit.entry.category}: {masked(text[hit.start : hit.end])}{how}"


def masked(word: str) -> str:
    """The word as it may be shown: first and last letter. A manifest is read by people too."""
    return word if len(word) < 3 else word[0] + "*" * (len(word) - 2) + word[-1]


# --- a classifier of the hub's ----------------------------------------------------------------------------------

_BENIGN = {"non-toxic", "normal", "neutral", "safe", "clean", "not_toxic", "ok"}


@dataclass(frozen=True, slots=True)
class TextClassifier:
    """A sequence classifier of transformers that tells harmless from harmful (toxicity-ru, or a folder)."""

    model: str = "toxicity-ru"
    block_from: float = 0.9
    """Probability of harm from which a text is blocked, 0 ... 1."""
    flag_from: float = 0.5

    @property
    def backend(self) -> str:
        return f"classifier {self.model}"

    @property
    def models(self) -> tuple[str, ...]:
        return (self.model,)

    @property
    def languages(self) -> tuple[str, ...]:
        return CARDS[self.model].languages if self.model in CARDS else ()

    def __call__(self, text: str, product: str = "") -> Verdict:
        """Raises `MissingModel`, `MissingExtra`, `LicenceRefused`, and `BadModel` where no label is harmless."""
        chances = self.chances(text)
        harm = chance_of_harm(chances)
        if harm is None:
            raise BadModel(f"{self.model}: none of its labels is known to be harmless: {', '.join(chances)}")
        if harm < self.flag_from:
            return Verdict(product, "pass", "", "", self.backend, harm)
        worst = max((label for label in chances if label.lower() not in _BENIGN), key=chances.__getitem__)
        judgement: Judgement = "block" if harm >= self.block_from else "flag"
        return Verdict(product, judgement, worst, f"{worst} by {harm:.0%}", self.backend, harm, span=(0, len(text)))

    def chances(self, text: str) -> dict[str, float]:
        """Probability of each label; labels that do not exclude one another have each their own."""
        network, tokenizer = hub_model(self.model, "AutoModelForSequenceClassification", "AutoTokenizer")
        import torch

        longest = min(int(network.config.max_position_embeddings), 512)
        inputs = tokenizer([text], return_tensors="pt", truncation=True, max_length=longest).to(network.device)
        with torch.inference_mode():
            logits = network(**inputs).logits[0].float()
        labels = network.config.id2label
        several = network.config.problem_type == "multi_label_classification" or _are_several(labels.values())
        values = logits.sigmoid() if several else logits.softmax(-1)
        return {labels[place]: float(one) for place, one in enumerate(values)}


def _are_several(labels: Iterable[str]) -> bool:
    # cointegrated/rubert-tiny-toxicity is trained so, though its configuration does not say it
    return {"non-toxic", "dangerous"} <= set(labels)


def chance_of_harm(chances: Mapping[str, float]) -> float | None:
    """1 - P(harmless); `dangerous`, where it is a label of its own, must be absent too (the model's card says so)."""
    low = {label.lower(): chance for label, chance in chances.items()}
    harmless = [chance for label, chance in low.items() if label in _BENIGN]
    if not harmless:
        return None
    apart = {"non-toxic", "dangerous"} <= set(low)
    return 1 - math.fsum(harmless) * ((1 - low["dangerous"]) if apart else 1.0)


TEXT_MODERATORS: dict[str, TextModerator] = {"lists": WordLists(), "classifier": TextClassifier()}


def text_moderators(backend: str, model: str = "") -> tuple[TextModerator, ...]:
    """The named moderator; `both` names the two. A `model` (card or folder) is one for the classifier."""
    own: Mapping[str, TextModerator] = {**TEXT_MODERATORS, **({"classifier": TextClassifier(model)} if model else {})}
    return tuple(own.values()) if backend == "both" else (own[backend],)
