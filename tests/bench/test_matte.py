"""The mattes' bench: its scorers on hand-made numbers, its masks in order."""

from __future__ import annotations

import numpy as np
import pytest

from bench.matte import FOLDER, filled, halo, iou, masks, shown_ground, summary, table
from keyart.types import RGB

SQUARE = [[[20.0, 20.0], [79.0, 20.0], [79.0, 79.0], [20.0, 79.0]]]


def test_overlap() -> None:
    one, other = (
        filled(SQUARE, (100, 100)),
        filled([[[50.0, 20.0], [79.0, 20.0], [79.0, 79.0], [50.0, 79.0]]], (100, 100)),
    )
    everywhere = np.ones((100, 100), np.bool_)
    assert one.sum() == 3600 and iou(one, one, everywhere) == 1
    assert iou(other, one, everywhere) == pytest.approx(0.5)
    assert iou(other, one, other) == 1, "what is not scored does not count"
    assert iou(~everywhere, ~everywhere, everywhere) == 1


def test_colours_between_figure_and_ground() -> None:
    figure, ground = np.array([200.0, 0, 0]), np.array([0.0, 0, 100])
    assert shown_ground(figure, figure, ground) == 0 and shown_ground(ground, figure, ground) == 1
    assert shown_ground((figure + ground) / 2, figure, ground) == pytest.approx(0.5)


def test_halo_is_nothing_for_a_clean_cut_and_grows_with_what_is_left() -> None:
    truth = filled(SQUARE, (100, 100))
    scored = np.ones_like(truth)
    image: RGB = np.where(truth[..., None], (220, 40, 30), (30, 40, 220)).astype(np.uint8)
    clean = halo(image, truth.astype(float), image, truth, scored)
    veil = halo(image, np.where(truth, 1.0, 0.5), image, truth, scored)
    whole = halo(image, np.ones(truth.shape), image, truth, scored)
    assert clean == pytest.approx(0, abs=0.01) and whole is not None and veil == pytest.approx(whole / 2, rel=0.02)
    repaired = np.full_like(image, (220, 40, 30))
    assert halo(image, np.ones(truth.shape), repaired, truth, scored) == pytest.approx(0, abs=0.01)
    assert halo(np.full_like(image, 90), truth.astype(float), image, truth, scored) is None, "colours alike"


def row(name: str, held_out: bool, raw: float, ours: float, halo_raw: float, halo_ours: float) -> dict[str, object]:
    return {
        "name": name,
        "held_out": held_out,
        "iou": {"raw": raw, "auto": ours},
        "halo": {"raw": halo_raw, "auto": halo_ours},
    }


def test_summary_and_table() -> None:
    rows = [
        row("a", False, 0.9, 0.95, 0.1, 0.03),
        row("b", True, 0.8, 0.91, 0.3, 0.05),
        row("c", False, 0.1, 0.9, 0, 1),
    ]
    facts = summary(rows, "auto")
    assert facts["iou_all"] == 0.92 and facts["iou_development"] == 0.925 and facts["iou_held_out"] == 0.91
    assert facts["halo_ratio"] == 0.2 and facts["halo_pictures"] == 2, "what raw did not find has no edge to compare"
    shown = table({"auto": facts | {"seconds": 0.123}})
    assert shown["rows"] == [["auto", "0.920", "0.910", "0.90", "0.20", "0.12"]]


def test_the_masks_are_in_order() -> None:
    found = masks(FOLDER)
    assert len(found) >= 16 and sum(mask.held_out for mask in found) >= len(found) // 3
    assert len({mask.source for mask in found if mask.source.startswith("video/")}) >= 14
    for mask in found:
        figure, scored = mask.drawn()
        assert figure.shape == mask.size[::-1] and 0.01 < figure.mean() < 0.9 and scored.mean() > 0.5
