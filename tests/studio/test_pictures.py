"""What is made of a finished video in the browser: frames, previews, covers, variants; each is what it says it is."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from keyart.studio.catalogue import Video


def picture_of(data: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.fixture
def there(finished: Video) -> str:
    return f"/api/videos/{finished.id}"


def test_a_preview_is_what_the_cover_will_be(client: TestClient, there: str) -> None:
    frame = client.get(f"{there}/frames").json()["frames"][0]
    design = {"frame": frame["id"], "text": "Кольца Сатурна", "template": "panel", "format": "png"}
    preview = client.post(f"{there}/preview", json=design)
    assert preview.status_code == 200 and preview.headers["content-type"] == "image/jpeg"
    assert json.loads(preview.headers["x-keyart-cover"])["template"] == "panel"
    made = client.post(f"{there}/covers", json=design)
    assert made.status_code == 201, made.text
    told = made.json()
    file = client.get(told["url"])
    assert file.headers["content-type"] == "image/png" and len(file.content) == told["bytes"]
    exported, shown = picture_of(file.content), picture_of(preview.content)
    assert exported.shape == shown.shape == (720, 1280, 3)
    assert np.abs(exported.astype(int) - shown).mean() < 3, "the preview is a JPEG of the very same picture"
    assert client.get(f"{there}/covers").json()["covers"] == [told]
