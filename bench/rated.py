"""`python -m bench rated --out DIR`: a set of clips rated by a rule (docs/judge.md states it). No person rated them.

A scene is made (moving photographs, figures before them, drawn textures) or cut from real footage (where it is there),
one or two degradations of a known level are laid over it, and the clip is written with `ratings.csv` beside it: prompt,
video, score. Two kinds of degradation, `stutter` and `patches`, never go into a set to train on.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.record import MEDIA, WORK
from keyart.media.encode import write_mp4
from keyart.media.images import read_image
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.models import model_path
from keyart.types import RGB

WIDTH_PX, HEIGHT_PX, RATE = 320, 180, 25
SECONDS = 2.4
Clip = NDArray[np.uint8]
"""Shape (frames, height, width, 3), RGB."""
Chance = np.random.Generator
WORST = 10.0


# --- the rule -------------------------------------------------------------------------------------------------------


def score_of(levels: Mapping[str, float]) -> float:
    """The rating rule: 10 for an untouched clip, 0.9 less for each level; of two, the worse and half the other count.

    >>> score_of({}), score_of({"blur": 10.0}), score_of({"blur": 4.0, "noise": 2.0})
    (10.0, 1.0, 5.5)
    """
    worst_first = sorted(levels.values(), reverse=True)
    level = min(WORST, sum(one / 2**place for place, one in enumerate(worst_first)))
    return round(float(10.0 - 0.9 * level), 4)


# --- degradations: a clip, a level in (0, 10], chance -> a clip ------------------------------------------------------

Degrade = Callable[[Clip, float, Chance], Clip]


def flicker(clip: Clip, level: float, chance: Chance) -> Clip:
    """The light swings from frame to frame by 1.2 % a level, up and down by turns."""
    swing = 0.012 * level * chance.uniform(0.6, 1.0, len(clip)) * (-1.0) ** np.arange(len(clip))
    return _clipped(clip * (1.0 + swing[:, None, None, None]))


def freeze(clip: Clip, level: float, chance: Chance) -> Clip:
    """One run of frames is held: 5 % of the clip a level."""
    count = max(1, round(0.05 * level * len(clip)))
    start = int(chance.integers(1, max(2, len(clip) - count)))
    order = np.arange(len(clip))
    order[start : start + count] = start - 1
    return clip[order]


def morph(clip: Clip, level: float, chance: Chance) -> Clip:
    """Everything bends: a smooth random field of 0.35 px a level (of 320), another one every tenth of a second."""
    height, width = clip.shape[1:3]
    knots = chance.normal(0.0, 1.0, (len(clip) // 3 + 3, 4, 6, 2)).astype(np.float32)
    down, across = np.mgrid[:height, :width].astype(np.float32)
    bent = []
    for number, frame in enumerate(clip):
        at, part = divmod(number / 3, 1)
        grid = knots[int(at)] * (1 - part) + knots[int(at) + 1] * part
        field = cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) * (0.35 * level * width / 320)
        bent.append(
            cv2.remap(
                frame, across + field[..., 0], down + field[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
            )
        )
    return np.stack(bent).astype(np.uint8)


def jump(clip: Clip, level: float, chance: Chance) -> Clip:
    """Thrice what is framed leaps by 1 % of the width a level, there and back by turns."""
    height, width = clip.shape[1:3]
    places = np.sort(chance.choice(np.arange(3, len(clip) - 3), 3, replace=False))
    angle = chance.uniform(0, 2 * np.pi)
    step = 0.01 * level * width
    shift = np.cos(angle) * step, np.sin(angle) * step
    moved = []
    for number, frame in enumerate(clip):
        side = int((places <= number).sum()) % 2
        turn = np.array([[1, 0, shift[0] * side], [0, 1, shift[1] * side]], np.float32)
        moved.append(cv2.warpAffine(frame, turn, (width, height), borderMode=cv2.BORDER_REFLECT))
    return np.stack(moved).astype(np.uint8)


def blur(clip: Clip, level: float, _: Chance) -> Clip:
    """A Gaussian of 0.35 px and 0.25 px more a level (of 320)."""
    sigma = (0.35 + 0.25 * level) * clip.shape[2] / 320
    return np.stack([cv2.GaussianBlur(frame, (0, 0), sigma) for frame in clip]).astype(np.uint8)


def noise(clip: Clip, level: float, chance: Chance) -> Clip:
    """Grain of 2.5 levels of luma a level, new in every frame."""
    grain = chance.standard_normal((len(clip), *clip.shape[1:3], 1), np.float32) * np.float32(2.5 * level)
    return _clipped(clip + grain)


def tint(clip: Clip, level: float, chance: Chance) -> Clip:
    """Red and blue swing against each other by 2 % a level, a full turn in 0.8 s."""
    phase = chance.uniform(0, 2 * np.pi)
    swing = 0.02 * level * np.sin(phase + 2 * np.pi * np.arange(len(clip)) / (0.8 * RATE))
    gains = np.stack([1 + swing, np.ones_like(swing), 1 - swing], -1)
    return _clipped(clip * gains[:, None, None, :])


def ghost(clip: Clip, level: float, _: Chance) -> Clip:
    """What was there shines on: each frame is mixed with the shown one before it, which keeps 0.5 L / (1 + 0.5 L)."""
    keep = 0.5 * level / (1 + 0.5 * level)
    shown, mixed = clip[0].astype(np.float32), []
    for frame in clip:
        shown = keep * shown + (1 - keep) * frame
        mixed.append(shown)
    return _clipped(np.stack(mixed))


def stutter(clip: Clip, level: float, _: Chance) -> Clip:
    """Frames repeat the one before them: 5 % of all a level, spread evenly over the clip."""
    count = max(1, round(0.05 * level * len(clip)))
    places = 1 + np.unique(np.linspace(0, len(clip) - 2, count).astype(int))
    order = np.arange(len(clip))
    for place in places:
        order[place] = order[place - 1]
    return clip[order]


def patches(clip: Clip, level: float, chance: Chance) -> Clip:
    """Squares of a sixth of the width, two a level, show something else of the same frame for a fifth of a second."""
    height, width = clip.shape[1:3]
    side, long = width // 6, RATE // 5
    found = clip.copy()
    for _ in range(round(2 * level)):
        start = int(chance.integers(1, len(clip) - long))
        (top, other_top), (left, other_left) = chance.integers(0, height - side, 2), chance.integers(0, width - side, 2)
        for number in range(start, start + long):
            piece = clip[number, other_top : other_top + side, other_left : other_left + side]
            found[number, top : top + side, left : left + side] = piece
    return found


DEGRADATIONS: Mapping[str, Degrade] = {
    "flicker": flicker,
    "freeze": freeze,
    "morph": morph,
    "jump": jump,
    "blur": blur,
    "noise": noise,
    "tint": tint,
    "ghost": ghost,
    "stutter": stutter,
    "patches": patches,
}
HELD_OUT = ("stutter", "patches")
"""Kinds that no training set holds."""
TAUGHT = tuple(name for name in DEGRADATIONS if name not in HELD_OUT)


def _clipped(values: NDArray[np.floating]) -> Clip:
    return np.asarray(np.clip(values + 0.5, 0, 255), np.uint8)


# --- scenes ---------------------------------------------------------------------------------------------------------

PHOTOS = ("photo-astronaut", "photo-chelsea", "photo-coffee", "photo-hubble", "photo-rocket")


@dataclass(frozen=True, slots=True)
class Scene:
    prompt: str
    clip: Clip


def scene(seed: int) -> Scene:
    """An untouched clip: a camera on a ground, things that move before it, sometimes water, dusk, a little grain."""
    chance = np.random.default_rng([seed, 7])
    name, ground = _ground(chance)
    count = round(SECONDS * RATE)
    views = _camera(chance, count, ground.shape[:2])
    actors = [_actor(chance) for _ in range(int(chance.integers(0, 4)))]
    water = chance.uniform(0, 2.5) if chance.random() < 0.4 else 0.0
    dusk = chance.uniform(-0.25, 0.25) if chance.random() < 0.3 else 0.0
    frames = []
    for number, view in enumerate(views):
        frame: Any = cv2.warpAffine(
            ground,
            view,
            (WIDTH_PX, HEIGHT_PX),
            flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        )
        frame = _rippled(frame, water, number / RATE) if water else frame
        for actor in actors:
            actor(frame, number / RATE)
        frames.append(frame * (1.0 + dusk * number / count))
    clip = np.stack(frames)
    if chance.random() < 0.5:
        clip = clip + chance.standard_normal(clip.shape[:3], np.float32)[..., None] * np.float32(chance.uniform(0, 2.0))
    if chance.random() < 0.3:
        clip = np.stack([cv2.GaussianBlur(one, (0, 0), float(chance.uniform(0.3, 0.6))) for one in clip])
    prompt = f"{name}, {len(actors)} things moving" if actors else name
    return Scene(prompt, _clipped(clip))


@cache
def _photo(name: str) -> RGB:
    return read_image(model_path(name))


def _ground(chance: Chance) -> tuple[str, RGB]:
    if chance.random() < 0.6:
        name = str(chance.choice(PHOTOS))
        photo = _photo(name)
        return f"a photograph of {name.removeprefix('photo-')}", photo[:, ::-1] if chance.random() < 0.5 else photo
    return "a drawn landscape", _texture(chance)


def _texture(chance: Chance) -> RGB:
    """Noise of several sizes in two or three colours, with edges."""
    height, width = 480, 800
    values = np.zeros((height, width), np.float32)
    for octave in range(2, 8):
        small = chance.standard_normal((2 + 2**octave * 3 // 5, 2 + 2**octave), np.float32)
        values += cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC) * 0.62**octave
    values = (values - values.min()) / np.ptp(values)
    if chance.random() < 0.5:
        values = np.where(values > chance.uniform(0.4, 0.6), 0.5 + values / 2, values / 2)
    colours = chance.uniform(20, 235, (2, 3))
    return _clipped(colours[0] * (1 - values[..., None]) + colours[1] * values[..., None])


def _camera(chance: Chance, count: int, shape: tuple[int, ...]) -> Iterator[NDArray[np.float32]]:
    """Views of the ground: a slow move, now and then a hand's unrest."""
    rows, columns = shape
    reach = min(columns / WIDTH_PX, rows / HEIGHT_PX)
    zoom = (
        reach * chance.uniform(0.45, 0.85, 2)
        if chance.random() < 0.5
        else np.repeat(reach * chance.uniform(0.45, 0.85), 2)
    )
    room = np.array([columns - WIDTH_PX * zoom.max(), rows - HEIGHT_PX * zoom.max()])
    begin = room * chance.random(2)
    speed = chance.choice([0.0, 0.3, 1.0, 2.5]) * chance.uniform(0.6, 1.4) * zoom.mean()
    angle = chance.uniform(0, 2 * np.pi)
    hand = chance.choice([0.0, 0.0, 0.6, 1.6]) * zoom.mean()
    phases, paces = chance.uniform(0, 6.28, (2, 3)), chance.uniform(2, 9, (2, 3))
    for number in range(count):
        share, seconds = number / count, number / RATE
        scale = zoom[0] + (zoom[1] - zoom[0]) * share * share * (3 - 2 * share)
        unrest = hand * np.sin(phases + paces * seconds).sum(axis=1)
        x, y = begin + speed * number * np.array([np.cos(angle), np.sin(angle)]) + unrest
        yield np.array([[scale, 0, x], [0, scale, y]], np.float32)


