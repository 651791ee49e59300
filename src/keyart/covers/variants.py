"""Variants of the best stills (thesis §6): each in several looks, and its figure on several backgrounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from keyart.cores import all_done, opencv_on_one_thread
from keyart.covers.backgrounds import BACKGROUNDS, Background
from keyart.covers.backgrounds.diffusion import MODEL, PROMPTS, Diffused, Prompt, object_of, prompt_of
from keyart.covers.compose import STAGINGS, emptied, on_ground
from keyart.covers.looks import LOOKS, Look
from keyart.covers.looks.generators import GENERATORS
from keyart.covers.matte import MakeMatte, Matte
from keyart.covers.palette import palette_of
from keyart.covers.staging import bounded, check_side
from keyart.errors import BadSetting
from keyart.media.images import encode_image
from keyart.models import CARDS
from keyart.types import RGB, Box, Headline, Outcome, Product, Receipt, Still, VideoInfo

_MOST_STILLS = 50


@dataclass(frozen=True, slots=True)
class MakeVariants:
    """Three looks of each of the best stills, and the thesis' three backgrounds where somebody stands out."""

    looks: tuple[str, ...] = ("painted", "anime", "cinematic")
    """Names from LOOKS, or generators of the hub tier: animegan-v2, arcanegan-v04, ugatit. Empty for none."""
    backgrounds: tuple[str, ...] = ("golden_fog", "soft_halo", "neon_embers")
    """Names from BACKGROUNDS. Empty for none."""
    count: int = 3
    """How many of the best stills, 1 ... 50."""
    max_side_px: int = 1920
    """Longer side of what is made, at most, 64 ... 8192; larger stills are made smaller first."""
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
        check_side(self.max_side_px)
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
        said = [headlines[place % len(headlines)] if headlines else None for place in range(self.count)]
        jobs: list[Callable[[], _Made]] = []
        chosen = [bounded(still, self.max_side_px) for still in stills[: self.count]]
        for still, headline in zip(chosen, said, strict=False):
            jobs.append(partial(self._looks, info, still))
            jobs += [partial(self._staged, info, still, headline)] if self.backgrounds else []
        with opencv_on_one_thread():  # networks of the hub take what cores there are by themselves
            made = all_done(jobs) if self._is_embedded else [job() for job in jobs]
        products = tuple(product for one in made for product in one.products)
        reasons = [reason for one in made for reason in one.reasons]
        models = tuple(dict.fromkeys(name for one in made for name in one.models))
        return Outcome(products, "degraded" if reasons else "ok", "; ".join(reasons), self.engine, models)

    @property
    def _is_embedded(self) -> bool:
        return self.engine == "procedural" and not any(name in GENERATORS for name in self.looks)

    def _looks(self, info: VideoInfo, still: Still) -> _Made:
        table: Mapping[str, Look] = {**LOOKS, **GENERATORS}
        products = []
        for name in self.looks:
            image = table[name](still.frame.image, _boxes(still), self.seed)
            facts: dict[str, Any] = {"look": name, "seed": self.seed}
            if name in GENERATORS:
                facts["model"], facts["licence"] = name, CARDS[name].licence
            products.append(_product(info, still, name, image, facts))
        return _Made(products, [], [name for name in self.looks if name in GENERATORS])

    def _staged(self, info: VideoInfo, still: Still, headline: Headline | None) -> _Made:
        matte = _cut_out(still)
        if matte is None:
            why = f"still {still.rank}: nothing stands out clearly from its background, so it was kept"
            return _Made([], [why], [])
        prompt = self._prompt(headline)
        products = self._on_grounds(info, still, matte, prompt)
        models = [*matte.models, *prompt.models, *((MODEL,) if self.engine != "procedural" else ())]
        return _Made(products, [f"still {still.rank}: {note}" for note in prompt.notes], models)

    def _on_grounds(self, info: VideoInfo, still: Still, matte: Matte, prompt: Prompt) -> list[Product]:
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


@dataclass(frozen=True, slots=True)
class _Made:
    """What came of one still in looks, or on backgrounds."""

    products: list[Product]
    reasons: list[str]
    models: list[str]


def _boxes(still: Still) -> list[Box]:
    return [face.box for face in still.faces]


def _cut_out(still: Still) -> Matte | None:
    """The still's figure; None where nothing stands out, or not clearly."""
    matte = MakeMatte()(still.frame.image, _boxes(still))
    return matte if matte is not None and matte.is_clear else None


def _known(what: str, names: Sequence[str], table: Mapping[str, object]) -> None:
    for name in names:
        if name not in table:
            raise BadSetting(f"no {what} is called {name!r}; there are: {', '.join(table)}")


def _product(info: VideoInfo, still: Still, name: str, image: RGB, facts: dict[str, Any]) -> Product:
    common = {
        "kind": "variant",
        "video": info.name,
        "seconds": round(still.seconds, 3),
        "still_rank": still.rank,
        "still_score": round(still.score, 4),
        "size": [image.shape[1], image.shape[0]],
    }
    receipt = Receipt(f"covers/variants/still_{still.rank:02d}_{name}.jpg", common | facts)
    return Product(receipt.product, encode_image(image, "jpeg", receipt=receipt, quick=True), "variant", receipt)
