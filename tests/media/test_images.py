"""Image files: what is written comes back, limits hold, odd files are read and broken ones refused in one line."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image, ImageCms

from keyart.errors import BadSetting, KeyartError, MissingFile
from keyart.media.images import UnreadableImage, encode_image, read_image, read_receipt
from keyart.types import RGB, Receipt

Format = Literal["jpeg", "png", "webp"]
FORMATS: tuple[Format, ...] = ("jpeg", "png", "webp")
RECEIPT = Receipt("covers/youtube_1.jpg", {"headline": "Привет, мир", "seconds": 1.5, "crop": [0, 0, 10, 10]})


@pytest.fixture
def noisy() -> RGB:
    """Half noise, half flat: heavy in every format."""
    image = np.random.default_rng(3).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    image[:, :160] = (200, 40, 90)
    return image


@pytest.mark.parametrize("format", FORMATS)
def test_receipt_and_picture_come_back(tmp_path: Path, noisy: RGB, format: Format) -> None:
    path = tmp_path / f"picture.{format}"
    path.write_bytes(encode_image(noisy, format, receipt=RECEIPT, quality=95))
    assert read_receipt(path) == {"product": RECEIPT.product, **RECEIPT.facts}
    assert read_image(path).shape == noisy.shape
    assert np.abs(read_image(path)[:, :150].astype(int) - noisy[:, :150]).mean() < 6


@pytest.mark.parametrize("format", FORMATS)
def test_limit_is_met_at_the_best_quality_that_fits(noisy: RGB, format: Format) -> None:
    whole = encode_image(noisy, format, receipt=RECEIPT)
    limit = len(whole) * 2 // 3
    fitting = encode_image(noisy, format, receipt=RECEIPT, max_bytes=limit)
    assert limit // 4 < len(fitting) <= limit
    assert encode_image(noisy, format, receipt=RECEIPT, max_bytes=limit) == fitting
    assert encode_image(noisy, format, receipt=RECEIPT, max_bytes=len(whole)) == whole


def test_a_limit_that_nothing_meets_is_an_error(noisy: RGB) -> None:
    with pytest.raises(BadSetting, match="320x240 jpeg cannot be made smaller than 300 bytes"):
        encode_image(noisy, "jpeg", max_bytes=300)


def test_unknown_format_is_an_error(noisy: RGB) -> None:
    with pytest.raises(BadSetting, match="use one of jpeg, png, webp"):
        encode_image(noisy, "bmp")  # type: ignore[arg-type]


def test_alpha_is_kept_in_png_and_laid_on_white_in_jpeg(tmp_path: Path) -> None:
    image = np.zeros((20, 30, 4), np.uint8)
    image[:, 15:] = (250, 0, 0, 255)
    data = encode_image(image, "png")
    assert np.asarray(Image.open(io.BytesIO(data)))[5, 5, 3] == 0
    (tmp_path / "flat.jpg").write_bytes(encode_image(image, "jpeg"))
    assert read_image(tmp_path / "flat.jpg")[10, 3].min() > 245


def test_a_receipt_too_long_for_exif_says_where_to_look(tmp_path: Path, noisy: RGB) -> None:
    path = tmp_path / "long.jpg"
    path.write_bytes(encode_image(noisy, "jpeg", receipt=Receipt("covers/a.jpg", {"words": "x" * 70_000})))
    assert read_receipt(path) == {"product": "covers/a.jpg", "note": "too long for this file; see package.json"}


@pytest.mark.parametrize("format", FORMATS)
def test_files_of_others_carry_no_receipt(tmp_path: Path, format: Format) -> None:
    path = tmp_path / f"foreign.{format}"
    Image.new("RGB", (8, 8), "red").save(path, format)
    assert read_receipt(path) == {}


def test_a_comment_of_others_is_no_receipt(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b'ASCII\0\0\0{"camera": 1}'
    Image.new("RGB", (8, 8)).save(tmp_path / "foreign.jpg", exif=exif)
    assert read_receipt(tmp_path / "foreign.jpg") == {}


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 20), "black")
    image.paste((255, 255, 255), (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise
    image.save(tmp_path / "turned.png", exif=exif)
    upright = read_image(tmp_path / "turned.png")
    assert upright.shape == (40, 20, 3)
    assert upright[5, 10, 0] == 255 and upright[35, 10, 0] == 0


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 100, (100, 100, 100)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("1", 1, (255, 255, 255)),
        ("LA", (0, 0), (255, 255, 255)),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30)),
        ("F", 0.5, (128, 128, 128)),
    ],
)
def test_modes_become_rgb(
    tmp_path: Path, mode: str, colour: int | float | tuple[int, ...], expected: tuple[int, int, int]
) -> None:
    path = tmp_path / "picture.tif"
    Image.new(mode, (6, 6), colour).save(path)
    assert np.abs(read_image(path)[3, 3].astype(int) - expected).max() <= 1


@pytest.mark.parametrize(("top", "value"), [(65535, 255), (4095, 255), (200, 200)])
def test_sixteen_bits_become_eight(tmp_path: Path, top: int, value: int) -> None:
    values = np.zeros((4, 4), np.uint16)
    values[1, 1] = top
    Image.fromarray(values).save(tmp_path / "deep.png")
    assert read_image(tmp_path / "deep.png").max() == value


def test_a_transparent_palette_is_laid_on_the_background(tmp_path: Path) -> None:
    image = Image.new("P", (4, 4), 0)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.putpixel((1, 1), 1)
    image.save(tmp_path / "palette.png", transparency=0)
    read = read_image(tmp_path / "palette.png", background=(0, 0, 255))
    assert tuple(read[0, 0]) == (0, 0, 255) and tuple(read[1, 1]) == (255, 0, 0)


def test_a_colour_profile_is_applied_and_a_broken_one_passed_over(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = Image.new("RGB", (4, 4), (90, 120, 200))
    picture.save(tmp_path / "good.jpg", icc_profile=lab, quality=100, subsampling=0)
    picture.save(tmp_path / "bad.jpg", icc_profile=b"nonsense", quality=100, subsampling=0)
    for name in ("good.jpg", "bad.jpg"):
        assert np.abs(read_image(tmp_path / name)[0, 0].astype(int) - (90, 120, 200)).max() <= 3


def test_broken_files_are_one_clear_error(tmp_path: Path, noisy: RGB) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(UnreadableImage, match=r"text\.jpg: not a picture"):
        read_image(tmp_path / "text.jpg")
    data = encode_image(noisy, "png")
    (tmp_path / "half.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(KeyartError, match=r"half\.png: the picture is damaged") as caught:
        read_image(tmp_path / "half.png")
    assert "\n" not in str(caught.value)
    with pytest.raises(MissingFile, match="no such image file"):
        read_image(tmp_path / "none.png")


def test_a_picture_beyond_all_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("L", (100, 100)).save(tmp_path / "large.png")
    monkeypatch.setattr("keyart.media.images._MAX_PIXELS", 5000)
    with pytest.raises(UnreadableImage, match="100x100 is more than"):
        read_image(tmp_path / "large.png")
