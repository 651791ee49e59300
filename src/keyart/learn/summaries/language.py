"""PGL-SUM that listens to a text about the summary: language-guided attention (D5.4 §3.4).

    keyart learn language --data clip.h5 --scripts scripts --clip clip-vit-b32 --out guided

One global mechanism sees the frames alone; two local ones take the sentences as key and value, with the frames asking.
Four heads each, no places of frames, softmax(Q K^T) V not scaled, as printed. Frames and sentences are rows of one
CLIP. Sentences lie in the h5 (`text`, a row each), or are embedded from NAME.txt, NAME.srt or NAME.vtt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from keyart.errors import BadSetting
from keyart.learn.data import BadData
from keyart.learn.export import write_kamodel
from keyart.learn.protocol import Best
from keyart.learn.sets.hdf5 import array, opened
from keyart.learn.sets.values import AnnotatedVideo
from keyart.learn.summaries.pgl_sum_training import (
    MODEL,
    Example,
    Regression,
    Rows,
    Scorer,
    example_of,
    judged,
    read_videos,
    scores_of,
    splits_of,
    torch_of,
    width_of,
    written,
)
from keyart.learn.training import FREE, Plan, Say, plain_settings, seeded, stamp_of, train
from keyart.models.kamodel import LearnedCard
from keyart.settings import check_ranges

NOWHERE = Path()
Texts = Mapping[str, Rows]
"""Name of the video -> its sentences, (s, d)."""


@dataclass(frozen=True, slots=True)
class LearnLanguageSum:
    """A summariser that learns importance from frames and from a text about the summary (language-guided PGL-SUM)."""

    data: Path
    """An h5 file of the field's form; each video has CLIP `features`, and `text` unless --scripts is given."""
    out: Path
    """Folder for checkpoints, the model and the scores; a run that finds its checkpoints there goes on from them."""
    scripts: Path = NOWHERE
    """Folder with NAME.txt, NAME.srt or NAME.vtt of each video."""
    videos: Path = NOWHERE
    """Folder with NAME.mp4 ...: the rows of features are then made anew, by --clip, at the picks of the h5."""
    clip: str = "clip-vit-b32"
    """What embeds scripts and videos: name of a card, or a folder; the h5 must have been made with the same."""
    splits: Path = NOWHERE
    """JSON with train_keys and test_keys of each split; empty: five random ones of 80 % to 20 %."""
    best: Best = "mean"
    """How F1 against several people is one: max as for SumMe, mean as for TVSum."""
    epochs: int = 200
    """Times through the training videos, 1 ... 10000."""
    batch: int = 20
    """Videos in one step, 1 ... 1024."""
    learning_rate: float = 5e-5
    """Of Adam, more than 0 up to 1."""
    weight_decay: float = 1e-5
    """Of Adam, 0 ... 1."""
    max_norm: float = 5.0
    """To which longer gradients are cut."""
    heads: int = 4
    """Of the global mechanism, which sees the frames alone, 1 ... 64."""
    local_heads: int = 4
    """Of each mechanism that hears the text, 1 ... 64."""
    segments: int = 2
    """Parts of the video with such a mechanism each, 1 ... 64; the seed tried up to 4."""
    dropout: float = 0.5
    """Share of values dropped in training, 0 ... 0.95."""
    checkpoint_steps: int = 0
    """Steps between checkpoints within an epoch; one is written after each epoch anyway."""
    seed: int = 0
    """For the splits, the weights, the order of videos."""

    def __post_init__(self) -> None:
        check_ranges(
            self, epochs=(1, 10_000), batch=(1, 1024), heads=(1, 64), local_heads=(1, 64), segments=(1, 64),
            dropout=(0, 0.95), learning_rate=(1e-12, 1), weight_decay=(0, 1),
        )  # fmt: skip

    def __call__(self, say: Say = print) -> dict[str, Any]:
        """Train, or go on training; the facts that are also written to `out/language.json`.

        Raises `MissingFile`, `MissingExtra`, `MissingModel`, `BadData`, and `BadSetting` for a checkpoint of other
        settings.
        """
        videos, sha256 = read_videos(self.data)
        videos, texts = self._seen(videos, say), self._heard(videos)
        stamp = stamp_of(self, sha256 + _digest(videos, texts), (*FREE, "splits", "best", "scripts", "videos"))

        def fit(chosen: Sequence[AnnotatedVideo], name: str, seed: int) -> Any:
            say(f"{name}: {len(chosen)} videos")
            learner = self.learner(examples_of(chosen, texts), seed)
            names = ",".join(one.name for one in chosen)
            train(learner, Plan(self.epochs, seed, self.checkpoint_steps), self.out / name, f"{stamp} {names}", say)
            return learner.network

        def scorer(chosen: Sequence[AnnotatedVideo], split: int) -> Scorer:
            return scorer_of(fit(chosen, f"split_{split}", self.seed + split), texts)

        found = judged(scorer, videos, splits_of(self.splits, videos, self.seed), self.best)
        network = fit(videos, "all", self.seed).cpu()
        card = LearnedCard(
            "language", "frames", "language", f"clip.{Path(self.clip).name}", network.shape.features, self.data.name,
            sha256, found.scores(), self._told(),
            note="takes a second input, text (1, s, d); scores are of five splits, the model is of all videos",
        )  # fmt: skip
        examples = torch_of(videos[0].features[None, :64]), torch_of(texts[videos[0].name][None])
        inputs, dynamic = ("features", "text"), {"features": {1: "n"}, "text": {1: "s"}}
        write_kamodel(self.out / MODEL, network, examples, inputs, ("scores",), card, dynamic=dynamic)
        return written(self, "language", self.data, sha256, videos, found, settings=self._told())

    def learner(self, examples: Sequence[Example], seed: int | None = None) -> Regression:
        """The network and its training on these videos. Raises `MissingExtra`, `BadSetting`."""
        seed = self.seed if seed is None else seed
        seeded(seed)
        from keyart.learn.summaries.pgl_sum_net import LanguagePglSum, Shape

        shape = Shape(
            width_of(examples), self.heads, self.local_heads, self.segments, position=False, dropout=self.dropout
        )
        return Regression(LanguagePglSum(shape), examples, self, seed)

    def _told(self) -> dict[str, Any]:
        return plain_settings(self) | {"clip": Path(self.clip).name}

    def _seen(self, videos: Sequence[AnnotatedVideo], say: Say) -> tuple[AnnotatedVideo, ...]:
        """The videos with the features to learn from."""
        if self.videos == NOWHERE:
            return tuple(videos)
        from keyart.learn.summaries.language_features import VIDEOS, beside, frame_rows
        from keyart.review.agreement import PairEmbedder

        found = []
        for one in videos:
            say(f"{one.name}: {len(one.picks)} frames through {self.clip}")
            rows = frame_rows(beside(self.videos, one.name, VIDEOS), one.picks, PairEmbedder(self.clip))
            found.append(replace(one, features=rows))
        return tuple(found)

    def _heard(self, videos: Sequence[AnnotatedVideo]) -> dict[str, Rows]:
        if self.scripts == NOWHERE:
            return read_texts(self.data)
        from keyart.learn.summaries.language_features import SCRIPTS, beside, read_script, sentence_rows
        from keyart.review.agreement import PairEmbedder

        clip = PairEmbedder(self.clip)
        return {one.name: sentence_rows(read_script(beside(self.scripts, one.name, SCRIPTS)), clip) for one in videos}


