"""Re-SUM: a summariser made for one set serves another by one learned vector (D5.4 §3.7, equations 8 to 12).

    keyart learn re-sum --data tvsum.h5 --way whole --out source
    keyart learn re-sum --data summe.h5 --base source --best max --out target

The vector W, as long as a frame has features, is added to every frame's; the transformer behind it is frozen, trained
on another set or not trained at all. The two ways of fine-tuning that the seed compares with are here, too: --way whole
changes every weight of the base, --way last its last linear layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Literal

import numpy as np

from keyart.cache import file_sha256
from keyart.errors import BadModel, BadSetting, MissingFile
from keyart.learn.export import write_kamodel
from keyart.learn.features import annotated
from keyart.learn.files import written_whole
from keyart.learn.protocol import Best
from keyart.learn.sets.values import AnnotatedVideo
from keyart.learn.summaries.pgl_sum_training import (
    MODEL,
    Example,
    Regression,
    Scorer,
    example_of,
    judged,
    scores_of,
    splits_of,
    torch_of,
    width_of,
    written,
)
from keyart.learn.training import FREE, Plan, Say, plain_settings, seeded, stamp_of, train
from keyart.models.kamodel import SUFFIX, LearnedCard
from keyart.settings import check_ranges

Way = Literal["program", "whole", "last"]
UNTRAINED = "untrained"
WEIGHTS = "transformer.pt"
RATES: dict[Way, float] = {"program": 1e-1, "whole": 3e-4, "last": 1e-3}
"""Of Adam, where no learning rate is given: the seed gives none, these did best on generated sets."""


@dataclass(frozen=True, slots=True)
class LearnReSum:
    """A transformer summariser reprogrammed for another set by one learned vector (Re-SUM), or fine-tuned."""

    data: Path
    """The set to serve: an h5 file of the field (`eccv16_dataset_*`), a folder with SumMe, or of your own videos."""
    out: Path
    """Folder for checkpoints, the model and the scores; a run that finds its checkpoints there goes on from them."""
    base: str = UNTRAINED
    """The transformer: untrained, or the folder (or .kamodel) of a run with --way whole on another set."""
    way: Way = "program"
    """What is learned: program: W alone; whole: every weight; last: the last linear layers."""
    size: Literal["tiny", "small", "med", "large"] = "med"
    """Of an untrained transformer: 2 x 128, 2 x 256, 4 x 512, 6 x 1024 (layers x width)."""
    alpha: float = 0.9
    """Share of the features in what the transformer sees, more than 0 and less than 1; W has the rest. The seed gives
    none; a trained base wants its features nearly as they were."""
    splits: Path = Path()
    """JSON with train_keys and test_keys of each split; empty: five random ones of 80 % to 20 %."""
    best: Best = "mean"
    """How F1 against several people is one: max as for SumMe, mean as for TVSum."""
    features: str = ""
    """What the rows of features are, for the card: who serves the model must make the same. Empty: as the data say."""
    epochs: int = 100
    """Times through the training videos, 1 ... 10000."""
    batch: int = 8
    """Videos in one step, 1 ... 1024."""
    learning_rate: float = 0.0
    """Of Adam, up to 1; 0: 0.1 for the program, 0.0003 for the whole, 0.001 for the last layers."""
    weight_decay: float = 0.0
    """Of Adam, 0 ... 1."""
    max_norm: float = 5.0
    """To which longer gradients are cut."""
    dropout: float = 0.1
    """Share of values dropped where the transformer's own weights are trained, 0 ... 0.95."""
    checkpoint_steps: int = 0
    """Steps between checkpoints within an epoch; one is written after each epoch anyway."""
    seed: int = 0
    """For the splits, the weights, the order of videos."""

    def __post_init__(self) -> None:
        check_ranges(
            self, epochs=(1, 10_000), batch=(1, 1024), alpha=(1e-6, 1 - 1e-6), dropout=(0, 0.95),
            learning_rate=(0, 1), weight_decay=(0, 1),
        )  # fmt: skip
        if self.way == "last" and self.base == UNTRAINED:
            raise BadSetting("the last layers of an untrained transformer are no fine-tuning: give --base")

    def __call__(self, say: Say = print) -> dict[str, Any]:
        """Train, or go on training; the facts that are also written to `out/re-sum.json`.

        Raises `MissingFile`, `MissingExtra`, `BadData`, `BadModel` for a base that is none, and `BadSetting` for a
        checkpoint of other settings.
        """
        data = annotated(self.data)
        videos, sha256 = data.videos, data.sha256
        base = None if self.base == UNTRAINED else weights_of(Path(self.base))
        stamp = stamp_of(self, sha256 + (file_sha256(base) if base else ""), (*FREE, "splits", "best", "base"))

        def fit(chosen: Sequence[AnnotatedVideo], name: str, seed: int) -> Any:
            say(f"{name}: {len(chosen)} videos")
            learner = self.learner([example_of(one) for one in chosen], seed, base and load(base, self.dropout))
            names = ",".join(one.name for one in chosen)
            train(learner, Plan(self.epochs, seed, self.checkpoint_steps), self.out / name, f"{stamp} {names}", say)
            return learner.network

        def scorer(chosen: Sequence[AnnotatedVideo], split: int) -> Scorer:
            return scorer_of(fit(chosen, f"split_{split}", self.seed + split))

        found = judged(scorer, videos, splits_of(self.splits, videos, self.seed), self.best)
        network = fit(videos, "all", self.seed).cpu()
        self._export(network, videos, LearnedCard(
            "re-sum", "frames", "re-sum", self.features or data.features, videos[0].features.shape[1],
            self.data.name, sha256, found.scores(), self._told(),
            note="scores are of five splits, the model is of all videos",
        ))  # fmt: skip
        more = {"settings": self._told(), "trained_numbers": self._learnable(network)}
        return written(self, "re-sum", self.data, sha256, videos, found, **more)

    def learner(self, examples: Sequence[Example], seed: int | None = None, base: Any = None) -> Regression:
        """What is learned of `base`, a `Transformer`, or of an untrained one; `network` answers with both.

        Raises `MissingExtra`, and `BadSetting` where the base eats other features.
        """
        seed, width = self.seed if seed is None else seed, width_of(examples)
        seeded(seed)
        from keyart.learn.summaries.re_sum_net import SIZES, Reprogrammed, Transformer, only_last

        base = Transformer(width, SIZES[self.size], self.dropout) if base is None else base
        if base.features != width:
            raise BadSetting(f"the base eats {base.features} features a frame, these videos have {width}")
        if self.way == "program":
            base = Reprogrammed(base, self.alpha)
        elif self.way == "last":
            base = only_last(base)
        return Regression(base, examples, self._settled(), seed)

    def _told(self) -> dict[str, Any]:
        return plain_settings(self) | {"base": Path(self.base).name}

    def _settled(self) -> LearnReSum:
        return self if self.learning_rate else replace(self, learning_rate=RATES[self.way])

    def _export(self, network: Any, videos: Sequence[AnnotatedVideo], card: LearnedCard) -> None:
        rows = torch_of(videos[0].features[None, :64])
        axes = {"features": {1: "n"}}
        write_kamodel(self.out / MODEL, network, (rows,), ("features",), ("scores",), card, dynamic=axes)
        if self.way == "program":
            save_program(self.out / "program.npy", network)
        else:
            save(self.out / WEIGHTS, network)

    def _learnable(self, network: Any) -> int:
        from keyart.learn.summaries.re_sum_net import learnable

        return learnable(network)


