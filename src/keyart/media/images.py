"""Image files <-> sRGB arrays. Every image that keyart writes carries its receipt inside the file."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, ImageFile, ImageOps, PngImagePlugin

from keyart.errors import BadSetting, KeyartError, MissingFile
from keyart.types import RGB, Receipt

ImageFormat = Literal["jpeg", "png", "webp"]
EXTENSIONS: dict[str, str] = {"jpeg": "jpg", "png": "png", "webp": "webp"}
"""File name ending of each format."""

_MAX_PIXELS = 300_000_000
_MAX_EXIF_BYTES = 60_000  # an EXIF segment of a JPEG ends at 65,533
_LOWEST_QUALITY = 10
_PNG_COLOURS = (256, 128, 64, 32, 16)
_PNG_KEY = "keyart"
_SRGB_IN_EXIF = 1


class UnreadableImage(KeyartError, ValueError):
    """The path holds nothing that can be decoded as a picture."""


# --- writing ----------------------------------------------------------------------------------------------------


def encode_image(
    image: RGB | NDArray[np.uint8],
    format: ImageFormat,
    *,
    receipt: Receipt | None = None,
    max_bytes: int = 0,
    quality: int = 92,
    quick: bool = False,
) -> bytes:
    """File bytes of an (h, w, 3) or (h, w, 4) uint8 picture in sRGB, with the receipt as metadata.

    `quick` writes a JPEG in one go: a tenth larger, three times faster.

    With `max_bytes`, the best quality up to `quality` that fits is taken (PNG: fewer colours). JPEG has no alpha:
    it is laid on white. Same input, same bytes. Raises `BadSetting` for an unknown format or a limit no quality meets.
    """
    if format not in get_args(ImageFormat):
        raise BadSetting(f"cannot write images as {format!r}; use one of {', '.join(get_args(ImageFormat))}")
    picture = Image.fromarray(np.ascontiguousarray(image))
    if format == "jpeg" and picture.mode == "RGBA":
        picture = _on_background(picture, (255, 255, 255))
    if format == "jpeg":
        save = _jpeg(picture, receipt, quick)
    else:
        save = {"png": _png, "webp": _webp}[format](picture, receipt)
    best = save(quality)
    if not max_bytes or len(best) <= max_bytes:
        return best
    fitting = _largest_that_fits(save, max_bytes, quality)
    if fitting is None:
        height, width = image.shape[:2]
        raise BadSetting(
            f"a {width}x{height} {format} cannot be made smaller than {max_bytes} bytes; allow more or reduce its size"
        )
    return fitting


def _largest_that_fits(save: Callable[[int], bytes], max_bytes: int, quality: int) -> bytes | None:
    low, high = _LOWEST_QUALITY, quality - 1
    fitting = None
    while low <= high:
        middle = (low + high) // 2
        data = save(middle)
        if len(data) <= max_bytes:
            fitting, low = data, middle + 1
        else:
            high = middle - 1
    return fitting


def _jpeg(picture: Image.Image, receipt: Receipt | None, quick: bool) -> Callable[[int], bytes]:
    # Pillow's room for an optimised JPEG is a byte a pixel, which noise exceeds: the file would come out broken
    ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, 4 * picture.width * picture.height)

    def save(quality: int) -> bytes:
        # chroma at half size smears coloured lettering, so it is kept whole while the weight allows
        subsampling = 0 if quality >= 80 else 2
        return _saved(
            picture,
            "JPEG",
            quality=quality,
            subsampling=subsampling,
            optimize=not quick,
            progressive=not quick,
            exif=receipt_exif(receipt),
        )

    return save


def _webp(picture: Image.Image, receipt: Receipt | None) -> Callable[[int], bytes]:
    return lambda quality: _saved(picture, "WEBP", quality=quality, method=4, exif=receipt_exif(receipt))


def _png(picture: Image.Image, receipt: Receipt | None) -> Callable[[int], bytes]:
    text = PngImagePlugin.PngInfo()
    if receipt is not None:
        text.add_itxt(_PNG_KEY, receipt_json(receipt), zip=True)

    def save(quality: int) -> bytes:
        if quality >= 80:
            return _saved(picture, "PNG", compress_level=4, pnginfo=text)
        colours = _PNG_COLOURS[min(len(_PNG_COLOURS) - 1, (79 - quality) // 14)]
        return _saved(picture.quantize(colours), "PNG", compress_level=9, pnginfo=text)

    return save


def _saved(picture: Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def receipt_json(receipt: Receipt) -> str:
    return json.dumps({"product": receipt.product, **receipt.facts}, sort_keys=True, ensure_ascii=True)


def receipt_exif(receipt: Receipt | None) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = "keyart"
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    inner[ExifTags.Base.ColorSpace] = _SRGB_IN_EXIF
    if receipt is not None:
        text = receipt_json(receipt)
        if len(text) > _MAX_EXIF_BYTES:
            text = json.dumps({"product": receipt.product, "note": "too long for this file; see package.json"})
        inner[ExifTags.Base.UserComment] = b"ASCII\0\0\0" + text.encode("ascii")
    return exif.tobytes()


# --- reading ----------------------------------------------------------------------------------------------------


def read_receipt(path: str | Path) -> dict[str, Any]:
    """The receipt inside an image file, {} where it carries none. Raises `MissingFile`, `UnreadableImage`."""
    with _opened(Path(path)) as picture:
        if isinstance(picture, PngImagePlugin.PngImageFile):
            picture.load()  # text may stand after the pixels
            text = str(picture.text.get(_PNG_KEY, ""))
        else:
            comment = picture.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment, b"")
            text = comment[8:].decode("ascii", "replace") if isinstance(comment, bytes) else str(comment)
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) and "product" in found else {}


def read_image(path: str | Path, *, background: tuple[int, int, int] = (255, 255, 255)) -> RGB:
    """An image file as (h, w, 3) uint8 in sRGB: upright by EXIF, first frame of several, alpha laid on `background`.

    Grey, palette, CMYK, 16-bit and float files are converted, an embedded colour profile is applied.
    Raises `MissingFile` where there is no file, `UnreadableImage` where it cannot be decoded.
    """
    path = Path(path)
    with _opened(path) as file:
        try:
            file.load()
            picture = ImageOps.exif_transpose(file)
            assert picture is not None
            rgb = _to_srgb(picture, file.info.get("icc_profile"), background)
        except (OSError, ValueError, SyntaxError) as err:
            raise UnreadableImage(f"{path}: the picture is damaged ({_first_line(err)})") from err
    return np.asarray(rgb, np.uint8)


def _opened(path: Path) -> Image.Image:
    if not path.is_file():
        raise MissingFile(f"{path}: no such image file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is below
            picture = Image.open(path)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as err:
        raise UnreadableImage(f"{path}: not a picture that can be decoded (JPEG, PNG, WebP, TIFF ... can)") from err
    if picture.width * picture.height > _MAX_PIXELS:
        size = f"{picture.width}x{picture.height}"
        picture.close()
        raise UnreadableImage(f"{path}: {size} is more than {_MAX_PIXELS // 1_000_000} megapixels; make it smaller")
    return picture


def _first_line(err: Exception) -> str:
    return (str(err).splitlines() or [type(err).__name__])[0]


def _to_srgb(picture: Image.Image, profile: bytes | None, background: tuple[int, int, int]) -> Image.Image:
    if picture.mode.startswith(("I", "F")):
        return _from_deep_gray(picture).convert("RGB")
    if picture.mode == "LA" or picture.mode == "PA" or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    if picture.mode not in ("RGB", "RGBA", "L", "CMYK"):
        picture, profile = picture.convert("RGB"), None
    converted = _profiled(picture.convert("RGB") if alpha else picture, profile).convert("RGB")
    if alpha is None:
        return converted
    converted.putalpha(alpha)
    return _on_background(converted, background)


def _profiled(picture: Image.Image, profile: bytes | None) -> Image.Image:
    if not profile:
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        done = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return picture  # a broken profile, or one of another colour space, says nothing of use
    return picture if done is None else done


def _from_deep_gray(picture: Image.Image) -> Image.Image:
    values = np.asarray(picture, np.float64)
    top = float(values.max(initial=0.0))
    if picture.mode == "F" and top <= 1.0:
        values = values * 255
    elif top > 255:  # cameras and scanners keep 12 bits in 16; a file whose values all fit 8 bits holds 8 bits
        values = values * (255 / (4095 if top <= 4095 else 65535))
    return Image.fromarray(np.clip(np.round(values), 0, 255).astype(np.uint8))


def _on_background(picture: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    below = Image.new("RGBA", picture.size, (*colour, 255))
    return Image.alpha_composite(below, picture).convert("RGB")
