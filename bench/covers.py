"""Covers measured where they are seen: faces left free, contrast at 246x138, the headline read back by an OCR engine.

Every still with a face gets every template with a Russian and an English headline. A naive layout (white letters with a
black outline at the bottom of the frame) runs beside them for comparison. Without Tesseract the read-back is left out.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from bench.record import MEDIA, WORK, commit, machine, write_result
from keyart.covers.brief import Brief
from keyart.covers.choose import painted_until_read
from keyart.covers.crop import Scene, crop_window, frame, picture, scene_of
from keyart.covers.fonts import find_typeface
from keyart.covers.legibility import JUDGED_AT
from keyart.covers.palette import palette_of
from keyart.covers.presets import PRESETS
from keyart.covers.readback import have_reader, read_at, reader_name, word_recall
from keyart.covers.templates import TEMPLATES
from keyart.errors import KeyartError
from keyart.media.grab import grab
from keyart.media.images import read_image
from keyart.media.probe import probe
from keyart.models import have, model_path
from keyart.stills.objects import choose_detector
from keyart.types import RGB, Box

HEADLINES: dict[str, tuple[str, ...]] = {
    "ru": (
        "Дом за неделю",
        "Пять ошибок новичка",
        "Как выбрать первый велосипед",
        "Почему море солёное и кто это доказал",
        "Три дня в горах без связи: что мы узнали о себе",
        "Учёные нашли способ печь хлеб без дрожжей за час",
    ),
    "en": (
        "Home in a week",
        "Five beginner mistakes",
        "How to choose your first bike",
        "Why the sea is salty and who proved it",
        "Three days in the hills: what we learned offline",
        "Bakers found a way to make bread rise in one hour",
    ),
}
"""Two words to about fifty characters; none of them is a headline of the material."""

ENLARGED = 3
"""Times that the feed-size picture is enlarged before it is read."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A still to make covers of."""

    name: str
    scene: Scene
    faces: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """One cover, measured."""

    template: str
    language: str
    placed: bool
    covers_face: bool = False
    under_badge: bool = False
    contrast: float = 0.0
    passes: bool = False
    recall: float | None = None
    seconds: float = 0.0


# --- material ---------------------------------------------------------------------------------------------------


def samples(limit: int) -> Iterator[Sample]:
    """Stills with a face: the sample photographs, then a frame or two of every video that shows one."""
    detector, _ = choose_detector("auto")
    made = 0
    for name, image in _pictures():
        faces = tuple(face.box for face in detector.look(image))
        if faces and made < limit:
            made += 1
            yield Sample(name, scene_of(image, faces), faces)


def _pictures() -> Iterator[tuple[str, RGB]]:
    if have("photo-astronaut"):
        yield "photo-astronaut", read_image(model_path("photo-astronaut"))
    if not MEDIA.is_dir():
        return
    for path in sorted((MEDIA / "video").rglob("*")):
        if path.is_file():
            yield from _frames(path)
    for path in sorted((MEDIA / "image").iterdir()):
        if path.suffix in (".jpg", ".png"):
            try:
                yield path.name, read_image(path)
            except KeyartError:
                continue


def _frames(path: Path) -> Iterator[tuple[str, RGB]]:
    try:
        info = probe(path)
        if info.duration_seconds > 100:
            return
        times = [round(info.duration_seconds * share, 2) for share in (0.3, 0.7)]
        for seconds, shown in zip(times, grab(info, times), strict=True):
            yield f"{path.name} {seconds} s", shown.image
    except KeyartError:
        return


# --- scorers ----------------------------------------------------------------------------------------------------


def read_back(image: RGB, language: str) -> str:
    """What Tesseract reads on the cover at home-feed size, enlarged three times."""
    return read_at(image, JUDGED_AT, language)


# --- covers -----------------------------------------------------------------------------------------------------


def naive(scene: Scene, headline: str) -> RGB:
    """What a first attempt looks like: outlined white letters across the bottom, wherever that is."""
    image = Image.fromarray(picture(scene, frame(scene, crop_window(scene, 1280, 720), 1280, 720)))
    font = find_typeface(headline, "bold").at(64)
    words, lines = headline.split(), [""]
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        lines = [*lines[:-1], longer] if font.getlength(longer) < 1200 else [*lines, word]
    draw = ImageDraw.Draw(image)
    for index, line in enumerate(reversed(lines)):
        draw.text((640, 690 - 76 * index), line, (255, 255, 255), font, "ms", stroke_width=3, stroke_fill=(0, 0, 0))
    return np.asarray(image, np.uint8)


