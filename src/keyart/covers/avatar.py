"""Stills -> a channel picture: the best face, head and shoulders, or the dominant subject, or a monogram."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from keyart.covers.crop import Framing, Scene, frame, picture, scene_of
from keyart.covers.draw import letter, tinted
from keyart.covers.fonts import drawable, find_typeface
from keyart.covers.layout import TypeRule, set_in
from keyart.covers.palette import Palette, as_hex, luminance, oklch, palette_of
from keyart.covers.presets import presets_named
from keyart.errors import BadSetting
from keyart.media.images import encode_image
from keyart.types import RGB, Box, Face, Outcome, Preset, Product, Receipt, Still, VideoInfo

Look = Callable[[RGB, Palette], RGB]


# --- looks ------------------------------------------------------------------------------------------------------


def natural(image: RGB, palette: Palette) -> RGB:
    """As it is, with a ring of the accent colour where the platform cuts its circle."""
    done = Image.fromarray(image)
    size = done.width
    tinted(done, _ring(size, 0.022), palette.accent)
    return np.asarray(done, np.uint8)


def duotone(image: RGB, palette: Palette) -> RGB:
    """Two inks: the palette's dark for the shadows, its accent for the lights."""
    light = luminance(image.astype(np.float64)) ** (1 / 2.2)
    low, high = np.percentile(light, (2, 98))
    tone = np.clip((light - low) / max(high - low, 0.05), 0, 1)[..., None]
    dark, bright, paper = (np.array(ink, np.float64) for ink in (palette.deep, palette.accent, palette.paper))
    lower, upper = dark + (bright - dark) * np.minimum(tone / 0.72, 1), np.clip((tone - 0.72) / 0.28, 0, 1)
    return np.asarray(np.round(lower + (paper - lower) * upper * 0.85), np.uint8)


