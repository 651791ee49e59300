"""Stills and headlines -> covers in every wanted preset, each as different from the others as the templates allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, cast

from keyart.covers.breaks import shortened
from keyart.covers.brief import Brief, Painted, Plan, framing_score, framings
from keyart.covers.crop import CALM_FROM, Framing, Scene, picture, scene_of
from keyart.covers.draw import line_boxes
from keyart.covers.fonts import Typeface, Weight, drawable, find_typeface
from keyart.covers.legibility import JUDGED_AT, Legibility, measure
from keyart.covers.pairing import paired
from keyart.covers.palette import Palette, as_hex, palette_of, parse_colour
from keyart.covers.presets import presets_named
from keyart.covers.templates import TEMPLATES
from keyart.errors import BadSetting
from keyart.media.images import EXTENSIONS, ImageFormat, encode_image
from keyart.types import RGB, Box, Headline, Outcome, Preset, Product, Receipt, Still, VideoInfo

POSITIONS = ("left", "right", "top", "bottom", "center", "top left", "top right", "bottom left", "bottom right")
_MAX_CHARACTERS = 90
_STRENGTHS = 3
_TAKEN_COST = 0.6  # about what type of half the size costs


@dataclass(frozen=True, slots=True)
class MakeCovers:
    """Covers of a video: still i carries headline i, each in a template of its own (thesis §6)."""

    presets: tuple[str, ...] = ("youtube", "reels", "feed_4x5", "telegram")
    """Names from presets.toml, kind cover."""
    count: int = 3
    """Covers per preset, 1 ... 12; with fewer stills or headlines they are used again, in another template."""
    template: str = "auto"
    """auto, none (no lettering), or a name from TEMPLATES."""
    font: str = ""
    """Path of a font file; empty takes Roboto."""
    colour: str = ""
    """Accent as #rrggbb; empty takes it from the picture."""
    position: str = ""
    """left, right, top, bottom, center, top left ...; empty takes the calmest place."""
    case: Literal["auto", "upper", "asis"] = "auto"
    """auto sets short headlines in capitals where the template likes them."""
    seed: int = 0
    """Turns the order of accents and templates, 0 ..."""

    def __post_init__(self) -> None:
        presets_named(self.presets)
        if not 1 <= self.count <= 12:
            raise BadSetting(f"{self.count} covers were asked for; 1 to 12 can be made")
        if self.template not in ("auto", "none", *TEMPLATES):
            raise BadSetting(f"no template is called {self.template!r}; there are: auto, none, {', '.join(TEMPLATES)}")
        if self.position and self.position not in POSITIONS:
            raise BadSetting(f"{self.position!r} is no position; there are: {', '.join(POSITIONS)}")
        if self.colour:
            parse_colour(self.colour)

    def __call__(
        self, info: VideoInfo, stills: Sequence[Still], headlines: Sequence[Headline] = ()
    ) -> Outcome[tuple[Product, ...]]:
        if not stills:
            return Outcome((), "skipped", "no still to make a cover of", backend="templates")
        varied = bool(headlines) and self.template == "auto"  # else a still used twice would be the same cover twice
        count = self.count if varied else min(self.count, len(stills))
        pairs = paired(stills, headlines, count)
        scenes = {still.rank: _scene(still) for still, _ in pairs}
        products, reasons = [], [] if headlines else ["no headline, so the covers carry no text"]
        for preset in presets_named(self.presets):
            done: list[str] = []
            for rank, (still, text) in enumerate(pairs, 1):
                product, why = self.one(info, preset, rank, still, scenes[still.rank], text, tuple(done))
                done.append(str(product.receipt.facts["template"]))
                products.append(product)
                reasons.extend(f"{product.path}: {note}" for note in why)
        return Outcome(tuple(products), "degraded" if reasons else "ok", "; ".join(reasons), backend="templates")

    def one(
        self,
        info: VideoInfo,
        preset: Preset,
        rank: int,
        still: Still,
        scene: Scene,
        headline: Headline | None,
        taken: tuple[str, ...] = (),
    ) -> tuple[Product, tuple[str, ...]]:
        """One cover and what is wrong with it, if anything. `taken` are templates that others of the set use."""
        path = f"covers/{preset.name}_{rank}"
        palette = palette_of(scene.image, self.colour, turn=rank - 1 + self.seed)
        if headline is None or self.template == "none":
            framing = _plain_framing(scene, preset)
            facts = _facts(info, preset, still, scene, framing, "none") | {"why": "no lettering: the picture alone"}
            return _product(path, preset, picture(scene, framing), facts), ()
        brief, notes = self._brief(preset, scene, palette, headline)
        planned = self._plan(brief, taken) if brief.headline else None
        if planned is None:
            framing = _plain_framing(scene, preset)
            why = "the headline fits nowhere without covering a face or old lettering"
            facts = _facts(info, preset, still, scene, framing, "none") | {"why": why}
            return _product(path, preset, picture(scene, framing), facts), (*notes, why)
        name, plan = planned
        painted, legibility, strength = painted_until_read(brief, name, plan)
        facts = _facts(info, preset, still, scene, plan.framing, name) | _lettering_facts(
            brief, plan, legibility, strength
        )
        facts["headline"] = _headline_facts(headline, brief.headline)
        facts["why"] = f"template {name}: {plan.picks}"
        if not legibility.passes:
            notes = (*notes, f"lettering reaches a contrast of only {legibility.contrast} at {JUDGED_AT[0]} px")
        if notes:
            facts["notes"] = list(notes)
        return _product(path, preset, painted.image, facts), notes

    def _brief(
        self, preset: Preset, scene: Scene, palette: Palette, headline: Headline
    ) -> tuple[Brief, tuple[str, ...]]:
        text = _as_title(headline.text)
        faces: dict[Weight, Typeface] = {
            weight: find_typeface(text, weight, self.font) for weight in ("black", "bold", "medium")
        }
        columns, rows = _allowed(self.position)
        text = drawable(text, faces["black"])
        cut = shortened(text, _MAX_CHARACTERS)
        notes = faces["black"].notes + ((f"headline cut to {len(cut)} characters",) if cut != text else ())
        return Brief(scene, preset, cut, palette, faces, columns, rows, self.case), notes

    def _plan(self, brief: Brief, taken: tuple[str, ...]) -> tuple[str, Plan] | None:
        """The template that suits the picture best; one that another cover of the set has must be much better."""
        wanted = list(TEMPLATES) if self.template == "auto" else [self.template]
        for names in (wanted, list(TEMPLATES)):  # where the wanted one finds no room, any will do
            plans = [(name, plan) for name in names if (plan := TEMPLATES[name].plan(brief)) is not None]
            if plans:
                return max(plans, key=lambda pair: pair[1].score - _TAKEN_COST * taken.count(pair[0]))
        free = replace(brief, columns=("left", "center", "right"), rows=("top", "middle", "bottom"))
        return self._plan(free, taken) if free.columns != brief.columns or free.rows != brief.rows else None


