"""Names by a token classifier of the hub: `bert-base-NER` (thesis §5.5, English) and a multilingual one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keyart.models.hub import hub_model
from keyart.titles.entities import Entity, find_entities

EntityFinder = Callable[[str, str], tuple[Entity, ...]]
"""(text, language) -> different entities in order of appearance."""

_STRIDE = 32
"""Tokens that neighbouring windows share, so that a name on the edge is whole in one of them."""
_WRAPPING = " \t\n\"'«»“”„()[].,:;!?…—–-"


@dataclass(frozen=True, slots=True)
class EntityTagger:
    """A token classifier of transformers with B- and I- labels."""

    model: str
    """Name of a card, or a folder."""
    languages: tuple[str, ...] = ()
    """What it was trained on; for another language the rules of this house answer. Empty: any."""
    min_confidence: float = 0.5
    """Mean probability of an entity's tokens, 0 ... 1."""

    def __call__(self, text: str, language: str) -> tuple[Entity, ...]:
        """Raises `MissingExtra`, `MissingModel`, `LicenceRefused`, `BadModel`."""
        if self.languages and language not in self.languages:
            return find_entities(text, language)
        unique: dict[str, Entity] = {}
        for start, end, kind in outermost(self._spans(text)):
            if words := text[start:end].strip(_WRAPPING):
                unique.setdefault(key_of(words, language), Entity(words, kind, key_of(words, language)))
        return tuple(unique.values())

    def _spans(self, text: str) -> Iterator[tuple[int, int, str]]:
        import numpy as np

        network, tokenizer = hub_model(self.model, "AutoModelForTokenClassification", "AutoTokenizer")
        for offsets, chances in _windows(network, tokenizer, text):
            best = chances.argmax(axis=1)
            labels = [str(network.config.id2label[int(one)]) for one in best]
            for first, last, kind in joined(labels, offsets, text):
                if float(np.mean(chances[first : last + 1].max(axis=1))) >= self.min_confidence:
                    yield (*grown(text, offsets[first][0], offsets[last][1]), kind)


def _windows(network: Any, tokenizer: Any, text: str) -> Iterator[tuple[list[tuple[int, int]], Any]]:
    """Offsets of the tokens of a window in the text, and each token's chances; marks of the model's own left out."""
    import torch

    limit = min(512, tokenizer.model_max_length)
    read = tokenizer(
        text,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
        return_overflowing_tokens=True,
        truncation=True,
        max_length=limit,
        stride=min(_STRIDE, limit // 4),
    )
    for number, ids in enumerate(read["input_ids"]):
        with torch.inference_mode():
            logits = network(input_ids=torch.tensor([ids], device=network.device)).logits[0]
        chances = logits.float().softmax(-1).cpu().numpy()
        own = [place for place, special in enumerate(read["special_tokens_mask"][number]) if not special]
        offsets = [tuple(read["offset_mapping"][number][place]) for place in own]
        yield offsets, chances[own]


def joined(labels: Sequence[str], offsets: Sequence[tuple[int, int]], text: str) -> Iterator[tuple[int, int, str]]:
    """(first token, last token, kind) of each run; pieces of one word are one name, whatever their marks."""
    first, kind = -1, ""
    for place, label in enumerate(labels):
        mark, _, name = label.rpartition("-")
        name = "" if label == "O" else name
        inside = place > 0 and offsets[place - 1][1] == offsets[place][0] and _in_word(text, offsets[place][0])
        goes_on = first >= 0 and (inside or (name == kind and mark != "B"))
        if first >= 0 and not goes_on:
            yield first, place - 1, kind
            first = -1
        if first < 0 and name:
            first, kind = place, name
    if first >= 0:
        yield first, len(labels) - 1, kind


def outermost(spans: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """In order of place, without those that lie in another: a name on the edge of a window is cut in one of two."""
    found: list[tuple[int, int, str]] = []
    for start, end, kind in sorted(set(spans), key=lambda one: (one[0], -one[1], one[2])):
        if not found or end > found[-1][1]:
            found.append((start, end, kind))
    return found


def _in_word(text: str, place: int) -> bool:
    return bool(re.fullmatch(r"\w\w", text[place - 1 : place + 1]))


def grown(text: str, start: int, end: int) -> tuple[int, int]:
    """The span to the ends of its words: a classifier may name a part of one."""
    while start > 0 and _in_word(text, start):
        start -= 1
    while end < len(text) and _in_word(text, end):
        end += 1
    return start, end


def key_of(words: str, language: str) -> str:
    """What makes two mentions one: lemmas in Russian, else small letters without the possessive."""
    if language != "ru":
        return re.sub(r"['’]s$", "", words.lower())
    from keyart.titles.russian import lemma_of

    return " ".join(lemma_of(word) for word in words.split()).lower()


FINDERS: Mapping[str, EntityFinder] = {
    "embedded": find_entities,
    "bert-base-ner": EntityTagger("bert-base-ner", ("en",)),
    "wikineural-ner": EntityTagger("wikineural-ner", ("de", "en", "es", "fr", "it", "nl", "pl", "pt", "ru")),
}
"""The house's own, the thesis' (it reads English alone: Russian goes to the house's own), and one for both."""


def by_entities(headlines: Sequence[str], language: str, finder: EntityFinder = find_entities) -> tuple[str, ...]:
    """Headlines by the number of different entities, most first; equal ones stay in their order (thesis §5.5)."""
    return tuple(sorted(headlines, key=lambda one: -len(finder(one, language))))
