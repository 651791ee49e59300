"""What a cover's receipt says: where its picture comes from, how its lettering stands, how well that is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from keyart.covers.brief import Brief, Plan
from keyart.covers.crop import Framing, Scene
from keyart.covers.legibility import Legibility
from keyart.covers.palette import as_hex
from keyart.types import Box, Headline, Preset, Still, VideoInfo


def picture_facts(
    info: VideoInfo, preset: Preset, still: Still, scene: Scene, framing: Framing, template: str
) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "kind": "cover",
        "video": info.name,
        "preset": preset.name,
        "size": [preset.width_px, preset.height_px],
        "seconds": round(still.seconds, 3),
        "still_rank": still.rank,
        "still_score": round(still.score, 4),
        "crop": box_fact(framing.window.moved(*scene.origin)),
        "upscale": round(max(1.0, framing.scale), 2),
        "template": template,
        "faces": len(scene.faces),
        "people_without_face": len(scene.heads) - len(scene.faces),
    }
    if not scene.grade.is_plain:
        facts["grade"] = asdict(scene.grade)
    if scene.origin != (0, 0):
        facts["bars_removed"] = list(scene.origin)
    return facts


def lettering_facts(brief: Brief, plan: Plan, legibility: Legibility, strength: int) -> dict[str, Any]:
    block = plan.spot.block
    facts: dict[str, Any] = {
        "picture_box": box_fact(plan.picture_at),
        "text_box": box_fact(plan.spot.box),
        "lines": list(block.lines),
        "font": {"name": block.face.name, "licence": block.face.licence, "px": round(block.font_px, 1)},
        "accent": as_hex(brief.palette.accent),
        "grounds": [as_hex(brief.palette.deep), as_hex(brief.palette.paper)],
        "key_words": brief.key_words,
        "strength": strength,
        "readable": legibility.passes,
    }
    for one in legibility.at:
        width, height = one.size
        facts[f"contrast_at_{width}x{height}"] = one.ratio
        facts[f"letter_px_at_{width}x{height}"] = one.letter_px
    if wished := brief.wishes.facts():
        facts["wishes"] = wished
    return facts


def headline_facts(headline: Headline, shown: str) -> Mapping[str, Any]:
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
