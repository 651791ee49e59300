"""The folder: whole or not at all, nothing lost, nothing of a stranger's touched."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import jsonschema
import numpy as np
import pytest

from keyart import plain
from keyart.errors import BadSetting, MissingFile, OutputProblem
from keyart.media.images import encode_image
from keyart.package import (
    LOCK,
    PARTS,
    Package,
    PackageFolder,
    StageReport,
    claim,
    explain,
    manifest,
    page,
    read_manifest,
    save,
    write_whole,
)
from keyart.types import Box, Cue, Face, Frame, Headline, Product, Receipt, Shot, Still, Term, Transcript, VideoInfo

SCHEMA = Path(__file__).parents[2] / "docs/schema/package.schema.json"


def _picture(seed: int = 0, width: int = 640) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    small = np.random.default_rng(seed).integers(0, 256, (9, 16, 3), np.uint8)
    return np.asarray(cv2.resize(small, (width, width * 9 // 16)), np.uint8)


def _product(path: str, kind: str, data: bytes | None = None) -> Product:
    receipt = Receipt(path, {"kind": kind, "source_seconds": 1.5})
    return Product(path, encode_image(_picture(), "jpeg", receipt=receipt) if data is None else data, kind, receipt)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    info = VideoInfo(
        path=tmp_path / "talk <b>.mp4", container="mp4", size_bytes=10, video_index=0,
        codec="h264", pixel_format="yuv420p", width_px=640, height_px=360, coded_width_px=640, coded_height_px=360,
        sample_aspect=Fraction(1), rotation_degrees=0, mirrored=False,
        frames_per_second=25.0, duration_seconds=4.0, start_seconds=0.0,
    )  # fmt: skip
    still = Still(
        1, Frame(_picture(), 1.5), 37, 0.8, (Term("sharpness", 0.9, 2.0, "in focus"),), (Face(Box(1, 2, 3, 4), 0.9),)
    )
    title = Headline('Ракета <script>alert("1")</script>', "ru", 0.0, 2.0, "ракета летит", True, 0.7, "transcript")
    return Package(
        info=info,
        sha256="0" * 64,
        parts=("shots", "stills", "titles", "covers"),
        shots=(Shot(0.0, 2.0, 0, 50, "start"), Shot(2.0, 4.0, 50, 100)),
        stills=(still,),
        transcript=Transcript("ru", "sidecar", (Cue("ракета летит", 0.0, 2.0),)),
        titles=(title,),
        products=(
            _product("frames/01.jpg", "still"),
            _product("covers/youtube_1.jpg", "cover"),
            _product("titles.txt", "titles", "Ракета\n".encode()),
        ),
        stages=(
            StageReport("scan", "ok", seconds=1.2),
            StageReport("stills", "degraded", "no model", "haar", ("silero-vad",)),
        ),
        settings={"stills": {"count": 8}},
    )


def test_the_manifest_is_what_the_schema_says(package: Package) -> None:
    found = manifest(package)
    jsonschema.validate(found, json.loads(SCHEMA.read_text("utf-8")))
    assert found["models"] == [
        {"name": "silero-vad", "licence": "MIT", "permissive": True, "sha256": found["models"][0]["sha256"]}
    ]
    assert "seconds" not in found["stages"][0], "clocks belong in run.json"


def test_a_stage_without_a_reason_breaks_the_schema(package: Package) -> None:
    found = manifest(replace(package, stages=(StageReport("scan", "degraded"),)))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, json.loads(SCHEMA.read_text("utf-8")))


def test_saved_and_read_back(package: Package, tmp_path: Path) -> None:
    saved = save(package, tmp_path / "out", {"clock": 1})
    assert saved.folder == tmp_path / "out"
    names = {str(one.relative_to(saved.folder)) for one in saved.folder.rglob("*") if one.is_file()}
    assert names == {"package.json", "run.json", "frames/01.jpg", "covers/youtube_1.jpg", "titles.txt"}
    assert read_manifest(saved.folder)["titles"][0]["text"] == package.titles[0].text
    assert saved.of_kind("cover")[0].path == "covers/youtube_1.jpg"


def test_what_an_earlier_package_had_and_the_new_one_has_not_goes(package: Package, tmp_path: Path) -> None:
    save(package, tmp_path / "out")
    (tmp_path / "out/mine.txt").write_text("kept")
    save(replace(package, products=package.products[:1]), tmp_path / "out")
    assert not (tmp_path / "out/covers/youtube_1.jpg").exists()
    assert (tmp_path / "out/frames/01.jpg").exists()
    assert (tmp_path / "out/mine.txt").read_text() == "kept"


def test_a_manifest_cannot_make_us_delete_outside(package: Package, tmp_path: Path) -> None:
    save(package, tmp_path / "out")
    (tmp_path / "precious").write_text("kept")
    found = json.loads((tmp_path / "out/package.json").read_text("utf-8"))
    found["products"].append({"path": "../precious"})
    (tmp_path / "out/package.json").write_text(json.dumps(found))
    save(package, tmp_path / "out")
    assert (tmp_path / "precious").exists()


def test_a_part_does_not_replace_a_fuller_package(package: Package, tmp_path: Path) -> None:
    save(package, tmp_path / "out")
    with pytest.raises(OutputProblem, match="holds a package with covers"):
        save(replace(package, parts=("shots", "stills", "titles")), tmp_path / "out")
    assert (tmp_path / "out/covers/youtube_1.jpg").exists()


def test_a_failing_write_takes_back_what_was_written(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        if path.name == "titles.txt":
            raise OSError(28, "No space left on device")
        write_whole(path, data)

    monkeypatch.setattr("keyart.package.write_whole", full)
    with pytest.raises(OutputProblem, match="the disk is full"):
        save(package, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_interrupt_while_writing_takes_back_too(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: PackageFolder, name: str, data: bytes) -> None:
        if name == "run.json":
            raise KeyboardInterrupt
        write(self, name, data)

    write = PackageFolder._write
    monkeypatch.setattr(PackageFolder, "_write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(package, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_claims_exclude_one_another(tmp_path: Path) -> None:
    with claim(tmp_path / "out"), pytest.raises(OutputProblem, match="another run"), claim(tmp_path / "out"):
        pass
    assert not (tmp_path / "out").exists(), "an empty folder that the claim made goes again"


def test_what_a_killed_run_left_half_written_goes(tmp_path: Path) -> None:
    (tmp_path / "out/frames").mkdir(parents=True)
    (tmp_path / "out" / LOCK).touch()
    (tmp_path / "out/frames/.01.jpg.partial").write_bytes(b"half")
    with claim(tmp_path / "out"):
        assert not (tmp_path / "out/frames/.01.jpg.partial").exists()


def test_a_strangers_folder_is_not_written(package: Package, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.doc").touch()
    with pytest.raises(OutputProblem, match="holds other files"):
        save(package, tmp_path / "out")
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["thesis.doc"]


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 99}'])
def test_a_manifest_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "package.json").write_text(text)
    with pytest.raises(BadSetting, match=r"package\.json"):
        read_manifest(tmp_path)


def test_no_manifest_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="no keyart package"):
        read_manifest(tmp_path)


def test_explain_reads_the_manifest_and_a_lone_picture(package: Package, tmp_path: Path) -> None:
    save(package, tmp_path / "out")
    there = explain(tmp_path / "out/covers/youtube_1.jpg")
    assert (there["path"], there["receipt"]["source_seconds"]) == ("covers/youtube_1.jpg", 1.5)
    (tmp_path / "lone.jpg").write_bytes((tmp_path / "out/frames/01.jpg").read_bytes())
    assert explain(tmp_path / "lone.jpg")["source_seconds"] == 1.5
    with pytest.raises(MissingFile, match="no such file"):
        explain(tmp_path / "nothing.jpg")


def test_the_page_holds_everything_and_trusts_nothing(package: Package) -> None:
    text = page(package)
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert text.count("data:image/jpeg;base64,") == 2
    assert "talk &lt;b&gt;.mp4" in text
    assert "http://" not in text
    assert "https://" not in text
    assert "sharpness" in text


def test_only_a_whole_package_gets_a_page(package: Package, tmp_path: Path) -> None:
    save(package, tmp_path / "part")
    save(replace(package, parts=PARTS), tmp_path / "whole")
    assert not (tmp_path / "part/index.html").exists()
    assert (tmp_path / "whole/index.html").exists()


def test_the_page_of_a_long_and_bare_package(package: Package) -> None:
    bare = replace(package, titles=(), stills=(), shots=(), transcript=None, products=(), parts=("titles",))
    bare = replace(bare, info=replace(package.info, duration_seconds=4000.0))
    assert "1:06:40.0" in page(bare)


def test_plain_values_are_rounded_and_signed_right() -> None:
    assert plain.seconds(-0.0001) == 0.0
    assert str(plain.seconds(-0.0001)) == "0.0"
    assert plain.number(0.123456) == 0.1235
    assert plain.box(Box(1.4, 2.6, 3.5, 4.5)) == [1, 3, 4, 4]
