"""The whole of reframing, on made pictures and clips."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from keyart.errors import BadSetting
from keyart.media.probe import probe
from keyart.stills.objects import choose_detector
from keyart.teasers.reframe import Looks, Reframe, WatchForReframing, reframed
from keyart.types import RGB, Box, Frame, Shot
from tests.conftest import ClipFactory, Take


def watched(images: list[RGB], rate: float = 4.0) -> Looks:
    height, width = images[0].shape[:2]
    watcher = WatchForReframing(width, height, choose_detector("auto")[0], rate)
    for number, image in enumerate(images):
        watcher.look(image, number / rate)
    return watcher.seen()


def with_ball(x: float, size: tuple[int, int] = (320, 180)) -> RGB:
    import cv2

    image = np.full((size[1], size[0], 3), (60, 110, 70), np.uint8)
    cv2.circle(image, (round(x * size[0]), size[1] // 2), 22, (230, 60, 40), -1)
    return np.asarray(image, np.uint8)


def test_a_lone_thing_beside_the_middle_is_shown() -> None:
    looks = watched([with_ball(0.82)] * 16)
    path = Reframe().path(looks, (0, 4), (9, 16), ())
    assert [part.decision for part in path.parts] == ["static"]
    assert path.windows(2.0)[0].x < 0.82 * 320 - 22 and path.windows(2.0)[0].right > 0.82 * 320 + 22


def test_nothing_to_see_is_the_centre_crop() -> None:
    looks = watched([np.full((180, 320, 3), 90, np.uint8)] * 12)
    path = Reframe().path(looks, (0, 3), (1, 1), ())
    assert [part.decision for part in path.parts] == ["centre"] and path.parts[0].reason
    assert path.windows(1.0) == (Box(70, 0, 180, 180),)


def test_what_rolls_is_followed_within_the_bounds() -> None:
    looks = watched([with_ball(0.15 + 0.7 * number / 23) for number in range(24)])
    settings = Reframe(max_speed=0.9, max_acceleration=0.7)
    path = settings.path(looks, (0, 6), (9, 16), ())
    assert [part.decision for part in path.parts] == ["pan"]
    boxes = path.boxes(np.arange(0, 6, 0.04).tolist())
    places = np.array([box.x for box in boxes]) / boxes[0].width
    assert np.abs(np.diff(places)).max() <= 0.9 * 0.04 + 1e-6
    assert np.abs(np.diff(places, 2)).max() <= 0.7 * 0.04**2 + 1e-6
    assert boxes[0].x < 80 and boxes[-1].right > 240
    assert all(box.x >= 0 and box.right <= 320 + 1e-6 for box in boxes)


def test_each_shot_has_its_own_window_and_bars_are_left_out() -> None:
    def barred(x: float) -> RGB:
        image = with_ball(x)
        image[:20] = image[160:] = 0
        return image

    looks = watched([barred(0.2)] * 8 + [barred(0.8)] * 8)
    shots = [Shot(0, 2, 0, 50), Shot(2, 4, 50, 100)]
    path = Reframe().path(looks, (0, 4), Fraction(1), shots)
    assert [(part.start, part.end) for part in path.parts] == [(0, 2), (2, 4)]
    first, second = path.windows(1.0)[0], path.windows(3.0)[0]
    assert first.center[0] < 130 and second.center[0] > 190
    assert first.y >= 20 and first.bottom <= 160


def test_a_picture_of_the_right_shape_is_left_alone() -> None:
    path = Reframe().path(watched([with_ball(0.2)] * 4), (0, 1), (16, 9), ())
    assert path.windows(0.5) == (Box(0, 0, 320, 180),) and path.parts[0].confidence == 1.0


def test_same_looks_same_path() -> None:
    images = [with_ball(0.15 + 0.7 * number / 23) for number in range(24)]
    one, other = (Reframe().path(watched(images), (0, 6), (4, 5), ()) for _ in range(2))
    assert one.facts() == other.facts()


@pytest.mark.parametrize("wrong", [{"looks_per_second": 0}, {"max_speed": 9}, {"free": 0.5}, {"min_confidence": 2}])
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadSetting, match="allowed is"):
        Reframe(**wrong)  # type: ignore[arg-type]


def test_an_empty_span_and_a_flat_shape_are_refused() -> None:
    looks = watched([with_ball(0.5)] * 4)
    with pytest.raises(BadSetting, match="after the start"):
        Reframe().path(looks, (1, 1), (1, 1), ())
    with pytest.raises(BadSetting, match="positive"):
        Reframe().path(looks, (0, 1), (0, 1), ())


def test_from_a_file_to_frames(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("scene-1", 1.0), Take("scene-2", 1.0))))
    shots = [Shot(0, 1, 0, 25), Shot(1, 2, 25, 50)]
    path = Reframe()(info, (0.2, 1.8), (9, 16), shots)
    assert path.parts[0].start == 0.2 and path.parts[-1].end == 1.8
    assert len(path.parts) >= 2 and all(part.reason for part in path.parts)
    frames = [Frame(with_ball(0.5), 0.5), Frame(with_ball(0.5), 1.5)]
    shown = list(reframed(frames, path, 90, 160))
    assert [frame.image.shape for frame in shown] == [(160, 90, 3)] * 2 and shown[1].seconds == 1.5


def test_a_pass_that_goes_by_anyway_can_be_watched(clip: ClipFactory) -> None:
    from keyart.media.scan import Scan

    info = probe(clip(takes=(Take("scene-1", 1.0), Take("scene-2", 1.0))))
    watcher = Reframe().watch(info)
    for glimpse in Scan()(info):
        watcher.see(glimpse)
    looks = watcher.seen()
    assert len(looks.looks) == 8 and any(one.changed for one in looks.looks if one.seconds > 0.9)
    assert Reframe()(info, (0, 2), (1, 1), (), looks=looks, voice=()).parts
