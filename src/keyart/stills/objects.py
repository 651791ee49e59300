"""Faces and people in a picture, and which of them the video is about. thesis §4.3, embedded tier.

look at the whole ──> look at tiles ──> look again at each find ──> 468 points: a face at all? eyes open?
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from keyart.models import CARDS, have, model_path
from keyart.models.loads import note_load
from keyart.models.tflite import answer
from keyart.stills.metrics import median, percentile
from keyart.types import RGB, Box, Face, Gray

Points = NDArray[np.float32]
"""Shape (n, 2), x and y."""

FACE_MODELS = ("face-detection-short-range", "face-landmark")
PERSON_MODEL = "selfie-segmentation"
SURE_ALONE = 0.6
"""Confidence from which a face needs no second network's word."""


class FaceDetector(Protocol):
    """Finds faces: `glance` takes one cheap look at the whole picture, `look` finds small ones and measures eyes."""

    @property
    def backend(self) -> str: ...

    @property
    def models(self) -> tuple[str, ...]: ...

    def glance(self, image: RGB) -> tuple[Face, ...]: ...

    def look(self, image: RGB, *, tiles: bool = True) -> tuple[Face, ...]: ...


# --- the short-range network: 896 anchors on a 128 px square -----------------------------------------------------

_INPUT_PX = 128


@cache
def _anchor_centers() -> Points:
    """(896, 2) in shares of the input: two anchors a cell on a 16 x 16 grid, then six a cell on an 8 x 8 grid."""

    def grid(cells: int, each: int) -> Points:
        centers = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        x, y = np.meshgrid(centers, centers)
        return np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), each, axis=0)

    return np.concatenate([grid(16, 2), grid(8, 6)])


@dataclass(frozen=True, slots=True, eq=False)
class Find:
    """A face as the network gives it: box, six key points (right eye, left eye, nose, mouth, ears), confidence."""

    box: Box
    points: Points
    confidence: float

    def placed(self, scale: float, dx: float, dy: float) -> Find:
        return Find(self.box.scaled(scale).moved(dx, dy), self.points * scale + (dx, dy), self.confidence)


def decode_anchors(scores: NDArray[np.float32], regressors: NDArray[np.float32], min_confidence: float) -> list[Find]:
    """Network output ((896,) logits and (896, 16) offsets in input pixels) -> finds in input pixels, not yet merged."""
    confidence = 1.0 / (1.0 + np.exp(-np.clip(scores.astype(np.float64), -100, 100)))
    found = []
    for index in np.flatnonzero(confidence >= min_confidence):
        values = regressors[index].reshape(8, 2) + 0.0
        origin = _anchor_centers()[index] * _INPUT_PX
        (cx, cy), (width, height) = values[0] + origin, values[1]
        box = Box(float(cx - width / 2), float(cy - height / 2), float(width), float(height))
        found.append(Find(box, np.asarray(values[2:] + origin, np.float32), float(confidence[index])))
    return found


def merge_overlapping(finds: Sequence[Find], *, max_iou: float = 0.3) -> list[Find]:
    """Non-maximum suppression: of finds that overlap, or lie one inside the other, the most confident stays."""
    kept: list[Find] = []
    for find in sorted(finds, key=lambda find: -find.confidence):
        rivals = (find.box.overlap(other.box) / max(1e-6, min(find.box.area, other.box.area)) for other in kept)
        if all(find.box.iou(other.box) <= max_iou for other in kept) and all(share <= 0.6 for share in rivals):
            kept.append(find)
    return kept


def tiles_of(width_px: int, height_px: int, side_px: int) -> list[tuple[int, int]]:
    """Upper left corners of squares of `side_px` that cover the picture and overlap by at least a third."""

    def starts(length: int) -> list[int]:
        if length <= side_px:
            return [0]
        steps = int(np.ceil((length - side_px) / (side_px * 2 / 3)))
        return [round(step * (length - side_px) / steps) for step in range(steps + 1)]

    return [(x, y) for y in starts(height_px) for x in starts(width_px)]


# --- eyes ---------------------------------------------------------------------------------------------------------

_EYE_CORNERS = ((33, 133), (362, 263))
"""Outer and inner corner of the right eye, inner and outer of the left, in the 468-point numbering."""
_EYE_PX = 40
_SHUT_THICKNESS, _OPEN_THICKNESS = 0.20, 0.33
_SHUT_PEAK, _OPEN_PEAK = 0.03, 0.07


