"""What stands in for TRILL, which is published for TensorFlow Hub alone and cannot be loaded here.

Same interface: about a second of sound at 16 kHz -> 512 numbers. Same lesson: TRILL (Shor et al., 2020) learned by
triplets that pieces of one recording are nearer to each other than to those of another. Another network, other data:
what it says of a sound is not what TRILL says, and the cards of what is learned on top of it name it a stand-in.

    keyart learn sounds --data folder-of-videos-or-wav/ --out out/
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadModel, BadSetting, MissingFile, UnreadableVideo
from keyart.learn.data import BadData, batched
from keyart.learn.files import write_facts, written_whole
from keyart.learn.multimodal.values import Floats
from keyart.learn.training import EpochScores, Plan, Say, plain_settings, rng, seeded, stamp_of, train

NAME = "log-mel + small conv encoder, a stand-in for TRILL"
RATE_HZ, SIZE = 16_000, 512
BANDS, STEPS = 64, 96
"""Of a patch: log-mel energies of 25 ms every 10 ms, 0.96 s of them."""
WEIGHTS = "sounds.pt"
_WINDOW, _HOP, _POINTS = 400, 160, 512
_LOWEST_HZ, _HIGHEST_HZ = 125.0, 7500.0
_OFFSET = 0.01


def patches_of(sound: Floats) -> Floats:
    """Sound (n,) at 16 kHz -> (m, 96, 64), one patch for each 0.96 s; the last one is filled up with silence."""
    if not len(sound):
        return np.zeros((0, STEPS, BANDS), np.float32)
    each = STEPS * _HOP
    count = -(-len(sound) // each)
    filled = np.pad(sound, (0, count * each + _WINDOW - len(sound)))
    frames = np.lib.stride_tricks.sliding_window_view(filled, _WINDOW)[: count * each : _HOP]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW + 1)[:-1], _POINTS, axis=1))
    energies = np.log(spectrum @ mel_filters().T + _OFFSET)
    return energies.reshape(count, STEPS, BANDS).astype(np.float32)


@cache
def mel_filters() -> NDArray[np.float64]:
    """(64, 257): triangles that are even on the mel scale, 1 at their top."""
    low, high = _mel(np.array([_LOWEST_HZ, _HIGHEST_HZ]))
    edges = np.linspace(low, high, BANDS + 2)
    bins = _mel(np.linspace(0, RATE_HZ / 2, _POINTS // 2 + 1))
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.asarray(np.maximum(0, np.minimum(rising, falling)), np.float64)


def _mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(hertz / 700.0), np.float64)


@dataclass(frozen=True, slots=True)
class LearnSounds:
    """A stand-in for TRILL: pieces of one recording lie nearer to each other than to another's."""

    data: Path
    """Folder of recordings: anything with sound."""
    out: Path
    """Folder for the checkpoint and the weights; a run found there is gone on with."""
    filters: int = 32
    """Of the first convolution."""
    near: int = 3
    """A patch's neighbour is at most so many patches off."""
    margin: float = 0.1
    """Of the triplet loss, between squared distances of unit vectors."""
    epochs: int = 20
    """Times through the patches."""
    batch: int = 64
    """Triplets in one step."""
    learning_rate: float = 1e-3
    """Of Adam."""
    seed: int = 0
    """For the order, the triplets, the weights."""

    def __post_init__(self) -> None:
        for name in ("filters", "near", "epochs", "batch"):
            if getattr(self, name) < 1:
                raise BadSetting(f"{name} is {getattr(self, name)}; it is 1 or more")

    def __call__(self, say: Say = print) -> dict[str, Any]:
        """Train, or go on training; the facts that are also written to `out/sounds.json`.

        Raises `MissingExtra`, `MissingFile`, `BadData`, and `BadSetting` for a checkpoint of other settings.
        """
        clips, sha256 = read_clips(self.data)
        say(f"{len(clips)} recordings, {sum(map(len, clips))} patches of 0.96 s")
        held = clips[: max(2, round(0.15 * len(clips)))]
        network, history = fit_sounds(clips[len(held) :], self, self.out, stamp_of(self, sha256), say)
        save_sounds(self.out / WEIGHTS, network, self.filters)
        facts = {
            "schema": 1,
            "recipe": "sounds",
            "stands_in_for": "TRILL",
            "data": {"name": self.data.name, "sha256": sha256, "recordings": len(clips)},
            "settings": plain_settings(self),
            "epochs": [asdict(one) for one in history],
            "test": {"right_triplets": round(right_triplets(network, held, self), 4)},
        }
        write_facts(self.out / "sounds.json", facts)
        return facts


def read_clips(folder: Path) -> tuple[list[Floats], str]:
    """The patches of each recording that has four or more of them. Raises `MissingFile`, `BadData`."""
    if not folder.is_dir():
        raise MissingFile(f"{folder}: no such folder")
    clips, digest = [], hashlib.sha256()
    for path in sorted(one for one in folder.iterdir() if one.is_file()):
        patches = patches_of(sound_of(path))
        if len(patches) >= 4:
            clips.append(patches)
            digest.update(patches.tobytes())
    if len(clips) < 4:
        raise BadData(f"{folder}: {len(clips)} recordings of four seconds or more; four are wanted")
    return clips, digest.hexdigest()


