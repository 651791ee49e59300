"""From any still to any frame size without cutting a head: which part of the still is shown, and where."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from keyart.covers.grade import Grade, grade_for, graded
from keyart.stills.objects import person_mask
from keyart.types import RGB, Box

_MAP_PX = 64
_BAR_LUMA = 22  # studio black is 16; bars of worn film are a little brighter
_BAR_SPREAD = 6.0
_LONGEST_BAR = 0.35
_CLOSE_UP = 0.36
_LEAST_PERSON = 0.008
_HEAD_SHARE = 0.27
CALM_FROM = 2.0
CRISP_FROM = 1.3
"""Enlargements from which a still is treated, see `picture`."""


Memo = Callable[[object, Callable[[], RGB]], RGB]
"""(key, make) -> the picture kept under the key, or the one that is made now."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A still as the covers see it: bars cut off, heads and lettering known. Boxes are pixels of `image`."""

    image: RGB
    heads: tuple[Box, ...] = ()
    """Faces with room for hair and chin, biggest first; then the tops of people whose face was not found."""
    faces: tuple[Box, ...] = ()
    avoid: tuple[Box, ...] = ()
    """Lettering that is already in the picture."""
    origin: tuple[int, int] = (0, 0)
    """Where `image` began in the still, x and y: what the bars took."""
    grade: Grade = field(default_factory=Grade)
    """What was done to the tones of `image`."""
    people: NDArray[np.float64] | None = None
    """Where people are, 256x256; None where that cannot be told or where the map makes no sense (all or nothing)."""
    memo: Memo | None = None
    """Keeps the pictures of framings where one scene is laid out again and again; None makes each anew."""

    @property
    def width_px(self) -> int:
        return int(self.image.shape[1])

    @property
    def height_px(self) -> int:
        return int(self.image.shape[0])

    def once(self, framing: Framing, make: Callable[[], RGB], *more: object) -> RGB:
        """The picture that a framing gives, made or remembered; `more` is what else decides it. Only to be read."""
        if self.memo is None:
            return make()
        return self.memo((framing.width_px, framing.height_px, framing.window, framing.inner, *more), make)

    @cached_property
    def interest(self) -> NDArray[np.float64]:
        """Where the eye goes, about 64 cells on the longer side, 0 ... 1: people, local contrast, middle first."""
        drawn, people = interest_map(self.image), self.people
        if people is None:
            return drawn
        people = 0.75 * _resampled(people, drawn.shape)
        if self.faces and self.heads[0].height > _CLOSE_UP * self.height_px:  # lettering may stand on a big chest
            chin = max(head.bottom for head in self.heads) / self.height_px
            people[math.ceil(chin * len(people)) :] *= 0.4
        return np.maximum(0.8 * drawn, people)

    @cached_property
    def subject(self) -> Box:
        """The heads together, or the box that holds most of what draws the eye."""
        if self.heads:
            return union(self.heads)
        drawn = self.interest if self.people is None else self.people
        return _box_of_interest(drawn, self.width_px, self.height_px)


@dataclass(frozen=True, slots=True, eq=False)
class Framing:
    """Which part of a scene a frame shows. Its boxes are pixels of the frame; no pixel is touched yet."""

    width_px: int
    height_px: int
    window: Box
    """The part of the scene that is shown, in the scene's pixels."""
    heads: tuple[Box, ...]
    faces: tuple[Box, ...]
    avoid: tuple[Box, ...]
    interest: NDArray[np.float64]
    """The scene's map as the frame shows it."""
    inner: Box
    """Where the picture stands: the whole frame, or a part of it with blurred sides."""

    @property
    def scale(self) -> float:
        """Frame pixels per still pixel; above 1 the still is enlarged."""
        return self.inner.width / self.window.width

    @property
    def has_blurred_sides(self) -> bool:
        return self.inner.area < 0.999 * self.width_px * self.height_px

    def interest_under(self, box: Box) -> float:
        """Mean interest below a box of the frame, 0 ... 1."""
        part = self._under(box)
        return float(part.mean()) if part.size else 0.0

    def share_under(self, box: Box) -> float:
        """Share of all that is of interest (squared, so that the strong counts) that a box of the frame covers."""
        return float((self._under(box) ** 2).sum() / max(float((self.interest**2).sum()), 1e-9))

    def _under(self, box: Box) -> NDArray[np.float64]:
        rows, columns = self.interest.shape
        left, right = int(box.x / self.width_px * columns), math.ceil(box.right / self.width_px * columns)
        top, bottom = int(box.y / self.height_px * rows), math.ceil(box.bottom / self.height_px * rows)
        return self.interest[max(0, top) : max(bottom, top + 1), max(0, left) : max(right, left + 1)]


