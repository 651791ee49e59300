"""Mattes: every backend keeps the same promises; edges and colours are right where the truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from keyart.covers.cutout import CutOut, hard_cut, soft_cut, sticker
from keyart.covers.matte import MATTERS, MakeMatte, Matte
from keyart.covers.matte.alpha import fitted, without_specks
from keyart.covers.matte.colour import foreground_colours
from keyart.covers.matte.guess import Guess, Share
from keyart.covers.matte.networks import normalised
from keyart.covers.matte.person import people
from keyart.errors import BadSetting, MissingModel
from keyart.media.images import read_image, read_receipt
from keyart.models import CARDS, have, model_path
from keyart.models.store import stored_path
from keyart.stills.objects import person_mask
from keyart.types import RGB, Box, Still, VideoInfo

ASTRONAUT_FACE = Box(180, 82, 94, 94)


def disc(width: int, height: int, *, soft_px: float = 1.5) -> Share:
    """Alpha of a disc in the middle, its edge `soft_px` wide."""
    y, x = np.mgrid[:height, :width]
    away = np.hypot(x - width / 2, y - height / 2) - min(width, height) / 3.2
    return np.asarray(np.clip(0.5 - away / soft_px, 0, 1), np.float32)


def scene(width: int = 320, height: int = 240, ink: Sequence[int] = (235, 240, 210)) -> tuple[RGB, Share]:
    """A bright disc on a dark green ground, both with grain; and its alpha."""
    grain = np.random.default_rng(5).normal(0, 3, (height, width, 1))
    alpha = disc(width, height)
    mixed = alpha[..., None] * np.asarray(ink) + (1 - alpha[..., None]) * np.array([20, 60, 30]) + grain
    return np.clip(np.round(mixed), 0, 255).astype(np.uint8), alpha


def astronaut() -> RGB:
    if not have("photo-astronaut") or not have("selfie-segmentation"):
        pytest.skip("needs models: keyart models pull embedded samples")
    return read_image(model_path("photo-astronaut"))


# --- a network of one node, written by hand ---------------------------------------------------------------------


def _field(number: int, value: bytes | int) -> bytes:
    def varint(number: int) -> bytes:
        done = b""
        while number > 127:
            done, number = done + bytes([number & 127 | 128]), number >> 7
        return done + bytes([number])

    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def brightness_network() -> bytes:
    """An ONNX file whose only node is the mean over channels: (1, 3, h, w) -> (1, 1, h, w), any size."""

    def tensor(name: bytes) -> bytes:
        dims = b"".join(_field(1, _field(2, bytes([letter]))) for letter in b"nchw")
        return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, dims)))

    axes = _field(1, b"axes") + _field(8, 1) + _field(20, 7)
    keep = _field(1, b"keepdims") + _field(3, 1) + _field(20, 2)
    node = _field(1, b"x") + _field(2, b"y") + _field(4, b"ReduceMean") + _field(5, axes) + _field(5, keep)
    graph = _field(1, node) + _field(2, b"g") + _field(11, tensor(b"x")) + _field(12, tensor(b"y"))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(2, 13))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store that holds nothing but the one-node network under the names of the hub's matting models."""
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path))
    for name in ("modnet", "birefnet"):
        path = stored_path(CARDS[name])
        path.parent.mkdir(parents=True)
        path.write_bytes(brightness_network())
    return tmp_path


# --- what every backend promises --------------------------------------------------------------------------------

Sample = tuple[RGB, tuple[Box, ...], Share]
"""Picture, faces, roughly where the figure is."""


def _person() -> Sample:
    image = astronaut()
    where = np.zeros(image.shape[:2], np.float32)
    where[40:130, 165:290] = 1  # the head
    where[280:480, 60:250] = 1  # the chest
    return image, (ASTRONAUT_FACE,), where


def _thing() -> Sample:
    image, alpha = scene()
    return image, (), alpha


SAMPLES: dict[str, Callable[[], Sample]] = {
    "selfie": _person,
    "grabcut": _person,
    "saliency": _thing,
    "modnet": _thing,
    "birefnet": _thing,
}


@pytest.fixture(params=MATTERS)
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    name = str(request.param)
    if name in ("modnet", "birefnet"):
        request.getfixturevalue("hub")
    yield name


