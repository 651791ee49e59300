"""What is measured of a clip in the embedded tier: a group of features is a function of a moment, with its names.

`ssim` and `flow` are the seed's coherence group. The others go beyond it, and each can be left out (`GROUPS`). A group
has numbers a frame (`each`), which become an array over the clip and are aggregated, and numbers of the whole clip
(`whole`), which are made from those arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from keyart.review.generated.flow import FLOW_NAMES, camera_field, flow_statistics, lengths, moved_back
from keyart.review.generated.held import Flags, Floats, Series, change, halted, held_whole
from keyart.review.generated.moments import Moment, blocks
from keyart.review.generated.ssim import ssim
from keyart.stills.metrics import blur_share

Each = Callable[[Moment], Mapping[str, float]]
Whole = Callable[[Series], Mapping[str, float]]


_NONE: Floats = np.zeros(0)


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
    """What is left over when the motion is taken out: in steps of the picture's own detail, and of its contrast."""
    left = np.abs(moment.unexplained)
    scale, contrast = moment.earlier.detail + 4.0, 0.25 * moment.earlier.contrast + 4.0
    local = moment.leftovers
    found = {
        "warp_error": float(left.mean()) / scale,
        "warp_worst": float(local[0].max()) / contrast,
        "warp_left": (float(left.mean()) + 0.5) / (float(np.abs(moment.change).mean()) + 1.0),
    }
    if len(local) == 3:
        apart = np.sort((local[1] - np.maximum(local[0], local[2])).clip(0.0), axis=None)
        found |= {
            "lone": float(apart[-1]) / contrast,
            "lone_part": float(apart[-min(_LONE_BLOCKS, apart.size)]) / contrast,
        }
    return found


_LONE_BLOCKS = 6
"""Something that does not belong covers several blocks; where a motion is lost it is one or two."""


def morph(moment: Moment) -> Mapping[str, float]:
    """How things move against the camera, and whether they go on moving as they did."""
    own = moment.own_motion
    size = lengths(own)
    mean = float(size.mean())
    found = {
        "own_motion": mean,
        "bend": float(np.abs(np.diff(own, axis=0)).mean() + np.abs(np.diff(own, axis=1)).mean()),
    }
    if moment.earlier.is_paired:
        turn = lengths(own - moment.earlier.own_motion)
        found |= {"wobble": float(turn.mean()), "wobble_part": float(turn.mean()) / (mean + 0.2)}
        local = blocks(turn)
        least, middle = np.percentile(local, (10, 50))
        found |= {"wobble_all": float(least), "wobble_half": float(middle)}
        found["wobble_own"] = float(np.median(local / (blocks(size) + 0.25)))
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
    usual = np.array([float(np.percentile(one, 60)) for one in around])
    usual = np.maximum(usual, _greater_neighbour(steps))  # what swells over several frames is no leap
    parts = np.sort((steps + 0.5) / (usual + 0.5))
    return {"jump_most": float(parts[-1]), "jump_second": float(parts[-2]), "jump_share": float((parts > 2).mean())}


def _greater_neighbour(steps: Floats) -> Floats:
    """Of each value, the greater of the one before it and the one after it."""
    filled = np.concatenate([[-np.inf], steps, [-np.inf]])
    return np.asarray(np.maximum(filled[:-2], filled[2:]), np.float64)


def camera(moment: Moment) -> Mapping[str, float]:
    """Coherence with the camera's own motion taken out, and how unsteady that motion is."""
    motion = moment.camera
    back = moved_back(moment.luma, camera_field(motion, moment.luma.shape))
    found = {"camera_speed": float(np.hypot(*motion[:, 2])), "camera_ssim": ssim(moment.earlier.luma, back)}
    found |= {"camera_x": float(motion[0, 2]), "camera_y": float(motion[1, 2])}
    if moment.earlier.is_paired:
        turn = motion - moment.earlier.camera
        reach = float(np.abs(turn[:, :2]).sum()) * moment.luma.shape[1] / 4
        found["shake"] = float(np.hypot(*turn[:, 2])) + reach
    return found


def camera_whole(series: Series) -> Mapping[str, float]:
    """Leaps of the framing: how far a motion stands apart from both the one before it and the one after it.

    A whipped pan and a hand's unrest go on over several frames, so that the middle of three motions is near each.
    """
    moves = [series.get(name, np.zeros(0)) for name in ("camera_x", "camera_y")]
    if moves[0].size < 3:
        return {"leap_most": 0.0, "leap_third": 0.0, "leap_usual": 0.0}
    apart = np.hypot(*(_from_middle_of_three(one) for one in moves))
    ordered = np.sort(apart)[::-1]
    return {
        "leap_most": float(ordered[0]),
        "leap_third": float(ordered[min(2, ordered.size - 1)]),
        "leap_usual": float(np.percentile(apart, 75)),
    }


def _from_middle_of_three(values: Floats) -> Floats:
    """What a value and the median of it and its two neighbours differ by; of the ends, nothing."""
    three = np.stack([values[:-2], values[1:-1], values[2:]])
    return np.asarray(np.abs(values[1:-1] - np.median(three, axis=0)), np.float64)


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
    if len(moment.past) >= 2:
        found["shine"], found["shone"] = _shining(moment)
    for name, step in _SINKS_OVER.items():
        if len(moment.past) >= 2 * step:
            found[f"sinks_{name}"], found[f"moves_{name}"] = _sinking(moment, step)
    return found


