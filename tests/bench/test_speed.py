"""The bench's own arithmetic and book-keeping; timings themselves are for `python -m bench speed`."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import pytest

from bench import record, rivals, speed
from bench.__main__ import COMMANDS
from bench.__main__ import main as bench_main
from bench.clips import BenchClip
from bench.processes import CommandFailed, Cost, _Peak, measured, tree, wait_for_quiet
from bench.speed import CONTENDERS, TARGETS, Book, Contender, Measurement, Plan, Summary, Target, judged, race_table
from tests.conftest import ClipFactory, Take


def cost(wall: float, peak: float = 0.0) -> Cost:
    return Cost(wall, wall * 1.5, peak, 0.0)


def entries(contender: str, walls: list[float], clip: str = "a.mp4", peak: float = 100.0) -> list[Measurement]:
    timed = [Measurement(contender, clip, number, cost(wall), 3) for number, wall in enumerate(walls)]
    return [Measurement(contender, clip, -1, cost(99.0, peak), 7), *timed]


def test_a_median_is_of_the_timed_runs_only() -> None:
    summary = Summary(entries("stills", [3.0, 1.0, 2.0, 50.0, 2.5]), {60: "a.mp4"})
    assert summary.wall("stills", 60) == 2.5
    assert summary.peak_mib("stills", 60) == 100.0
    assert summary.files("stills", 60) == 7


def test_a_ratio_is_taken_within_a_round() -> None:
    # the third round was disturbed for both: the ratio does not see it
    both = [*entries("stills", [3.0, 3.3, 30.0]), *entries("decode", [2.0, 2.2, 20.0])]
    assert Summary(both, {60: "a.mp4"}).ratio("stills", "decode", 60) == pytest.approx(1.5)


def test_a_ratio_of_unequal_runs_uses_the_rounds_that_both_have() -> None:
    both = [*entries("Katna", [80.0]), *entries("stills", [8.0, 1.0, 1.0])]
    assert Summary(both, {300: "a.mp4"}).ratio("Katna", "stills", 300) == 10.0


def test_what_was_not_measured_is_none() -> None:
    summary = Summary([], {})
    assert summary.wall("stills", 60) is None
    assert summary.ratio("stills", "decode", 60) is None
    assert summary.peak_mib("stills", 60) is None
    assert {row["met"] for row in judged(summary)} == {None}


def test_clips_are_kept_apart() -> None:
    both = [*entries("stills", [1.0], "a.mp4"), *entries("stills", [9.0], "b.mp4")]
    summary = Summary(both, {60: "a.mp4", 300: "b.mp4"})
    assert (summary.wall("stills", 60), summary.wall("stills", 300)) == (1.0, 9.0)


@pytest.mark.parametrize(
    ("value", "at_least", "met"),
    [(1.5, False, True), (1.51, False, False), (1.5, True, True), (1.49, True, False)],
)
def test_targets(value: float, at_least: bool, met: bool) -> None:
    target = Target("name", "claim", lambda _: value, 1.5, "x", at_least)
    (row,) = judged(Summary([], {}), [target])
    assert row["met"] is met
    assert row["value"] == value


def test_the_targets_of_the_issue() -> None:
    limits = {target.name: target.limit for target in TARGETS}
    assert limits == {
        "stills-60": 1.5, "stills-300": 1.3, "katna-60": 8.0, "katna-300": 8.0, "fast-60": 1.0, "fast-300": 2.0,
        "package-60": 20.0, "package-memory": 1200.0, "help": 0.2,
        "fast-60-decodes": 0.513, "fast-300-decodes": 0.213,
    }  # fmt: skip
    assert {target.name for target in TARGETS if target.at_least} == {"katna-60", "katna-300"}


def rows(seconds: int, **walls: float) -> list[dict[str, object]]:
    return [
        {
            "contender": name, "role": "keyart" if name == "stills" else "floor", "what": "it", "clip_seconds": seconds,
            "median_wall_seconds": wall, "ratio_to_decode": wall / 2, "peak_mib": 70.4,
        }
        for name, wall in walls.items()
    ]  # fmt: skip


def test_the_table_of_two_clips_has_a_gap_where_one_was_not_run() -> None:
    table = race_table([*rows(60, decode=2.0, stills=3.0), *rows(300, decode=10.0)], [60, 300])
    assert table["columns"] == ["", "60 s of 720p", "x decode", "memory", "5 min of 720p", "x decode", "memory"]
    assert table["rows"] == [
        ["decode: it", "2.00 s", "1.00", "70 MiB", "10.00 s", "5.00", "70 MiB"],
        ["**keyart: it**", "3.00 s", "1.50", "70 MiB", "", "", ""],
    ]
    assert "decode: it" in speed.printed(table)


def test_a_long_clip_gives_a_slow_contender_fewer_rounds() -> None:
    short, long = (BenchClip(Path("x.mp4"), seconds, "photos", False) for seconds in (60, 300))
    plan = Plan((short, long), (), rounds=5, slow_rounds=2)
    assert [plan.rounds_of(CONTENDERS["Katna"], clip) for clip in (short, long)] == [5, 2]
    assert [plan.rounds_of(CONTENDERS["decode"], clip) for clip in (short, long)] == [5, 5]
    assert [plan.rounds_of(CONTENDERS["recognition"], clip) for clip in (short, long)] == [5, -1]


def test_the_book_is_on_disk_as_it_is_filled(tmp_path: Path) -> None:
    path = tmp_path / "work" / "speed.jsonl"
    for entry in entries("stills", [1.0, 2.0]):
        Book(path).add(entry)
    again = Book(path)
    assert again.entries == entries("stills", [1.0, 2.0])
    assert again.has("stills", "a.mp4", 1)
    assert not again.has("stills", "a.mp4", 2)
    assert not again.has("stills", "b.mp4", 1)


def racer(name: str, code: str) -> Contender:
    return Contender(name, "for a test", "rival", lambda clip, out: [sys.executable, "-c", code, str(clip), str(out)])


WRITES_A_FILE = "import pathlib, sys; pathlib.Path(sys.argv[2], 'still.jpg').write_bytes(b'x')"


def test_the_race_is_interleaved_and_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "wait_for_quiet", lambda seconds: True)
    clip = BenchClip(tmp_path / "a.mp4", 60, "photos", False)
    plan = Plan((clip,), (racer("one", WRITES_A_FILE), racer("two", "pass")), rounds=2)
    book = Book(tmp_path / "book.jsonl")
    assert speed.take(plan, book) == {}
    order = [(entry.contender, entry.round) for entry in book.entries]
    assert order == [("one", -1), ("two", -1), ("one", 0), ("two", 0), ("one", 1), ("two", 1)]
    assert [entry.files for entry in book.entries] == [1, 0, 1, 0, 1, 0]

    lines = (tmp_path / "book.jsonl").read_text().splitlines()
    (tmp_path / "book.jsonl").write_text("\n".join(lines[:-1]) + "\n")
    resumed = Book(tmp_path / "book.jsonl")
    speed.take(plan, resumed)
    assert resumed.entries[:-1] == book.entries[:-1]
    assert (resumed.entries[-1].contender, resumed.entries[-1].round) == ("two", 1)


def test_who_fails_is_left_out_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "wait_for_quiet", lambda seconds: True)
    clip = BenchClip(tmp_path / "a.mp4", 60, "photos", spoken=False)
    broken = racer("broken", "import sys; sys.exit('no such codec')")
    mute = Contender("mute", "", "keyart", broken.line, clip="spoken")
    plan = Plan((clip,), (broken, racer("fine", "pass"), mute), rounds=1)
    left_out = speed.take(plan, Book(tmp_path / "book.jsonl"))
    assert left_out["broken"] == "exit 1: no such codec"
    assert "real speech" in left_out["mute"]
    assert "fine" not in left_out


def test_a_rival_that_is_not_installed_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rivals, "RIVALS_FOLDER", tmp_path)
    clip = BenchClip(tmp_path / "a.mp4", 60, "photos", False)
    left_out = speed.take(Plan((clip,), (CONTENDERS["Katna"],)), Book(tmp_path / "book.jsonl"))
    assert left_out == {"Katna": "not installed; python -m bench rivals katna"}


def test_commands_of_contenders_name_clip_and_folder(tmp_path: Path) -> None:
    clip, out = tmp_path / "мой клип.mp4", tmp_path / "out"
    for contender in CONTENDERS.values():
        command = contender.line(clip, out)
        assert contender.name == "help" or str(clip) in command
        assert all("{" not in word for word in command)


# --- whole processes ----------------------------------------------------------------------------------------------


def test_cost_counts_the_children(tmp_path: Path) -> None:
    child = "t=__import__('time'); end=t.process_time()+0.3\nwhile t.process_time()<end: pass"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    found = measured([sys.executable, "-c", parent], folder=tmp_path)
    assert found.wall_seconds >= 0.3
    assert found.cpu_seconds >= 0.3
    assert found.peak_mib == 0.0


def test_memory_is_of_the_whole_tree(tmp_path: Path) -> None:
    child = "x = bytearray(60 << 20); __import__('time').sleep(0.4)"
    parent = f"import subprocess, sys; x = bytearray(60 << 20); subprocess.run([sys.executable, '-c', {child!r}])"
    found = measured([sys.executable, "-c", parent], folder=tmp_path, watch_memory=True)
    assert 120 < found.peak_mib < 200


def test_a_failed_command_says_its_last_line(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="exit 3: the reason"):
        measured([sys.executable, "-c", "print('noise'); print('the reason'); raise SystemExit(3)"], folder=tmp_path)
    with pytest.raises(CommandFailed, match="exit 1: it said nothing"):
        measured(["false"], folder=tmp_path, watch_memory=True)
    assert not [thread for thread in threading.enumerate() if isinstance(thread, _Peak)]  # nobody watches any more


def test_a_command_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="exit -9"):
        measured(["sleep", "60"], folder=tmp_path, timeout_seconds=0.2)


def test_the_environment_of_a_command(tmp_path: Path) -> None:
    code = "import os, sys; sys.exit(os.environ['KEYART_CACHE'] != 'here' or 'PATH' not in os.environ)"
    measured([sys.executable, "-c", code], folder=tmp_path, environment={"KEYART_CACHE": "here"})


def test_a_process_that_is_gone_has_no_tree() -> None:
    assert list(tree(2**22 + 1)) == [2**22 + 1]


@pytest.mark.parametrize(("cores", "quiet"), [(1e9, True), (-1.0, False)])
def test_waiting_for_a_quiet_machine_ends(cores: float, quiet: bool) -> None:
    assert wait_for_quiet(0.0, cores) is quiet


# --- the command line ---------------------------------------------------------------------------------------------


def test_bench_lists_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_main([]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in COMMANDS)
    assert bench_main(["sped"]) == 2
    assert "no bench is called 'sped'" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        bench_main([name, "--help"])
    assert capsys.readouterr().out.startswith("usage: ")


def test_an_unknown_rival(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        rivals.main(["hecate"])
    assert "there are: katna, scenedetect" in capsys.readouterr().err


def test_every_rival_is_pinned() -> None:
    assert all("==" in line for rival in rivals.RIVALS.values() for line in rival.requirements)


def test_a_rivals_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rivals, "RIVALS_FOLDER", tmp_path)
    katna, scenedetect = rivals.RIVALS["katna"], rivals.RIVALS["scenedetect"]
    katna.folder.mkdir()
    (katna.folder / "installed.json").write_text(json.dumps([{"name": "Katna", "version": "0.9.2"}]))
    assert [rival.installed for rival in (katna, scenedetect)] == [True, False]
    assert katna.versions() == {"katna": "0.9.2"}


# --- whole runs, with costs that are made up ----------------------------------------------------------------------


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every contender costs a second and 100 MiB, Katna ten; nothing is run. Returns the folder of the results."""

    def measure(contender: Contender, clip: BenchClip, number: int) -> Measurement:
        wall = 10.0 if contender.name == "Katna" else 1.0
        return Measurement(contender.name, clip.path.name, number, cost(wall, 100.0 + clip.seconds / 60), 1)

    def clip_of(seconds: int, *, seed: int = 0) -> BenchClip:
        path = tmp_path / f"{seconds}-{seed}.mp4"
        path.write_bytes(b"not looked at")
        return BenchClip(path, seconds, "nothing", spoken=True)

    monkeypatch.setattr(speed, "measure", measure)
    monkeypatch.setattr(speed, "bench_clip", clip_of)
    monkeypatch.setattr(speed, "repeated", lambda clip, times: clip_of(clip.seconds * times))
    monkeypatch.setattr(speed, "wait_for_quiet", lambda seconds: True)
    monkeypatch.setattr(speed, "WORK", tmp_path)
    monkeypatch.setattr(speed, "REPO", tmp_path)
    monkeypatch.setattr(rivals.Rival, "installed", True)
    monkeypatch.setattr(rivals.Rival, "versions", lambda self: {self.name: "1.0"})
    results = tmp_path / "results"
    monkeypatch.setattr(speed, "write_result", lambda name, result: record.write_result(name, result, results))
    return results


