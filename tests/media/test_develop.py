"""Decoded frame -> picture: colours, light, fields, alpha."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from keyart.media.develop import develop, is_combed, shown_size
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.media.tone import nits_to_pq, pq_to_nits, to_srgb
from keyart.types import VideoInfo
from tests.conftest import ClipFactory, ClipRecipe, Take, make_clip, picture_of

INFO = VideoInfo(Path("x"), "", 0, 0, "", "", 64, 64, 64, 64, Fraction(1), 0, False, 25.0, 1.0, 0.0)


def flat(form: str, *values: int, size: tuple[int, int] = (64, 64)) -> av.VideoFrame:
    frame = av.VideoFrame(*size, form)
    for plane, value in zip(frame.planes, values, strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    return frame


def middle(image: NDArray[np.uint8]) -> list[int]:
    return [int(one) for one in image[image.shape[0] // 2, image.shape[1] // 2]]


GREEN_709, GREEN_601 = (173, 42, 26), (145, 54, 34)
"""Pure green in limited range, by each matrix."""


@pytest.mark.parametrize(("matrix", "planes"), [(1, GREEN_709), (5, GREEN_601), (6, GREEN_601)])
def test_named_matrix_is_obeyed(matrix: int, planes: tuple[int, int, int]) -> None:
    frame = flat("yuv420p", *planes)
    frame.colorspace = matrix
    assert np.abs(np.subtract(middle(develop(frame, INFO)), (0, 255, 0))).max() <= 2


@pytest.mark.parametrize(("size", "planes"), [((64, 64), GREEN_601), ((1280, 720), GREEN_709)])
def test_unnamed_matrix_goes_by_the_size(size: tuple[int, int], planes: tuple[int, int, int]) -> None:
    shown = middle(develop(flat("yuv420p", *planes, size=size), INFO))
    assert np.abs(np.subtract(shown, (0, 255, 0))).max() <= 2


def test_range_is_obeyed() -> None:
    assert middle(develop(flat("yuv420p", 235, 128, 128), INFO)) == [255] * 3
    assert middle(develop(flat("yuv420p", 16, 128, 128), INFO)) == [0] * 3
    assert middle(develop(flat("yuvj420p", 235, 128, 128), INFO)) == [235] * 3
    tagged = flat("yuv420p", 235, 128, 128)
    tagged.color_range = 2
    assert middle(develop(tagged, INFO)) == [235] * 3


def test_transparent_parts_show_the_backdrop() -> None:
    image = np.zeros((64, 64, 4), np.uint8)
    image[:, :32] = (200, 0, 0, 255)
    image[:, 32:] = (0, 0, 0, 0)
    image[:, 60:] = (0, 0, 0, 128)
    shown = develop(av.VideoFrame.from_ndarray(image, "rgba"), INFO)
    assert shown[32, 5].tolist() == [200, 0, 0]
    assert shown[32, 45].tolist() == [255, 255, 255]
    assert shown[32, 62].tolist() == [127, 127, 127]


def test_vp9_alpha_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "alpha.webm"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx-vp9", rate=25, options={"deadline": "realtime", "auto-alt-ref": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuva420p"
        image = np.zeros((64, 64, 4), np.uint8)
        image[:, :32] = (200, 30, 30, 255)
        for number in range(5):
            frame = av.VideoFrame.from_ndarray(image, "rgba").reformat(format="yuva420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    glimpse = next(iter(Scan()(probe(path))))
    shown = glimpse.full().image
    assert shown[32, 8, 0] > 150 and shown[32, 8, 1] < 80
    assert shown[32, 56].min() > 245


def test_sizes_keep_shape_and_never_vanish() -> None:
    frame = flat("yuv420p", 100, 128, 128, size=(640, 2))
    assert shown_size(frame, INFO, 32) == (32, 1)
    assert develop(frame, INFO, 32).shape == (1, 32, 3)
    turned = replace(INFO, rotation_degrees=90, sample_aspect=Fraction(2))
    assert shown_size(flat("yuv420p", 1, 1, 1), turned, 0) == (64, 128)


@pytest.mark.parametrize(
    "size", [(1280, 720), (1920, 1080), (642, 362)]
)  # halved twice; the same, and scaled; never: odd planes
def test_small_pictures_for_measuring_are_like_exact_ones(size: tuple[int, int]) -> None:
    frame = av.VideoFrame.from_ndarray(picture_of("scene-3", *size, 0.3), "rgb24").reformat(format="yuv420p")
    quick, exact = (develop(frame, INFO, 320, exact=care).astype(float) for care in (False, True))
    assert np.abs(quick - exact).mean() < 3.0


def test_halving_keeps_matrix_and_range() -> None:
    frame = flat("yuv420p", 173, 42, 26, size=(640, 480))
    frame.colorspace, frame.color_range = 1, 1
    large, small = (middle(develop(frame, INFO, side, exact=False)) for side in (640, 80))
    assert large == small
    frame.color_range = 2
    assert middle(develop(frame, INFO, 80, exact=False)) == middle(develop(frame, INFO, exact=False)) != large


# --- light --------------------------------------------------------------------------------------------------------


def _code(nits: float) -> int:
    return round(float(nits_to_pq(np.array([nits]))[0]) * 65535)


def _shown(code: int | tuple[int, int, int], transfer: str = "pq", peak: float = 1000.0) -> list[int]:
    pixel = (code,) * 3 if isinstance(code, int) else code
    return [int(one) for one in to_srgb(np.array([[pixel]], np.uint16), transfer, peak)[0, 0]]  # type: ignore[arg-type]


def test_pq_there_and_back() -> None:
    nits = np.array([0.01, 1.0, 100.0, 203.0, 1000.0, 10000.0])
    assert pq_to_nits(nits_to_pq(nits)) == pytest.approx(nits, rel=1e-6)
    assert float(nits_to_pq(np.array([100.0]))[0]) == pytest.approx(0.508, abs=1e-3)  # SMPTE ST 2084


@pytest.mark.parametrize("transfer", ["pq", "hlg"])
def test_grey_stays_grey_and_order_is_kept(transfer: str) -> None:
    levels = [_shown(code, transfer) for code in range(0, 65536, 4096)]
    assert all(max(level) - min(level) <= 1 for level in levels)
    assert [level[0] for level in levels] == sorted(level[0] for level in levels)
    assert levels[0] == [0, 0, 0] and _shown(65535, transfer) == [255, 255, 255]


def test_shadows_are_untouched_and_white_is_near_white() -> None:
    # 10 nits of 203 are linear 0.049: sRGB 63
    assert abs(_shown(_code(10.0))[0] - 63) <= 1
    assert 215 <= _shown(_code(203.0))[0] <= 245
    assert _shown(_code(1000.0))[0] == 255
    assert _shown(_code(203.0), peak=203.0)[0] == 255


def test_saturated_light_keeps_its_hue() -> None:
    red, green, blue = _shown((_code(400.0), 0, 0))
    assert red > 200 and green < red / 2 and blue < red / 2
    assert _shown((0, _code(800.0), 0))[1] > 220


def test_bands_do_not_show() -> None:
    image = np.full((600, 4, 3), _code(80.0), np.uint16)
    assert len(np.unique(to_srgb(image, "pq"))) == 1


def test_hdr_clip_is_brought_to_srgb(tmp_path: Path) -> None:
    params = "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:max-cll=800,300"
    recipe = ClipRecipe(
        (Take("scene-1", 0.2),),
        codec="libx265",
        pixel_format="yuv420p10le",
        codec_options={
            "x265-params": f"{params}:master-display=G(1,1)B(1,1)R(1,1)WP(1,1)L(10000000,1):max-cll=800,300"
        },
    )
    info = probe(make_clip(tmp_path / "hdr.mp4", recipe))
    assert (info.transfer, info.bit_depth) == ("pq", 10)
    bright = next(iter(Scan()(info))).full().image
    # taken for PQ, the middle greys of the scene are a bright picture, not the washed-out one of a plain conversion
    assert bright.mean() > 120 and bright.std() > 20


# --- fields -------------------------------------------------------------------------------------------------------


def _woven(shift: int) -> tuple[NDArray[np.uint8], av.VideoFrame]:
    """A scene whose lower field was taken `shift` pixels later."""
    first = picture_of("scene-3", 320, 192, 0.0)
    later = np.roll(first, shift, axis=1)
    image = first.copy()
    image[1::2] = later[1::2]
    frame = av.VideoFrame.from_ndarray(image, "rgb24").reformat(format="yuv420p")
    return first, frame


def test_combs_are_seen_only_where_they_are() -> None:
    assert is_combed(_woven(12)[1])
    assert not is_combed(_woven(0)[1])


def test_comb_is_told_for_rare_formats_and_tiny_pictures() -> None:
    assert not is_combed(flat("gray", 5))
    assert not is_combed(flat("yuv420p", 5, 128, 128, size=(8, 20)))


def test_woven_fields_become_one_moment(tmp_path: Path) -> None:
    path = tmp_path / "woven.mpg"
    first, woven = _woven(12)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg2video", rate=25, options={"flags": "+ildct+ilme"})
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 320, 192, "yuv420p", 8_000_000
        for number in range(6):
            woven.pts = number
            container.mux(stream.encode(woven))
        container.mux(stream.encode(None))
    info = probe(path)
    glimpse = next(iter(Scan()(info)))
    assert info.field_order != "progressive"
    shown = glimpse.full().image
    rows = shown.astype(int)
    jagged = np.abs(2 * rows[1:-1] - rows[:-2] - rows[2:]).mean()
    raw = av.VideoFrame.to_ndarray(woven, format="rgb24").astype(int)
    assert jagged < 0.4 * np.abs(2 * raw[1:-1] - raw[:-2] - raw[2:]).mean()
    # one of the two moments, whichever the encoder put first
    later = np.roll(first, 12, axis=1)
    assert min(np.abs(rows - moment)[:, 12:].mean() for moment in (first, later)) < 8


def test_real_files_look_right(media: Path) -> None:
    video = media / "video"

    def first(name: str) -> NDArray[np.uint8]:
        return next(iter(Scan()(probe(video / name)))).full().image

    alpha = first("move_dance_alpha_vp8.webm")
    assert alpha[2, 2].min() > 250  # the backdrop, not the stored grey
    hdr = first("edge_hdr10_hevc10bit.mp4")
    sky = hdr[100, 900].astype(int)
    assert sky[2] > 180 and 60 < hdr.mean() < 180
    assert first("interlaced_pattern_bff.mkv").shape == (480, 853, 3)


def test_same_picture_twice(clip: ClipFactory) -> None:
    info = probe(clip(size_px=(202, 114)))
    one, two = (next(iter(Scan()(info))).small(64).tobytes() for _ in range(2))
    assert one == two
