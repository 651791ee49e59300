"""The gallery page: small pictures, every entry of the registries, nothing by hand."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench import showcase
from bench.showcase import DOCS, MOST_BYTES, VIEWS, Shown, page, small_jpeg, still_of, templates, write
from keyart.covers.backgrounds import BACKGROUNDS
from keyart.covers.looks import LOOKS
from keyart.covers.templates import TEMPLATES
from keyart.models import have
from tests.covers.conftest import scenery


def test_pictures_are_small_however_busy() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), dtype=np.uint8)
    data = small_jpeg(noise)
    assert len(data) <= MOST_BYTES and Image.open(io.BytesIO(data)).size == (440, 248)


def test_a_page_shows_its_entries_and_leaves_out_empty_chapters(tmp_path: Path) -> None:
    chapters = {"Looks": [Shown("look_x_a", "x", scenery(64, 36)), Shown("look_x_b", "x", scenery(64, 36))], "None": []}
    write(tmp_path, chapters)
    text = (tmp_path / "gallery.md").read_text()
    assert text == page(chapters) and "## None" not in text
    for name in re.findall(r"gallery/(\w+\.jpg)", text):
        assert (tmp_path / "gallery" / name).is_file()
    write(tmp_path, {"Looks": chapters["Looks"][:1]})
    assert [path.name for path in (tmp_path / "gallery").iterdir()] == ["look_x_a.jpg"], "old pictures are taken away"


def test_the_page_in_docs_has_every_look_and_background() -> None:
    text = (DOCS / "gallery.md").read_text()
    for name in (*(f"look_{look}_" for look in LOOKS), *(f"on_{background}." for background in BACKGROUNDS)):
        assert name in text, "run: python -m bench showcase"
    files = {path.name for path in (DOCS / "gallery").iterdir()}
    assert files == set(re.findall(r"gallery/(\w+\.jpg)", text))
    assert sum((DOCS / "gallery" / name).stat().st_size for name in files) < 2_500_000


def test_covers_are_made_of_the_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    if not have("photo-coffee"):
        pytest.skip("needs the sample photographs: keyart models pull samples")
    monkeypatch.setattr(showcase, "TEMPLATES", {"plate": TEMPLATES["plate"]})
    still = still_of(VIEWS["coffee"])
    (shown,) = templates(dict.fromkeys(VIEWS, still))
    assert shown.caption == "plate" and shown.image.shape == (720, 1280, 3)
