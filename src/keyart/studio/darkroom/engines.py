"""Pictures drawn from words, where the weights for it are installed: which engines there are, and how one is run.

A network of gigabytes has no place in the server: the pictures are drawn in a child process, which ends with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from keyart.cache import StageCache, key_of
from keyart.covers.backgrounds.diffusion import MODEL, Diffused
from keyart.errors import LicenceRefused, MissingExtra, MissingModel
from keyart.media.images import encode_image
from keyart.models import CARDS
from keyart.models.store import model_folder
from keyart.studio.options import Studio
from keyart.studio.works.running import run_child
from keyart.types import Receipt, Still

_PACKAGES = ("torch", "diffusers", "transformers")
_LONGEST_PX = 1920


@dataclass(frozen=True, slots=True)
class Engine:
    """A way to draw pictures from words."""

    name: str
    title: str
    mode: Literal["text", "image"]
    """image: the frame is drawn over."""
    model: str = MODEL
    """Name of a card, or a folder."""
    steps: int = 40
    area_px: int = 1024 * 1024
    """What the network was trained to draw."""


ENGINES: dict[str, Engine] = {
    "sd3": Engine("sd3", "Stable Diffusion 3 Medium, from words", "text"),
    "sd3-image": Engine("sd3-image", "Stable Diffusion 3 Medium, from words and the frame", "image"),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be drawn."""

    prompt: str
    negative: str
    seed: int
    """Of the first picture; the others take the next ones."""
    count: int


def engine_facts(engine: Engine) -> dict[str, Any]:
    """`available`, and where it is not: `reason` for people and `cure` for a terminal."""
    reasons, cures = [], []
    for need in _needs(engine):
        try:
            need()
        except MissingExtra as err:
            reasons.append(str(err))
            cures.append(f"pip install 'keyart[{err.extra}]'")
        except MissingModel as err:
            reasons.append(str(err))
            cures.append(f"keyart models pull {engine.model}")
        except LicenceRefused as err:
            reasons.append(str(err))
            cures.append("KEYART_LICENCE=any keyart studio")
    facts = {"name": engine.name, "title": engine.title, "mode": engine.mode, "available": not reasons}
    return facts | {"reason": "; ".join(reasons), "cure": " && ".join(cures)}


def insist_on(engine: Engine) -> None:
    """Raises `MissingExtra`, `MissingModel` or `LicenceRefused`, each with its cure."""
    for need in _needs(engine):
        need()


def _needs(engine: Engine) -> tuple[Callable[[], object], ...]:
    def packages() -> None:
        for name in _PACKAGES:
            if find_spec(name) is None:
                raise MissingExtra(name, extra="hub")

    return packages, lambda: model_folder(engine.model)


def drawn(options: Studio, engine: Engine, wish: Wish, size: tuple[int, int], still_key: str) -> Sequence[bytes]:
    """PNG files of about that size; `still_key` is the stage cache's key of the frame. Raises as `insist_on` does, and
    what is said of a child that had to be stopped."""
    insist_on(engine)
    key = key_of("drawn", wish, size, still_key, engine)
    request = {
        "model": engine.model,
        "mode": engine.mode,
        "steps": engine.steps,
        "area": engine.area_px,
        "prompt": wish.prompt,
        "negative": wish.negative,
        "seeds": list(range(wish.seed, wish.seed + wish.count)),
        "size": list(size),
        "still": still_key,
        "cache": str(options.cache_folder),
        "key": key,
    }
    run_child("draw", request, options=options)
    made = StageCache(options.cache_folder).get(key, tuple[bytes, ...])
    if made is None:
        raise OSError("the pictures were drawn, but could not be kept: the disk may be full")
    return made


def draw(request: Mapping[str, Any], say: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
    """The child's part: one PNG for each of the `seeds`, kept in the `cache` under `key`."""
    cache = StageCache(Path(request["cache"]))
    still = cache.get(request["still"], Still)
    if still is None:
        raise OSError("the frame is no longer kept; look at it again first")
    brush = Diffused(
        request["prompt"],
        mode=request["mode"],
        model=request["model"],
        negative=request["negative"],
        steps=int(request["steps"]),
        area_px=int(request["area"]),
    )
    pictures = []
    for number, seed in enumerate(request["seeds"]):
        say({"at": "draw", "fraction": number / len(request["seeds"])})
        pictures.append(_drawn(brush, still, tuple(request["size"]), int(seed)))
    cache.put(request["key"], tuple(pictures), tuple[bytes, ...])
    return {"count": len(pictures)}


def _drawn(brush: Diffused, still: Still, size: tuple[int, int], seed: int) -> bytes:
    from keyart.covers.palette import palette_of

    image = brush(*size, still.frame.image, palette_of(still.frame.image), seed)
    card = CARDS.get(brush.model)
    facts: dict[str, Any] = {
        "kind": "image",
        "prompt": brush.prompt,
        "negative": brush.negative,
        "seed": seed,
        "model": brush.model if card else Path(brush.model).name,
        "licence": card.licence if card else "",
        "guidance": brush.guidance,
        "steps": brush.steps,
        "size": list(size),
    }
    if brush.mode == "image":
        facts |= {"drawn_over_seconds": round(still.seconds, 3), "strength": brush.strength}
    return encode_image(image, "png", receipt=Receipt(f"image_{seed}.png", facts))


def size_for(still: Still) -> tuple[int, int]:
    """The frame's shape, no longer than what a cover needs."""
    width, height = still.frame.width_px, still.frame.height_px
    scale = min(1.0, _LONGEST_PX / max(width, height))
    return max(64, round(width * scale)), max(64, round(height * scale))