def scene_of(image: RGB, faces: Sequence[Box] = (), avoid: Sequence[Box] = ()) -> Scene:
    """A still without its letterbox or pillarbox bars; faces are the detector's own boxes in pixels of `image`."""
    x, y, width, height = _without_bars(image)
    inside = Box(x, y, width, height)

    def kept(boxes: Sequence[Box]) -> tuple[Box, ...]:
        moved = (box.moved(-x, -y) for box in boxes if box.overlap(inside) > 0.3 * box.area)
        return tuple(sorted(moved, key=lambda box: (-box.area, box.x, box.y)))

    shown = kept(faces)
    image = np.ascontiguousarray(image[y : y + height, x : x + width])
    grade = grade_for(image)
    people = _people_in(image)
    heads = tuple(_clipped(head_of(face), width, height) for face in shown)
    heads += faceless_heads(people, shown, width, height) if people is not None else ()
    return Scene(graded(image, grade), heads, shown, kept(avoid), (x, y), grade, people)


def _people_in(image: RGB) -> NDArray[np.float64] | None:
    found = person_mask(image)
    if found is None or not 0.02 < float((found > 0.5).mean()) < 0.85:
        return None
    return found.astype(np.float64)


def faceless_heads(people: NDArray[np.float64], faces: Sequence[Box], width: float, height: float) -> tuple[Box, ...]:
    """The heads of people who turn away or are too small for the face detector: the tops of their outlines."""
    import cv2

    across, down = width / people.shape[1], height / people.shape[0]
    count, labels, stats, _ = cv2.connectedComponentsWithStats((people > 0.5).astype(np.uint8))
    heads = []
    for index in range(1, count):
        left, top, wide, tall, area = (int(value) for value in stats[index])
        whole = Box(left * across, top * down, wide * across, tall * down)
        if area < _LEAST_PERSON * people.size or any(face.overlap(whole) > 0.3 * face.area for face in faces):
            continue
        rows = labels[top : top + max(1, round(_HEAD_SHARE * tall))] == index
        columns = np.flatnonzero(rows.any(axis=0))
        first, last = float(columns[0]) * across, float(columns[-1] + 1) * across
        head = Box(first, whole.y - 0.02 * height, last - first, len(rows) * down + 0.02 * height)
        heads.append(_clipped(head, width, height))
    return tuple(sorted(heads, key=lambda head: -head.area))


def head_of(face: Box) -> Box:
    """A face box (brow to chin) grown to the whole head: hair above, ears beside, chin and a little neck below."""
    return Box(face.x - 0.2 * face.width, face.y - 0.5 * face.height, 1.4 * face.width, face.height * (1 + 0.5 + 0.16))


def union(boxes: Sequence[Box]) -> Box:
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    return Box(left, top, max(box.right for box in boxes) - left, max(box.bottom for box in boxes) - top)


def _clipped(box: Box, width: float, height: float) -> Box:
    left, top = max(0.0, box.x), max(0.0, box.y)
    return Box(left, top, max(0.0, min(width, box.right) - left), max(0.0, min(height, box.bottom) - top))


# --- bars -------------------------------------------------------------------------------------------------------


