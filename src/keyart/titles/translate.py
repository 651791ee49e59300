"""Russian to English by Marian (thesis §5.6): the ⟨subject, verb⟩ pair for a prompt, or any short text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keyart.models.hub import hub_model
from keyart.titles.subject import Pair


@dataclass(frozen=True, slots=True)
class Translator:
    """A MarianMT model."""

    model: str = "opus-mt-ru-en"
    """Name of a card, or a folder."""
    beams: int = 4
    max_tokens: int = 64
    """Of a translation."""

    def __call__(self, texts: Sequence[str]) -> tuple[str, ...]:
        """One translation a text; nothing stays nothing. Raises `MissingExtra`, `MissingModel`, `LicenceRefused`."""
        wanted = [text.strip() for text in texts if text.strip()]
        if not wanted:
            return ("",) * len(texts)
        network, tokenizer = hub_model(self.model, "AutoModelForSeq2SeqLM", "AutoTokenizer")
        import torch

        tokens = tokenizer(wanted, return_tensors="pt", padding=True, truncation=True)
        with torch.inference_mode():
            inputs = {name: tokens[name].to(network.device) for name in ("input_ids", "attention_mask")}
            rows = network.generate(**inputs, num_beams=self.beams, do_sample=False, max_new_tokens=self.max_tokens)
        made = iter([str(line).strip() for line in tokenizer.batch_decode(rows, skip_special_tokens=True)])
        return tuple(next(made) if text.strip() else "" for text in texts)


def english_pair(pair: Pair, translator: Translator | None = None) -> str:
    """⟨человек, сидеть⟩ -> an English phrase for a prompt, without a point, in small letters."""
    (line,) = (translator or Translator())([f"{pair.subject} {pair.verb}"])
    return line.rstrip(".!").strip().lower()
