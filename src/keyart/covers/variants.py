"""Variants of the best stills (thesis §6): each in several looks, and its figure on several backgrounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from keyart.covers.backgrounds import BACKGROUNDS, Background
from keyart.covers.backgrounds.diffusion import MODEL, PROMPTS, Diffused, Prompt, object_of, prompt_of
from keyart.covers.compose import STAGINGS, emptied, on_ground
from keyart.covers.looks import LOOKS, Look
from keyart.covers.looks.generators import GENERATORS
from keyart.covers.matte import MakeMatte, Matte
from keyart.covers.palette import palette_of
from keyart.errors import BadSetting
from keyart.media.images import encode_image
from keyart.models import CARDS
from keyart.types import RGB, Box, Headline, Outcome, Product, Receipt, Still, VideoInfo

_MOST_STILLS = 50
_MOST_UNSURE = 0.4  # clear figures stay below 0.25, blotches in a soft old film reach 0.55


@dataclass(frozen=True, slots=True)
class MakeVariants:
    """Three looks of each of the best stills, and the thesis' three backgrounds where somebody stands out."""

    looks: tuple[str, ...] = ("painted", "anime", "cinematic")
    """Names from LOOKS, or generators of the hub tier: animegan-v2, arcanegan-v04, ugatit. Empty for none."""
    backgrounds: tuple[str, ...] = ("golden_fog", "soft_halo", "neon_embers")
    """Names from BACKGROUNDS. Empty for none."""
    count: int = 3
    """How many of the best stills, 1 ... 50."""
    engine: Literal["procedural", "sd3", "sd3-image"] = "procedural"
    """What draws the backgrounds; sd3 by text, sd3-image over the still: both need the hub tier, and one of the prompts
    golden_fog, soft_halo, neon_embers."""
    prompt: str = ""
    """For sd3: the object in the prompt, in English; empty takes subject and verb of the still's headline."""
    seed: int = 0
    """Turns whatever is drawn by chance: smoke, embers, grain, inks; 0 ..."""

    def __post_init__(self) -> None:
        _known("look", self.looks, {**LOOKS, **GENERATORS})
        _known("background", self.backgrounds, BACKGROUNDS if self.engine == "procedural" else PROMPTS)
        if not 1 <= self.count <= _MOST_STILLS:
            raise BadSetting(f"variants of {self.count} stills were asked for; 1 to {_MOST_STILLS} can be made")
        if self.engine != "procedural" and self.looks + self.backgrounds == ():
            raise BadSetting("no look and no background was asked for, so there is nothing to make")

    def __call__(
        self, info: VideoInfo, stills: Sequence[Still], headlines: Sequence[Headline] = ()
    ) -> Outcome[tuple[Product, ...]]:
        """Headlines are only read for prompts. Raises `MissingModel`, `MissingExtra` for what is named and not here."""
        if not stills:
            return Outcome((), "skipped", "no still to make variants of", backend=self.engine)
        products: list[Product] = []
        reasons: list[str] = []
        models = [name for name in self.looks if name in GENERATORS]
        for place, still in enumerate(stills[: self.count]):
            products.extend(self._looks(info, still))
            if not self.backgrounds:
                continue
            matte = _cut_out(still)
            if matte is None:
                reasons.append(f"still {still.rank}: nothing stands out clearly from its background, so it was kept")
                continue
            prompt = self._prompt(headlines[place % len(headlines)] if headlines else None)
            reasons.extend(f"still {still.rank}: {note}" for note in prompt.notes)
            models.extend((*matte.models, *prompt.models, *((MODEL,) if self.engine != "procedural" else ())))
            products.extend(self._staged(info, still, matte, prompt))
        status: Literal["ok", "degraded"] = "degraded" if reasons else "ok"
        return Outcome(tuple(products), status, "; ".join(reasons), self.engine, tuple(dict.fromkeys(models)))

    def _looks(self, info: VideoInfo, still: Still) -> list[Product]:
        table: Mapping[str, Look] = {**LOOKS, **GENERATORS}
        products = []
        for name in self.looks:
            image = table[name](still.frame.image, _boxes(still), self.seed)
            facts: dict[str, Any] = {"look": name, "seed": self.seed}
            if name in GENERATORS:
                facts["model"], facts["licence"] = name, CARDS[name].licence
            products.append(_product(info, still, name, image, facts))
        return products

    def _staged(self, info: VideoInfo, still: Still, matte: Matte, prompt: Prompt) -> list[Product]:
        image, seed = still.frame.image, self.seed + still.rank - 1
        height, width = image.shape[:2]
        empty, palette = emptied(image, matte.alpha), palette_of(image)
        products = []
        for name in self.backgrounds:
            draw, facts = self._background(name, prompt)
            ground = draw(width, height, empty, palette, seed)
            done = on_ground(matte, ground, STAGINGS.get(name), seed, _boxes(still))
            facts |= {"background": name, "seed": seed, "matte": matte.backend, "subject": matte.subject}
            products.append(_product(info, still, f"on_{name}", done, facts))
        return products

    def _background(self, name: str, prompt: Prompt) -> tuple[Background, dict[str, Any]]:
        if self.engine == "procedural":
            return BACKGROUNDS[name], {}
        drawn = Diffused(prompt_of(name, prompt.text), "image" if self.engine == "sd3-image" else "text")
        facts = {"model": drawn.model, "licence": CARDS[MODEL].licence, "prompt": drawn.prompt}
        return drawn, facts | {"negative": drawn.negative, "guidance": drawn.guidance, "steps": drawn.steps}

    def _prompt(self, headline: Headline | None) -> Prompt:
        """Nothing for the procedural engine, which has no use for one."""
        if self.engine == "procedural" or self.prompt:
            return Prompt(self.prompt)
        if headline is None:
            return Prompt("figure", ("no headline to make a prompt of; it says 'figure'",))
        return object_of(headline)


def _boxes(still: Still) -> list[Box]:
    return [face.box for face in still.faces]


def _cut_out(still: Still) -> Matte | None:
    """The still's figure; None where nothing stands out, or too much of it is neither figure nor ground."""
    matte = MakeMatte()(still.frame.image, _boxes(still))
    if matte is None:
        return None
    unsure = float(((matte.alpha > 0.1) & (matte.alpha < 0.9)).mean())
    return matte if unsure < _MOST_UNSURE * float((matte.alpha > 0.5).mean()) else None


def _known(what: str, names: Sequence[str], table: Mapping[str, object]) -> None:
    for name in names:
        if name not in table:
            raise BadSetting(f"no {what} is called {name!r}; there are: {', '.join(table)}")


def _product(info: VideoInfo, still: Still, name: str, image: RGB, facts: dict[str, Any]) -> Product:
    common = {
        "kind": "variant",
        "video": info.path.name,
        "seconds": round(still.seconds, 3),
        "still_rank": still.rank,
        "still_score": round(still.score, 4),
        "size": [image.shape[1], image.shape[0]],
    }
    receipt = Receipt(f"covers/variants/still_{still.rank:02d}_{name}.jpg", common | facts)
    return Product(receipt.product, encode_image(image, "jpeg", receipt=receipt, quick=True), "variant", receipt)
