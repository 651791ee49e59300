"""The figures of fig. 5.7 by hand, and the picture looked at where it can be wrong."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from keyart.titles.cluster_report import BINS, as_png, cluster_report, silhouette
from keyart.titles.dedup import DEDUPERS, GuidMaster
from keyart.titles.embed import letters

TABLE = {"a": (1.0, 0.0), "b": (0.9, np.sqrt(1 - 0.81)), "c": (0.0, 1.0), "D": (0.8, 0.6)}
LINES = [
    "Как сварить борщ дома",
    "Как сварить борщ",
    "Погода в Москве",
    "Погода в Москве завтра",
    "Новый закон о налогах",
]


def _look_up(texts: Sequence[str]) -> NDArray[np.float32]:
    return np.array([TABLE[text] for text in texts], np.float32)


def test_by_hand() -> None:
    found = cluster_report(["a", "c", "b"], "D", {"table": _look_up})
    assert (found.headlines, found.masters, found.above_tau) == (3, 2, 0)
    assert found.heat == pytest.approx(np.array([[1, 0.9, 0], [0.9, 1, 0.4359], [0, 0.4359, 1]]), abs=1e-3)
    assert found.mean_cosine == pytest.approx((0.9 + 0.4359) / 3, abs=1e-3)
    assert sum(found.histogram) == 3 and found.histogram[BINS // 2] == 1 and found.histogram[38] == 1
    # a: own group 0.1, other 1; b: own 0.1, other 0.5641; c alone: 0
    assert found.silhouettes["table"] == pytest.approx((0.9 + (0.5641 - 0.1) / 0.5641 + 0) / 3, abs=1e-3)
    assert found.silhouettes["sum"] == found.silhouettes["table"]


def test_a_silhouette_that_is_not_defined_is_none() -> None:
    vectors = np.eye(3, dtype=np.float32)
    assert silhouette(vectors, [0, 0, 0]) is None and silhouette(vectors, [0, 1, 2]) is None
    with pytest.raises(ValueError, match="1 headlines"):
        cluster_report(["a"], "D", {"table": _look_up})


@pytest.mark.parametrize("way", DEDUPERS)
def test_every_way_has_its_report(way: str) -> None:
    guid = GuidMaster(0.5, way=way)  # type: ignore[arg-type]  # the names are the dict's own
    found = cluster_report(LINES, " ".join(LINES), {"letters": letters}, guid)
    assert found.facts()["way"] == way and found.above_tau == 0 and found.masters == 3
    assert (found.silhouettes["sum"] or 0) > 0.2


def test_the_picture_is_the_same_each_time_and_shows_the_groups() -> None:
    found = cluster_report(LINES, " ".join(LINES), {"letters": letters}, GuidMaster(0.5))
    assert as_png(found) == as_png(found)
    image = np.asarray(Image.open(io.BytesIO(as_png(found))).convert("L"), float)
    panel = image[56:416, 888:1248]
    cell = panel.reshape(5, 72, 5, 72)[:, 20:52, :, 20:52].mean(axis=(1, 3))
    assert (np.diag(cell) > 220).all(), "a headline is like itself"
    assert cell[0, 1] > cell[0, 2] + 20 and cell[2, 3] > cell[2, 4] + 20, "groups lie side by side"