def medallion(image: RGB, palette: Palette) -> RGB:
    """The portrait as a disc on a ground of the accent colour."""
    size = image.shape[1]
    done = Image.fromarray(_glow(size, palette))
    inner = round(size * 0.8)
    disc = Image.fromarray(image).resize((inner, inner), Image.Resampling.LANCZOS)
    mask = _disc(inner)
    at = (size - inner) // 2
    shadow = Image.new("L", (size, size), 0)
    shadow.paste(mask, (at, at + round(size * 0.012)))
    tinted(done, shadow.filter(ImageFilter.GaussianBlur(size * 0.02)).point(lambda value: value // 2), palette.deep)
    done.paste(disc, (at, at), mask)
    return np.asarray(done, np.uint8)


LOOKS: dict[str, Look] = {"natural": natural, "duotone": duotone, "medallion": medallion}
"""The first is `avatar.png`, the others `avatar_<name>.png`."""


def _disc(size: int, finer: int = 3) -> Image.Image:
    large = Image.new("L", (size * finer, size * finer), 0)
    ImageDraw.Draw(large).ellipse((0, 0, size * finer - 1, size * finer - 1), fill=255)
    return large.resize((size, size), Image.Resampling.BOX)


def _ring(size: int, share: float) -> Image.Image:
    ring = _disc(size)
    thick = round(size * share)
    hole = _disc(size - 2 * thick)
    ring.paste(0, (thick, thick), hole)
    return ring


def _glow(size: int, palette: Palette) -> RGB:
    """The accent, lighter in the middle, deeper towards the corners."""
    y, x = np.mgrid[-1 : 1 : complex(size), -1 : 1 : complex(size)]
    far = np.clip(np.hypot(x, y + 0.25) / 1.35, 0, 1)[..., None] ** 1.4
    accent = np.array(palette.accent, np.float64)
    edge = np.array(oklch(0.62, 0.16, palette.hue_degrees), np.float64)
    return np.asarray(np.round(accent + (edge - accent) * far * 0.8), np.uint8)


# --- the picture in it ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MakeAvatar:
    """Channel pictures (thesis, annotation): `avatar/avatar.png` and one more per look."""

    preset: str = "youtube_avatar"
    """Name from presets.toml, kind avatar."""
    looks: tuple[str, ...] = tuple(LOOKS)
    """Names from LOOKS; the first becomes avatar.png."""
    colour: str = ""
    """Accent as #rrggbb; empty takes it from the picture."""
    font: str = ""
    """Path of a font file for the monogram; empty takes Roboto."""
    seed: int = 0
    """Turns the accent, 0 ..."""

    def __post_init__(self) -> None:
        presets_named([self.preset], "avatar")
        for look in self.looks:
            if look not in LOOKS:
                raise BadSetting(f"no avatar look is called {look!r}; there are: {', '.join(LOOKS)}")
        if not self.looks:
            raise BadSetting(f"an avatar needs at least one look; there are: {', '.join(LOOKS)}")

    def __call__(self, info: VideoInfo, stills: Sequence[Still]) -> Outcome[tuple[Product, ...]]:
        (preset,) = presets_named([self.preset], "avatar")
        with_face = _best_face(stills)
        if with_face is not None:
            still, face = with_face
            return Outcome(self._portraits(info, preset, still, face), backend="face")
        letters = monogram_letters(info)
        scene = scene_of(stills[0].frame.image, (), stills[0].avoid) if stills else None
        if scene is None or not has_subject(scene):
            only = self._monogram(info, preset, letters, scene, "avatar/avatar.png")
            return Outcome((only,), "degraded", "no face and no clear subject; a monogram was made", backend="monogram")
        products = self._portraits(info, preset, stills[0], None)
        products += (self._monogram(info, preset, letters, scene, "avatar/avatar_monogram.png"),)
        return Outcome(products, "degraded", "no face; the dominant subject was taken", backend="subject")

    def _portraits(self, info: VideoInfo, preset: Preset, still: Still, face: Face | None) -> tuple[Product, ...]:
        faces = [one.box for one in still.faces]
        scene = scene_of(still.frame.image, faces, still.avoid)
        head = _head_in(scene, face) if face is not None else None
        framing = portrait_framing(scene, head, preset.width_px)
        palette = palette_of(scene.image, self.colour, turn=self.seed)
        image = picture(scene, framing)
        facts: dict[str, Any] = {
            "seconds": round(still.seconds, 3),
            "still_rank": still.rank,
            "crop": _whole(framing.window.moved(*scene.origin)),
            "upscale": round(max(1.0, framing.scale), 2),
            "subject": "face" if face is not None else "dominant subject",
            "why": "the largest, surest face of the best stills" if face else "no face; what draws the eye most",
        }
        if face is not None:
            facts |= {"face": _whole(face.box), "face_confidence": round(face.confidence, 4)}
        products = []
        for place, look in enumerate(self.looks):
            path = "avatar/avatar.png" if place == 0 else f"avatar/avatar_{look}.png"
            products.append(_product(info, preset, path, LOOKS[look](image, palette), palette, facts | {"look": look}))
        return tuple(products)

    def _monogram(self, info: VideoInfo, preset: Preset, letters: str, scene: Scene | None, path: str) -> Product:
        ground = scene.image if scene is not None else np.zeros((2, 2, 3), np.uint8)
        palette = palette_of(ground, self.colour, turn=self.seed)
        face = find_typeface(letters, "black", self.font)
        shown = drawable(letters, face) or "K"
        image = draw_monogram(shown, palette, preset.width_px, TypeRule(face, max_size=0.5, min_size=0.1, max_lines=1))
        facts = {"subject": "monogram", "letters": shown, "look": "monogram", "why": "nobody is there",
                 "font": {"name": face.name, "licence": face.licence}}  # fmt: skip
        return _product(info, preset, path, image, palette, facts)


def _product(
    info: VideoInfo, preset: Preset, path: str, image: RGB, palette: Palette, facts: dict[str, Any]
) -> Product:
    common = {
        "kind": "avatar",
        "video": info.path.name,
        "preset": preset.name,
        "size": [preset.width_px, preset.height_px],
        "accent": as_hex(palette.accent),
    }
    receipt = Receipt(path, common | facts)
    data = encode_image(image, "png", receipt=receipt, max_bytes=preset.max_bytes)
    return Product(path, data, "avatar", receipt)


def _whole(box: Box) -> list[int]:
    return [round(box.x), round(box.y), round(box.width), round(box.height)]


def _best_face(stills: Sequence[Still]) -> tuple[Still, Face] | None:
    """Big, sure, open-eyed, whole, from a good still; among equals the earlier still."""

    def worth(still: Still, face: Face) -> float:
        picture_height, picture_width = still.frame.image.shape[:2]
        box = face.box
        size = min(box.height / 260, 1.0) * 0.5 + min(box.height / picture_height / 0.3, 1.0) * 0.2
        whole = (
            0.0 if box.x < 1 or box.y < 1 or box.right > picture_width - 1 or box.bottom > picture_height - 1 else 1.0
        )
        eyes = 0.5 if face.eyes_open is None else face.eyes_open
        return float(size + 0.3 * face.confidence + 0.3 * still.score + 0.25 * whole + 0.2 * eyes)

    pairs = [(still, face) for still in stills for face in still.faces]
    return max(pairs, key=lambda pair: worth(*pair), default=None)


def _head_in(scene: Scene, face: Face) -> Box:
    """The head of this face in the scene's pixels."""
    x, y = scene.origin
    wanted = face.box.moved(-x, -y)
    # heads of people without a face come after those with one, and are of no use here
    pairs = zip(scene.faces, scene.heads, strict=False)
    return max(pairs, key=lambda pair: pair[0].iou(wanted), default=(wanted, wanted))[1]


def portrait_framing(scene: Scene, head: Box | None, size_px: int) -> Framing:
    """A square with the head in the inscribed circle, shoulders below; without a head, round the subject."""
    largest = float(min(scene.width_px, scene.height_px))
    if head is None:
        box = scene.subject
        side, middle = min(largest, 1.2 * max(box.width, box.height)), box.center
    else:
        # the head's diagonal fills three quarters of the circle's diameter
        side = min(largest, (head.width**2 + head.height**2) ** 0.5 / 0.75)
        x, y = head.center
        middle = x, y + 0.06 * side
    left = min(max(middle[0] - side / 2, 0.0), scene.width_px - side)
    top = min(max(middle[1] - side / 2, 0.0), scene.height_px - side)
    return frame(scene, Box(left, top, side, side), size_px, size_px)


def has_subject(scene: Scene) -> bool:
    """Whether one thing draws the eye: the subject's box holds much more interest than the rest of the picture."""
    box, rows, columns = scene.subject, *scene.interest.shape
    left, right = round(box.x / scene.width_px * columns), round(box.right / scene.width_px * columns)
    top, bottom = round(box.y / scene.height_px * rows), round(box.bottom / scene.height_px * rows)
    inside = scene.interest[top:bottom, left:right]
    small = box.area < 0.45 * scene.width_px * scene.height_px
    contrast = float(np.asarray(scene.image, np.float64).std())
    rest = (scene.interest.sum() - inside.sum()) / max(scene.interest.size - inside.size, 1)
    return bool(small and contrast > 18 and inside.size and inside.mean() > 1.5 * rest)


# --- monogram ---------------------------------------------------------------------------------------------------

_WORD = re.compile(r"[^\W_]+")


def monogram_letters(info: VideoInfo) -> str:
    """One or two initials: of the artist, else of the title, else of the file name."""
    for text in (info.tags.get("artist", ""), info.tags.get("title", ""), info.path.stem):
        words = _WORD.findall(text)
        named = [word for word in words if not word.isdigit()] or words
        if named:
            return "".join(word[0] for word in named[:2]).upper()
    return "K"


def draw_monogram(letters: str, palette: Palette, size_px: int, rule: TypeRule) -> RGB:
    from keyart.covers.breaks import ways_to_break

    image = Image.fromarray(_glow(size_px, palette))
    block = set_in(ways_to_break(letters, rule.face), rule, 0.62 * size_px, 0.5 * size_px, size_px)
    assert block is not None  # one or two letters fit half of a square
    box = Box((size_px - block.width) / 2, (size_px - block.height) / 2, block.width, block.height)
    letter(image, block, box, "center", palette.deep)
    return np.asarray(image, np.uint8)
