"""A cut-out figure on a new background, lit by it: colours drawn towards it, its light round the edge, haze, shadow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from keyart.covers.backgrounds import BACKGROUNDS
from keyart.covers.backgrounds.light import coarse_size, enlarged, field, floats, smoke, smoothstep
from keyart.covers.backgrounds.thesis import embers
from keyart.covers.looks.filters import face_map
from keyart.covers.palette import palette_of
from keyart.errors import BadSetting
from keyart.types import RGB, Box

Plane = NDArray[Any]
Picture = NDArray[Any]


class CutOut(Protocol):
    """What is needed of a matte: alpha (h, w) float32 0 ... 1, and the colours with the old background taken out."""

    @property
    def alpha(self) -> NDArray[np.float32]: ...

    @property
    def foreground(self) -> RGB: ...


@dataclass(frozen=True, slots=True)
class Staging:
    """How a figure stands in front of a background; shares 0 ... 1."""

    rim: float = 0.4
    """Strength of the light that the background throws round the figure's edge."""
    ambient: float = 0.3
    """How far the figure's colours are drawn to those behind it."""
    haze: float = 0.0
    """Smoke in front of the figure's foot."""
    sinking: float = 0.0
    """How dark the figure becomes towards its foot."""
    shadow: float = 0.0
    """Soft shadow on the ground behind."""
    embers: float = 0.0
    """Glowing particles that drift before the figure."""
    outline: float = 0.0
    """Width of a paper edge, as of a sticker, in hundredths of the picture's height."""


STAGINGS: dict[str, Staging] = {
    "golden_fog": Staging(rim=0.85, ambient=0.34, haze=0.8, sinking=0.4),
    "soft_halo": Staging(rim=0.6, ambient=0.36, haze=0.45, sinking=0.35),
    "neon_embers": Staging(rim=1.0, ambient=0.36, haze=0.2, sinking=0.3, embers=0.8),
    "studio_sweep": Staging(rim=0.25, ambient=0.16, shadow=0.42),
    "palette_gradient": Staging(rim=0.3, ambient=0.16, shadow=0.3),
    "halftone": Staging(rim=0.0, ambient=0.06, shadow=0.3, outline=0.9),
    "blurred_original": Staging(rim=0.2, ambient=0.06, shadow=0.22),
}
"""A background that is not here (a generated one) is staged with the defaults."""


def restaged(image: RGB, matte: CutOut, background: str, seed: int = 0, faces: Sequence[Box] = ()) -> RGB:
    """The figure of `matte` on a background of BACKGROUNDS; same size as the image. Haze stays below the faces.

    Raises `BadSetting`.
    """
    if background not in BACKGROUNDS:
        raise BadSetting(f"no background is called {background!r}; there are: {', '.join(BACKGROUNDS)}")
    height, width = image.shape[:2]
    empty = emptied(image, matte.alpha)
    ground = BACKGROUNDS[background](width, height, empty, palette_of(image), seed)
    return on_ground(matte, ground, STAGINGS.get(background), seed, faces)


def on_ground(
    matte: CutOut, ground: RGB, staging: Staging | None = None, seed: int = 0, faces: Sequence[Box] = ()
) -> RGB:
    """The figure on any picture of the same size, (h, w, 3) uint8."""
    staging = staging or Staging()
    alpha = floats(matte.alpha)
    behind = floats(ground) / 255
    figure = _sunk(floats(matte.foreground) / 255, staging.sinking)
    figure = _toned(figure, alpha, behind, staging.ambient)
    figure = _rimmed(figure, alpha, behind, staging.rim)
    behind = _shadowed(behind, alpha, staging.shadow)
    if staging.outline:
        behind = _outlined(behind, alpha, staging.outline)
    done = behind + (figure - behind) * alpha[..., None]
    if staging.haze:
        lowest = max((face.bottom for face in faces), default=0.0) / alpha.shape[0]
        done = _hazed(done, floats(ground) / 255, staging.haze, seed, lowest)
    if staging.embers:
        done = _sparked(done, staging.embers, seed, faces)
    return np.asarray(np.clip(done * 255 + 0.5, 0, 255), np.uint8)


