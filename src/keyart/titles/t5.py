"""Headlines by the thesis' three T5 models (§5.4-5.5): ten variants each, by the length penalty of the beam search.

Needs the extra "hub" and the weights; both are said by name where they are missing. The thesis' own model, rut5-base
fine-tuned on Lenta, was never published: `keyart learn headlines` makes one, and its folder `rut5-lenta` is looked for
in the model store.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from keyart.errors import BadSetting, MissingModel
from keyart.models.hub import hub_model
from keyart.models.store import model_folder, store_folder

Writer = Callable[[str, str], tuple[str, ...]]
"""(text, language) -> candidate headlines, best first, none twice; empty for a language that it does not write."""

PENALTIES = tuple(step / 10 for step in range(1, 11))
TRAINED = "rut5-lenta"


@dataclass(frozen=True, slots=True)
class T5Writer:
    """A text-to-text model of the T5 family."""

    model: str
    """Name of a card, or a folder; `rut5-lenta` is what `keyart learn headlines` has made."""
    prefix: str = ""
    """What the model wants before the text."""
    languages: tuple[str, ...] = ("ru",)
    penalties: tuple[float, ...] = PENALTIES
    """Length penalties, one variant for each (thesis: 0.1 ... 1.0)."""
    beams: int = 5
    """Of the search, 2 ... 50; the thesis gives no number."""
    max_tokens: int = 51
    """Of a headline, 4 ... 200."""
    read_tokens: int = 512
    """Of the text, 16 ... 4096; what is longer is cut at its end."""
    no_repeat: int = 0
    """Runs of so many tokens may not come twice; 0: no such rule."""
    summary: bool = False
    """Whether the model writes a summary, of which the first line is the headline."""

    def __post_init__(self) -> None:
        if not self.penalties or not 2 <= self.beams <= 50 or not 4 <= self.max_tokens <= 200:
            raise BadSetting(
                f"{len(self.penalties)} penalties, {self.beams} beams, {self.max_tokens} tokens; allowed are 1 or more,"
                " 2 to 50, and 4 to 200"
            )

    def __call__(self, text: str, language: str) -> tuple[str, ...]:
        """Variants in order of the penalties. Raises `MissingExtra`, `MissingModel`, `LicenceRefused`, `BadModel`."""
        return self.batch([text], language)[0]

    def batch(self, texts: Sequence[str], language: str) -> tuple[tuple[str, ...], ...]:
        """The same for several texts at once; each gets what it would get alone."""
        if language not in self.languages or not any(text.strip() for text in texts):
            return ((),) * len(texts)
        network, tokenizer = hub_model(trained_or(self.model), "AutoModelForSeq2SeqLM", "AutoTokenizer")
        rows = self._generated(network, tokenizer, [self.prefix + text.strip() for text in texts])
        made = [[self._line(tokenizer, row[place]) for row in rows] for place in range(len(texts))]
        return tuple(once(lines) if text.strip() else () for text, lines in zip(texts, made, strict=True))

    def _generated(self, network: Any, tokenizer: Any, texts: list[str]) -> list[Any]:
        """Token rows of all texts, one entry per penalty. The text is read once, only the search is run ten times."""
        import torch

        wanted: dict[str, Any] = {"num_beams": self.beams, "do_sample": False, "no_repeat_ngram_size": self.no_repeat}
        wanted["max_new_tokens"] = 200 if self.summary else self.max_tokens
        tokens = tokenizer(texts, return_tensors="pt", padding=True, truncation=True, max_length=self.read_tokens)
        ids, mask = tokens["input_ids"].to(network.device), tokens["attention_mask"].to(network.device)
        with torch.inference_mode():
            read = network.get_encoder()(input_ids=ids, attention_mask=mask)
            return [
                network.generate(encoder_outputs=_copied(read), attention_mask=mask, length_penalty=penalty, **wanted)
                for penalty in self.penalties
            ]

    def _line(self, tokenizer: Any, row: Any) -> str:
        ended = bool((row == tokenizer.eos_token_id).any())
        text = " ".join(tokenizer.decode(row, skip_special_tokens=True).split(" "))
        if self.summary:
            text = first_line(text)
            return text if len(tokenizer(text)["input_ids"]) - 1 <= self.max_tokens else ""
        # the limit may have cut a word in two
        return tidied(text if ended else text.rsplit(" ", 1)[0])


def _copied(read: Any) -> Any:
    from transformers.modeling_outputs import BaseModelOutput

    return BaseModelOutput(last_hidden_state=read.last_hidden_state.clone())


def once(lines: Iterable[str]) -> tuple[str, ...]:
    """The lines that are not empty, each the first time it comes whatever its case."""
    kept: dict[str, str] = {}
    for line in lines:
        if line:
            kept.setdefault(line.casefold(), line)
    return tuple(kept.values())


def tidied(text: str) -> str:
    """One line: no edges of space, no quotes around the whole, no point at the end, a capital at the start."""
    line = re.sub(r"\s+", " ", text).strip()
    quoted = re.fullmatch(r"""(["'])([^"']*)\1\.?|«([^«»]*)»\.?|“([^“”]*)”\.?""", line)
    line = next((part for part in quoted.groups()[1:] if part is not None), line) if quoted else line
    line = line.strip().removesuffix(".").strip()
    return line[:1].upper() + line[1:]


def first_line(text: str) -> str:
    """The first line of a summary, and of that the first sentence: the thesis' third headline."""
    from razdel import sentenize

    lines = [line for line in text.splitlines() if line.strip()]
    sentences = [one.text for one in sentenize(lines[0])] if lines else []
    return tidied(sentences[0]) if sentences else ""


def trained_or(model: str) -> str:
    """Folder of the model in the store for one that has no card because the user trained it; else the name itself.

    Raises `MissingModel` with the cure for `rut5-lenta` where nobody has trained it.
    """
    if model != TRAINED:
        return model
    folder = store_folder() / TRAINED
    if not folder.is_dir():
        raise MissingModel(
            TRAINED, "train it: keyart learn headlines --data lenta-ru-news.csv --base rut5-base --out " + str(folder)
        )
    weights = folder / "weights"  # as the recipe leaves them, beside its checkpoint and scores
    return str(weights if weights.is_dir() else folder)


def missing_of(writer: Writer) -> MissingModel | None:
    """What is said where a T5 writer's weights are not here; None where they are, or where it needs none."""
    if not isinstance(writer, T5Writer):
        return None
    try:
        model_folder(trained_or(writer.model))
    except MissingModel as err:
        return err
    return None


WRITERS: dict[str, Writer] = {
    "rut5-lenta": T5Writer(TRAINED),
    "rut5-headline": T5Writer("rut5-headline"),
    "rut5-gazeta": T5Writer("rut5-gazeta", read_tokens=600, no_repeat=4, summary=True),
}
"""In the thesis' order: its own model, the second one, the summary whose first line is taken."""
