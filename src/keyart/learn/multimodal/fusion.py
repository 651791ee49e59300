"""Learns which frame people choose from frames, sound, title and description together (seed 001).

    keyart learn multimodal --data prepared/ --out out/

Transformers over the frames and over the sound, the words beside them, all fused into one vector for the video in the
space of the frames' embeddings; the frame nearest to it by cosine wins. The seed does not say by what loss the vector
is drawn there: here it is a cross-entropy over the video's own frames, by cosine over a temperature.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keyart.errors import BadSetting
from keyart.learn.files import write_facts
from keyart.learn.multimodal.measures import cosines, ranked, scores_of
from keyart.learn.multimodal.song import song_like
from keyart.learn.multimodal.values import Floats, MultimodalVideo, Opened, Parts, parted, read_videos
from keyart.learn.training import (
    EpochScores,
    Plan,
    Precision,
    Say,
    autocast,
    plain_settings,
    seeded,
    shuffled,
    stamp_of,
    train,
)
from keyart.settings import check_ranges

MODALITIES = ("frames", "audio", "title", "description")
_BOUNDS: dict[str, tuple[float, float]] = {
    "width": (2, 4096), "heads": (1, 64), "layers": (1, 24), "hidden": (1, 65536), "dropout": (0, 0.9),
    "temperature": (1e-3, 10), "epochs": (1, 10_000), "batch": (1, 4096), "learning_rate": (1e-12, 1.0),
    "weight_decay": (0, 1), "patience": (0, math.inf), "train_share": (1e-6, 1.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LearnMultimodal:
    """One vector for a video of frames, sound and words; the frame nearest to it is its thumbnail."""

    data: Path
    """Folder of prepared videos, one .npz each: frames, audio, title, description, chosen."""
    out: Path
    """Folder for the checkpoint, the scores and `ranker.kamodel`; a run found there is gone on with."""
    modalities: tuple[str, ...] = MODALITIES
    """What the vector is made of: frames, audio, title, description; `frames` alone is visual only."""
    width: int = 256
    """Of the transformers and of what each modality becomes; an even multiple of `heads`."""
    heads: int = 4
    """Of attention, in each transformer."""
    layers: int = 2
    """Of each transformer."""
    hidden: int = 512
    """Of the two layers that fuse the modalities."""
    dropout: float = 0.1
    """In transformers and fusion, 0 ... 0.9."""
    temperature: float = 0.07
    """Cosines are divided by it before the softmax over frames."""
    epochs: int = 40
    """Times through the training videos."""
    batch: int = 16
    """Videos in one step."""
    learning_rate: float = 3e-4
    """Of AdamW; it falls to 0 along a cosine over the epochs."""
    weight_decay: float = 0.01
    """Of AdamW."""
    patience: int = 0
    """Epochs without a lower validation loss after which training stops; 0: never."""
    train_share: float = 1.0
    """Of the training videos to use; the seed's smaller set is 700 of 1171, 0.6."""
    precision: Precision = "full"
    """Of the arithmetic; weights stay in full precision."""
    seed: int = 0
    """For the split, the order of the videos, the weights, dropout."""

    def __post_init__(self) -> None:
        check_ranges(self, **_BOUNDS)
        if not self.modalities or not set(self.modalities) <= set(MODALITIES):
            raise BadSetting(f"modalities is {', '.join(self.modalities)}; choose from {', '.join(MODALITIES)}")
        if self.width % self.heads or self.width % 2:
            raise BadSetting(f"width is {self.width}; it is even and a multiple of heads, {self.heads}")

    def __call__(self, say: Say = print) -> dict[str, Any]:
        """Train, or go on training; the facts that are also written to `out/multimodal.json`.

        Raises `MissingExtra`, `MissingFile`, `BadData`, and `BadSetting` for a checkpoint of other settings.
        """
        opened = read_videos(self.data)
        parts = parted(opened.videos, self.seed, self.train_share)
        say(f"{len(parts.train)} videos to train on, {len(parts.validation)} to validate, {len(parts.test)} to test")
        network, history = fit_fusion(parts, self, self.out, stamp_of(self, opened.sha256), say)
        facts = self._facts(opened, parts, history, scores_of(rankings(network, parts.test), parts.test))
        write_facts(self.out / "multimodal.json", facts)
        self._export(network, opened, facts)
        return facts

    def _facts(
        self, opened: Opened, parts: Parts, history: Sequence[EpochScores], test: dict[str, float]
    ) -> dict[str, Any]:
        by_chance = np.mean([len(one.chosen) / len(one.frames) for one in parts.test])
        song = scores_of([song_like(one, seed=self.seed) for one in parts.test], parts.test)
        return {
            "schema": 1,
            "recipe": "multimodal",
            "data": {"name": opened.name, "sha256": opened.sha256, "videos": len(opened.videos)},
            "features": opened.extractors,
            "settings": plain_settings(self),
            "videos": {name: len(getattr(parts, name)) for name in ("train", "validation", "test")},
            "epochs": [asdict(one) for one in history],
            "chance": {"precision_at_1": round(float(by_chance), 4)},
            "song_like": {name: round(value, 4) for name, value in song.items()},
            "test": {name: round(value, 4) for name, value in test.items()},
        }

    def _export(self, network: Any, opened: Opened, facts: dict[str, Any]) -> None:
        import torch

        from keyart.learn.export import write_kamodel
        from keyart.models.kamodel import LearnedCard

        frame, sound, text = opened.videos[0].sizes
        made = opened.extractors or dict.fromkeys(("frames", "audio", "text"), "not said by the data")
        card = LearnedCard(
            name=f"multimodal on {opened.name}",
            kind="vector",
            recipe="multimodal",
            features=made.get("frames", "not said by the data"),
            feature_size=frame,
            trained_on=opened.name,
            data_sha256=opened.sha256,
            scores=facts["test"],
            settings=plain_settings(self) | {"extractors": made},
            note=f"the frame nearest by cosine wins; frames, audio, text (title, description) by: {made}",
        )
        draw = torch.Generator().manual_seed(0)
        examples = tuple(torch.randn(shape, generator=draw) for shape in ((1, 12, frame), (1, 9, sound), (1, text)))
        write_kamodel(
            self.out / "ranker.kamodel", network.cpu(), examples, ("frames", "audio", "text"), ("vector",), card,
            dynamic={"frames": {1: "n"}, "audio": {1: "m"}},
        )  # fmt: skip


