"""`keyart learn RECIPE`: one flag for each field of the recipe."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple

from keyart.flags import add_flags, given
from keyart.settings import parsed, settings_of


class Recipe(NamedTuple):
    """Where a recipe stands; its module is entered when it is asked for."""

    module: str
    name: str
    what: str


RECIPES = {
    "data": Recipe("sets.found", "FindData", "list the data sets in some folders, and what is wrong with them"),
    "headlines": Recipe("headlines", "LearnHeadlines", "a text-to-text model that writes headlines (thesis 5.4)"),
    "keyframes-frozen": Recipe(
        "keyframes.frozen", "LearnFrozen", "key frames: frozen ResNet-50 and logistic regression"
    ),
    "keyframes-layer4": Recipe("keyframes.layer4", "LearnLayer4", "key frames: ResNet-50, its last stage fine-tuned"),
    "keyframes-bilstm": Recipe("keyframes.bilstm", "LearnBiLSTM", "key frames: BiLSTM over features of the shots"),
    "columns": Recipe("multimodal.columns", "LearnColumns", "good pictures: a double-column network (seed 001)"),
    "sounds": Recipe("multimodal.sounds", "LearnSounds", "what sound is: the stand-in for TRILL (seed 001)"),
    "multimodal-data": Recipe("multimodal.prepare", "PrepareMultimodal", "rows of videos for the recipe multimodal"),
    "multimodal": Recipe("multimodal.fusion", "LearnMultimodal", "stills: pictures, sound and words fused (seed 001)"),
    "gif": Recipe("gif.gevaden", "LearnGif", "three shots of a GIF: GEVADEN (seed 002)"),
    "thumbnails": Recipe("thumbnails.rl_divts", "LearnThumbnails", "stills: RL-DiVTS (D5.4 3.2)"),
    "ac-sum-gan": Recipe(
        "summaries.ac_sum_gan", "LearnAcSumGan", "summaries: AC-SUM-GAN, with or without ELM (D5.4 3.6)"
    ),
    "ca-sum": Recipe("summaries.ca_sum", "LearnCaSum", "summaries: CA-SUM, learned from videos alone"),
    "pgl-sum": Recipe("summaries.pgl_sum", "LearnPglSum", "summaries: PGL-SUM, learned from people's scores"),
    "language": Recipe("summaries.language", "LearnLanguageSum", "summaries that a text steers (D5.4 3.4)"),
    "re-sum": Recipe(
        "summaries.re_sum", "LearnReSum", "summaries: a trained model reprogrammed for few videos (D5.4 3.7)"
    ),
    "scenes": Recipe("scenes.recipe", "LearnScenes", "where scenes begin, from features of the shots"),
    "judge": Recipe("judge.recipe", "LearnJudge", "how good a generated video is: random forest (seed 003)"),
}
"""What can be learned, by the name that is asked for."""


def add(parser: argparse.ArgumentParser) -> None:
    """The recipes as verbs, each with its flags."""
    verbs = parser.add_subparsers(dest="recipe", required=True)
    for name, recipe in RECIPES.items():
        verb = verbs.add_parser(name, help=recipe.what, description=recipe.what, allow_abbrev=False)
        verb.add_argument("--json", action="store_true", help="print what was found as JSON")
        add_flags(verb, name, recipe_of(name))


def recipe_of(name: str) -> type[Any]:
    recipe = RECIPES[name]
    found: type[Any] = getattr(import_module(f"keyart.learn.{recipe.module}"), recipe.name)
    return found


def run(args: argparse.Namespace) -> int:
    """Train; the scores of the test data on standard output. Raises `KeyartError`."""
    from keyart.plain import dumps

    recipe = recipe_of(args.recipe)
    known = {setting.name: setting for setting in settings_of(recipe)}
    values = {one.name: parsed(known[one.name], one.value, f"--{one.name.replace('_', '-')}") for one in given(args)}
    facts = recipe(**values)(say=lambda line: print(line, file=sys.stderr, flush=True))
    print(dumps(facts) if args.json else "\n".join(_lines(facts["test"])), end="" if args.json else "\n")
    return 0


def _lines(scores: Any, before: str = "") -> Iterator[str]:
    """One a score; those of a method, or of a split, under its name."""
    for name, value in scores.items():
        if isinstance(value, dict):
            yield from _lines(value, f"{before}{name} ")
        else:
            shown = "-" if value is None else round(value, 4) if isinstance(value, float) else value
            yield f"{before + name:<16} {shown}"
