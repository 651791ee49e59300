"""Of the ways to lay a cover out, the one to take: as wished where there is room, read at feed size, unlike its set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from keyart.covers.brief import Brief, Painted, Plan
from keyart.covers.compare import Glance, distance, farthest, glance
from keyart.covers.draw import line_boxes
from keyart.covers.job import Job, Version
from keyart.covers.layout import READ_AT_A_GLANCE
from keyart.covers.legibility import JUDGED_AT, Legibility, measure
from keyart.covers.templates import TEMPLATES
from keyart.covers.wishes import COLUMNS, ROWS
from keyart.types import RGB

_STRENGTHS = 3
_NEAR_THE_BEST = 0.55
"""Points of a plan's score within which a template may be taken because it makes the set more varied."""
_MERIT = 0.15
"""Distance between covers that one point of a plan's score outweighs."""


def eased(brief: Brief) -> Iterator[tuple[Brief, tuple[str, ...]]]:
    """The brief as it is; then without the wished size; then without the wished place either."""
    yield brief, ()
    if brief.wishes.size:
        brief = replace(brief, wishes=replace(brief.wishes, size=0.0))
        yield brief, ("type of the wished size has no room here; the largest that fits was set",)
    if brief.wishes.point or brief.columns != COLUMNS or brief.rows != ROWS:
        free = replace(brief, columns=COLUMNS, rows=ROWS, wishes=replace(brief.wishes, point=None))
        yield free, ("the wished position has no room; the calmest place was taken",)


def other_side(brief: Brief, name: str, others: Sequence[Version]) -> Brief:
    """A template that another cover of the set has puts the headline on the other side, where the user lets it."""
    same = [other for other in others if other.template == name and other.plan is not None]
    if not same or same[-1].plan is None or (brief.columns, brief.rows) != (COLUMNS, ROWS):
        return brief
    x, y = same[-1].plan.spot.box.center
    if brief.is_tall:
        return replace(brief, rows=("bottom",) if y < brief.height_px / 2 else ("top",))
    return replace(brief, columns=("right",) if x < brief.width_px / 2 else ("left",))


def ordered(
    brief: Brief, plans: Sequence[tuple[str, Plan]], taken: Sequence[str], seen: Sequence[Glance]
) -> list[tuple[str, Plan]]:
    """Best first. In a set the first is the one least like the covers already made, out of those near the best."""
    by_score = sorted(plans, key=lambda pair: -pair[1].score)
    if not seen or len(plans) < 2:
        return by_score
    fresh = [pair for pair in by_score if pair[0] not in taken] or by_score
    near = [pair for pair in fresh if pair[1].score > fresh[0][1].score - _NEAR_THE_BEST]
    near = [pair for pair in near if pair[1].spot.block.font_px >= READ_AT_A_GLANCE * brief.size_px] or near
    if len(near) > 1:
        sketches = [glance(sketch(brief, name, plan)) for name, plan in near]
        first = near[farthest(sketches, seen, [_MERIT * plan.score for _, plan in near])]
        near.remove(first)
        near.insert(0, first)
    return near + [pair for pair in by_score if pair not in near]


def sketch(brief: Brief, name: str, plan: Plan, longest_px: int = JUDGED_AT[0]) -> RGB:
    """The planned cover painted small: what it looks like in a feed, at a tenth of the cost."""
    scale = longest_px / max(brief.width_px, brief.height_px)
    small_brief, small_plan = brief.scaled(scale), plan.scaled(scale)
    return TEMPLATES[name].paint(small_brief, small_plan, 0).image


def compared(jobs: Sequence[Job], glances: Sequence[Glance], place: int) -> dict[str, Any]:
    """Distances of one cover to the others of its set, for the receipt."""
    to = {
        f"{job.preset.name}_{job.rank}": round(distance(glances[place], other), 3)
        for index, (job, other) in enumerate(zip(jobs, glances, strict=True))
        if index != place
    }
    return {"distance_to": to, "least": min(to.values()), "measure": "mean OKLab difference at feed size"}


def worth(version: Version) -> tuple[bool, float, float]:
    """Read before not read; then what was read back; then contrast."""
    assert version.legibility is not None
    back = version.read.recall[JUDGED_AT] if version.read else 1.0
    return version.is_read, back, min(version.legibility.contrast, 21.0)


def shortcomings(version: Version) -> tuple[str, ...]:
    assert version.legibility is not None
    notes = []
    for one in version.legibility.at:
        if not one.passes:
            notes.append(f"lettering reaches a contrast of only {one.ratio} at {one.size[0]} px")
    if version.read and not version.read.passes:
        share = version.read.recall[JUDGED_AT]
        notes.append(f"{version.read.engine} reads {share:.0%} of the words back at {JUDGED_AT[0]} px")
    return tuple(notes[:2])


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
