"""Packages on disk without a video: what an index reads of them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from keyart.types import RGB

MakePackage = Callable[..., Path]


def _jpeg(image: RGB, quality: int = 90) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return file.getvalue()


@pytest.fixture
def package(tmp_path: Path) -> MakePackage:
    """`package("a", covers=[...], stills=[(seconds, picture)], tiles=[(seconds, picture)])` -> its folder."""

    def make(
        name: str,
        covers: Sequence[RGB] = (),
        stills: Sequence[tuple[float, RGB]] = (),
        tiles: Sequence[tuple[float, RGB]] = (),
        receipt: dict[str, Any] | None = None,
        sha256: str = "",
    ) -> Path:
        folder = tmp_path / f"{name}.keyart"
        products: list[dict[str, Any]] = []

        def put(path: str, kind: str, data: bytes, facts: dict[str, Any]) -> None:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
            products.append({"path": path, "kind": kind, "receipt": {"product": path, **facts}})

        for rank, image in enumerate(covers, 1):
            put(f"covers/youtube_{rank}.jpg", "cover", _jpeg(image), {"seconds": 1.0, **(receipt or {})})
        for rank, (seconds, image) in enumerate(stills, 1):
            put(f"frames/{rank:02}.jpg", "still", _jpeg(image), {"seconds": seconds})
        if tiles:
            height, width = tiles[0][1].shape[:2]
            sheet = np.concatenate([image for _, image in tiles], axis=1)
            cues = [
                f"00:00:{int(seconds):02}.000 --> 00:00:{int(seconds) + 1:02}.000\n"
                f"sprite_000.jpg#xywh={place * width},0,{width},{height}"
                for place, (seconds, _) in enumerate(tiles)
            ]
            put("storyboard/storyboard.vtt", "storyboard", "\n\n".join(["WEBVTT", *cues]).encode() + b"\n", {})
            put("storyboard/sprite_000.jpg", "storyboard", _jpeg(sheet), {})
        source = {"name": f"{name}.mp4", "sha256": sha256 or name * 8, "video": {"duration": 60.0}}
        folder.mkdir(exist_ok=True)
        (folder / "package.json").write_text(json.dumps({"schema": 1, "source": source, "products": products}))
        (folder / "run.json").write_text(json.dumps({"schema": 1}))
        return folder

    return make