# --- the base -------------------------------------------------------------------------------------------------------


def weights_of(path: Path) -> Path:
    """The weights of a run: its folder, its .kamodel or the file itself. Raises `MissingFile`."""
    beside = path / WEIGHTS if path.is_dir() else path.with_name(WEIGHTS) if path.suffix == SUFFIX else path
    if not beside.is_file():
        raise MissingFile(f"{beside}: no such weights; a run of `keyart learn re-sum --way whole` leaves them in --out")
    return beside


def save(path: Path, network: Any) -> None:
    """A `Transformer`, to be the base of another run."""
    import io

    import torch

    target = io.BytesIO()
    size = asdict(network.size)
    torch.save({"features": network.features, "size": size, "weights": network.state_dict()}, target)
    written_whole(path, target.getvalue())


def load(path: Path, dropout: float = 0.1) -> Any:
    """What `save` wrote, with all its weights free to learn. Raises `BadModel`."""
    import torch

    from keyart.learn.summaries.re_sum_net import Size, Transformer

    try:  # weights_only: a file is data, nothing in it is run
        state = torch.load(path, map_location="cpu", weights_only=True)
        network = Transformer(state["features"], Size(**state["size"]), dropout)
        network.load_state_dict(state["weights"])
    except (OSError, RuntimeError, EOFError, ValueError, LookupError, TypeError, UnpicklingError) as err:
        raise BadModel(f"{path}: no transformer of keyart's") from err
    return network


def save_program(path: Path, network: Any) -> None:
    """W alone, (d,): all that the other set needs beside the base."""
    import io

    target = io.BytesIO()
    np.save(target, network.program.detach().cpu().numpy())
    written_whole(path, target.getvalue())


def scorer_of(network: Any) -> Scorer:
    return lambda video: scores_of(network, video.features)


def summariser(videos: Sequence[AnnotatedVideo], seed: int = 0, *, base: Any = None, **settings: Any) -> Scorer:
    """Re-SUM on a frozen `base` (a `Transformer`; None: an untrained one), or another way of learning."""
    recipe = LearnReSum(Path(), Path(), seed=seed, **settings)
    learner = recipe.learner([example_of(one) for one in videos], base=base)
    train(learner, Plan(recipe.epochs, seed))
    return scorer_of(learner.network)