def _rippled(frame: NDArray[np.uint8], size: float, seconds: float) -> NDArray[np.uint8]:
    """Water: a smooth wave over the lower half, which goes on as it was."""
    down, across = np.mgrid[:HEIGHT_PX, :WIDTH_PX].astype(np.float32)
    share = np.clip((down / HEIGHT_PX - 0.45) * 3, 0, 1)
    wave = size * share * np.sin(across / 23 + down / 9 + 2.6 * seconds)
    return np.asarray(
        cv2.remap(frame, across + wave, down + wave / 2, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.uint8
    )


Actor = Callable[[NDArray[np.uint8], float], None]


def _actor(chance: Chance) -> Actor:
    """A patch of a photograph, round or square, that goes its way, turns and breathes."""
    photo = _photo(str(chance.choice(PHOTOS)))
    side = int(chance.integers(24, 80))
    rows, columns = photo.shape[:2]
    cut = int(min(rows, columns) * chance.uniform(0.3, 0.6))
    top, left = int(chance.integers(0, rows - cut)), int(chance.integers(0, columns - cut))
    image = cv2.resize(photo[top : top + cut, left : left + cut], (side, side), interpolation=cv2.INTER_AREA)
    mask = np.zeros((side, side), np.uint8)
    if chance.random() < 0.6:
        cv2.circle(mask, (side // 2, side // 2), side // 2 - 1, 255, -1)
    else:
        mask[2:-2, 2:-2] = 255
    begin, speed = chance.random(2) * (WIDTH_PX, HEIGHT_PX), chance.normal(0, 35, 2)
    turn, breath, pace = chance.normal(0, 30), chance.uniform(0, 0.15), chance.uniform(1, 5)

    def draw(frame: NDArray[np.uint8], seconds: float) -> None:
        x, y = begin + speed * seconds
        scale = 1 + breath * np.sin(pace * seconds)
        move = cv2.getRotationMatrix2D((side / 2, side / 2), turn * seconds, scale)
        move[:, 2] += (x - side / 2, y - side / 2)
        warped = cv2.warpAffine(image, move, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_LINEAR)
        alpha = cv2.warpAffine(mask, move, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_LINEAR)[..., None] / np.float32(255)
        frame[:] = np.clip(frame * (1 - alpha) + warped * alpha + 0.5, 0, 255).astype(np.uint8)

    return draw


NOTE = (
    "No person rated what this forest learned from. Its clips were made, faults of known strength were laid over them,"
    " and a rule gave the scores (docs/judge.md). It tells how far a clip is from an untouched one: flicker, freezes,"
    " bending, leaps, blur, grain, wandering colour, trails. It neither knows what people like nor sees prompts."
)
"""For the card of whatever learns from the set."""


# --- real footage ---------------------------------------------------------------------------------------------------

REAL = {
    "two men talking": ("talk_two_men_webcam_vp9_noaudio.webm", 5.0),
    "a silent film": ("film_chaplin_bw.mp4", 2.0),
    "women in an office": ("film_his_girl_friday_bw.mp4", 1.0),
    "a spacecraft that turns": ("nasa_shuttle_vp8_noaudio.webm", 3.0),
    "people on a square": ("long_people_one_by_one_noaudio.mp4", 20.0),
    "a man before a wall": ("talk_man_yellow_wall_60fps.mp4", 4.0),
    "a man at his webcam": ("talk_en_webcam_datastreams.mp4", 2.0),
    "a walk on the moon": ("nasa_moonwalk_mjpeg.mov", 6.0),
}
"""Prompt -> file and second from which the first stretch without a cut is taken. All may be given on; none is a clip
that the judge is tested on."""
GRADED = {
    "children on a bed": ("move_kids_bed_noaudio.mp4", 0.5),
    "bicycles in a city": ("edit_city_bikes_noaudio.mp4", 0.5),
    "a man who dances": ("move_dance_alpha_vp8.webm", 12.0),
    "a clay figure on a branch": ("edit_advert_claymation.mp4", 2.0),
    "clay figures in a wood": ("edit_advert_claymation.mp4", 8.0),
    "a man beside machines": ("edit_tears_of_steel_70s.webm", 24.0),
    "people in a hall": ("edit_tears_of_steel_70s.webm", 40.0),
    "drawn lines": ("anim_vector_lines_square.mp4", 3.0),
    "a rover": ("edit_photo_text_dance_noaudio.webm", 0.5),
}
"""Likewise: an unsteady camera, much motion or hardly any, figures moved by hand, drawings. Of these every kind that is
taught is made at every level of `GRADES`, as a fault is hardest to tell there."""
GRADES = (1.0, 3.0, 5.0, 10.0)
_REAL_FIRST = 1000
"""Number of the first scene of real footage, however many are made."""
_CUT = 30.0
"""Mean change of luma at 64 columns that counts as a cut."""


def real_clip(path: Path, start: float) -> Clip:
    """The first stretch from `start` on without a cut, every frame, 320 pixels on its longer side."""
    info, frames, before = probe(path), list[NDArray[np.uint8]](), None
    for glimpse in Scan()(info):
        if glimpse.seconds < start:
            continue
        luma = glimpse.luma
        if before is not None and float(cv2.norm(luma, before, cv2.NORM_L1)) / luma.size > _CUT:
            frames = []
        before = luma
        small = glimpse.small(WIDTH_PX)
        frames.append(np.ascontiguousarray(small[: small.shape[0] // 2 * 2, : small.shape[1] // 2 * 2]))
        if len(frames) == round(SECONDS * RATE):
            break
    return np.stack(frames)


def real_at_hand() -> tuple[str, ...]:
    """Of `REAL` and `GRADED`, what is there."""
    named = {**REAL, **GRADED}
    return tuple(prompt for prompt, (file, _) in named.items() if (MEDIA / "video" / file).is_file())


# --- the set --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Take:
    """A clip of the set that is to be made."""

    name: str
    levels: Mapping[str, float]
    chance: Chance
    crf: float | None = None
    """None: drawn when the clip is written."""


def make_set(folder: Path, scenes: int, takes: int, seed: int = 0, real: Sequence[str] = ()) -> Path:
    """Write `takes` clips of each made scene and of each of `REAL` that is named, all grades of those of `GRADED`,
    and `ratings.csv`; clips that are there already are left as they are."""
    (folder / "videos").mkdir(parents=True, exist_ok=True)
    places = {_REAL_FIRST + [*REAL, *GRADED].index(prompt): prompt for prompt in real}
    rows = []
    for number in [*range(scenes), *places]:
        prompt = places.get(number) or _prompt(seed * 10_000 + number)
        clip: Clip | None = None
        for take in _graded() if prompt in GRADED else _drawn(seed, number, takes):
            path = folder / "videos" / f"scene-{number:03}-{take.name}.mp4"
            if not path.exists():
                if clip is None:
                    clip = _footage(prompt) if number in places else scene(seed * 10_000 + number).clip
                made = degraded(clip, take.levels, take.chance)
                write_clip(path, made, float(take.chance.uniform(16, 26)) if take.crf is None else take.crf)
            told = " ".join(f"{kind}:{level:.2f}" for kind, level in take.levels.items())
            rows.append([prompt, f"videos/{path.name}", f"{score_of(take.levels):.3f}", f"scene-{number:03}", told])
    partial = folder / "ratings.partial"
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["prompt", "video", "score", "group", "levels"])
        writer.writerows(rows)
    partial.replace(folder / "ratings.csv")
    (folder / "NOTE.txt").write_text(NOTE + "\n", encoding="utf-8")
    return folder


def _prompt(seed: int) -> str:
    chance = np.random.default_rng([seed, 7])
    return _ground(chance)[0]


def _drawn(seed: int, number: int, takes: int) -> Iterator[Take]:
    """The untouched clip, and others of levels that are drawn."""
    for take in range(takes):
        chance = np.random.default_rng([seed, number, take])
        yield Take(f"take-{take}", _levels(chance) if take else {}, chance)


def _graded() -> Iterator[Take]:
    """The untouched clip, and every kind that is taught at every grade."""
    yield Take("none-0", {}, np.random.default_rng(5), 20.0)
    for kind in TAUGHT:
        for level in GRADES:
            chance = np.random.default_rng([list(DEGRADATIONS).index(kind), 5])
            yield Take(f"{kind}-{level:g}", {kind: level}, chance, 20.0)


def _footage(prompt: str) -> Clip:
    file, start = {**REAL, **GRADED}[prompt]
    return real_clip(MEDIA / "video" / file, start)


FAINT, FAINT_SHARE = 3.0, 0.4
"""Two of five levels are drawn up to here only: what is faint is hardest to tell from nothing."""


def _levels(chance: Chance) -> dict[str, float]:
    """One kind, in one case of eight two, of any level."""
    count = 2 if chance.random() < 0.125 else 1
    kinds = chance.choice(TAUGHT, count, replace=False)
    return {str(kind): round(float(chance.uniform(0.4, _most(chance))), 2) for kind in kinds}


def _most(chance: Chance) -> float:
    return FAINT if chance.random() < FAINT_SHARE else WORST


def degraded(clip: Clip, levels: Mapping[str, float], chance: Chance) -> Clip:
    for kind, level in levels.items():
        clip = DEGRADATIONS[kind](clip, level, chance)
    return clip


def write_clip(path: Path, clip: Clip, crf: float = 20.0, rate: float = RATE) -> Path:
    return write_mp4(path, iter(clip), frames_per_second=rate, crf=crf, preset="veryfast")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench rated", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=WORK / "rated")
    parser.add_argument("--scenes", type=int, default=50)
    parser.add_argument("--takes", type=int, default=9, help="of each scene that is not graded; the first is untouched")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--made-only", action="store_true", help="no real footage, though it be there")
    given = parser.parse_args(arguments)
    real = () if given.made_only else real_at_hand()
    print(make_set(given.out, given.scenes, given.takes, given.seed, real))
    return 0
