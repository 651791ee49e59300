"""What is measured of a clip in the embedded tier: a group of features is a function of a moment, with its names.

`ssim` and `flow` are the seed's coherence group. The others go beyond it, and each can be left out (`GROUPS`). A group
has numbers a frame (`each`), which become an array over the clip and are aggregated, and numbers of the whole clip
(`whole`), which are made from those arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keyart.review.generated.flow import FLOW_NAMES, camera_field, flow_statistics, lengths, moved_back
from keyart.review.generated.moments import Moment, blocks
from keyart.review.generated.ssim import ssim
from keyart.stills.metrics import blur_share

Floats = NDArray[np.float64]
Series = Mapping[str, Floats]
Each = Callable[[Moment], Mapping[str, float]]
Whole = Callable[[Series], Mapping[str, float]]


def _nothing(_: Series) -> Mapping[str, float]:
    return {}


@dataclass(frozen=True, slots=True)
class Group:
    what: str
    names: tuple[str, ...]
    """Of its arrays, and of its numbers of the whole clip."""
    each: Each
    whole: Whole = _nothing
    of_pairs: bool = True
    """False: a single frame is enough."""


# --- the seed's coherence group -------------------------------------------------------------------------------------


def structure(moment: Moment) -> Mapping[str, float]:
    return {"ssim": ssim(moment.earlier.luma, moment.luma)}


def optical_flow(moment: Moment) -> Mapping[str, float]:
    return dict(zip(FLOW_NAMES, flow_statistics(moment.flow.transpose(2, 0, 1)), strict=True))


# --- beyond it ------------------------------------------------------------------------------------------------------


def warp(moment: Moment) -> Mapping[str, float]:
    """What is left over when the motion is taken out, in steps of the picture's own detail."""
    left = np.abs(moment.unexplained)
    local = blocks(left)
    scale = moment.earlier.detail + 4.0
    return {
        "warp_error": float(left.mean()) / scale,
        "warp_worst": float(local.max()) / scale,
        "warp_left": (float(left.mean()) + 0.5) / (float(np.abs(moment.change).mean()) + 1.0),
    }


def morph(moment: Moment) -> Mapping[str, float]:
    """How things move against the camera, and whether they go on moving as they did."""
    own = moment.own_motion
    size = float(lengths(own).mean())
    found = {
        "own_motion": size,
        "bend": float(np.abs(np.diff(own, axis=0)).mean() + np.abs(np.diff(own, axis=1)).mean()),
    }
    if moment.earlier.is_paired:
        turn = lengths(own - moment.earlier.own_motion)
        found |= {"wobble": float(turn.mean()), "wobble_part": float(turn.mean()) / (size + 0.2)}
    return found


def flicker(moment: Moment) -> Mapping[str, float]:
    """Light that comes and goes: second differences, so that a fade is none."""
    found = {"gain": float(np.median(moment.gains))}
    if moment.earlier.is_paired:
        swing = moment.gains - moment.earlier.gains
        found |= {"flicker": abs(float(np.median(swing))), "flicker_local": float(np.abs(swing).mean())}
    return found


def tint(moment: Moment) -> Mapping[str, float]:
    """How far the mean colour moves from one frame to the next, in levels."""
    step = np.subtract(moment.chroma, moment.earlier.chroma)
    return {"tint_step": float(np.abs(step).sum()), "tint_u": moment.chroma[0], "tint_v": moment.chroma[1]}


def tint_whole(series: Series) -> Mapping[str, float]:
    u, v = series.get("tint_u", np.zeros(0)), series.get("tint_v", np.zeros(0))
    if not u.size:
        return {"tint_range": 0.0, "tint_way": 0.0}
    spread = float(np.ptp(u) + np.ptp(v))
    return {
        "tint_range": spread,
        "tint_way": float(np.abs(np.diff(u)).sum() + np.abs(np.diff(v)).sum()) / max(1, u.size),
    }


def change(moment: Moment) -> Mapping[str, float]:
    return {"change": float(np.abs(moment.change).mean())}


HELD = 0.25
"""A frame that changes by less than this share of the clip's usual change is held."""


def held_whole(series: Series) -> Mapping[str, float]:
    """Frozen and duplicated frames: their share, the longest run, and how many runs there are."""
    steps = series.get("change", np.zeros(0))
    if not steps.size:
        return {"held_share": 0.0, "held_longest": 0.0, "held_runs": 0.0}
    usual = float(np.percentile(steps, 75))
    held = steps < HELD * usual if usual > 0 else np.ones(steps.size, np.bool_)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], held.astype(np.int8), [0]])))
    lengths = edges[1::2] - edges[::2]
    longest = int(lengths.max()) if lengths.size else 0
    return {
        "held_share": float(held.mean()),
        "held_longest": longest / steps.size,
        "held_runs": lengths.size / steps.size,
    }


def jump(moment: Moment) -> Mapping[str, float]:
    """How suddenly motion changes, in pixels and in parts of the motion."""
    flow = moment.flow  # asked for of the first pair too: the second looks back at it
    if not moment.earlier.is_paired:
        return {}
    jerk = float(lengths(flow - moment.earlier.flow).mean())
    speed = float(lengths(moment.earlier.flow).mean())
    return {"jerk": jerk, "jerk_part": jerk / (speed + 0.5)}


_AROUND = 4


