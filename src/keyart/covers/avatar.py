"""Stills -> a channel picture: the best face, head and shoulders, or the dominant subject, or a monogram."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from keyart.covers.crop import Framing, Scene, frame, picture, scene_of
from keyart.covers.draw import letter, tinted
from keyart.covers.fonts import drawable
from keyart.covers.layout import TypeRule, set_in
from keyart.covers.matte import MakeMatte, Matte
from keyart.covers.palette import (
    WHITE,
    Colour,
    Palette,
    as_hex,
    luminance,
    oklab_of,
    oklch,
    oklch_of,
    palette_of,
    parse_colour,
)
from keyart.covers.presets import exported, presets_named
from keyart.covers.typefaces import check_font, typeface
from keyart.errors import BadSetting
from keyart.stills.objects import is_believed
from keyart.types import RGB, Box, Face, Outcome, Preset, Product, Receipt, Still, VideoInfo

# --- looks ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Portrait:
    """What a look is given: the square picture, the colours of the covers, and the figure if one could be cut out."""

    image: RGB
    palette: Palette
    alpha: NDArray[np.float32] | None = None
    """Coverage of the figure, (size, size), 0 ... 1."""
    figure: RGB | None = None
    """The picture with the old background's light taken out of the figure's edge."""
    models: tuple[str, ...] = ()
    """Cards of the models that cut it out."""

    @property
    def size(self) -> int:
        return int(self.image.shape[0])


Look = Callable[[Portrait], RGB]


def natural(portrait: Portrait) -> RGB:
    """As it is, with a ring of the accent colour where the platform cuts its circle."""
    done = Image.fromarray(portrait.image)
    tinted(done, _ring(portrait.size, 0.024), portrait.palette.accent)
    return np.asarray(done, np.uint8)


def duotone(portrait: Portrait) -> RGB:
    """Two inks: the palette's dark for the shadows, its accent for the lights."""
    tone = _tone(portrait.image)[..., None]
    palette = portrait.palette
    dark, bright, paper = (np.array(ink, np.float64) for ink in (palette.deep, palette.accent, palette.paper))
    lower, upper = dark + (bright - dark) * np.minimum(tone / 0.72, 1), np.clip((tone - 0.72) / 0.28, 0, 1)
    return np.asarray(np.round(lower + (paper - lower) * upper * 0.85), np.uint8)


