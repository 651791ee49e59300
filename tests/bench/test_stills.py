"""The stills bench: its verdicts on hand-made cases, and that it plants what it says."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from bench import planted, stills
from bench.planted import Assembly, FaceSpan, Plant, Take
from bench.stills import Verdict, judge, sheet, summary
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.models import have
from keyart.types import RGB, Box, Face, Frame, Still

PLANTS = (Plant("black", 0, 10), Plant("flash", 50, 53), Plant("copy", 200, 250, original=60))
FACES = (FaceSpan(60, 120),)


def verdict(*numbers: int) -> Verdict:
    return judge([number / 25 for number in numbers], PLANTS, FACES, 25)


def test_a_clean_offer_has_no_fault() -> None:
    clean = verdict(70, 20, 150)
    assert clean.planted == () and clean.face_due and clean.face_first and clean.faults == 0


def test_planted_frames_and_a_first_without_a_face_are_faults() -> None:
    bad = verdict(5, 52, 53, 70)
    assert bad.planted == (("black", 0.2), ("flash", 2.08))
    assert not bad.face_first and bad.faults == 3


def test_a_copy_is_a_fault_beside_its_original_only() -> None:
    assert verdict(210, 20).planted == ()
    assert verdict(210, 20).face_first  # frame 210 repeats frame 70, which shows the face
    assert verdict(72, 210).planted == (("copy", 8.4),)
    assert verdict(100, 210).planted == ()  # another moment of the same take


def test_nothing_offered_is_a_fault_where_a_face_is_due() -> None:
    assert verdict().faults == 1
    assert judge([], PLANTS, [], 25).faults == 0


def test_summary() -> None:
    rows = [
        {
            "offered_seconds": [1, 2],
            "planted_offered": [["black", 1]],
            "face_due": True,
            "face_first": True,
            "faults": 1,
        },
        {"offered_seconds": [3], "planted_offered": [], "face_due": False, "face_first": False, "faults": 0},
    ]
    found = summary(rows)
    assert found["stills_offered"] == 3 and found["planted_offered"] == {"black": 1} and found["faults"] == 1
    assert found["clips_with_face"] == found["face_first"] == 1 and found["clips"] == 2


# --- assembly -----------------------------------------------------------------------------------------------------


def take(name: str, level: int, num: int = planted.TAKE_FRAMES, face: bool = False) -> Take:
    return Take(name, tuple(np.full((36, 64, 3), level, np.uint8) for _ in range(num)), face)


def test_what_is_planted_lies_where_the_record_says() -> None:
    clip = Assembly()
    clip.take(take("a", 50, 30, face=True))
    clip.plant("black", [np.zeros((36, 64, 3), np.uint8)] * 5)
    clip.fade_in(take("b", 200, 50))
    clip.flash(60)
    clip.dissolve(take("c", 100, 60, face=True))
    kinds = {plant.kind: plant for plant in clip.plants}
    assert (kinds["black"].start, kinds["black"].end) == (30, 35)
    fade, dissolve = kinds["fade"], kinds["dissolve"]
    assert max(clip.frames[n].max() for n in range(fade.start, fade.end)) <= 0.62 * 200
    assert clip.frames[61].min() > 180
    mixed = [int(clip.frames[n].mean()) for n in range(dissolve.start, dissolve.end)]
    assert all(115 < level < 185 for level in mixed) and mixed == sorted(mixed, reverse=True)
    assert clip.faces[0] == FaceSpan(0, 30) and clip.frames[clip.faces[-1].start].mean() < 125
    assert len(clip.frames) == 30 + 5 + 50 + 60 - 20


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    if not have("photo-astronaut"):
        pytest.skip("needs the sample photographs: keyart models pull samples")
    monkeypatch.setattr(planted, "WIDTH_PX", 320)
    monkeypatch.setattr(planted, "HEIGHT_PX", 180)


@pytest.mark.usefixtures("small")
def test_a_clip_of_photographs_is_made_as_recorded(tmp_path: Path) -> None:
    (clip,) = planted.planted_clips(1, media=tmp_path / "none", folder=tmp_path)
    assert {plant.kind for plant in clip.plants} == {
        "black", "white", "flash", "blurred", "card", "fade", "dissolve", "copy"
    }  # fmt: skip
    numbers = {glimpse.number: glimpse.small(64) for glimpse in Scan().open(probe(clip.path))}
    for plant in clip.plants:
        middle = numbers[(plant.start + plant.end) // 2]
        if plant.kind in ("black", "white"):
            assert middle.std() < 4
        if plant.kind == "copy":
            original = numbers[plant.original + (plant.end - plant.start) // 2]
            assert np.abs(middle.astype(int) - original).mean() < 6
    assert clip.facts()["plants"][0]["kind"] == "black" and len(clip.faces) >= 1
    again = planted.assemble(planted._photo_takes(random.Random("0 0")), clip.path, random.Random(1))
    assert again.path == clip.path


@pytest.mark.usefixtures("small")
def test_the_bench_runs_writes_its_result_and_tells_by_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not have("face-landmark"):
        pytest.skip("needs the face models: keyart models pull embedded")
    written: dict[str, object] = {}
    monkeypatch.setattr(stills, "write_result", lambda name, result: written.update({name: result}))
    assert stills.main(["--photos", "--clips", "1"]) == 0
    result = written["stills"]
    assert (
        isinstance(result, dict)
        and result["summary"]["full"]["faults"] == 0
        and result["material"].startswith("moving")
    )
    monkeypatch.setattr(stills, "judge", lambda *_: Verdict((1.0,), (("black", 1.0),), False, False))
    assert stills.main(["--photos", "--clips", "1"]) == 1


# --- sheets -------------------------------------------------------------------------------------------------------


def picture(level: int) -> RGB:
    return np.full((90, 160, 3), level, np.uint8)


def test_a_sheet_shows_every_still_and_frames_its_faces() -> None:
    face = Face(Box(40, 20, 40, 40), 0.9, 0.8)
    one = Still(1, Frame(picture(90), 1.5), 37, 0.8, (), (face,))
    other = Still(2, Frame(picture(200), 3.0), 75, 0.7, ())
    image = sheet([one, other, other])
    assert image.shape == (164, 4 * 260, 3)
    assert ((image[..., 1] > 200) & (image[..., 0] < 60)).any()


def test_sheets_are_written_and_bad_files_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video")
    assert stills.main(["--sheets", str(tmp_path / "out"), str(bad)]) == 0
    assert "bad.mp4" in capsys.readouterr().out and not list((tmp_path / "out").iterdir())