def test_a_whole_race(made_up: Path) -> None:
    assert speed.main(["--runs", "2"]) == 0
    result = json.loads((made_up / "speed.json").read_text())
    verdicts = {target["name"]: target["met"] for target in result["targets"]}
    assert verdicts["katna-60"] and verdicts["stills-300"] and verdicts["package-memory"]
    assert verdicts["help"] is False
    assert len(result["measurements"]) == 2 * len(CONTENDERS) - 1
    assert set(result["tables"]) == {"speed", "speed-targets"}
    assert result["rivals"]["katna"] == {"katna": "1.0"}
    assert ["faster than Katna, 60 s", "at least 8 x", "10 x", "met"] in result["tables"]["speed-targets"]["rows"]


def test_a_part_of_the_race_leaves_the_result_alone(made_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert speed.main(["--runs", "1", "--only", "decode", "stills", "--fresh"]) == 0
    assert not (made_up / "speed.json").exists()
    assert "bench/results is left as it was" in capsys.readouterr().out


def test_memory_over_length(made_up: Path) -> None:
    assert speed.main(["--memory", "--runs", "2"]) == 0
    result = json.loads((made_up / "memory.json").read_text())
    assert result["peak_mib"] == {"60": [101.0, 101.0], "600": [110.0, 110.0]}
    flat = result["targets"][1]
    assert (flat["name"], flat["value"], flat["met"]) == ("memory-flat", 1.089, True)


def test_a_run_has_an_empty_cache_and_the_clip_it_asked_for(
    clip: ClipFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    code = f"""
import os, pathlib, sys, time
time.sleep(0.2)  # long enough for memory to be looked at
beside = sorted(path.name for path in pathlib.Path(sys.argv[1]).parent.glob(pathlib.Path(sys.argv[1]).stem + '*.srt'))
cache = pathlib.Path(os.environ['KEYART_CACHE'])
pathlib.Path({str(seen)!r}).write_text(f'{{cache.exists()}} {{len(beside)}}')
"""
    short = BenchClip(clip(takes=(Take("scene-1", 1.0),)), 8, "generated", spoken=False)
    subtitled = Contender("subtitled", "", "keyart", racer("", code).line, clip="subtitled")
    for contender, lines in ((racer("plain", code), 0), (subtitled, 1)):
        entry = speed.measure(contender, short, 0)
        assert seen.read_text() == f"False {lines}"
        assert entry.cost.peak_mib == 0.0
    assert speed.measure(subtitled, short, -1).cost.peak_mib > 1.0