def sound_of(path: Path) -> Floats:
    """All of it, mono at 16 kHz; (0,) for a file without."""
    from keyart.media.probe import probe
    from keyart.media.sound import read_sound

    try:
        chunks = list(read_sound(probe(path), sample_rate_hz=RATE_HZ))
    except UnreadableVideo:
        return np.zeros(0, np.float32)
    return np.concatenate(chunks).astype(np.float32) if chunks else np.zeros(0, np.float32)


# --- training -----------------------------------------------------------------------------------------------------

Triplet = tuple[Floats, Floats, Floats]


def triplets_of(clips: Sequence[Floats], near: int, chance: np.random.Generator) -> list[Triplet]:
    """For each patch one near it in the same recording and one of another recording."""
    found = []
    for number, clip in enumerate(clips):
        for place in range(len(clip)):
            around = [at for at in range(max(0, place - near), min(len(clip), place + near + 1)) if at != place]
            other = clips[(number + 1 + int(chance.integers(len(clips) - 1))) % len(clips)]
            found.append((clip[place], clip[int(chance.choice(around))], other[int(chance.integers(len(other)))]))
    return found


class _Sounds:
    """What the harness trains."""

    def __init__(self, clips: Sequence[Floats], recipe: LearnSounds) -> None:
        import torch

        from keyart.learn.multimodal.sounds_net import SoundNet
        from keyart.models.hub import device

        self.clips, self.recipe, self.device = clips, recipe, device()
        self.network = SoundNet(recipe.filters, SIZE).to(self.device)
        self.modules = {"network": self.network}
        self.optimisers = {"adam": torch.optim.Adam(self.network.parameters(), lr=recipe.learning_rate)}
        self.schedulers: dict[str, Any] = {}

    def epoch(self, number: int) -> list[list[Triplet]]:
        chance = rng("triplets", self.recipe.seed, number)
        found = triplets_of(self.clips, self.recipe.near, chance)
        order = [found[int(one)] for one in chance.permutation(len(found))]
        return list(batched(order, self.recipe.batch))

    def step(self, item: list[Triplet]) -> dict[str, Any]:
        from keyart.learn.multimodal.sounds_net import triplet_loss

        self.optimisers["adam"].zero_grad()
        anchor, positive, negative = (
            self.network(_tensor([one[place] for one in item], self.device)) for place in range(3)
        )
        loss = triplet_loss(anchor, positive, negative, self.recipe.margin)
        loss.backward()
        self.optimisers["adam"].step()
        return {"loss": loss}

    def validate(self) -> dict[str, float]:
        return {}


def fit_sounds(
    clips: Sequence[Floats], recipe: LearnSounds, folder: Path | None = None, stamp: str = "", say: Say | None = None
) -> tuple[Any, tuple[EpochScores, ...]]:
    """The network after the last epoch, and the curve."""
    if len(clips) < 2:
        raise BadData(f"{len(clips)} recordings to train on; two or more are wanted")
    seeded(recipe.seed)
    learner = _Sounds(clips, recipe)
    history = train(learner, Plan(recipe.epochs, recipe.seed), folder, stamp, say)
    return learner.network.eval(), history


def right_triplets(network: Any, clips: Sequence[Floats], recipe: LearnSounds) -> float:
    """Share of triplets whose neighbour is nearer, by cosine, than the stranger; 0.5 by chance."""
    found = triplets_of(clips, recipe.near, rng("test", recipe.seed))
    a, p, n = (_unit(sound_rows(network, [one[place] for one in found])) for place in range(3))
    return float(np.mean((a * p).sum(axis=1) > (a * n).sum(axis=1)))


def sound_rows(network: Any, patches: Iterable[Floats]) -> Floats:
    """(m, 96, 64) -> (m, 512)."""
    import torch

    network.eval()
    device, found = next(network.parameters()).device, [np.zeros((0, SIZE), np.float32)]
    with torch.inference_mode():
        for part in batched(patches, 64):
            found.append(network(_tensor(part, device)).float().cpu().numpy())
    return np.concatenate(found)


def _tensor(patches: Sequence[Floats], device: Any) -> Any:
    import torch

    return torch.from_numpy(np.stack(patches)).to(device)


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), np.float32)


def save_sounds(path: Path, network: Any, filters: int) -> None:
    import torch

    target = io.BytesIO()
    torch.save({"filters": filters, "weights": {name: one.cpu() for name, one in network.state_dict().items()}}, target)
    written_whole(path, target.getvalue())


def load_sounds(path: Path) -> Any:
    """Raises `MissingFile`, `BadModel`."""
    import torch

    from keyart.learn.multimodal.sounds_net import SoundNet
    from keyart.models.hub import device

    if not path.is_file():
        raise MissingFile(f"{path}: no such file")
    try:  # weights_only: a file of weights is data, nothing in it is run
        state = torch.load(path, map_location="cpu", weights_only=True)
        network = SoundNet(state["filters"], SIZE)
        network.load_state_dict(state["weights"])
    except (OSError, RuntimeError, EOFError, ValueError, LookupError, TypeError, UnpicklingError) as err:
        reason = (str(err).strip() or type(err).__name__).splitlines()[0]
        raise BadModel(f"{path}: no weights of the stand-in for TRILL: {reason}") from err
    return network.eval().to(device())
