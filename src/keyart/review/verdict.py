"""What a review says of a product, and what the user wants done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from keyart import plain
from keyart.types import Box

Judgement = Literal["pass", "flag", "block"]
JUDGEMENTS: tuple[Judgement, ...] = ("pass", "flag", "block")
Action = Literal["block", "flag", "off"]
"""block: what is judged so is left out of the package; flag: nothing is left out, only told; off: not looked at."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One reviewer's word on one product, or on one headline."""

    product: str
    """Path in the package; `headline N` for the Nth headline."""
    verdict: Judgement
    category: str
    """profanity, hate, sexual, violence, drugs, self-harm, nudity, agreement ..."""
    reason: str
    """One sentence; empty for a plain pass."""
    backend: str
    score: float | None = None
    """What the reviewer measured: a model's confidence, a cosine; None for word lists."""
    region: Box | None = None
    """Where in the picture, in its own pixels."""
    span: tuple[int, int] | None = None
    """Where in the text: first character, character after the last."""

    @property
    def weight(self) -> int:
        return JUDGEMENTS.index(self.verdict)


def softened(verdict: Verdict, action: Action) -> Verdict:
    """The verdict under the user's setting: `flag` leaves nothing out."""
    if action == "flag" and verdict.verdict == "block":
        return Verdict(
            verdict.product, "flag", verdict.category, verdict.reason, verdict.backend,
            verdict.score, verdict.region, verdict.span,
        )  # fmt: skip
    return verdict


def verdict_fact(verdict: Verdict) -> dict[str, Any]:
    """The verdict as the manifest lists it; `region` is [x, y, width, height], `span` [first, after the last]."""
    return {
        "product": verdict.product,
        "verdict": verdict.verdict,
        "category": verdict.category,
        "reason": verdict.reason,
        "score": None if verdict.score is None else plain.number(verdict.score),
        "region": None if verdict.region is None else plain.box(verdict.region),
        "span": None if verdict.span is None else list(verdict.span),
        "backend": verdict.backend,
    }