_LEAST_CHANGE = 0.05
"""Squared levels of luma a pixel: where less changes than this there is little to tell trails by."""
_FLOW_FAILS = 0.05
"""Share of a change that goes on in most clips without trails, because the flow is not all of the motion."""


def _shining(moment: Moment) -> tuple[float, float]:
    """Mean product of what the flow leaves over and of the change right before it, and that change's own square."""
    import cv2

    before = moment.past[0] - moment.past[1]
    left = cv2.resize(moment.unexplained, before.shape[::-1], interpolation=cv2.INTER_AREA).reshape(before.shape)
    return float((left * before).mean()), float((before * before).mean())


_SINKS_OVER = {"next": 1, "soon": 2, "later": 4}
"""Name -> frames that a change is taken over: the longer a trail, the longer it takes to sink."""


def _sinking(moment: Moment, step: int) -> tuple[float, float]:
    """How much more of a change there is before than after it, where it goes on as it was, and how great both are."""
    middle, first = moment.past[step - 1], moment.past[2 * step - 1]
    now, before = moment.coarse - middle, middle - first
    size, was = np.abs(now), np.abs(before)
    return float((np.maximum(now * before, 0.0) * (was - size)).mean()), float((size**3 + was**3).mean()) / 2


_LEAST_SINKS, _SURE_SINKS = 0.02, 0.045
"""Of untouched clips 95 in 100 lie below the first; those that trail, however little, reach the second."""


def smear_whole(series: Series) -> Mapping[str, float]:
    """Whether changes sink slowly, and how much of a change goes on after it although no motion carries it on: each
    0 ... 1, and 0 in an untouched clip.

    What shines on is each frame mixed with the shown one before it. Where nothing moves any more, part of each change
    is then made once more in the next frame. The flow does not explain all of a slow motion or a fade either; but what
    moves comes as it goes, while trails begin at once and sink slowly. So it counts only as far as changes sink.
    """
    steps = series.get("change", _NONE)
    off = halted(steps) if steps.size else np.zeros(0, np.bool_)
    product, change = _mean(series, "shine", off, 2), _mean(series, "shone", off, 2)
    sinks = max(
        _mean(series, f"sinks_{one}", off, 2 * step) / (_mean(series, f"moves_{one}", off, 2 * step) + _LEAST_CHANGE)
        for one, step in _SINKS_OVER.items()
    )
    surely = float(np.clip((sinks - _LEAST_SINKS) / (_SURE_SINKS - _LEAST_SINKS), 0.0, 1.0))
    return {"sinks": surely, "shines_on": surely * max(0.0, product / (change + _LEAST_CHANGE) - _FLOW_FAILS)}


_FEW_PAIRS = 6


def _mean(series: Series, name: str, off: Flags, back: int) -> float:
    """Of an array whose values look back at `back` pairs, without those that see a freeze, which stops all motion, or
    the leap after it. A clip of several takes, where the array begins anew in each, is read whole."""
    values = series.get(name, _NONE)
    if values.size == off.size - back + 1 >= 1:
        going = values[~np.lib.stride_tricks.sliding_window_view(off, back).any(axis=1)]
        values = going if going.size >= _FEW_PAIRS else values
    return float(values.mean()) if values.size else 0.0


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
    "warp": Group(
        "motion smoothness: what the flow leaves over",
        ("warp_error", "warp_worst", "warp_left", "lone", "lone_part"),
        warp,
    ),
    "morph": Group(
        "things that change shape or way",
        ("own_motion", "bend", "wobble", "wobble_part", "wobble_all", "wobble_half", "wobble_own"),
        morph,
    ),
    "flicker": Group("light that comes and goes", ("gain", "flicker", "flicker_local"), flicker),
    "tint": Group("colour that wanders", ("tint_step", "tint_u", "tint_v", "tint_range", "tint_way"), tint, tint_whole),
    "held": Group(
        "frozen and duplicated frames", ("change", "held_share", "held_longest", "held_runs"), change, held_whole
    ),
    "jump": Group("sudden changes", ("jerk", "jerk_part", "jump_most", "jump_second", "jump_share"), jump, jump_whole),
    "camera": Group(
        "coherence with the camera's motion taken out",
        ("camera_speed", "camera_ssim", "camera_x", "camera_y", "shake", "leap_most", "leap_third", "leap_usual"),
        camera,
        camera_whole,
    ),
    "sharpness": Group("blur", ("blur", "coarse_part", "detail"), sharpness, of_pairs=False),
    "smear": Group(
        "trails of what moves",
        (
            *("smear", "trail", "shine", "shone", "sinks", "shines_on"),
            *(f"{what}_{step}" for what in ("sinks", "moves") for step in _SINKS_OVER),
        ),
        smear,
        smear_whole,
    ),
    "grain": Group("noise", ("noise", "grain"), grain, of_pairs=False),
}
"""Name -> group, in the order of their features. `jump` makes its numbers of the clip from what `held` measures."""