def jump_whole(series: Series) -> Mapping[str, float]:
    """Changes that stand out from those around them."""
    steps = series.get("change", np.zeros(0))
    if steps.size < 3:
        return {"jump_most": 1.0, "jump_second": 1.0, "jump_share": 0.0}
    around = [np.delete(steps[max(0, n - _AROUND) : n + _AROUND + 1], min(n, _AROUND)) for n in range(steps.size)]
    parts = np.sort((steps + 0.5) / (np.array([float(np.percentile(one, 60)) for one in around]) + 0.5))
    return {"jump_most": float(parts[-1]), "jump_second": float(parts[-2]), "jump_share": float((parts > 2).mean())}


def camera(moment: Moment) -> Mapping[str, float]:
    """Coherence with the camera's own motion taken out, and how unsteady that motion is."""
    motion = moment.camera
    back = moved_back(moment.luma, camera_field(motion, moment.luma.shape))
    found = {"camera_speed": float(np.hypot(*motion[:, 2])), "camera_ssim": ssim(moment.earlier.luma, back)}
    if moment.earlier.is_paired:
        turn = motion - moment.earlier.camera
        reach = float(np.abs(turn[:, :2]).sum()) * moment.luma.shape[1] / 4
        found["shake"] = float(np.hypot(*turn[:, 2])) + reach
    return found


def sharpness(moment: Moment) -> Mapping[str, float]:
    """Blur by a further blur (Crete et al., 2007), and how much of the detail is fine."""
    import cv2

    luma = moment.luma.astype(np.float32)
    soft = cv2.GaussianBlur(luma, (0, 0), 1.0)
    softer = cv2.GaussianBlur(luma, (0, 0), 3.0)
    fine, coarse = float(cv2.norm(luma, soft, cv2.NORM_L1)), float(cv2.norm(soft, softer, cv2.NORM_L1))
    return {"blur": blur_share(moment.luma), "coarse_part": coarse / (fine + coarse + 1.0), "detail": moment.detail}


def smear(moment: Moment) -> Mapping[str, float]:
    """Whether edges across the motion are softer than edges along it: trails of what moves."""
    import cv2

    luma = moment.luma.astype(np.float32)
    dx, dy = cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)
    speed = lengths(moment.flow) + 1e-3
    along = (dx * moment.flow[..., 0] + dy * moment.flow[..., 1]) / speed
    across = (dx * moment.flow[..., 1] - dy * moment.flow[..., 0]) / speed
    weight = np.minimum(speed, 4.0)
    whole = float((weight * across**2).mean()) + float((weight * along**2).mean()) + 1.0
    found = {"smear": float((weight * across**2).mean()) / whole, "trail": _trail(moment)}
    change = moment.change  # asked for of the first pair too: the second looks back at it
    if moment.earlier.is_paired:
        strong = np.abs(moment.earlier.change)
        strong = strong > max(2.0, 2 * float(strong.mean()))
        if int(strong.sum()) > _STRONG_PX:
            found["linger"] = lingering(change[strong], moment.earlier.change[strong])
    return found


_STRONG_PX = 200


def lingering(now: NDArray[np.float32], before: NDArray[np.float32]) -> float:
    """How much of a strong change goes on in the next frame: of what fades slowly, most; of noise, less than none.

    >>> round(lingering(np.array([4.0, -8.0], np.float32), np.array([8.0, -16.0], np.float32)), 3)
    0.5
    """
    return float((now * before).sum()) / float((before * before).sum())


def _trail(moment: Moment) -> float:
    """Cosine of what the flow leaves over with what was there before and should be gone."""
    left, was = moment.unexplained, moment.change
    scale = float(np.linalg.norm(left)) * float(np.linalg.norm(was))
    return float((left * was).sum()) / scale if scale > 0 else 0.0


_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


def grain(moment: Moment) -> Mapping[str, float]:
    """Noise where the picture is evenest: within a frame (Immerkaer, 1996), and between two with motion taken out."""
    import cv2

    within = np.abs(cv2.filter2D(moment.luma, cv2.CV_32F, _KERNEL))
    found = {"noise": float(np.percentile(blocks(within), 20)) * float(np.sqrt(np.pi / 2)) / 6}
    if moment.is_paired:
        found["grain"] = float(np.percentile(blocks(np.abs(moment.unexplained)), 20))
    return found


GROUPS: Mapping[str, Group] = {
    "ssim": Group("structural similarity of neighbours (seed: S)", ("ssim",), structure),
    "flow": Group("statistics of the optical flow (seed: OF, with a CPU flow)", FLOW_NAMES, optical_flow),
    "warp": Group("motion smoothness: what the flow leaves over", ("warp_error", "warp_worst", "warp_left"), warp),
    "morph": Group("things that change shape or way", ("own_motion", "bend", "wobble", "wobble_part"), morph),
    "flicker": Group("light that comes and goes", ("gain", "flicker", "flicker_local"), flicker),
    "tint": Group("colour that wanders", ("tint_step", "tint_u", "tint_v", "tint_range", "tint_way"), tint, tint_whole),
    "held": Group(
        "frozen and duplicated frames", ("change", "held_share", "held_longest", "held_runs"), change, held_whole
    ),
    "jump": Group("sudden changes", ("jerk", "jerk_part", "jump_most", "jump_second", "jump_share"), jump, jump_whole),
    "camera": Group("coherence with the camera's motion taken out", ("camera_speed", "camera_ssim", "shake"), camera),
    "sharpness": Group("blur", ("blur", "coarse_part", "detail"), sharpness, of_pairs=False),
    "smear": Group("trails of what moves", ("smear", "trail", "linger"), smear),
    "grain": Group("noise", ("noise", "grain"), grain, of_pairs=False),
}
"""Name -> group, in the order of their features. `jump` makes its numbers of the clip from what `held` measures."""