def iris_marks(eye: Gray) -> tuple[float, float]:
    """What an iris does to a picture of an eye, (24, 40), corner to corner: (thickness, peak), in widths of the eye.

    The lashes of a shut eye are a thin dark line from corner to corner; an open eye has a dark disc, thick in the
    middle (thickness of the dark part where it is thickest) and darker there than at its sides (peak of its profile).
    The 468 points alone will not do: their lids hardly move when the eyes shut.
    """
    import cv2

    light = cv2.GaussianBlur(eye, (0, 0), 0.8).astype(np.float32)
    skin, darkest = (percentile(light, percent) for percent in (80, 2))
    dark = np.clip((skin - light) / max(skin - darkest, 12.0), 0.0, 1.0)
    broad = cv2.blur(dark, (8, 1))[:, 6:-6]
    profile = cv2.blur(dark[4:-4].sum(axis=0)[None], (8, 1))[0, 6:-6]
    width = eye.shape[1]
    return float((broad > 0.5).sum(axis=0).max()) / width, (float(profile.max()) - median(profile)) / width


def eyes_open(image: RGB, points: Points) -> float:
    """0 shut ... 1 open, from a picture and the 468 points of a face in it; in profile, of the nearer eye."""
    corners = [points[list(which)] for which in _EYE_CORNERS]
    widths = [float(np.linalg.norm(one - other)) for one, other in corners]
    marks = [
        iris_marks(_eye(image, pair)) for pair, width in zip(corners, widths, strict=True) if width >= 0.6 * max(widths)
    ]
    thickness, peak = min(one for one, _ in marks), float(np.mean([other for _, other in marks]))
    thick = (thickness - _SHUT_THICKNESS) / (_OPEN_THICKNESS - _SHUT_THICKNESS)
    high = (peak - _SHUT_PEAK) / (_OPEN_PEAK - _SHUT_PEAK)
    return float(np.sqrt(np.clip(thick, 0.0, 1.0) * np.clip(high, 0.0, 1.0)))


def _eye(image: RGB, corners: Points) -> Gray:
    import cv2

    (x0, y0), (x1, y1) = corners.tolist()
    side = 1.1 * float(np.hypot(x1 - x0, y1 - y0))
    angle = float(np.degrees(np.arctan2(y1 - y0, x1 - x0)))
    square = _crop(image, ((x0 + x1) / 2, (y0 + y1) / 2), side, angle, _EYE_PX)
    return np.asarray(cv2.cvtColor(square[8:-8], cv2.COLOR_RGB2GRAY), np.uint8)


# --- detectors ----------------------------------------------------------------------------------------------------