def _scene(still: Still) -> Scene:
    return scene_of(still.frame.image, [face.box for face in still.faces], still.avoid)


def _allowed(position: str) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    words = position.split()
    columns = tuple(word for word in words if word in ("left", "right"))
    rows = tuple(word for word in words if word in ("top", "bottom"))
    if position == "center":
        return ("center",), ("middle",)
    return columns or ("left", "center", "right"), rows or ("top", "middle", "bottom")


def _as_title(text: str) -> str:
    """As set on a cover: one line of text, no full stop at its end."""
    text = " ".join(text.split())
    return text[:-1] if text.endswith(".") and not text.endswith("..") else text


def _plain_framing(scene: Scene, preset: Preset) -> Framing:
    return max(
        framings(scene, preset.width_px, preset.height_px),
        key=lambda framing: framing_score(scene, framing, preset.height_px) + 0.3 * (framing.inner.x > 0),
    )


def painted_until_read(brief: Brief, name: str, plan: Plan) -> tuple[Painted, Legibility, int]:
    """Painted ever stronger until the lettering passes at feed size; the best of the tries where none does."""
    tries = []
    for strength in range(_STRENGTHS):
        painted = TEMPLATES[name].paint(brief, plan, strength)
        block = plan.spot.block
        boxes = line_boxes(block, plan.spot.box, plan.align)
        cap_px = -block.face.at(block.font_px).getbbox("H", anchor="ls")[1]
        legibility = measure(painted.image, painted.lettering, boxes, cap_px)
        tries.append((painted, legibility, strength))
        if legibility.passes:
            return tries[-1]
    return max(tries, key=lambda tried: tried[1].contrast)


# --- receipts ---------------------------------------------------------------------------------------------------


def _facts(
    info: VideoInfo, preset: Preset, still: Still, scene: Scene, framing: Framing, template: str
) -> dict[str, Any]:
    window = framing.window.moved(*scene.origin)
    facts: dict[str, Any] = {
        "kind": "cover",
        "video": info.path.name,
        "preset": preset.name,
        "size": [preset.width_px, preset.height_px],
        "seconds": round(still.seconds, 3),
        "still_rank": still.rank,
        "still_score": round(still.score, 4),
        "crop": box_fact(window),
        "fill": "blurred sides" if framing.has_blurred_sides else "crop",
        "upscale": round(max(1.0, framing.scale), 2),
        "template": template,
        "faces": len(scene.faces),
        "people_without_face": len(scene.heads) - len(scene.faces),
    }
    if not scene.grade.is_plain:
        facts["grade"] = asdict(scene.grade)
    if scene.origin != (0, 0):
        facts["bars_removed"] = list(scene.origin)
    if framing.scale >= CALM_FROM:
        facts["treatment"] = "enlarged by Lanczos, codec blocks calmed before, edges crisped after"
    return facts


def _lettering_facts(brief: Brief, plan: Plan, legibility: Legibility, strength: int) -> dict[str, Any]:
    block = plan.spot.block
    return {
        "text_box": box_fact(plan.spot.box),
        "lines": list(block.lines),
        "font": {"name": block.face.name, "licence": block.face.licence, "px": round(block.font_px, 1)},
        "accent": as_hex(brief.palette.accent),
        "key_words": brief.key_words,
        "strength": strength,
        "contrast_at_246x138": legibility.contrast,
        "letter_px_at_246x138": legibility.letter_px,
        "readable": legibility.passes,
    }


def _headline_facts(headline: Headline, shown: str) -> Mapping[str, Any]:
    return {
        "text": headline.text,
        "shown": shown,
        "start": round(headline.start, 3),
        "end": round(headline.end, 3),
        "supported": headline.supported,
        "source": headline.source,
    }


def box_fact(box: Box) -> list[int]:
    return [round(box.x), round(box.y), round(box.width), round(box.height)]


def _product(path: str, preset: Preset, image: RGB, facts: dict[str, Any]) -> Product:
    format = cast(ImageFormat, preset.formats[0])
    receipt = Receipt(f"{path}.{EXTENSIONS[format]}", facts)
    data = encode_image(image, format, receipt=receipt, max_bytes=preset.max_bytes)
    return Product(receipt.product, data, "cover", receipt)