def medallion(portrait: Portrait) -> RGB:
    """The portrait as a disc on a ground of the accent colour."""
    size, palette = portrait.size, portrait.palette
    done = Image.fromarray(_glow(size, palette))
    inner = round(size * 0.8)
    disc = Image.fromarray(portrait.image).resize((inner, inner), Image.Resampling.LANCZOS)
    mask = _disc(inner)
    at = (size - inner) // 2
    shadow = Image.new("L", (size, size), 0)
    shadow.paste(mask, (at, at + round(size * 0.012)))
    tinted(done, shadow.filter(ImageFilter.GaussianBlur(size * 0.02)).point(lambda value: value // 2), palette.deep)
    done.paste(disc, (at, at), mask)
    return np.asarray(done, np.uint8)


def halftone(portrait: Portrait) -> RGB:
    """Printed in one ink: dots of the palette's dark on paper, in a ring of the accent."""
    size, palette = portrait.size, portrait.palette
    pitch = size / 58
    y, x = np.mgrid[:size, :size].astype(np.float32)
    angle = math.radians(30)
    u, v = (x * math.cos(angle) + y * math.sin(angle)) / pitch, (y * math.cos(angle) - x * math.sin(angle)) / pitch
    screen = 0.5 + 0.25 * (np.cos(2 * np.pi * u) + np.cos(2 * np.pi * v))  # 1 in the middle of a dot, 0 between four
    soft = Image.fromarray((_tone(portrait.image) * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(pitch * 0.3))
    tone = np.asarray(soft, np.float32) / 255
    # the picture's tone decides how much of the screen is inked; a soft step keeps the edge of a dot smooth
    ink = np.clip((screen - (0.08 + 0.92 * tone)) * pitch * 0.8 + 0.5, 0, 1)[..., None]
    paper, dark = np.array(palette.paper, np.float32), np.array(palette.deep, np.float32)
    done = Image.fromarray(np.round(paper + (dark - paper) * ink).astype(np.uint8))
    tinted(done, _ring(size, 0.05), palette.accent)
    return np.asarray(done, np.uint8)


def cutout(portrait: Portrait) -> RGB:
    """The figure before a disc of the accent on the palette's dark, its head breaking out of the disc."""
    size, palette = portrait.size, portrait.palette
    alpha, figure = _figure(portrait)
    ground = Image.new("RGB", (size, size), palette.deep)
    wide = round(size * 0.84)
    disc = Image.new("L", (size, size), 0)
    at = (size - wide) // 2, round(size * 0.12)
    disc.paste(_disc(wide), at)
    ground.paste(Image.fromarray(_glow(size, palette)), (0, 0), disc)
    shade = Image.fromarray((alpha * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(size * 0.03))
    within = ImageChops.multiply(shade.point(lambda value: value * 2 // 5), disc)
    tinted(ground, within, palette.deep)
    # below its middle the figure ends with the disc; above it may stand out of it
    whole = np.asarray(disc, np.float32) / 255
    whole[: size // 2] = 1
    return _laid(np.asarray(ground, np.uint8), figure, alpha * whole)


def sticker(portrait: Portrait) -> RGB:
    """The figure cut out with a white edge, like a sticker, on rays of the accent."""
    size, palette = portrait.size, portrait.palette
    alpha, figure = _figure(portrait)
    ground = Image.fromarray(_rays(size, palette))
    solid = Image.fromarray((np.clip((alpha - 0.35) / 0.3, 0, 1) * 255).astype(np.uint8))
    edge = _grown(solid, size * 0.016)
    shadow = ImageChops.offset(edge, 0, round(size * 0.01)).filter(ImageFilter.GaussianBlur(size * 0.014))
    tinted(ground, shadow.point(lambda value: value // 2), palette.deep)
    tinted(ground, edge, WHITE)
    return _laid(np.asarray(ground, np.uint8), figure, np.asarray(solid, np.float32) / 255)


LOOKS: dict[str, Look] = {
    "natural": natural,
    "duotone": duotone,
    "medallion": medallion,
    "halftone": halftone,
    "cutout": cutout,
    "sticker": sticker,
}
"""The first is `avatar.png`, the others `avatar_<name>.png`."""
CUT_OUT = ("cutout", "sticker")
"""Looks that need a figure that stands out from its background."""


def _figure(portrait: Portrait) -> tuple[NDArray[np.float32], RGB]:
    if portrait.alpha is None or portrait.figure is None:
        raise ValueError("this look needs a figure that was cut out")
    return portrait.alpha, portrait.figure


def _tone(image: RGB) -> NDArray[np.float64]:
    """Perceived lightness, 0 ... 1, opened to the whole range."""
    light = luminance(image.astype(np.float64)) ** (1 / 2.2)
    low, high = np.percentile(light, (2, 98))
    return np.asarray(np.clip((light - low) / max(high - low, 0.05), 0, 1), np.float64)


def _laid(ground: RGB, figure: RGB, alpha: NDArray[Any]) -> RGB:
    share = alpha[..., None]
    return np.asarray(np.round(ground * (1 - share) + figure * share), np.uint8)


def _grown(mask: Image.Image, by_px: float) -> Image.Image:
    """The mask wider by so many pixels all round, with a smooth edge."""
    import cv2

    away = cv2.distanceTransform((np.asarray(mask) < 128).astype(np.uint8), cv2.DIST_L2, 5)
    return Image.fromarray((np.clip(by_px + 0.5 - away, 0, 1) * 255).astype(np.uint8))


def _rays(size: int, palette: Palette) -> RGB:
    """Rays from below the middle, the accent and a deeper tone of it in turn."""
    y, x = np.mgrid[:size, :size].astype(np.float64)
    turn = np.degrees(np.arctan2(y - 0.62 * size, x - 0.5 * size)) % 30
    far = np.hypot(x - 0.5 * size, y - 0.62 * size)
    # half a pixel of softness on both edges of a ray
    across = np.clip((7.5 - np.abs(turn - 15)) * np.radians(1) * far + 0.5, 0, 1)[..., None]
    accent = np.array(palette.accent, np.float64)
    deeper = np.array(_deeper(palette.accent), np.float64)
    return np.asarray(np.round(accent + (deeper - accent) * across), np.uint8)


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
    """The accent, deeper towards the corners."""
    y, x = np.mgrid[-1 : 1 : complex(size), -1 : 1 : complex(size)]
    far = np.clip(np.hypot(x, y + 0.25) / 1.35, 0, 1)[..., None] ** 1.4
    accent, edge = (np.array(colour, np.float64) for colour in (palette.accent, _deeper(palette.accent)))
    return np.asarray(np.round(accent + (edge - accent) * far * 0.8), np.uint8)


def _deeper(accent: Colour) -> Colour:
    """The accent in the shade. A dark yellow is mud, so yellows turn to the orange beside them."""
    lightness, chroma, hue = (float(part[0]) for part in oklch_of(np.array([accent], np.float64)))
    if 60 <= hue <= 115:
        return oklch(min(lightness, 0.74), max(chroma, 0.17), 58.0)
    return oklch(lightness * 0.78, chroma, hue + 12)


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
    dark: str = ""
    """Dark ground as #rrggbb; empty takes nearly black with a tint of the picture."""
    paper: str = ""
    """Light ground as #rrggbb; empty takes nearly white with a tint of the picture."""
    font: str = ""
    """Name of a font that is at hand, or path of a font file, for the monogram; empty takes Roboto."""
    picture: Path | None = None
    """A picture to make it of instead of the video's stills: a channel's own portrait."""
    seed: int = 0
    """Turns the accent, 0 ..."""

    def __post_init__(self) -> None:
        presets_named([self.preset], "avatar")
        for look in self.looks:
            if look not in LOOKS:
                raise BadSetting(f"no avatar look is called {look!r}; there are: {', '.join(LOOKS)}")
        for colour in (self.colour, self.dark, self.paper):
            if colour:
                parse_colour(colour)
        if self.font:
            check_font(self.font)
        if not self.looks:
            raise BadSetting(f"an avatar needs at least one look; there are: {', '.join(LOOKS)}")

    def __call__(self, info: VideoInfo, stills: Sequence[Still]) -> Outcome[tuple[Product, ...]]:
        (preset,) = presets_named([self.preset], "avatar")
        if self.picture:
            from keyart.stills.by_hand import still_of

            stills = (still_of(self.picture),)
        with_face = _best_face(stills)
        if with_face is not None:
            still, face = with_face
            products, why, models = self._portraits(info, preset, still, face, None)
            return Outcome(products, "degraded" if why else "ok", why, "face", models)
        letters = monogram_letters(info)
        scene = scene_of(stills[0].frame.image, (), stills[0].avoid) if stills else None
        shown = next(((still, box) for still in stills if (box := subject_of(still)) is not None), None)
        if shown is None:
            only = self._monogram(info, preset, letters, scene, "avatar/avatar.png")
            return Outcome((only,), "degraded", "no face and no clear subject; a monogram was made", backend="monogram")
        products, why, models = self._portraits(info, preset, shown[0], None, shown[1])
        products += (self._monogram(info, preset, letters, scene, "avatar/avatar_monogram.png"),)
        reason = "; ".join(part for part in ("no face; the dominant subject was taken", why) if part)
        return Outcome(products, "degraded", reason, "subject", models)

    def _portraits(
        self, info: VideoInfo, preset: Preset, still: Still, face: Face | None, subject: Box | None
    ) -> tuple[tuple[Product, ...], str, tuple[str, ...]]:
        """The looks of one portrait, which of them could not be made, and the models behind them."""
        scene = scene_of(still.frame.image, [one.box for one in still.faces], still.avoid)
        head = _head_in(scene, face) if face is not None else None
        framing = portrait_framing(scene, head, preset.width_px, subject)
        portrait = self._portrait(scene, framing)
        facts: dict[str, Any] = {
            "seconds": round(still.seconds, 3),
            "still_rank": still.rank,
            "crop": _whole(framing.window.moved(*scene.origin)),
            "upscale": round(max(1.0, framing.scale), 2),
            "subject": "face" if face is not None else "dominant subject",
            "why": "the largest, surest face of the best stills" if face else "no face; what stands out most",
        }
        if face is not None:
            facts |= {"face": _whole(face.box), "face_confidence": round(face.confidence, 4)}
        wanted = [look for look in self.looks if portrait.alpha is not None or look not in CUT_OUT]
        if len(wanted) < len(self.looks):
            facts["left_out"] = "looks that need a figure: nothing could be cut out"
        products = []
        for place, look in enumerate(wanted or ["natural"]):
            path = "avatar/avatar.png" if place == 0 else f"avatar/avatar_{look}.png"
            made = LOOKS[look](portrait)
            products.append(_product(info, preset, path, made, portrait.palette, facts | {"look": look}))
        left = [look for look in self.looks if look not in wanted]
        if not left or self.looks == tuple(LOOKS):  # nobody asked for them by name
            return tuple(products), "", portrait.models
        return tuple(products), f"nothing could be cut out, so there is no {', no '.join(left)}", portrait.models

    def _portrait(self, scene: Scene, framing: Framing) -> Portrait:
        image = picture(scene, framing)
        palette = palette_of(scene.image, self.colour, self.seed, self.dark, self.paper)
        if not any(look in CUT_OUT for look in self.looks):
            return Portrait(image, palette)
        matte = _cut_out(image, framing.faces)
        if matte is None:
            return Portrait(image, palette)
        return Portrait(image, palette, matte.alpha, matte.foreground, matte.models)

    def _monogram(self, info: VideoInfo, preset: Preset, letters: str, scene: Scene | None, path: str) -> Product:
        ground = scene.image if scene is not None else np.zeros((2, 2, 3), np.uint8)
        palette = palette_of(ground, self.colour, self.seed, self.dark, self.paper)
        face = typeface(letters, "black", self.font)
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
        "video": info.name,
        "preset": preset.name,
        "size": [preset.width_px, preset.height_px],
        "accent": as_hex(palette.accent),
    }
    receipt = Receipt(path, common | facts)
    return Product(path, exported(image, preset, receipt, "png"), "avatar", receipt)


_LEAST_FIGURE, _MOST_FIGURE = 0.04, 0.93
_LEAST_UNLIKE = 0.1
_ALONE = 0.72
_LEAST_SUBJECT, _MOST_SUBJECT = 0.012, 0.6


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

    pairs = [(still, face) for still in stills for face in still.faces if is_believed(still.frame.image, face)]
    return max(pairs, key=lambda pair: worth(*pair), default=None)


def _head_in(scene: Scene, face: Face) -> Box:
    """The head of this face in the scene's pixels."""
    x, y = scene.origin
    wanted = face.box.moved(-x, -y)
    # heads of people without a face come after those with one, and are of no use here
    pairs = zip(scene.faces, scene.heads, strict=False)
    return max(pairs, key=lambda pair: pair[0].iou(wanted), default=(wanted, wanted))[1]


def portrait_framing(scene: Scene, head: Box | None, size_px: int, subject: Box | None = None) -> Framing:
    """A square with the head in the inscribed circle, shoulders below; without a head, round the subject."""
    largest = float(min(scene.width_px, scene.height_px))
    if head is None:
        box = subject or scene.subject
        side, middle = min(largest, 1.7 * max(box.width, box.height)), box.center
    else:
        # the head's diagonal fills three quarters of the circle's diameter
        side = min(largest, (head.width**2 + head.height**2) ** 0.5 / 0.75)
        x, y = head.center
        middle = x, y + 0.06 * side
    left = min(max(middle[0] - side / 2, 0.0), scene.width_px - side)
    top = min(max(middle[1] - side / 2, 0.0), scene.height_px - side)
    return frame(scene, Box(left, top, side, side), size_px, size_px)


def _cut_out(image: RGB, faces: Sequence[Box]) -> Matte | None:
    """The figure; None where nothing stands out, or all does."""
    matte = MakeMatte()(image, faces)
    if matte is None or not _LEAST_FIGURE < float(matte.alpha.mean()) < _MOST_FIGURE:
        return None
    return matte


def subject_of(still: Still) -> Box | None:
    """The one thing that stands out from what is round it, in pixels of the still without its bars.

    None for landscapes, crowds and pages.

    Figure and ground: what is unlike every colour along the frame is the figure (boundary prior, Wei et al. 2012).
    """
    scene = scene_of(still.frame.image, (), still.avoid)
    unlike = unlike_border(scene.image)
    height, width = unlike.shape
    import cv2

    level = max(_LEAST_UNLIKE, 0.5 * float(np.percentile(unlike, 99)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats((unlike > level).astype(np.uint8), connectivity=8)
    if count < 2:
        return None
    masses = [float(unlike[labels == index].sum()) for index in range(1, count)]
    largest = 1 + int(np.argmax(masses))
    left, top, wide, tall, cells = (int(value) for value in stats[largest])
    share, box = cells / unlike.size, wide * tall / unlike.size
    alone = max(masses) > _ALONE * sum(masses)
    inside = left > 0 and top > 0 and left + wide < width and (top + tall < height or wide < 0.7 * width)
    if not (alone and inside and share > _LEAST_SUBJECT and box < _MOST_SUBJECT and cells > 0.35 * wide * tall):
        return None
    return Box(left, top, wide, tall).scaled(scene.width_px / width, scene.height_px / height)


def unlike_border(image: RGB) -> NDArray[np.float64]:
    """Distance in OKLab of each cell (64 on the longer side) to the nearest colour that is found along the frame."""
    scale = 64 / max(image.shape[:2])
    size = max(8, round(image.shape[1] * scale)), max(8, round(image.shape[0] * scale))
    small = Image.fromarray(image).resize(size, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(0.8))
    lab = oklab_of(np.asarray(small, np.float64).reshape(-1, 3)).reshape(size[1], size[0], 3)
    thick = max(1, round(0.05 * max(size)))
    rim = np.ones((size[1], size[0]), bool)
    rim[thick:-thick, thick:-thick] = False
    border = lab[rim]
    nearest = np.sort(np.linalg.norm(lab[:, :, None, :] - border[None, None], axis=-1), axis=-1)
    # the third nearest: a lone speck of the rim is no background
    return np.asarray(nearest[..., min(2, nearest.shape[-1] - 1)], np.float64)


# --- monogram ---------------------------------------------------------------------------------------------------

_WORD = re.compile(r"[^\W_]+")


def monogram_letters(info: VideoInfo) -> str:
    """One or two initials: of the artist, else of the title, else of the file name."""
    for text in (info.tags.get("artist", ""), info.tags.get("title", ""), info.stem):
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