def score(sample: Sample, template: str, language: str, headline: str, ocr: bool, keep: Path | None) -> Score:
    if template == "naive":
        return Score(template, language, True, recall=_recall(naive(sample.scene, headline), language, headline, ocr))
    typefaces = {weight: find_typeface(headline, weight) for weight in ("black", "bold", "medium")}
    palette = palette_of(sample.scene.image)
    brief = Brief(sample.scene, PRESETS["youtube"], headline, palette, typefaces)  # type: ignore[arg-type]
    start = time.perf_counter()
    plan = TEMPLATES[template].plan(brief)
    if plan is None:
        return Score(template, language, False)
    painted, legibility, _ = painted_until_read(brief, template, plan)
    seconds = time.perf_counter() - start
    text = plan.spot.box
    faces = [face.moved(plan.picture_at.x, plan.picture_at.y) for face in plan.framing.faces]
    badge = brief.preset.badge
    if keep is not None:
        name = re.sub(r"\W+", "_", f"{sample.name}_{template}_{language}")
        Image.fromarray(painted.image).save(keep / f"{name}.jpg", quality=88)
    return Score(
        template,
        language,
        True,
        any(face.overlap(text) > 0 for face in faces),
        badge is not None and badge.overlap(text) > 0,
        legibility.contrast,
        legibility.passes,
        _recall(painted.image, language, headline, ocr),
        seconds,
    )


def _recall(image: RGB, language: str, headline: str, ocr: bool) -> float | None:
    return word_recall(headline, read_back(image, language)) if ocr else None


def summary(scores: Sequence[Score]) -> dict[str, Any]:
    """Figures of one template, or of all together."""
    placed = [one for one in scores if one.placed]
    facts: dict[str, Any] = {
        "covers": len(placed),
        "no_room": len(scores) - len(placed),
        "faces_covered": sum(one.covers_face for one in placed),
        "badges_covered": sum(one.under_badge for one in placed),
    }
    contrasts = [one.contrast for one in placed if one.contrast]
    if contrasts:
        facts["contrast_median"] = round(statistics.median(contrasts), 2)
        facts["contrast_least"] = min(contrasts)
        facts["passing_share"] = round(sum(one.passes for one in placed) / len(placed), 3)
        facts["seconds_median"] = round(statistics.median(one.seconds for one in placed), 3)
    for language in HEADLINES:
        recalls = [one.recall for one in placed if one.language == language and one.recall is not None]
        if recalls:
            facts[f"word_recall_{language}"] = round(statistics.mean(recalls), 3)
    return facts


def run(material: Iterable[Sample], templates: Sequence[str], ocr: bool, keep: Path | None) -> dict[str, Any]:
    scores, names = [], []
    for index, sample in enumerate(material):
        names.append(sample.name)
        for place, template in enumerate(templates):
            for language, headlines in HEADLINES.items():
                headline = headlines[(index + place) % len(headlines)]
                scores.append(score(sample, template, language, headline, ocr, keep))
        print(f"{sample.name}: {len(sample.faces)} faces", file=sys.stderr)
    by_template = {name: summary([one for one in scores if one.template == name]) for name in templates}
    ours = [one for one in scores if one.template != "naive"]
    return {"stills": names, "templates": by_template, "all": summary(ours)}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench covers", description=__doc__)
    parser.add_argument("--stills", type=int, default=30, help="stills at most (default 30)")
    parser.add_argument("--template", action="append", choices=[*TEMPLATES, "naive"], help="only these")
    parser.add_argument("--no-ocr", action="store_true", help="leave the read-back out")
    parser.add_argument("--keep", action="store_true", help=f"keep the covers under {WORK}/covers")
    parser.add_argument("--dry", action="store_true", help="print, do not write bench/results/covers.json")
    chosen = parser.parse_args(arguments)
    ocr = not chosen.no_ocr and have_reader()
    keep = WORK / "covers" if chosen.keep else None
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
    result = run(samples(chosen.stills), chosen.template or [*TEMPLATES, "naive"], ocr, keep)
    for name, facts in [*result["templates"].items(), ("all", result["all"])]:
        print(name, facts)
    if not chosen.dry:
        about = {"ocr": reader_name() if ocr else "none", "ocr_enlarged": ENLARGED, "media": MEDIA.is_dir()}
        head = {"bench": "covers", "commit": commit(), "machine": machine(("pillow", "numpy", "font-roboto"))}
        print(write_result("covers", head | about | {"headlines": HEADLINES} | result))
    return 1 if result["all"]["faces_covered"] or result["all"]["badges_covered"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