def _letterboxed(image: RGB, side_px: int) -> tuple[RGB, float, float, float]:
    """The picture fitted into a black square, and (scale, dx, dy) that lead from the square back to the picture."""
    import cv2

    height, width = image.shape[:2]
    scale = side_px / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    square = np.zeros((side_px, side_px, 3), np.uint8)
    dx, dy = (side_px - size[0]) // 2, (side_px - size[1]) // 2
    square[dy : dy + size[1], dx : dx + size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return square, 1.0 / scale, -dx / scale, -dy / scale


def _face_network(square: RGB) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    out = answer(FACE_MODELS[0], square)
    return out["classificators"].reshape(-1), out["regressors"].reshape(-1, 16)


def _turned(center: tuple[float, float], side: float, degrees: float, px: int) -> NDArray[np.float64]:
    """Affine map from the picture to a `px` square that shows `side` pixels around `center`, turned upright."""
    import cv2

    turn = np.asarray(cv2.getRotationMatrix2D(center, degrees, px / max(1.0, side)), np.float64)
    turn[:, 2] = turn[:, 2] + px / 2 - np.array(center)
    return turn


_CORNER = 0.75
"""From the middle of a square, the farthest that lies in it however it is turned, in its sides; and a little more."""


def _crop(image: RGB, center: tuple[float, float], side: float, degrees: float, px: int) -> RGB:
    import cv2

    if side > 2.0 * px:  # shrink what is around first, or the map would skip pixels
        least, ends = int(side / px) + 1, image.shape[1::-1]  # of which a pixel is left
        left, top = (max(0, min(int(middle - side), end - least)) for middle, end in zip(center, ends, strict=True))
        right, bottom = (max(least, int(middle + _CORNER * side)) for middle in center)
        part = image[top:bottom, left:right]
        scale = px / side
        image = np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        center, side = ((center[0] - left) * scale, (center[1] - top) * scale), float(px)
    turn = _turned(center, side, degrees, px)
    return np.asarray(cv2.warpAffine(image, turn, (px, px), flags=cv2.INTER_LINEAR), np.uint8)


@dataclass(frozen=True, slots=True)
class MediapipeFaces:
    """Short-range face network on the whole and on tiles, each find checked by a second look and by its 468 points."""

    min_confidence: float = 0.5
    """Of a first find, [0, 1]."""
    min_agreed: float = 0.69
    """Of the mean of the first and the second look, [0, 1]: real faces lie at 0.7 and above, hands and signs below."""
    min_presence: float = 0.7
    """Of the 468-point network, [0, 1]: its own word on whether the points lie on a face."""
    min_alone: float = SURE_ALONE
    """Confidence below which a face counts only where the person network sees somebody, [0, 1]."""
    min_eye_px: float = 44.0
    """Side of a face below which its eyes are too small to measure."""
    max_tiles: int = 15
    """Squares looked at in each round for small faces, [0, ...]; 0 looks at the whole picture only."""
    backend: str = "mediapipe"
    models: tuple[str, ...] = FACE_MODELS

    def glance(self, image: RGB) -> tuple[Face, ...]:
        finds = merge_overlapping(self._finds(image))
        faces = (self._face(image, find, find.confidence) for find in finds if find.confidence >= self.min_agreed)
        return tuple(face for face in faces if face)

    def look(self, image: RGB, *, tiles: bool = True) -> tuple[Face, ...]:
        height, width = image.shape[:2]
        finds = self._finds(image)
        faces = self._verified(image, finds)
        # each round of smaller squares finds smaller faces, and is worth its time only where the last found none
        for side in (min(width, height), min(width, height) // 2) if tiles else ():
            if faces or side < 64:
                break
            for x, y in tiles_of(width, height, side)[: self.max_tiles]:
                tile = image[y : y + side, x : x + side]
                finds += [find.placed(1.0, x, y) for find in self._finds(tile)]
            faces = self._verified(image, finds)
        return faces

    def _finds(self, image: RGB) -> list[Find]:
        square, scale, dx, dy = _letterboxed(image, _INPUT_PX)
        return [find.placed(scale, dx, dy) for find in decode_anchors(*_face_network(square), self.min_confidence)]

    def _verified(self, image: RGB, finds: Sequence[Find]) -> tuple[Face, ...]:
        merged = merge_overlapping(finds)
        agreed = [(find, (find.confidence + self._second_look(image, find)) / 2) for find in merged]
        faces = [self._face(image, find, mean) for find, mean in agreed if mean >= self.min_agreed]
        sure = [face for face in faces if face and is_believed(image, face, self.min_alone)]
        return tuple(sorted(sure, key=lambda face: -face.box.area))

    def _second_look(self, image: RGB, find: Find) -> float:
        """Confidence in the same face when the network sees it and its surroundings alone; 0 where it does not."""
        side = 2.5 * max(find.box.width, find.box.height)
        crop = _crop(image, find.box.center, side, 0.0, _INPUT_PX)
        again = decode_anchors(*_face_network(crop), 0.3)
        middle = find.box.moved(side / 2 - find.box.center[0], side / 2 - find.box.center[1]).scaled(_INPUT_PX / side)
        return max((each.confidence for each in again if each.box.iou(middle) > 0.3), default=0.0)

    def _face(self, image: RGB, find: Find, confidence: float) -> Face | None:
        points, presence = landmarks(image, find)
        if presence < self.min_presence:
            return None
        eyes = round(eyes_open(image, points), 4) if find.box.height >= self.min_eye_px else None
        return Face(find.box, round(confidence * presence, 4), eyes, self.backend)


def landmarks(image: RGB, find: Find) -> tuple[Points, float]:
    """468 points in the picture's pixels, and the network's word on whether there is a face, [0, 1]."""
    import cv2

    side = 1.5 * max(find.box.width, find.box.height)
    right_eye, left_eye = find.points[0], find.points[1]
    angle = float(np.degrees(np.arctan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0])))
    px = CARDS[FACE_MODELS[1]].input_px
    assert px is not None
    crop = _crop(image, find.box.center, side, angle, px[0])
    out = sorted(answer(FACE_MODELS[1], crop).values(), key=lambda values: values.size)
    back = cv2.invertAffineTransform(_turned(find.box.center, side, angle, px[0]))
    points = out[1].reshape(468, 3)[:, :2] @ back[:, :2].T + back[:, 2]
    return points.astype(np.float32), float(1.0 / (1.0 + np.exp(-float(out[0].reshape(-1)[0]))))