def _without_bars(image: RGB) -> tuple[int, int, int, int]:
    """x, y, width, height of the picture inside flat dark bars; only bars on opposite sides count as such."""
    luma = np.asarray(Image.fromarray(image).convert("L"), np.float64)
    height, width = luma.shape
    top, bottom = _pair(_bar(luma), _bar(luma[::-1]), height)
    left, right = _pair(_bar(luma.T), _bar(luma.T[::-1]), width)
    if width - left - right < 16 or height - top - bottom < 16:
        return 0, 0, width, height  # all of it is dark: a night, not a bar
    return left, top, width - left - right, height - top - bottom


def _bar(luma: NDArray[np.float64]) -> int:
    """Number of flat dark lines at the top of `luma`, with the blurred line that ends a bar."""
    flat = (np.percentile(luma, 98, axis=1) <= _BAR_LUMA) & (luma.std(axis=1) <= _BAR_SPREAD)
    lines = int(np.argmin(flat)) if not flat.all() else len(flat)
    return lines + max(1, len(luma) // 360) if lines else 0


def _pair(one: int, other: int, length: int) -> tuple[int, int]:
    if min(one, other) < 0.015 * length or max(one, other) > _LONGEST_BAR * length:
        return 0, 0
    if max(one, other) > 1.6 * min(one, other):
        return 0, 0  # a dark floor or sky, not a bar
    return one, other


# --- where the eye goes -----------------------------------------------------------------------------------------


def interest_map(image: RGB) -> NDArray[np.float64]:
    scale = _MAP_PX / max(image.shape[:2])
    size = max(4, round(image.shape[1] * scale)), max(4, round(image.shape[0] * scale))
    small = Image.fromarray(image).resize(size, Image.Resampling.BOX)
    values = np.asarray(small, np.float64) / 255
    blurred = np.asarray(small.filter(ImageFilter.GaussianBlur(_MAP_PX / 8)), np.float64) / 255
    differs = np.abs(values - blurred).sum(axis=2)
    gray = values.mean(axis=2)
    edges = np.hypot(*np.gradient(gray))
    raw = differs / (differs.max() + 1e-9) + edges / (edges.max() + 1e-9)
    y, x = np.mgrid[-1 : 1 : complex(size[1]), -1 : 1 : complex(size[0])]
    weighted = raw * (0.35 + 0.65 * np.exp(-(x**2 + y**2)))
    spread = np.asarray(
        Image.fromarray((255 * weighted / (weighted.max() + 1e-9)).astype(np.uint8)).filter(
            ImageFilter.GaussianBlur(1.5)
        ),
        np.float64,
    )
    return np.asarray(spread / (spread.max() + 1e-9), np.float64)


def _resampled(values: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    small = Image.fromarray(values.astype(np.float32)).resize((shape[1], shape[0]), Image.Resampling.BOX)
    return np.asarray(small, np.float64)


def _box_of_interest(interest: NDArray[np.float64], width: int, height: int) -> Box:
    """Middle 70 % of the interest along each axis."""

    def middle(sums: NDArray[np.float64], length: int) -> tuple[float, float]:
        share = np.cumsum(sums) / max(float(sums.sum()), 1e-9)
        first, last = np.searchsorted(share, 0.15), np.searchsorted(share, 0.85)
        return float(first) / len(sums) * length, float(last + 1) / len(sums) * length

    strong = np.where(interest > np.percentile(interest, 70), interest, 0.0)
    if not strong.any():
        return Box(width * 0.25, height * 0.25, width * 0.5, height * 0.5)
    left, right = middle(strong.sum(axis=0), width)
    top, bottom = middle(strong.sum(axis=1), height)
    return Box(left, top, right - left, bottom - top)


# --- framing ----------------------------------------------------------------------------------------------------


def crop_window(
    scene: Scene, width_px: int, height_px: int, *, zoom: float = 1.0, at: tuple[float, float] = (0.5, 0.45)
) -> Box:
    """The window of the frame's aspect that puts the subject at the share `at` of the frame, if the still allows.

    `zoom` 1 takes as much of the still as the aspect allows. Heads are never cut when they fit: the zoom gives way
    first, then the position; a head that cannot fit keeps its eyes and mouth (it is centred).
    """
    aspect = width_px / height_px
    width = min(scene.width_px, scene.height_px * aspect)
    needed = _needed(scene, width, width / aspect)
    width = min(width, max(width / zoom, needed.width * 1.04, needed.height * 1.04 * aspect))
    height = width / aspect
    x, y = scene.subject.center
    left = _slid(x - at[0] * width, width, needed.x, needed.right, scene.width_px)
    top = _slid(y - at[1] * height, height, needed.y, needed.bottom, scene.height_px)
    return Box(left, top, width, height)


def _needed(scene: Scene, width: float, height: float) -> Box:
    """As many heads as fit a window of this size, the biggest first; without heads, a point in the subject."""
    needed: Box | None = None
    for head in scene.heads:
        grown = head if needed is None else union((needed, head))
        if needed is None or (grown.width <= width and grown.height <= height):
            needed = grown
    if needed is None:
        x, y = scene.subject.center
        return Box(x, y, 0, 0)
    return needed


def _slid(start: float, length: float, first: float, last: float, whole: float) -> float:
    """`start` moved so that [first, last] is inside [start, start + length], then into [0, whole]."""
    start = (first + last - length) / 2 if last - first > length else min(max(start, last - length), first)
    return max(0.0, min(start, whole - length))  # never below 0, not by a rounding error either


def cuts_heads(scene: Scene, window: Box) -> bool:
    return any(head.overlap(window) < 0.98 * head.area for head in scene.heads)


def frame(scene: Scene, window: Box, width_px: int, height_px: int) -> Framing:
    """What a window looks like once scaled to exactly width x height pixels."""
    return Framing(
        width_px,
        height_px,
        window,
        heads=_into(scene.heads, window, width_px / window.width),
        faces=_into(scene.faces, window, width_px / window.width),
        avoid=_into(scene.avoid, window, width_px / window.width),
        interest=_part(scene.interest, window, scene.width_px, scene.height_px),
        inner=Box(0, 0, width_px, height_px),
    )


def frame_with_blurred_sides(scene: Scene, width_px: int, height_px: int, at: float = 0.5) -> Framing:
    """For stills whose aspect does not suit the frame: the subject whole, before a blurred enlargement of the still.

    `at` is where the picture stands: 0 left or top, 1 right or bottom.
    """
    wide = width_px * scene.height_px > height_px * scene.width_px
    front = _front(scene, width_px, height_px, wide)
    size = front.width_px, front.height_px
    dx, dy = (width_px - size[0]) * at, (height_px - size[1]) * at
    inner = Box(round(dx), round(dy), *size)
    return Framing(
        width_px,
        height_px,
        front.window,
        heads=tuple(box.moved(inner.x, inner.y) for box in front.heads),
        faces=tuple(box.moved(inner.x, inner.y) for box in front.faces),
        avoid=tuple(box.moved(inner.x, inner.y) for box in front.avoid),
        interest=_inlaid(front.interest, inner, width_px, height_px),
        inner=inner,
    )


def _front(scene: Scene, width_px: int, height_px: int, wide: bool) -> Framing:
    """The picture before the ground: a part of its overlong side goes where that cuts no head."""
    natural, whole = scene.width_px / scene.height_px, width_px / height_px
    if wide:
        trimmed = min(max(natural, min(0.7, 0.8 * whole)), max(natural, min(0.85, 0.9 * whole)))
    else:
        trimmed = min(natural, max(1.0, min(natural, 1.25), 1.25 * whole))
    for aspect in (trimmed, (trimmed + natural) / 2, natural):
        size = (round(height_px * aspect), height_px) if wide else (width_px, round(width_px / aspect))
        window = crop_window(scene, *size)
        if not cuts_heads(scene, window):
            break
    return frame(scene, window, *size)


def _inlaid(interest: NDArray[np.float64], inner: Box, width_px: int, height_px: int) -> NDArray[np.float64]:
    """The map of a picture inside a frame; the blurred sides hold nothing of interest."""
    rows, columns = max(8, round(height_px / 20)), max(8, round(width_px / 20))
    whole = np.zeros((rows, columns))
    top, left = round(inner.y / height_px * rows), round(inner.x / width_px * columns)
    bottom, right = round(inner.bottom / height_px * rows), round(inner.right / width_px * columns)
    small = Image.fromarray(interest.astype(np.float32)).resize((right - left, bottom - top), Image.Resampling.BILINEAR)
    whole[top:bottom, left:right] = np.maximum(np.asarray(small), 0.3)
    return whole


def _into(boxes: Sequence[Box], window: Box, scale: float) -> tuple[Box, ...]:
    width, height = window.width * scale, window.height * scale
    moved = (_clipped(box.moved(-window.x, -window.y).scaled(scale), width, height) for box in boxes)
    return tuple(box for box in moved if box.area > 0)


def _part(interest: NDArray[np.float64], window: Box, width: int, height: int) -> NDArray[np.float64]:
    rows, columns = interest.shape
    left, right = int(window.x / width * columns), math.ceil(window.right / width * columns)
    top, bottom = int(window.y / height * rows), math.ceil(window.bottom / height * rows)
    return interest[top : max(bottom, top + 1), left : max(right, left + 1)]


def picture(scene: Scene, framing: Framing) -> RGB:
    """The pixels of a framing."""
    return scene.once(framing, lambda: _picture(scene, framing))


def _picture(scene: Scene, framing: Framing) -> RGB:
    if not framing.has_blurred_sides:
        return _scaled(scene, framing.window, framing.width_px, framing.height_px)
    inner = framing.inner
    whole = blurred_ground(scene, framing.width_px, framing.height_px)
    left, top, width, height = round(inner.x), round(inner.y), round(inner.width), round(inner.height)
    whole[top : top + height, left : left + width] = _scaled(scene, framing.window, width, height)
    return whole


def _scaled(scene: Scene, window: Box, width_px: int, height_px: int) -> RGB:
    """Lanczos. A much enlarged still is calmed before (codec blocks) and crisped after, else it looks broken."""
    left, top = math.floor(max(0.0, window.x)), math.floor(max(0.0, window.y))
    right, bottom = math.ceil(min(scene.width_px, window.right)), math.ceil(min(scene.height_px, window.bottom))
    part = scene.image[top:bottom, left:right]
    scale = width_px / window.width
    if scale >= CALM_FROM:
        part = _calmed(part)
    box = (
        max(0.0, window.x - left),
        max(0.0, window.y - top),
        min(window.right - left, right - left),
        min(window.bottom - top, bottom - top),
    )
    done = Image.fromarray(part).resize((width_px, height_px), Image.Resampling.LANCZOS, box=box)
    if scale >= CRISP_FROM:
        done = done.filter(ImageFilter.UnsharpMask(radius=min(6.0, 1.2 * scale), percent=60, threshold=2))
    return np.asarray(done, np.uint8)


def _calmed(image: RGB) -> RGB:
    import cv2

    return np.asarray(cv2.bilateralFilter(np.ascontiguousarray(image), d=5, sigmaColor=18, sigmaSpace=2), np.uint8)


def blurred_ground(scene: Scene, width_px: int, height_px: int, dim: float = 0.55) -> RGB:
    """The still as a soft, darkened ground of any size, for what stands before it."""
    window = crop_window(scene, width_px, height_px)
    size = max(8, width_px // 16), max(8, height_px // 16)
    box = (window.x, window.y, min(window.right, scene.width_px), min(window.bottom, scene.height_px))
    small = Image.fromarray(scene.image).resize(size, Image.Resampling.BOX, box=box)
    soft = small.filter(ImageFilter.GaussianBlur(3)).resize((width_px, height_px), Image.Resampling.BICUBIC)
    return (np.asarray(soft, np.float32) * dim).astype(np.uint8)