def read_texts(path: Path) -> dict[str, Rows]:
    """`text` of each video in an h5 file, (s, d). Raises `MissingFile`, `MissingExtra`, `BadData`."""
    with opened(path) as file:
        silent = [name for name in file if "text" not in file[name]]
        if silent:
            raise BadData(f"{path}: {silent[0]} has no text; put one row a sentence there, or give --scripts")
        return {
            name: np.asarray(array(file[name], "text", f"{path}: {name}", shape=(None, None), kind=np.float32))
            for name in file
        }


def _digest(videos: Sequence[AnnotatedVideo], texts: Texts) -> str:
    """Of all rows: scripts and videos lie outside the h5."""
    rows = (part for one in videos for part in (one.features, texts.get(one.name, one.features[:0])))
    return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in rows)).hexdigest()


def examples_of(videos: Sequence[AnnotatedVideo], texts: Texts) -> list[Example]:
    """Raises `BadData` for a video without text, or whose frames and sentences are not of one CLIP."""
    found = []
    for one in videos:
        text = texts.get(one.name)
        if text is None or not len(text):
            raise BadData(f"{one.name}: no text about its summary")
        if one.has_features and text.shape[1] != one.features.shape[1]:
            widths = f"frames of {one.features.shape[1]} numbers, sentences of {text.shape[1]}"
            raise BadData(f"{one.name}: {widths}; one CLIP makes both")
        found.append(example_of(one, np.asarray(text, np.float32)))
    return found


def scorer_of(network: Any, texts: Texts) -> Scorer:
    return lambda video: scores_of(network, video.features, texts[video.name])


def summariser(
    videos: Sequence[AnnotatedVideo], seed: int = 0, *, texts: Texts | None = None, **settings: Any
) -> Scorer:
    """Language-guided PGL-SUM; `texts` holds the sentences of these videos and of those to be scored."""
    if texts is None:
        raise BadSetting("language needs `texts`: the sentences of each video")
    recipe = LearnLanguageSum(NOWHERE, NOWHERE, seed=seed, **settings)
    learner = recipe.learner(examples_of(videos, texts))
    train(learner, Plan(recipe.epochs, seed))
    return scorer_of(learner.network, texts)
