"""Text -> vector: with what is at hand without a model hub, and with the encoders that the thesis sums (§5.5)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadSetting, MissingModel
from keyart.models.hub import hub_model
from keyart.titles.dedup import Embedder, unit
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


def text_row(text: str, language: str) -> tuple[NDArray[np.float32], str]:
    """A unit row for one text, shape (d,), and its maker's name: word vectors for Russian where they are at hand, else
    groups of letters. A text without a word is a row of zeros."""
    if language == "ru":
        try:
            return np.asarray(unit(navec_mean([text]))[0], np.float32), "titles.navec"
        except MissingModel:
            pass
    return np.asarray(unit(letters([text]))[0], np.float32), "titles.letters"


def _grams(word: str) -> list[str]:
    return [word[at : at + length] for length in (3, 4, 5) for at in range(len(word) - length + 1)]


@dataclass(frozen=True, slots=True)
class Encoder:
    """A text encoder of transformers; a text's vector is the mean of its tokens' last hidden states."""

    model: str
    """Name of a card, or a folder."""
    prefix: str = ""
    """What the model wants before a headline; E5: 'query: '."""
    document_prefix: str = ""
    """What it wants before a document; E5: 'passage: '."""
    window_tokens: int = 512
    """What the model reads at once, 8 ... 8192; a longer text is read in windows, and all their tokens averaged."""

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (n, dimensions). Raises `MissingExtra`, `MissingModel`, `LicenceRefused`, `BadModel`."""
        return self._vectors([self.prefix + text for text in texts])

    def beside(self, headlines: Sequence[str], document: str) -> NDArray[np.float32]:
        """Vectors of the headlines and, last, of the document, each after its own prefix."""
        return self._vectors([*(self.prefix + text for text in headlines), self.document_prefix + document])

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        network, tokenizer = hub_model(self.model, "AutoModel", "AutoTokenizer")
        sums = np.zeros((len(texts), network.config.hidden_size), np.float64)
        counts = np.zeros((len(texts), 1), np.float64)
        if not texts:
            return sums.astype(np.float32)
        tokens = tokenizer(
            list(texts),
            return_tensors="pt",
            padding=True,
            truncation=True,
            max_length=min(self.window_tokens, tokenizer.model_max_length),
            return_overflowing_tokens=True,
        )
        of = tokens.pop("overflow_to_sample_mapping").tolist()
        for start in range(0, len(of), 16):
            hidden, mask = _states(network, {name: one[start : start + 16] for name, one in tokens.items()})
            np.add.at(sums, of[start : start + 16], (hidden * mask).sum(axis=1))
            np.add.at(counts, of[start : start + 16], mask.sum(axis=1))
        return np.asarray(sums / np.maximum(counts, 1), np.float32)


def _states(network: Any, tokens: Mapping[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Last hidden states (n, length, dimensions) and which of them are text (n, length, 1)."""
    import torch

    with torch.inference_mode():
        inputs = {name: one.to(network.device) for name, one in tokens.items()}
        hidden = network(**inputs).last_hidden_state.float().cpu().numpy()
    return hidden.astype(np.float64), tokens["attention_mask"].numpy().astype(np.float64)[..., None]


EMBEDDERS: dict[str, Embedder] = {
    "navec": navec_mean,
    "letters": letters,
    "bert": Encoder("bert-multilingual"),
    "roberta": Encoder("xlm-roberta-base"),
    "e5": Encoder("multilingual-e5", "query: ", "passage: "),
}
THESIS = ("bert", "roberta", "e5")
"""E_1, E_2, E_3 of the thesis, a third each; it names the families: these checkpoints read Russian and English."""


def embedders_named(names: Sequence[str]) -> tuple[Embedder, ...]:
    """Embedders by name; a folder is taken for an encoder of transformers. Raises `BadSetting`."""
    for name in names:
        if name not in EMBEDDERS and "/" not in name:
            raise BadSetting(f"no embedder is called {name!r}; there are: {', '.join(EMBEDDERS)}, or a folder")
    return tuple(EMBEDDERS.get(name) or Encoder(name) for name in names)