@dataclass(frozen=True, slots=True)
class HaarFaces:
    """OpenCV's own cascades: needs no model, finds frontal faces, knows nothing of eyes being open."""

    backend: str = "haar"
    models: tuple[str, ...] = ("opencv-haar",)

    def glance(self, image: RGB) -> tuple[Face, ...]:
        return self._faces(image, max_px=320)

    def look(self, image: RGB, *, tiles: bool = True) -> tuple[Face, ...]:
        return self._faces(image, max_px=960 if tiles else 640)

    def _faces(self, image: RGB, max_px: int) -> tuple[Face, ...]:
        import cv2

        scale = min(1.0, max_px / max(image.shape[:2]))
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        gray = cv2.equalizeHist(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
        least = max(24, round(0.08 * min(gray.shape)))
        found, _, weights = _cascade().detectMultiScale3(gray, 1.1, 6, minSize=(least, least), outputRejectLevels=True)
        faces = [
            Face(Box(*map(float, box)).scaled(1 / scale), round(float(np.clip(weight / 8, 0, 1)), 4), None, "haar")
            for box, weight in zip(found, np.ravel(weights), strict=True)
            if weight >= 2.0
        ]
        return tuple(sorted(faces, key=lambda face: -face.box.area))


@cache
def _cascade() -> Any:
    import cv2

    note_load("haar")
    return cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"))


DETECTORS: dict[str, Callable[[], FaceDetector]] = {"mediapipe": MediapipeFaces, "haar": HaarFaces}
"""Name -> face detector with its default settings."""


def choose_detector(name: str) -> tuple[FaceDetector, str]:
    """The detector, and why it is not the first choice ('' if it is). `name` 'auto' takes what is installed.

    Raises `MissingModel` for a detector asked for by name whose models are not in the store.
    """
    if name != "auto":
        detector = DETECTORS[name]()
        for model in detector.models:
            if not have(model):
                model_path(model)  # says how to get it
        return detector, ""
    if all(have(model) for model in FACE_MODELS):
        return MediapipeFaces(), ""
    return HaarFaces(), "faces were looked for with OpenCV's cascade; get the face models: keyart models pull embedded"


# --- people, and what the video is about --------------------------------------------------------------------------


_LEAST_PERSON = 0.2


def person_mask(image: RGB) -> NDArray[np.float32] | None:
    """Probability of a person, (256, 256) laid over the picture; None where the model is not in the store."""
    if not have(PERSON_MODEL):
        return None
    import cv2

    px = CARDS[PERSON_MODEL].input_px
    assert px is not None
    (mask,) = answer(PERSON_MODEL, np.asarray(cv2.resize(image, px, interpolation=cv2.INTER_AREA), np.uint8)).values()
    return mask.reshape(px[1], px[0])


def is_believed(image: RGB, face: Face, min_alone: float = SURE_ALONE) -> bool:
    """Whether a face is sure, or lies on what the person network takes for somebody.

    Curtains and checked cloth make faces too, unsure ones, and no other network sees a person there. Without that
    network there is no second word.
    """
    people = person_mask(image) if face.confidence < min_alone else None
    if people is None:
        return True
    box = face.box.scaled(people.shape[1] / image.shape[1], people.shape[0] / image.shape[0])
    rows, columns = slice(max(0, int(box.y)), int(box.bottom) + 1), slice(max(0, int(box.x)), int(box.right) + 1)
    return float(people[rows, columns].mean()) >= _LEAST_PERSON


def person_fraction(image: RGB) -> float | None:
    """Share of the picture that shows people, [0, 1]; None where the model is not in the store."""
    mask = person_mask(image)
    return None if mask is None else round(float((mask > 0.5).mean()), 4)


def presence_share(present: Sequence[bool]) -> float:
    """In what share of the video's looked-at frames an object is present."""
    return sum(present) / len(present) if len(present) else 0.0


def frequent_objects(seen: Sequence[frozenset[str]], min_share: float) -> frozenset[str]:
    """Frequency analysis of thesis §4.3: the labels that at least `min_share` of the frames hold."""
    labels = frozenset[str]().union(*seen) if seen else frozenset()
    return frozenset(label for label in labels if presence_share([label in each for each in seen]) >= min_share)


def without_rare(seen: Sequence[frozenset[str]], min_share: float) -> tuple[bool, ...]:
    """Which frames stay when those without any of the video's frequent objects go; all stay if nothing is frequent."""
    frequent = frequent_objects(seen, min_share)
    return tuple(not frequent or bool(frequent & each) for each in seen)


def in_shares(face: Face, width_px: int, height_px: int) -> Face:
    """The face with its box in shares of the picture, for samples whose picture is not kept."""
    return replace(face, box=face.box.scaled(1 / width_px, 1 / height_px))
