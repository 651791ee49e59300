"""Fine-tunes a text-to-text model on news headlines (thesis §5.4), from the first epoch to the table of scores.

    keyart learn headlines --data lenta-ru-news.csv.bz2 --base rut5-base --out rut5-lenta

One loop: read, group by length, split 70/15/15, train with AdamW, look at the validation pairs after each epoch (the
curves of fig. 5.6), keep the best epoch's weights, score the test pairs (tables 5.3 and 5.4). A checkpoint holds the
weights, the optimiser and the state of the random numbers; on a CPU a run that was interrupted and taken up again ends
with the same weights, bit for bit, as one that was not.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Literal

from keyart.errors import BadModel, BadSetting, MissingExtra
from keyart.learn.data import Corpus, Pair, Split, batched, in_group, read_pairs, split
from keyart.learn.files import write_facts
from keyart.learn.metrics import Scores, rouge_l, score
from keyart.models.hub import device
from keyart.models.store import model_folder
from keyart.settings import check_ranges

CHECKPOINT, RESULT = "checkpoint.pt", "headlines.json"
_FREE = ("epochs", "out", "data", "checkpoint_steps", "encoder", "test_pairs")
"""Settings that may differ between the parts of one run: the training so far does not depend on them."""


@dataclass(frozen=True, slots=True)
class LearnHeadlines:
    """A text-to-text model of the T5 family, fine-tuned to write headlines."""

    data: Path
    """News with headlines: .csv, .jsonl or .json with a `title` and a `text`; may be packed (.gz, .bz2, .xz)."""
    base: str
    """What to start from: name of a card (rut5-base), or a folder."""
    out: Path
    """Folder for the checkpoint, the weights and the scores; a run that finds its checkpoint there goes on from it."""
    group: Literal["short", "medium", "long", "all"] = "short"
    """Headlines to learn from, by length (table 5.2): up to 51, over 65 up to 80, over 80."""
    length_unit: Literal["tokens", "characters"] = "tokens"
    """What the length is counted in: the thesis writes tokens, its figures fit characters."""
    topics: tuple[str, ...] = ()
    """Of the news (Lenta's column `topic`); empty: all."""
    limit: int = 0
    """Pairs to read at most; 0: all."""
    epochs: int = 30
    """Times through the training pairs, 1 ... 1000."""
    batch: int = 8
    """Pairs in one step, 1 ... 1024."""
    learning_rate: float = 3e-4
    """Of AdamW, after the warm-up constant, more than 0 up to 1."""
    warmup_steps: int = 0
    """Steps in which the learning rate grows to its value."""
    weight_decay: float = 0.01
    """Of AdamW."""
    max_norm: float = 1.0
    """To which longer gradients are cut."""
    prefix: str = ""
    """What stands before each text, as in T5's own tasks."""
    read_tokens: int = 512
    """Of a text; the rest is cut off."""
    max_tokens: int = 51
    """Of a headline (thesis: 25, 35, 51)."""
    beams: int = 4
    """Of the search when test headlines are written."""
    validation_pairs: int = 200
    """Validation pairs that headlines are written for after each epoch; the loss is over all of them."""
    test_pairs: int = 1000
    """Test pairs to score (table 5.4: 1,000); 0: all."""
    encoder: str = ""
    """For BERTScore and the cosine: name of a card (bert-multilingual), or a folder; empty: no BERTScore."""
    language: str = "ru"
    """For the names in headlines."""
    checkpoint_steps: int = 500
    """Steps between checkpoints within an epoch; one is written after each epoch anyway."""
    seed: int = 0
    """For the split, the order of the pairs, dropout."""

    def __post_init__(self) -> None:
        check_ranges(
            self,
            epochs=(1, 1000), batch=(1, 1024), max_tokens=(4, 512), read_tokens=(16, 8192),
            beams=(1, 50), checkpoint_steps=(1, math.inf), warmup_steps=(0, math.inf),
            validation_pairs=(1, math.inf),
        )  # fmt: skip
        if not 0 < self.learning_rate <= 1:
            raise BadSetting(f"learning_rate is {self.learning_rate}; it is more than 0 and at most 1")

    def __call__(self, say: Callable[[str], None] = print) -> dict[str, Any]:
        """Train, or go on training; the facts that are also written to `out/headlines.json`.

        Raises `MissingExtra`, `MissingModel`, `MissingFile`, `BadData`, and `BadSetting` for a checkpoint of other
        settings.
        """
        corpus = read_pairs(self.data, self.topics, self.limit)
        network, tokenizer = load(self.base)
        pairs = split(self._grouped(corpus, tokenizer), self.seed)
        say(
            f"{len(pairs.train)} pairs to train on, {len(pairs.validation)} to validate, {len(pairs.test)} to test;"
            f" {corpus.skipped} rows without title or text, {corpus.repeated} repeated"
        )
        self.out.mkdir(parents=True, exist_ok=True)
        run = _Training(self, network, tokenizer, pairs, self._stamp(corpus))
        history = run.train(say)
        best, _ = load(str(self.out / "weights"))
        scores = self.evaluate(best, tokenizer, pairs.test[: self.test_pairs or None])
        facts = self._facts(corpus, pairs, history, scores)
        write_facts(self.out / RESULT, facts)
        return facts

    def evaluate(self, network: Any, tokenizer: Any, pairs: Sequence[Pair]) -> Scores:
        """Scores of the headlines that the network writes for these texts."""
        candidates = self.write(network, tokenizer, [pair.text for pair in pairs], self.beams)
        perplexity = math.exp(min(700.0, self.loss(network, tokenizer, pairs)))
        return score(
            candidates,
            [pair.title for pair in pairs],
            [pair.text for pair in pairs],
            language=self.language,
            encoder=self.encoder,
            perplexity=perplexity,
        )

    def write(self, network: Any, tokenizer: Any, texts: Sequence[str], beams: int = 1) -> list[str]:
        """One headline a text."""
        import torch

        network.eval()
        found: list[str] = []
        for part in batched(texts, self.batch):
            tokens = self._read(tokenizer, part, network)
            with torch.inference_mode():
                rows = network.generate(**tokens, num_beams=beams, do_sample=False, max_new_tokens=self.max_tokens)
            found += [one.strip() for one in tokenizer.batch_decode(rows, skip_special_tokens=True)]
        return found

    def loss(self, network: Any, tokenizer: Any, pairs: Sequence[Pair]) -> float:
        """Mean cross-entropy of a token of the references, in nats."""
        import torch

        network.eval()
        total, count = 0.0, 0
        for part in batched(pairs, self.batch):
            inputs = self._inputs(tokenizer, part, network)
            with torch.inference_mode():
                loss = network(**inputs).loss
            tokens = int((inputs["labels"] != -100).sum())
            total, count = total + float(loss) * tokens, count + tokens
        return total / count

    def _inputs(self, tokenizer: Any, pairs: Sequence[Pair], network: Any) -> dict[str, Any]:
        tokens = self._read(tokenizer, [pair.text for pair in pairs], network)
        titles = [pair.title for pair in pairs]
        wanted = tokenizer(titles, return_tensors="pt", padding=True, truncation=True, max_length=self.max_tokens + 1)
        labels = wanted["input_ids"].masked_fill(wanted["attention_mask"] == 0, -100)
        return tokens | {"labels": labels.to(network.device)}

    def _read(self, tokenizer: Any, texts: Sequence[str], network: Any) -> dict[str, Any]:
        prefixed = [self.prefix + text for text in texts]
        tokens = tokenizer(prefixed, return_tensors="pt", padding=True, truncation=True, max_length=self.read_tokens)
        return {name: tokens[name].to(network.device) for name in ("input_ids", "attention_mask")}

    def _grouped(self, corpus: Corpus, tokenizer: Any) -> tuple[Pair, ...]:
        titles = [pair.title for pair in corpus.pairs]
        if self.length_unit == "characters":
            lengths = [len(title) for title in titles]
        else:  # the mark of the end is no token of the headline's
            rows = (tokenizer(part, add_special_tokens=False)["input_ids"] for part in batched(titles, 1000))
            lengths = [len(row) for part in rows for row in part]
        return in_group(corpus.pairs, self.group, lengths, self.length_unit)

    def _stamp(self, corpus: Corpus) -> str:
        """Stands for all that the training depends on."""
        fixed = {name: value for name, value in asdict(self).items() if name not in _FREE}
        return hashlib.sha256(json.dumps([corpus.sha256, fixed], sort_keys=True).encode()).hexdigest()

    def _facts(self, corpus: Corpus, pairs: Split, history: Sequence[Epoch], scores: Scores) -> dict[str, Any]:
        settings = {name: value for name, value in asdict(self).items() if name not in ("data", "out")}
        settings["topics"] = list(self.topics)
        return {
            "schema": 1,
            "recipe": "headlines",
            "base": Path(self.base).name,
            "data": {"name": self.data.name, "sha256": corpus.sha256},
            "pairs": {name: len(part) for name, part in asdict_of(pairs)},
            "settings": settings | {"base": Path(self.base).name, "encoder": Path(self.encoder).name},
            "epochs": [asdict(one) for one in history],
            "best_epoch": best_of(history),
            "test": scores.facts(),
        }


@dataclass(frozen=True, slots=True)
class Epoch:
    """A point on the curves of fig. 5.6."""

    epoch: int
    loss: float
    """Mean over the epoch's steps."""
    validation_loss: float
    rouge_l: float
    """Of validation headlines."""


def best_of(history: Sequence[Epoch]) -> int:
    """Number of the epoch with the highest ROUGE-L on the validation pairs; of equals the one of less loss."""
    return max(history, key=lambda one: (one.rouge_l, -one.validation_loss)).epoch


def asdict_of(pairs: Split) -> Iterator[tuple[str, tuple[Pair, ...]]]:
    yield from (("train", pairs.train), ("validation", pairs.validation), ("test", pairs.test))


def load(name: str) -> tuple[Any, Any]:
    """A network of its own, to be changed, and its tokenizer; `hub_model` would hand out a shared one.

    Raises `MissingExtra`, `MissingModel`, `LicenceRefused`, `BadModel`.
    """
    folder = model_folder(name)
    try:
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, logging
    except ImportError as err:
        raise MissingExtra(err.name or "transformers", extra="learn") from err
    logging.disable_progress_bar()  # loading is over before a bar is read
    try:
        network = AutoModelForSeq2SeqLM.from_pretrained(folder, local_files_only=True)
        return network.to(device()), AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError) as err:
        raise BadModel(f"{folder}: no text-to-text model: {str(err).strip().splitlines()[0]}") from err


