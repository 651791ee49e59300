"""Backgrounds by Stable Diffusion 3 Medium (thesis §5.6): the three prompt looks, from text or from the still and text.

Needs the extra "hub" and the weights "sd3-medium"; both are said by name where they are missing. The prompt's object
is typed by the user, or made from the headline's ⟨subject, verb⟩ pair, translated by opus-mt where that is at hand.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from keyart.covers.palette import Palette
from keyart.errors import BadSetting, MissingExtra
from keyart.models import have
from keyart.models.store import model_folder
from keyart.titles.subject import subject_and_verb
from keyart.types import RGB, Headline

MODEL, TRANSLATOR = "sd3-medium", "opus-mt-ru-en"
PROMPTS: dict[str, str] = {
    "golden_fog": "a {object}, with a golden glow, black background, shrouded in a misty, eerie fog that swirls around "
    "the base",
    "soft_halo": "a {object}, with a soft halo of ambient light, set against a deep charcoal background, enveloped in "
    "swirling smoky tendrils and subtle bokeh highlights",
    "neon_embers": "a {object}, illuminated by neon backlight, surrounded by drifting ember-like particles and faint "
    "lens flares, on a dark gradient backdrop",
}
NEGATIVE = "no objects touching edge, no border artifacts"

Mode = Literal["text", "image"]


@dataclass(frozen=True, slots=True)
class Diffused:
    """A background of BACKGROUNDS' type, drawn by diffusion."""

    prompt: str
    """The whole prompt, in English; `prompt_of` makes one from a look and an object."""
    mode: Mode = "text"
    """text: from nothing; image: the still is drawn over."""
    model: str = MODEL
    """Name of a card, or a folder in the layout of diffusers."""
    negative: str = NEGATIVE
    guidance: float = 10.0
    steps: int = 40
    """Of denoising, 1 ... 200."""
    strength: float = 0.75
    """With mode image: how much of the still is drawn anew, 0 ... 1."""
    area_px: int = 1024 * 1024
    """What the network was trained to draw; the picture is brought to the wanted size after."""

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= 200 or not 0 < self.strength <= 1:
            raise BadSetting(
                f"{self.steps} steps of strength {self.strength}; allowed are 1 to 200, and more than 0 up to 1"
            )

    def __call__(self, width_px: int, height_px: int, still_image: RGB, palette: Palette, seed: int) -> RGB:  # noqa: ARG002
        """Raises `MissingExtra`, `MissingModel`, `LicenceRefused`."""
        width, height = drawn_size(width_px, height_px, self.area_px)
        pipeline = _pipeline(model_folder(self.model), self.mode)
        wanted: dict[str, Any] = {
            "prompt": self.prompt,
            "negative_prompt": self.negative,
            "guidance_scale": self.guidance,
            "num_inference_steps": self.steps,
            "generator": _generator(seed),
        }
        if self.mode == "image":
            still = Image.fromarray(still_image).resize((width, height), Image.Resampling.LANCZOS)
            wanted |= {"image": still, "strength": max(self.strength, 1 / self.steps)}
        else:
            wanted |= {"width": width, "height": height}
        drawn = pipeline(**wanted).images[0].convert("RGB")
        return np.asarray(drawn.resize((width_px, height_px), Image.Resampling.LANCZOS), np.uint8)


def drawn_size(width_px: int, height_px: int, area_px: int) -> tuple[int, int]:
    """Width and height near the wanted shape, about `area_px` large, in the multiples of 64 that the network likes."""
    step = 64 if area_px >= 512 * 512 else 16
    factor = math.sqrt(area_px / (width_px * height_px))
    return max(step, round(width_px * factor / step) * step), max(step, round(height_px * factor / step) * step)


def _generator(seed: int) -> Any:
    import torch

    return torch.Generator(device="cpu").manual_seed(seed)


@cache
def _pipeline(folder: Path, mode: Mode) -> Any:
    """Loaded once per process; on a GPU in half precision where there is one."""
    try:
        import torch
        from diffusers import StableDiffusion3Img2ImgPipeline, StableDiffusion3Pipeline
    except ImportError as err:
        raise MissingExtra(err.name or "diffusers", extra="hub") from err
    kind = StableDiffusion3Img2ImgPipeline if mode == "image" else StableDiffusion3Pipeline
    on_gpu = torch.cuda.is_available()
    dtype = torch.float16 if on_gpu else torch.float32
    pipeline = kind.from_pretrained(folder, local_files_only=True, torch_dtype=dtype)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to("cuda") if on_gpu else pipeline


# --- the prompt -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prompt:
    text: str
    notes: tuple[str, ...] = ()
    """What was not done, one sentence each."""
    models: tuple[str, ...] = ()


def prompt_of(look: str, thing: str) -> str:
    """The thesis' template of a look with an object in it. Raises `BadSetting`."""
    if look not in PROMPTS:
        raise BadSetting(f"no prompt is called {look!r}; there are: {', '.join(PROMPTS)}")
    bare = re.sub(r"^(an?|the)\s+", "", thing.strip(), flags=re.IGNORECASE)  # the template brings its own article
    return PROMPTS[look].format(object=bare)


def object_of(headline: Headline) -> Prompt:
    """⟨subject, verb⟩ of a headline as an English phrase; without a translator a Russian one stays Russian, noted."""
    pair = subject_and_verb(headline.text, headline.language)
    phrase = f"{pair.subject} {pair.verb}".strip() if pair else headline.text
    if headline.language != "ru":
        return Prompt(phrase)
    if not have(TRANSLATOR):
        note = (
            f"the prompt is in Russian, which the model reads badly; get a translator: keyart models pull {TRANSLATOR}"
        )
        return Prompt(phrase, (note,))
    return Prompt(translated(phrase), (), (TRANSLATOR,))


def translated(phrase: str, model: str = TRANSLATOR) -> str:
    """Russian to English (thesis §5.6). Raises `MissingExtra`, `MissingModel`."""
    tokenizer, network = _translator(model_folder(model))
    words = network.generate(**tokenizer([phrase], return_tensors="pt"), num_beams=4, max_new_tokens=32)
    return str(tokenizer.decode(words[0], skip_special_tokens=True)).strip().rstrip(".").lower()


@cache
def _translator(folder: Path) -> tuple[Any, Any]:
    try:
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
    except ImportError as err:
        raise MissingExtra("transformers", extra="hub") from err
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return tokenizer, AutoModelForSeq2SeqLM.from_pretrained(folder, local_files_only=True).eval()
