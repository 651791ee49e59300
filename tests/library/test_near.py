"""What a library keeps of its pictures, and what it does without."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyart import pipeline
from keyart.library import near
from keyart.library.near import fill, index_folder, keep
from keyart.library.report import near_in
from keyart.library.values import Order
from keyart.nearness.index import open_index
from keyart.package import claim
from tests.conftest import ClipFactory, Take


@pytest.fixture
def twins(clip: ClipFactory, tmp_path: Path) -> Path:
    video = clip(takes=(Take("scene-6", 1.0), Take("scene-7", 1.0)), size_px=(160, 90))
    package = pipeline.make(video, parts=("shots", "stills", "storyboard"))
    for name in ("a", "b/c"):
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        with claim(tmp_path / "out" / f"{name}.keyart") as claimed:
            claimed.save(package, {})
    return tmp_path / "out"


def test_the_same_material_is_found(twins: Path) -> None:
    order = Order(str(twins), ("shots",))
    assert keep(twins / "a.keyart", order, twins / "a.mp4") == ()
    fill(str(twins), ["a", "b/c", "gone"])
    index = index_folder(str(twins))
    assert index is not None and set(open_index(index).packages) == {"a.keyart", "b/c.keyart"}
    assert near_in(index, str(twins)).groups == (("a", "b/c"),)


def test_without_an_index_a_package_is_whole(twins: Path) -> None:
    assert index_folder("s3://bucket/out") is None
    fill("s3://bucket/out", ["a"])
    (twins / near.INDEX).write_text("no folder")
    assert keep(twins / "a.keyart", Order(str(twins), ("shots",)), twins / "a.mp4") == ()
    fill(str(twins), ["a"])