# --- the loop -----------------------------------------------------------------------------------------------------


class _Training:
    """What changes while a recipe runs, and how it is kept."""

    def __init__(self, recipe: LearnHeadlines, network: Any, tokenizer: Any, pairs: Split, stamp: str) -> None:
        import torch

        self.recipe, self.network, self.tokenizer, self.pairs, self.stamp = recipe, network, tokenizer, pairs, stamp
        self.optimiser = torch.optim.AdamW(
            network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.epoch, self.step, self.steps, self.losses = 0, 0, 0, list[float]()
        self.history: list[Epoch] = []
        torch.manual_seed(recipe.seed)
        self._resume()

    def train(self, say: Callable[[str], None]) -> list[Epoch]:
        """All epochs that are left."""
        if self.step or self.epoch:
            say(f"going on after {self.epoch} epochs and {self.step} steps")
        while self.epoch < self.recipe.epochs:
            self._one_epoch(say)
            self.history.append(self._looked_at())
            self._keep_best()
            self.epoch, self.step, self.losses = self.epoch + 1, 0, []
            self._save()
            last = self.history[-1]
            say(
                f"epoch {last.epoch}: loss {last.loss:.4f}, validation {last.validation_loss:.4f},"
                f" ROUGE-L {100 * last.rouge_l:.1f}"
            )
        return self.history

    def _one_epoch(self, say: Callable[[str], None]) -> None:
        for number, part in enumerate(batched(self._order(), self.recipe.batch)):
            if number < self.step:
                continue
            self.losses.append(self._one_step(part))
            self.step, self.steps = number + 1, self.steps + 1
            if self.step % self.recipe.checkpoint_steps == 0:
                self._save()
                of = math.ceil(len(self.pairs.train) / self.recipe.batch)
                say(f"epoch {self.epoch + 1}, step {self.step} of {of}: loss {self.losses[-1]:.4f}")

    def _order(self) -> list[Pair]:
        """Its own generator, so that what an epoch sees does not depend on what went before."""
        order = list(self.pairs.train)
        random.Random(f"{self.recipe.seed} {self.epoch}").shuffle(order)
        return order

    def _one_step(self, pairs: Sequence[Pair]) -> float:
        import torch

        self.network.train()
        share = min(1.0, (self.steps + 1) / (self.recipe.warmup_steps + 1))
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.learning_rate * share
        loss = self.network(**self.recipe._inputs(self.tokenizer, pairs, self.network)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.max_norm)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return float(loss.detach())

    def _looked_at(self) -> Epoch:
        looked = self.pairs.validation[: self.recipe.validation_pairs]
        lines = self.recipe.write(self.network, self.tokenizer, [pair.text for pair in looked])
        found = [rouge_l(line, pair.title) for line, pair in zip(lines, looked, strict=True)]
        loss = self.recipe.loss(self.network, self.tokenizer, self.pairs.validation)
        return Epoch(self.epoch + 1, sum(self.losses) / len(self.losses), loss, sum(found) / len(found))

    def _keep_best(self) -> None:
        if best_of(self.history) == self.epoch + 1:
            self.network.save_pretrained(self.recipe.out / "weights")
            self.tokenizer.save_pretrained(self.recipe.out / "weights")

    # --- the checkpoint -------------------------------------------------------------------------------------------

    def _save(self) -> None:
        import torch

        state = {
            "stamp": self.stamp,
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "counts": [self.epoch, self.step, self.steps],
            "losses": self.losses,
            "history": [asdict(one) for one in self.history],
        }
        path = self.recipe.out / CHECKPOINT
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def _resume(self) -> None:
        import torch

        path = self.recipe.out / CHECKPOINT
        if not path.is_file():
            return
        try:  # weights_only: a checkpoint is data, nothing in it is run
            state = torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, ValueError, LookupError, UnpicklingError) as err:
            raise BadSetting(f"{path} cannot be read; delete it to begin anew") from err
        if state["stamp"] != self.stamp:
            raise BadSetting(f"{path} is of a run with other settings or data; choose another --out, or delete it")
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["random"])
        if state["random_cuda"] and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(state["random_cuda"])
        self.epoch, self.step, self.steps = state["counts"]
        self.losses = state["losses"]
        self.history = [Epoch(**one) for one in state["history"]]