# --- training -----------------------------------------------------------------------------------------------------


class _Fusion:
    """What the harness trains."""

    def __init__(self, parts: Parts, recipe: LearnMultimodal) -> None:
        import torch

        from keyart.models.hub import device

        self.parts, self.recipe, self.device = parts, recipe, device()
        self.network = network_of(recipe, parts.train[0].sizes)
        self.network.measure({name: torch.from_numpy(rows) for name, rows in all_rows(parts.train).items()})
        self.network.to(self.device)
        adam = torch.optim.AdamW(self.network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
        falling = torch.optim.lr_scheduler.CosineAnnealingLR(adam, recipe.epochs)
        self.modules = {"network": self.network}
        self.optimisers = {"adam": adam}
        self.schedulers: dict[str, Any] = {"falling": falling}

    def epoch(self, number: int) -> list[list[MultimodalVideo]]:
        return _batches(shuffled(self.parts.train, self.recipe.seed, number), self.recipe.batch)

    def step(self, item: list[MultimodalVideo]) -> dict[str, Any]:
        import torch

        self.optimisers["adam"].zero_grad()
        loss = self.loss(item)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimisers["adam"].step()
        return {"loss": loss}

    def loss(self, videos: Sequence[MultimodalVideo]) -> Any:
        from keyart.learn.multimodal.fusion_net import choice_loss, frame_logits

        inputs, chosen = padded(videos, self.device)
        with autocast(self.recipe.precision):
            vector = self.network(*inputs)
        frames, kept = inputs[0], inputs[3]
        return choice_loss(frame_logits(vector.float(), frames, kept, self.recipe.temperature), chosen)

    def validate(self) -> dict[str, float]:
        videos = self.parts.validation
        losses = [float(self.loss(part)) * len(part) for part in _batches(videos, self.recipe.batch)]
        return {"loss": sum(losses) / len(videos), **scores_of(rankings(self.network, videos), videos)}


def _batches(videos: Sequence[MultimodalVideo], size: int) -> list[list[MultimodalVideo]]:
    return [list(videos[at : at + size]) for at in range(0, len(videos), size)]


def network_of(recipe: LearnMultimodal, sizes: tuple[int, int, int]) -> Any:
    """The recipe's network, its weights drawn."""
    from keyart.learn.multimodal.fusion_net import FusionNet

    return FusionNet(
        sizes,
        recipe.modalities,
        width=recipe.width,
        heads=recipe.heads,
        layers=recipe.layers,
        hidden=recipe.hidden,
        dropout=recipe.dropout,
    )


def all_rows(videos: Sequence[MultimodalVideo]) -> dict[str, Floats]:
    """Each modality's rows in all videos, shape (n, size)."""
    sounds = [one.audio for one in videos if len(one.audio)] or [np.zeros((1, videos[0].audio.shape[1]), np.float32)]
    return {
        "frames": np.concatenate([one.frames for one in videos]),
        "audio": np.concatenate(sounds),
        "title": np.stack([one.title for one in videos]),
        "description": np.stack([one.description for one in videos]),
    }


def fit_fusion(
    parts: Parts, recipe: LearnMultimodal, folder: Path | None = None, stamp: str = "", say: Say | None = None
) -> tuple[Any, tuple[EpochScores, ...]]:
    """The network with the weights of the epoch of the lowest validation loss, and the curve.

    Not of the best precision@1: on few videos that moves in steps, and the loss does not.
    """
    seeded(recipe.seed)
    learner = _Fusion(parts, recipe)
    plan = Plan(recipe.epochs, recipe.seed, patience=recipe.patience, watch="-loss")
    history = train(learner, plan, folder, stamp, say)
    return learner.network.eval(), history


def padded(videos: Sequence[MultimodalVideo], device: str = "cpu") -> tuple[tuple[Any, ...], Any]:
    """((frames, audio, text, frames kept, audio kept), chosen) of videos of different lengths.

    No sound is one row of zeros.
    """
    import torch

    sounds = [one.audio if len(one.audio) else np.zeros((1, one.audio.shape[1]), np.float32) for one in videos]
    frames, frames_kept = _stacked([one.frames for one in videos])
    audio, audio_kept = _stacked(sounds)
    chosen = np.zeros(frames_kept.shape, np.float32)
    for row, one in zip(chosen, videos, strict=True):
        row[list(one.chosen)] = 1.0
    text = np.stack([one.text for one in videos]).astype(np.float32)
    inputs = tuple(torch.from_numpy(one).to(device) for one in (frames, audio, text, frames_kept, audio_kept))
    return inputs, torch.from_numpy(chosen).to(device)


def _stacked(sequences: Sequence[Floats]) -> tuple[Floats, np.ndarray[Any, np.dtype[np.bool_]]]:
    """(batch, longest, size), zeros after the end of the shorter ones, and which rows are theirs."""
    longest = max(map(len, sequences))
    rows = np.zeros((len(sequences), longest, sequences[0].shape[1]), np.float32)
    kept = np.zeros(rows.shape[:2], np.bool_)
    for place, one in enumerate(sequences):
        rows[place, : len(one)], kept[place, : len(one)] = one, True
    return rows, kept


def vectors(network: Any, videos: Sequence[MultimodalVideo], batch: int = 16) -> Floats:
    """One for each video, shape (videos, d)."""
    import torch

    network.eval()
    device, found = next(network.parameters()).device, []
    with torch.inference_mode():
        for part in _batches(videos, batch):
            found.append(network(*padded(part, device)[0]).float().cpu().numpy())
    return np.concatenate(found)


def rankings(network: Any, videos: Sequence[MultimodalVideo]) -> list[list[int]]:
    """Each video's frames, the nearest to its vector first."""
    return [ranked(cosines(vector, one.frames)) for vector, one in zip(vectors(network, videos), videos, strict=True)]
