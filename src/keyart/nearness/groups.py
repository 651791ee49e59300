"""Videos that show the same material: re-encoded, cut shorter, letterboxed, with a logo, faster or slower.

Each package is a row of moments: its stills and tiles in the order of time, neighbours that look alike counted once.
Two packages belong together where enough of the shorter one's moments are found in the other in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keyart.nearness.index import Index, Kept
from keyart.nearness.signature import MOST_BITS, NEAR, Bits, Cells, hamming, likeness, likeness_in_place

LEAST_SHARE = 0.5
"""Of the shorter video's moments that must be found in the other, in order."""
LEAST_MOMENTS = 3
"""Moments in common from which two videos of many moments belong together."""
ALIKE = 0.9
"""Likeness, with nothing forgiven, of moments where a video has only one or two of them: another recording of one
speaker looks alike as well."""
_ONE_MOMENT = 0.85
"""Likeness of neighbours in time that are one moment."""
_MOST_MOMENTS = 64
_PART = 4096


@dataclass(frozen=True, slots=True)
class Link:
    """Two packages that show the same material."""

    one: str
    other: str
    share: float
    """Of the shorter one's moments found in the other, in order."""
    moments: int
    """How many of them."""


@dataclass(frozen=True, slots=True)
class Group:
    """Packages of the same material."""

    packages: tuple[str, ...]
    """Names, in order."""
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Moments:
    """A video as what is seen in it, one after another."""

    package: Kept
    seconds: NDArray[np.float64]
    bits: Bits
    cells: Cells


def groups(index: Index) -> tuple[Group, ...]:
    """Groups of two and more, largest first, then by name. Compares the moments of every package with those of all."""
    links = tuple(found_links(index))
    leader: dict[str, str] = {name: name for link in links for name in (link.one, link.other)}

    def lead(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for link in links:
        one, other = sorted((lead(link.one), lead(link.other)))
        leader[other] = one
    members: dict[str, list[str]] = {}
    for name in sorted(leader):
        members.setdefault(lead(name), []).append(name)
    made = [
        Group(tuple(names), tuple(link for link in links if lead(link.one) == first))
        for first, names in members.items()
    ]
    return tuple(sorted(made, key=lambda group: (-len(group.packages), group.packages)))


def found_links(index: Index) -> Iterator[Link]:
    """Every two packages that belong together, each pair once, in the order of names."""
    videos = [_moments(index, index.packages[name]) for name in sorted(index.packages)]
    videos = [video for video in videos if len(video.bits)]
    if not videos:
        return
    bits = np.concatenate([video.bits for video in videos])
    owners = np.repeat(np.arange(len(videos)), [len(video.bits) for video in videos])
    for place, video in enumerate(videos):
        common = _in_common(video, bits, owners, place)
        for other, count in common.items():
            if count >= min(LEAST_MOMENTS, len(video.bits), len(videos[other].bits)):
                link = linked(video, videos[other])
                if link is not None:
                    yield link


def _in_common(video: _Moments, bits: Bits, owners: NDArray[np.intp], place: int) -> Mapping[int, int]:
    """Later packages -> how many of the video's moments have near bits among theirs."""
    first = int(np.searchsorted(owners, place, side="right"))
    met: dict[int, int] = {}
    for one in video.bits:
        found: set[int] = set()
        for start in range(first, len(bits), _PART):
            away = hamming(one, bits[start : start + _PART])
            found.update(owners[start : start + _PART][away <= MOST_BITS].tolist())
        for other in found:
            met[other] = met.get(other, 0) + 1
    return dict(sorted(met.items()))


def linked(one: _Moments, other: _Moments) -> Link | None:
    """The link between two videos; None where they do not show the same."""
    short, long = (one, other) if len(one.bits) <= len(other.bits) else (other, one)
    pairs = _pairs(short, long)
    chain = _in_order(pairs)
    share = len(chain) / len(short.bits)
    if share < LEAST_SHARE:
        return None
    if len(chain) < LEAST_MOMENTS:
        alike = min(float(likeness(short.cells[row], long.cells[column][None], 1.0)[0]) for row, column, _ in chain)
        if len(chain) < len(short.bits) or alike < ALIKE or len(long.bits) > 2 * len(short.bits):
            return None
    return Link(one.package.name, other.package.name, round(share, 3), len(chain))


def _pairs(short: _Moments, long: _Moments) -> list[tuple[int, int, float]]:
    """Moments of the two that are nearly the same: places and likeness."""
    pairs = []
    for place in range(len(short.bits)):
        (near,) = np.nonzero(hamming(short.bits[place], long.bits) <= MOST_BITS)
        alike = likeness(short.cells[place], long.cells[near])
        pairs += [(place, int(where), float(like)) for where, like in zip(near, alike, strict=True) if like >= NEAR]
    return pairs


def _in_order(pairs: Sequence[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    """The likest of the longest chains in which both videos move forward."""
    best: list[tuple[int, float, int]] = []
    for place, (row, column, like) in enumerate(pairs):
        before = max(
            ((best[k][0], best[k][1], k) for k in range(place) if pairs[k][0] < row and pairs[k][1] < column),
            default=(0, 0.0, -1),
        )
        best.append((before[0] + 1, before[1] + like, before[2]))
    if not best:
        return []
    at = max(range(len(best)), key=lambda k: best[k][:2])
    chain = []
    while at >= 0:
        chain.append(pairs[at])
        at = best[at][2]
    return chain[::-1]


def _moments(index: Index, package: Kept) -> _Moments:
    """Stills and tiles in the order of time, those that look like the one before left out."""
    bits, cells = index.signatures(package)
    order = sorted(
        (place for place, shown in enumerate(package.shown) if shown.kind != "cover"),
        key=lambda place: (package.shown[place].seconds, place),
    )
    kept: list[int] = []
    for place in order:
        if not kept or likeness_in_place(cells[place], cells[kept[-1]]) < _ONE_MOMENT:
            kept.append(place)
    if len(kept) > _MOST_MOMENTS:
        kept = [kept[k * len(kept) // _MOST_MOMENTS] for k in range(_MOST_MOMENTS)]
    seconds = np.array([package.shown[place].seconds for place in kept])
    return _Moments(package, seconds, bits[kept], cells[kept])
