"""The scores of the library bench, on a few numbers each."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import library
from bench.library import CELLS, Watched, Way, differing, done_twice, efficiency, ends, loaded_again, overhead, packages
from bench.library_clips import make_clip
from keyart.media.probe import probe


def _end(name: str, worker: str, loads: dict[str, int], stages: dict[str, bool], end: str = "made") -> dict[str, Any]:
    told = [{"name": stage, "resumed": resumed} for stage, resumed in stages.items()]
    result = {"row": {"name": name}, "sha256": name, "worker": worker, "loads": list(loads.items()), "stages": told}
    return {"event": "end", "result": {**result, "end": end, "cpu_seconds": 1.0}}


def test_figures_of_two_runs() -> None:
    assert efficiency(200.0, 100.0) == 1.0 and efficiency(170.0, 100.0) == pytest.approx(0.85)
    assert overhead(115.0, 100.0) == pytest.approx(0.15)
    assert differing({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}) == 2


def test_work_done_twice_is_counted_by_content_and_stage() -> None:
    first = _end("a", "h:1", {}, {"scan": False, "covers": False}, "failed")
    again = _end("a", "h:2", {}, {"scan": True, "covers": False})
    other = _end("b", "h:2", {}, {"scan": False, "covers": False})
    assert done_twice([first, again, other, {"event": "begin"}]) == 1
    assert done_twice([again, other]) == 0
    assert ends([first, again, other]) == {"made": 2}


def test_a_model_that_is_loaded_again_is_counted_once_a_worker() -> None:
    told = [
        _end("a", "h:1", {"faces": 1}, {}),
        _end("b", "h:1", {"faces": 2, "matte": 1}, {}),
        _end("c", "h:2", {"faces": 1}, {}),
    ]
    assert loaded_again(told) == (2, 1)


def test_packages_are_compared_without_what_tells_of_a_run(tmp_path: Path) -> None:
    for output, told in (("one", "fast"), ("two", "slow")):
        folder = tmp_path / output / "season 1" / "a.keyart"
        folder.mkdir(parents=True)
        for name, text in (("package.json", "{}"), ("run.json", told)):
            (folder / name).write_text(text)
    one, two = packages(tmp_path / "one"), packages(tmp_path / "two")
    assert one == two and list(one) == ["season 1/a.keyart"]
    (tmp_path / "two" / "season 1" / "a.keyart" / "x.jpg").write_text("more")
    assert differing(one, packages(tmp_path / "two")) == 1


def test_a_file_that_is_written_again_is_seen(tmp_path: Path) -> None:
    manifest = tmp_path / "a.keyart" / "package.json"
    manifest.parent.mkdir()
    manifest.write_text("{}")
    watched = Watched(tmp_path)
    watched.look()
    (tmp_path / "new").write_text("{}")
    (tmp_path / "new").replace(manifest)
    time.sleep(0.01)
    assert watched.stop() == 1 and watched.complete == 1


def test_what_was_not_measured_is_said_so() -> None:
    calm = {"seconds": 100.0, "making_seconds": 90.0, "core_seconds_each": 0.5, "models_loaded_again": 0}
    cells = {"local-1": {**calm, "packages": {"a": "1"}}, "local-2": {**calm, "seconds": 52.0, "packages": {"a": "1"}}}
    found = {one["name"]: one for one in library.summary(cells, 1)["targets"]}
    assert found["efficiency-local"]["met"] is True and found["same"]["met"] is True
    assert found["overhead-1"]["met"] is None and found["twice"]["met"] is None
    fired = {"packages": {"a": "2"}, "stages_done_twice": 1, "files_written_twice": 0, "orphans": 0}
    found = {one["name"]: one for one in library.summary({**cells, "local-2-fire": fired}, 1)["targets"]}
    assert [found[name]["met"] for name in ("missing", "other-bytes", "twice")] == [True, False, False]
    way = Way(Path("clips"), 1, 0, 4.0)
    assert len(library.result_of(cells, way)["tables"]["library-speed"]["rows"]) == 2
    assert way.command(CELLS[1], Path("out"))[3:9] == ["library", "clips", "-o", "out", "--engine", "ray"]


def test_a_clip_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        make_clip(tmp_path / name, np.random.default_rng((0, 4)), 4)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert (tmp_path / "a.ru.srt").read_text("utf-8") and 1.9 < probe(tmp_path / "a.mp4").duration_seconds < 4.1
