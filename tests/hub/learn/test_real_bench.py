"""The full table on the field's HDF5 files, on one that the test writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
h5py = pytest.importorskip("h5py")

from bench.learn.real import Chosen, eccv16  # noqa: E402
from keyart.errors import BadSetting  # noqa: E402
from keyart.learn.summaries import SUMMARISERS  # noqa: E402


def put(path: Path, videos: int = 6) -> Path:
    random = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        for number in range(1, videos + 1):
            target = random.random(12)
            summary = np.repeat(target > 0.7, 15)
            values = {
                "features": np.concatenate([target[:, None], random.normal(size=(12, 15))], axis=1).astype(np.float32),
                "gtscore": target,
                "user_summary": np.stack([summary, np.roll(summary, 15)]).astype(np.float32),
                "change_points": np.array([[15 * at, 15 * at + 14] for at in range(12)]),
                "n_frames": 180,
                "picks": np.arange(0, 180, 15),
            }
            for key, value in values.items():
                file.create_dataset(f"video_{number}/{key}", data=value)
    return path


def needs_texts(*_: Any, **__: Any) -> Any:
    raise BadSetting("it needs texts")


def test_every_method_has_a_row_and_what_cannot_be_done_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[dict[str, Any]] = []
    path = put(tmp_path / "eccv16_x.h5")
    monkeypatch.setitem(SUMMARISERS, "language", needs_texts)
    chosen = Chosen(("pgl-sum", "language"), {"epochs": 1}, {})
    part = eccv16(path, tmp_path, chosen, kept.append)
    rows = part["values"]
    assert list(rows)[:4] == ["people", "random, mean of 100 runs", "least squares on single picks", "pgl-sum"]
    assert "texts" in rows["language"]["skipped"]
    assert rows["pgl-sum"]["settings"] == {"epochs": 1} and len(rows["pgl-sum"]["splits"]) == 5
    assert len(kept) == 2 and list(kept[0]["values"])[-1] == "pgl-sum"
    assert rows["least squares on single picks"]["mean"]["tau"] > 0.3  # the first feature is what people thought

    again = eccv16(path, tmp_path, Chosen(("pgl-sum",), {"epochs": 1}, rows), kept.append)
    assert again["values"]["pgl-sum"] is rows["pgl-sum"] and len(kept) == 2