def emptied(image: RGB, alpha: NDArray[np.float32]) -> RGB:
    """The still with the figure filled from what stands round it: coarse, fit to be blurred.

    Pull-push (Gortler et al. 1996): averages of what is known, on ever smaller copies, fill the hole from its rim.
    """
    size = coarse_size(image.shape[1], image.shape[0])
    inside = floats(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA))
    known = 1 - smoothstep(0.02, 0.2, floats(cv2.dilate(inside, np.ones((5, 5), np.uint8))))
    if float(known.max()) < 0.5:
        return image
    small = floats(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    given = np.dstack([small * known[..., None], known])
    filled, weight = given[..., :3].copy(), known
    for level in range(8):
        shrunk = max(1, size[0] >> level), max(1, size[1] >> level)
        spread = cv2.GaussianBlur(cv2.resize(given, shrunk, interpolation=cv2.INTER_AREA), (0, 0), 1.0)
        spread = floats(cv2.resize(spread, size, interpolation=cv2.INTER_LINEAR))
        guess = spread[..., :3] / np.maximum(spread[..., 3:], 1e-4)
        reach = smoothstep(0.02, 0.15, spread[..., 3]) * (1 - weight)
        filled += guess * reach[..., None]
        weight = weight + reach
    filled = filled / np.maximum(weight, 1e-3)[..., None]
    back = cv2.resize(filled, image.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(back, 0, 255), np.uint8)


# --- light ------------------------------------------------------------------------------------------------------


def _wide(picture: NDArray[Any], sigma: float) -> NDArray[Any]:
    """Blurred by `sigma`, a share of the picture's height, on a small copy."""
    height, width = picture.shape[:2]
    size = coarse_size(width, height)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(0.4, sigma * size[1]), borderType=cv2.BORDER_REPLICATE)
    return floats(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def _toned(figure: Picture, alpha: Plane, behind: Picture, strength: float) -> Picture:
    """Statistics transfer in Lab (Reinhard et al. 2001), in moderation: mean colour and depth, never the features."""
    weight = alpha > 0.5
    if not strength or not bool(weight.any()):
        return figure
    lab, ground = _lab(figure), _lab(cv2.resize(behind, (64, 64), interpolation=cv2.INTER_AREA)).reshape(-1, 3)
    own, spread = lab[weight].mean(axis=0), lab[weight].std(axis=0)
    wanted, wide = ground.mean(axis=0), ground.std(axis=0)
    shift = np.clip((wanted - own) * strength, (-9, -7, -9), (5, 7, 9))
    gain = np.clip(wide[0] / max(float(spread[0]), 1.0), 0.85, 1.2) ** strength
    lab[..., 0] = own[0] + (lab[..., 0] - own[0]) * np.float32(gain) + np.float32(shift[0])
    # light tints what is bright; blacks stay black
    lab[..., 1:] += floats(shift[1:]) * smoothstep(4, 60, lab[..., 0])[..., None]
    lab[..., 0] = np.clip(lab[..., 0], 0, 100)
    return floats(np.clip(floats(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)), 0, 1))


def _lab(picture: Picture) -> Picture:
    return floats(cv2.cvtColor(floats(picture), cv2.COLOR_RGB2LAB))


def _rimmed(figure: Picture, alpha: Plane, behind: Picture, strength: float) -> Picture:
    """Light wrap: what is bright behind the edge spills over it, sharp at the rim and faint further in."""
    if not strength:
        return figure
    near, far = _wide(behind, 0.03), _wide(behind, 0.1)
    narrow = np.clip(1.9 * (1 - _wide(alpha, 0.006)), 0, 1) ** 1.5
    broad = np.clip(1.6 * (1 - _wide(alpha, 0.03)), 0, 1) ** 2
    light = near * narrow[..., None] * np.float32(1.25) + far * broad[..., None] * np.float32(0.5)
    return floats(1 - (1 - figure) * (1 - np.clip(light * np.float32(strength), 0, 0.95)))


def _sunk(figure: Picture, strength: float) -> Picture:
    down = np.linspace(0, 1, figure.shape[0], dtype=np.float32)[:, None, None]
    return floats(figure * (1 - np.float32(strength) * smoothstep(0.45, 1.05, down))) if strength else figure