def test_a_backend_finds_the_figure_and_keeps_the_form(backend: str) -> None:
    image, faces, where = SAMPLES[backend]()
    before = image.copy()
    matte = MakeMatte(backend)(image, faces)
    assert matte is not None
    assert matte.alpha.shape == image.shape[:2] and matte.alpha.dtype == np.float32
    assert matte.foreground.shape == image.shape and matte.foreground.dtype == np.uint8
    assert matte.alpha.min() >= 0 and matte.alpha.max() <= 1
    assert matte.backend == backend and matte.subject == MATTERS[backend].subject
    assert matte.models == MATTERS[backend].models and all(name in CARDS for name in matte.models)
    assert matte.alpha[where > 0.5].mean() > 0.7, "the figure is in it"
    most = 0.3 if backend in ("modnet", "birefnet") else 0.1  # the one-node network calls what is bright the figure
    assert matte.alpha[:20, :20].max() < most and matte.alpha[:60, -20:].max() < most, "the ground is not"
    assert 0.05 < matte.coverage < 0.8 and matte.box.area > 0
    assert np.array_equal(image, before), "the picture given is left as it is"


def test_a_backend_gives_the_same_bytes_again(backend: str) -> None:
    image, faces, _ = SAMPLES[backend]()
    one, other = (MakeMatte(backend)(image, faces) for _ in range(2))
    assert one is not None and other is not None
    assert one.alpha.tobytes() == other.alpha.tobytes() and one.foreground.tobytes() == other.foreground.tobytes()


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (1, 300), (300, 1), (40, 17)])
def test_odd_pictures_are_no_accident(backend: str, size: tuple[int, int]) -> None:
    random = np.random.default_rng(1).integers(0, 255, (*size, 3), dtype=np.uint8)
    for image in (np.zeros((*size, 3), np.uint8), np.full((*size, 3), 128, np.uint8), random):
        matte = MakeMatte(backend)(image, [Box(0, 0, size[1], size[0])])
        assert matte is None or (matte.alpha.shape == size and bool(np.isfinite(matte.alpha).all()))


def test_nothing_stands_out_of_grey(backend: str) -> None:
    assert MakeMatte(backend)(np.full((180, 320, 3), 96, np.uint8)) is None


def test_a_huge_picture_is_cut_at_its_own_size() -> None:
    image, alpha = scene(4000, 2400)
    matte = MakeMatte("saliency")(image)
    assert matte is not None and matte.alpha.shape == (2400, 4000)
    assert abs(matte.alpha - alpha).mean() < 0.01


# --- choosing ---------------------------------------------------------------------------------------------------


def test_what_is_asked_for_by_name_and_missing_says_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image, _ = scene()
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path))
    for name in ("selfie", "modnet", "birefnet"):
        with pytest.raises(MissingModel, match="keyart models pull"):
            MakeMatte(name)(image)
    assert person_mask(image) is None
    chosen = MakeMatte()(image)
    assert chosen is not None and chosen.backend == "saliency", "what is not asked for may be done without"


def test_wrong_settings_and_pictures_are_refused() -> None:
    with pytest.raises(BadSetting, match="there are: auto, selfie"):
        MakeMatte("magic")
    for bad in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)):
        with pytest.raises(BadSetting, match="uint8"):
            MakeMatte()(bad)  # type: ignore[arg-type]


def test_auto_takes_people_first_and_faces_where_the_network_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = astronaut()
    first = MakeMatte()(image)
    assert first is not None and first.backend == "selfie"
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path))
    second = MakeMatte()(image, [ASTRONAUT_FACE])
    assert second is not None and second.backend == "grabcut"
    both = (first.alpha > 0.5) & (second.alpha > 0.5)
    assert both.sum() / ((first.alpha > 0.5) | (second.alpha > 0.5)).sum() > 0.6


# --- people -----------------------------------------------------------------------------------------------------


def test_the_map_of_people_is_the_networks_own_answer() -> None:
    found = person_mask(astronaut())
    assert found is not None and found.shape == (256, 256) and found.dtype == np.float32
    assert found[50, 115] > 0.95 and found[10, 10] < 0.05
    assert float((found > 0.5).mean()) == pytest.approx(0.545, abs=0.02)


def test_several_people_in_a_wide_picture_are_all_found() -> None:
    image = astronaut()
    wide = np.full((512, 1500, 3), 150, np.uint8)
    wide[:, :400], wide[:, 1000:1400] = image[:, :400], image[:, :400]
    guess = people(wide, [ASTRONAUT_FACE, ASTRONAUT_FACE.moved(1000, 0)])
    assert guess is not None
    assert guess.share[60:110, 190:270].mean() > 0.5 and guess.share[60:110, 1190:1270].mean() > 0.5
    assert guess.share[:, 550:850].mean() < 0.1


