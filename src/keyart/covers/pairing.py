"""Which headline goes on which still: the best two together, then what is shown while the words are said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keyart.covers.compare import Glance, distance, glance
from keyart.types import Headline, Still

_SAID_WHILE_SHOWN = 0.6
"""What it is worth, in points of a still's score, that the picture is on screen while the headline's words are said."""
_NEAR_SECONDS = 1.5
_RANK_COST = 0.02
_UNLIKE = 0.3
"""What it is worth to be wholly unlike the stills of the covers before (OKLab distance 1)."""


_AGREES = 4.0
"""What a CLIP score of 1 more is worth; pictures differ by some hundredths in how well they show what a text says."""


def paired(
    stills: Sequence[Still], headlines: Sequence[Headline], count: int, agreement: Sequence[Sequence[float]] = ()
) -> list[tuple[Still, Headline | None]]:
    """`count` pairs; stills and headlines are used again where there are too few of them.

    The first still leads with the first headline. Each further headline takes the best still that is left, one that
    is shown near the seconds that support it before others, one that looks unlike those taken before its likes, one
    that agrees with it (thesis §5.6: `agreement`, a row a still, a column a headline) before one that does not.
    """
    agrees = {
        (still.rank, headline.text): _AGREES * score
        for still, row in zip(stills, agreement, strict=bool(agreement))
        for headline, score in zip(headlines, row, strict=True)
    }
    seen = {still.rank: glance(still.frame.image) for still in stills} if count > 1 and len(stills) > 2 else {}
    texts = [headlines[rank % len(headlines)] if headlines else None for rank in range(count)]
    pairs: list[tuple[Still, Headline | None]] = []
    left: list[Still] = []
    for text in texts:
        left = left or list(stills)
        taken = [seen[other.rank] for other, _ in pairs if other.rank in seen]

        def worth(one: Still, text: Headline | None = text, taken: Sequence[Glance] = taken) -> float:
            agreed = agrees.get((one.rank, text.text), 0.0) if text else 0.0
            return _suits(one, text) + _unlike(one, taken, seen) + agreed

        still = left[0] if not pairs else max(left, key=worth)
        left.remove(still)
        pairs.append((still, text))
    return pairs


def in_turn(stills: Sequence[Still], headlines: Sequence[Headline], count: int) -> list[tuple[Still, Headline | None]]:
    """`count` pairs in the order given, both used again where there are too few of them."""
    return [
        (stills[place % len(stills)], headlines[place % len(headlines)] if headlines else None)
        for place in range(count)
    ]


def _unlike(still: Still, taken: Sequence[Glance], seen: Mapping[int, Glance]) -> float:
    if still.rank not in seen:
        return 0.0
    return _UNLIKE * min((distance(seen[still.rank], one) for one in taken), default=0.0)


def _suits(still: Still, headline: Headline | None) -> float:
    worth = still.score - _RANK_COST * still.rank
    if headline is None or still.origin != "scan" or headline.end <= headline.start:
        return worth
    away = max(headline.start - still.seconds, still.seconds - headline.end, 0.0)
    return worth + _SAID_WHILE_SHOWN * max(0.0, 1.0 - away / _NEAR_SECONDS)