def _shadowed(behind: Picture, alpha: Plane, strength: float) -> Picture:
    """A soft shadow a little below and to the side; a dark one where the figure's foot stands in the picture."""
    if not strength:
        return behind
    height, width = alpha.shape
    drop = np.array([[1, 0, 0.012 * height], [0, 1, 0.022 * height]], np.float32)
    cast = cv2.warpAffine(alpha, drop, (width, height), borderMode=cv2.BORDER_REPLICATE)
    shade = 0.75 * _wide(cast, 0.045)
    foot = _foot(alpha)
    if foot is not None:
        shade = np.maximum(shade, foot)
    return behind * (1 - np.float32(strength) * shade[..., None] * np.array([1.0, 0.96, 0.9], np.float32))


def _foot(alpha: Plane) -> Plane | None:
    """Contact shadow: a flat oval under the lowest part of the figure; None where the picture's edge cuts it off."""
    height, width = alpha.shape
    rows = np.flatnonzero((alpha > 0.5).any(axis=1))
    if not rows.size or rows[-1] > 0.97 * height:
        return None
    base = int(rows[-1])
    columns = np.flatnonzero((alpha[max(0, base - height // 20) : base + 1] > 0.5).any(axis=0))
    middle, half = float(columns.mean()), max(0.6 * float(np.ptp(columns)), 0.02 * height)
    across = (np.arange(width, dtype=np.float32)[None] - np.float32(middle)) / np.float32(half)
    down = (np.arange(height, dtype=np.float32)[:, None] - np.float32(base)) / np.float32(max(0.16 * half, 2))
    return floats(1.3 * np.exp(-(across**2 + down**2)))


def _outlined(behind: Picture, alpha: Plane, width_percent: float) -> Picture:
    """A paper edge round the figure, as scissors leave it."""
    radius = max(1, round(width_percent * alpha.shape[0] / 100))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    solid = floats(cv2.GaussianBlur(alpha, (0, 0), max(0.5, radius / 2)))
    grown = cv2.dilate(smoothstep(0.35, 0.65, solid), kernel)
    edge = smoothstep(0.3, 0.7, floats(cv2.GaussianBlur(grown, (0, 0), max(0.6, radius / 6))))
    return behind + (np.array([0.99, 0.98, 0.96], np.float32) - behind) * edge[..., None]


def _hazed(done: Picture, ground: Picture, strength: float, seed: int, lowest_face: float = 0.0) -> Picture:
    """The background's own light as smoke before the figure's foot, and below `lowest_face`, a share of the height."""
    height, width = done.shape[:2]
    size = coarse_size(width, height)
    place = field(*size)
    curl = smoke(place.x * 0.8 + 11, place.y * 1.4, np.random.default_rng([seed, 1]), 1.0, 4)
    veil = smoothstep(0.05, 1.25, place.y + 1.1 * (curl - 0.5)) * (0.35 + 0.9 * smoothstep(0.3, 0.7, curl))
    chin = 2 * lowest_face - 1
    veil = veil * smoothstep(chin - 0.1, chin + 0.5, place.y)
    cover = enlarged(floats(np.clip(veil * strength, 0, 0.92)), width, height)
    return floats(done + (np.maximum(_wide(ground, 0.02), 0.6 * done) - done) * cover[..., None])


def _sparked(done: Picture, strength: float, seed: int, faces: Sequence[Box]) -> Picture:
    """A few embers nearer than the figure, so that it stands among them; none over a face."""
    glow = np.zeros_like(done)
    embers(glow, np.random.default_rng([seed, 2]), done.shape[0], round(36 * strength), larger=1.5)
    heads = [Box(one.x - 0.35 * one.width, one.y - 0.5 * one.height, 1.7 * one.width, 2 * one.height) for one in faces]
    glow *= (1 - face_map(heads, done.shape[1::-1]))[..., None]
    light = np.sqrt(np.clip(glow, 0, 1))  # close enough to sRGB's curve for a spark
    return floats(1 - (1 - done) * (1 - light))