def test_a_small_figure_far_from_the_middle_is_found() -> None:
    small = cv2.resize(astronaut()[:, :400], (125, 160), interpolation=cv2.INTER_AREA)
    image = np.full((300, 800, 3), 150, np.uint8)
    image[140:, 30:155] = small
    guess = people(image, [Box(86, 166, 29, 29)])
    assert guess is not None and guess.share[200:290, 60:120].mean() > 0.7 and guess.share[:, 300:].max() < 0.5


@pytest.mark.parametrize("photo", ["photo-hubble", "photo-rocket", "photo-coffee"])
def test_stars_and_cups_are_nobody(photo: str) -> None:
    if not have(photo) or not have("selfie-segmentation"):
        pytest.skip("needs models: keyart models pull embedded samples")
    assert people(read_image(model_path(photo))) is None


# --- edges and colours, the truth known -------------------------------------------------------------------------


def test_a_coarse_guess_is_fitted_to_the_pictures_edge() -> None:
    image, alpha = scene(640, 480)
    shifted = np.roll(alpha, 4, axis=1)  # the guess is off by half a cell
    cells = cv2.resize(shifted, (80, 60), interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(cells, (640, 480), interpolation=cv2.INTER_LINEAR)
    done = fitted(image, Guess(np.asarray(coarse, np.float32), 8.0))
    assert abs(done - alpha).mean() < 0.25 * abs(coarse - alpha).mean()
    assert abs(done - alpha).mean() < 0.004
    assert done[240, 320] == 1 and done[5, 5] == 0


def test_where_the_colours_cannot_tell_the_guess_stays() -> None:
    image = np.full((120, 160, 3), 90, np.uint8)
    alpha = disc(160, 120, soft_px=8)
    done = fitted(image, Guess(alpha, 4.0))
    assert ((done > 0.5) & (alpha > 0.5)).sum() / ((done > 0.5) | (alpha > 0.5)).sum() > 0.88


def test_alpha_of_a_matting_network_is_taken_as_it_is() -> None:
    image, alpha = scene()
    veil = (0.3 * alpha).astype(np.float32)
    assert np.array_equal(fitted(image, Guess(veil, 1.0, is_alpha=True)), veil)


def test_specks_go_figures_stay() -> None:
    alpha = np.zeros((100, 100), np.float32)
    alpha[10:50, 10:50], alpha[60:90, 60:90], alpha[2:4, 80:82] = 1, 1, 1
    done = without_specks(alpha)
    assert done[20, 20] == 1 and done[70, 70] == 1 and done[3, 81] == 0


def test_the_old_background_is_taken_out_of_the_colours() -> None:
    alpha = disc(320, 240, soft_px=12)
    ink, ground = np.array([200.0, 60, 40]), np.array([20.0, 180, 60])
    mixed = np.round(alpha[..., None] * ink + (1 - alpha[..., None]) * ground).astype(np.uint8)
    colours = foreground_colours(mixed, alpha)
    edge = (alpha > 0.1) & (alpha < 0.9)
    before, after = (float(np.abs(one[edge] - ink).mean()) for one in (mixed.astype(float), colours.astype(float)))
    assert before > 50 and after < 5
    assert np.array_equal(colours[alpha == 1], mixed[alpha == 1]), "inside nothing changes"


# --- cut-outs ---------------------------------------------------------------------------------------------------


def matte_of(alpha: Share) -> Matte:
    return Matte(alpha, np.full((*alpha.shape, 3), (200, 60, 40), np.uint8), "saliency", (), "object")


def test_soft_and_hard_cuts() -> None:
    alpha = disc(80, 60, soft_px=10)
    soft, hard = soft_cut(matte_of(alpha)), hard_cut(matte_of(alpha), 0.2)
    assert np.array_equal(soft[..., 3], np.round(alpha * 255)) and not soft[0, 0].any()
    assert set(np.unique(hard[..., 3])) == {0, 255}
    assert np.array_equal(hard[..., 3] == 255, alpha >= 0.2)


def test_a_sticker_has_its_outline_and_shadow_and_is_cropped() -> None:
    alpha = disc(400, 300)
    done = sticker(matte_of(alpha), 8, (255, 255, 255), 10)
    rows, columns = done.shape[:2]
    assert rows < 300 and columns < 400
    middle = done[rows // 2]
    first = int(np.argmax(middle[:, 3] > 250))
    assert tuple(middle[first + 3, :3]) == (255, 255, 255), "the outline comes first"
    assert tuple(middle[columns // 2, :3]) == (200, 60, 40)
    below = done[int(np.flatnonzero(done[:, columns // 2, 3] > 250)[-1]) + 6, columns // 2]
    assert 0 < below[3] < 160 and below[:3].max() < 40, "under it a shadow that lets the ground through"
    plain = sticker(matte_of(alpha), 0, (255, 255, 255), 0)
    assert np.array_equal(np.unique(plain[..., 3] > 127), [False, True])
    assert abs(int(plain[..., 3].astype(int).sum()) - int((alpha * 255).sum())) < 0.001 * plain[..., 3].sum() + 500


def test_cut_outs_of_stills(info: VideoInfo, make_still: Callable[..., Still], tmp_path: Path) -> None:
    image, _ = scene()
    grey = np.full((180, 320, 3), 96, np.uint8)
    done = CutOut("saliency", count=2)(info, [make_still(image), make_still(grey, rank=2), make_still(image, rank=3)])
    assert done.status == "degraded" and "still 2" in done.reason and done.backend == "saliency"
    assert [one.path for one in done.value] == [
        "cutouts/still_01.png",
        "cutouts/still_01_hard.png",
        "cutouts/still_01_sticker.png",
    ]
    for product in done.value:
        assert product.kind == "cutout"
        with Image.open(BytesIO(product.data)) as picture:
            assert picture.mode == "RGBA"
        (tmp_path / "one.png").write_bytes(product.data)
        facts = read_receipt(tmp_path / "one.png")
        assert facts["backend"] == "saliency" and facts["models"] == {} and 0.05 < facts["coverage"] < 0.5
        assert facts["seconds"] == 2.0 and facts["subject"] == "object" and facts["threshold"] == 0.2
    again = CutOut("saliency", count=2)(info, [make_still(image)])
    assert again.status == "ok" and [one.data for one in again.value] == [one.data for one in done.value]


def test_the_receipt_names_the_model_and_its_licence(info: VideoInfo, make_still: Callable[..., Still]) -> None:
    done = CutOut()(info, [make_still(astronaut(), ASTRONAUT_FACE)])
    assert done.status == "ok" and done.models == ("selfie-segmentation",)
    assert done.value[0].receipt.facts["models"] == {"selfie-segmentation": "Apache-2.0"}


def test_without_a_figure_the_stage_is_skipped(info: VideoInfo, make_still: Callable[..., Still]) -> None:
    grey = np.full((180, 320, 3), 96, np.uint8)
    for stills, count in (((), 3), ((make_still(grey),), 3), ((make_still(grey),), 0)):
        done = CutOut("saliency", count=count)(info, stills)
        assert done.status == "skipped" and done.reason and done.value == ()


@pytest.mark.parametrize(
    "settings",
    [
        {"backend": "magic"},
        {"count": -1},
        {"threshold": 0.0},
        {"outline": 0.5},
        {"shadow": -0.1},
        {"outline_colour": "red"},
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(BadSetting):
        CutOut(**settings)  # type: ignore[arg-type]


def test_pixels_become_what_a_card_says() -> None:
    white = np.full((1, 1, 3), 255, np.uint8)
    assert normalised(white, CARDS["modnet"]).ravel() == pytest.approx([1, 1, 1])
    assert normalised(0 * white, CARDS["modnet"]).ravel() == pytest.approx([-1, -1, -1])
    assert normalised(white, CARDS["birefnet"]).ravel() == pytest.approx([2.2489, 2.4286, 2.6400], abs=1e-3)
    assert normalised(white, CARDS["selfie-segmentation"]).ravel() == pytest.approx([1, 1, 1])


def test_a_figure_that_ends_in_shreds_is_not_clear() -> None:
    alpha = np.zeros((200, 300), np.float32)
    alpha[20:150, 100:200] = 1
    image = np.zeros((200, 300, 3), np.uint8)
    assert Matte(alpha, image, "by hand", (), "person").is_clear, "somebody standing"
    frayed = alpha.copy()
    frayed[130:150, 100:200:2] = 0.4
    assert not Matte(frayed, image, "by hand", (), "person").is_clear, "whose legs were lost"
    frayed[130:] = frayed[130]
    assert Matte(frayed, image, "by hand", (), "person").is_clear, "or whom the frame cuts off"
    assert not Matte(np.zeros_like(alpha), image, "by hand", (), "person").is_clear, "nobody"


def test_what_runs_from_side_to_side_is_no_thing() -> None:
    alpha = np.zeros((200, 300), np.float32)
    alpha[20:60] = 1
    image = np.zeros((200, 300, 3), np.uint8)
    assert not Matte(alpha, image, "by hand", (), "object").is_clear
    assert Matte(alpha, image, "by hand", (), "person").is_clear, "people may fill the frame"
    alpha[:, 250:] = 0
    assert Matte(alpha, image, "by hand", (), "object").is_clear
