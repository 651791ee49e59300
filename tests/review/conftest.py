"""Products, stills and headlines as the rooms before hand them on."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from keyart.types import RGB, Frame, Headline, Product, Receipt, Still


@pytest.fixture(autouse=True)
def no_hub(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No model of the hub's is at hand, whatever this machine holds."""
    folder = tmp_path_factory.mktemp("nothing")
    monkeypatch.setenv("KEYART_MODELS", str(folder))
    monkeypatch.setenv("HF_HUB_CACHE", str(folder))
    monkeypatch.delenv("KEYART_LICENCE", raising=False)


def plain_picture(red: int = 200, size: tuple[int, int] = (64, 36)) -> RGB:
    image = np.zeros((size[1], size[0], 3), np.uint8)
    image[..., 0] = red
    return image


def headline(text: str, source: Any = "transcript", language: str = "ru") -> Headline:
    return Headline(text, language, 0.0, 1.0, text, True, 1.0, source)


def still(rank: int, image: RGB | None = None) -> Still:
    return Still(rank, Frame(plain_picture() if image is None else image, float(rank)), rank * 25, 1.0 / rank, ())


def picture_bytes(images: list[RGB], format: str = "png") -> bytes:
    first, *rest = [Image.fromarray(image) for image in images]
    file = io.BytesIO()
    first.save(file, format, **({"save_all": True, "append_images": rest, "lossless": True} if rest else {}))
    return file.getvalue()


def product(path: str, kind: str = "cover", images: list[RGB] | None = None, **facts: Any) -> Product:
    data = picture_bytes(images or [plain_picture()], "webp" if path.endswith("webp") else "png")
    return Product(path, data, kind, Receipt(path, facts))
