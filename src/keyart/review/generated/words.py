"""What a feature measures, for people."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "ssim": "likeness of neighbouring frames",
    "lpips": "difference of neighbouring frames to a network's eye",
    "warp_error": "what motion does not explain",
    "warp_worst": "places that motion does not explain",
    "lone": "places where something is for a moment only",
    "lone_part": "things that come from nowhere",
    "warp_left": "share of the change that motion does not explain",
    "own_motion": "how much moves against the camera",
    "bend": "things that bend",
    "wobble": "shapes that wobble",
    "wobble_all": "shapes that wobble everywhere",
    "wobble_part": "motion that does not go on as it was",
    "wobble_half": "shapes that wobble in half of the picture",
    "wobble_own": "motion that turns this way and that",
    "gain": "getting lighter or darker",
    "flicker": "flicker of the whole picture",
    "flicker_local": "flicker in places",
    "tint_step": "colour that changes from frame to frame",
    "tint_range": "how far the colour wanders",
    "tint_way": "colour that wanders to and fro",
    "change": "how much changes from frame to frame",
    "held_share": "frames that are held or repeated",
    "held_longest": "the longest time that the picture stands still",
    "held_runs": "how often the picture stands still",
    "jerk": "sudden changes of motion",
    "jerk_part": "motion that breaks off",
    "jump_most": "the greatest leap",
    "jump_second": "the second greatest leap",
    "jump_share": "leaps",
    "camera_speed": "speed of the camera",
    "camera_ssim": "likeness of neighbours with the camera's motion taken out",
    "shake": "an unsteady camera",
    "camera_x": "the camera's motion across",
    "camera_y": "the camera's motion up and down",
    "leap_most": "the greatest leap of the framing",
    "leap_third": "leaps of the framing",
    "leap_usual": "an unsteady framing",
    "blur": "blur",
    "coarse_part": "fine detail that is missing",
    "detail": "how much there is to see",
    "smear": "motion that is smeared",
    "trail": "trails of what moved",
    "shine": "changes that go on where nothing moves",
    "shone": "how much changes",
    "sinks": "trails of what moved",
    **{f"sinks_{step}": "changes that sink slowly" for step in ("next", "soon", "later")},
    **{f"moves_{step}": "how much changes" for step in ("next", "soon", "later")},
    "shines_on": "what was there shines on",
    "noise": "noise",
    "grain": "noise that changes from frame to frame",
    "face_step": "a face that changes from look to look",
    "face_drift": "a face that becomes another",
    "face_share": "how often a face is seen",
    "face_count_change": "faces that come and go",
    "text_contrast": "contrast of the lettering",
    "text_lines": "how much lettering there is",
    "text_wavering": "lettering that comes and goes",
    "text_fading": "lettering that fades",
    "fault_flicker": "flicker",
    "fault_tint": "wandering colour",
    "fault_held": "frames that stand still",
    "fault_wobble": "wobbling shapes",
    "fault_leap": "leaps",
    "fault_blur": "blur",
    "fault_noise": "noise",
    "fault_linger": "trails",
    "fault_lone": "places that do not hang together",
    "reference_ssim": "likeness to the reference picture",
    "reference_cosine": "likeness to the reference picture in colours and edges",
    "reference_first": "how like the reference picture the clip begins",
    "reference_lost": "how far the clip leaves the reference picture",
}


def words_of(array: str) -> str:
    """A few words on an array; its name where nothing better is known."""
    if array in WORDS:
        return WORDS[array]
    for prefix, told in (
        ("raft_", "optical flow (RAFT)"),
        ("flow_", "optical flow"),
        ("magnitude_", "optical flow"),
        ("angle_", "direction of motion"),
    ):
        if array.startswith(prefix):
            return f"{told}, {array.removeprefix('raft_').replace('_', ' ')}"
    return f"agreement with the prompt ({array})"
