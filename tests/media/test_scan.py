"""The pass: every frame once, times that rise, damage survived and told."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain, pairwise, repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from keyart.errors import UnreadableVideo
from keyart.media.decode import Aftermath, Clock, Decoder, before_damage
from keyart.media.planes import coarse_chroma, coarse_luma, reduced_luma
from keyart.media.probe import probe
from keyart.media.scan import Glimpse, Scan, ScanReport
from keyart.types import VideoInfo
from tests.conftest import ClipFactory, ClipRecipe, Picture, Take, make_clip, pictures


def scanned(path: Path, mode: str = "full") -> tuple[list[Glimpse], ScanReport]:
    run = Scan(mode=mode).open(probe(path))  # type: ignore[arg-type]
    seen = []
    for glimpse in run:
        assert glimpse.luma.dtype == np.uint8  # looked at while it passes
        seen.append(glimpse)
    return seen, run.report


CODECS = {
    "h264": ClipRecipe(),
    "hevc": ClipRecipe(codec="libx265", codec_options={"x265-params": "log-level=none"}, suffix=".mkv"),
    "hevc 10 bit": ClipRecipe(
        codec="libx265", pixel_format="yuv420p10le", codec_options={"x265-params": "log-level=none"}
    ),
    "vp8": ClipRecipe(codec="libvpx", suffix=".webm", codec_options={"deadline": "realtime", "cpu-used": "8"}),
    "vp9": ClipRecipe(codec="libvpx-vp9", suffix=".webm", codec_options={"deadline": "realtime", "cpu-used": "8"}),
    "av1": ClipRecipe(codec="libsvtav1", codec_options={"preset": "12"}),
    "mpeg-1": ClipRecipe(codec="mpeg1video", suffix=".mpg"),
    "mpeg-2 in ts": ClipRecipe(codec="mpeg2video", suffix=".ts"),
    "mpeg-4": ClipRecipe(codec="mpeg4", suffix=".avi"),
    "prores": ClipRecipe(codec="prores_ks", pixel_format="yuv422p10le", suffix=".mov"),
    "mjpeg": ClipRecipe(codec="mjpeg", pixel_format="yuvj420p", suffix=".mov"),
    "gif": ClipRecipe(codec="gif", pixel_format="rgb8", suffix=".gif"),
    "png": ClipRecipe(codec="png", pixel_format="rgb24", suffix=".mov"),
    "h264 rgb": ClipRecipe(codec="libx264rgb", pixel_format="rgb24", suffix=".mkv"),
    "flv": ClipRecipe(codec="flv", suffix=".flv"),
    "4:4:4": ClipRecipe(pixel_format="yuv444p"),
    "odd size": ClipRecipe(size_px=(161, 91), pixel_format="yuv444p"),
}


@pytest.mark.parametrize("name", CODECS)
def test_every_codec_gives_every_frame_in_its_colours(name: str, tmp_path: Path) -> None:
    recipe = CODECS[name]
    recipe = replace(recipe, takes=(Take("scene-4", 0.4), Take("scene-5", 0.4)))
    path = make_clip(tmp_path / f"clip{recipe.suffix}", recipe)
    seen, report = scanned(path)
    wanted = list(pictures(recipe))
    assert report.num_frames == len(seen) == len(wanted)
    assert report.complete and report.notes == ()
    assert [one.number for one in seen] == list(range(len(wanted)))
    assert seen[0].seconds == pytest.approx(0.0, abs=1e-6)
    assert seen[-1].seconds == pytest.approx((len(wanted) - 1) / 25, abs=0.02)
    assert report.end_seconds == pytest.approx(len(wanted) / 25, abs=0.03)
    for number in (0, len(wanted) - 1):
        full = seen[number].full()
        assert full.image.shape == wanted[number].shape
        assert np.abs(_blurred(full.image) - _blurred(wanted[number])).mean() < 6


def _blurred(picture: Picture) -> NDArray[np.float64]:
    """Means of 10 x 10 pixels: a palette dithers."""
    rows, columns = picture.shape[0] // 10 * 10, picture.shape[1] // 10 * 10
    return np.asarray(picture[:rows, :columns].reshape(rows // 10, 10, columns // 10, 10, 3).mean(axis=(1, 3)))


def test_luma_is_a_small_copy_that_follows_the_picture(clip: ClipFactory) -> None:
    seen, _ = scanned(clip(takes=(Take("black", 0.2), Take("white", 0.2))))
    assert seen[0].luma.shape == (36, 64) and seen[0].luma.base is None
    assert seen[0].luma.mean() < 20 and seen[-1].luma.mean() > 230
    assert seen[0].held_bytes >= 320 * 180 * 1.5
    assert seen[0].is_key and not seen[1].is_key and not seen[0].is_damaged
    chroma = seen[0].chroma
    assert (
        chroma is not None and abs(int(chroma[0].mean()) - 128) < 3 and chroma[0].shape == chroma[1].shape == (18, 32)
    )


@pytest.mark.parametrize("size", [(1280, 2), (2, 1280), (64, 48), (130, 50), (1000, 600)])
@pytest.mark.parametrize("form", ["yuv420p", "yuv420p10le"])
def test_coarse_planes_are_samples_of_the_picture(size: tuple[int, int], form: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    frame = av.VideoFrame.from_ndarray(noise, "rgb24").reformat(format=form)
    luma = frame.to_ndarray()[: size[1]].astype(int)
    step = max(1, size[0] // 64)
    top = min(step // 2, size[1] - 1)
    expected = luma[top::step, step // 2 :: step] >> (2 if form.endswith("10le") else 0)
    assert np.array_equal(coarse_luma(frame), expected)
    chroma = coarse_chroma(frame)
    assert chroma is not None and min(chroma[0].shape) >= 1 and chroma[0].shape == chroma[1].shape


def test_coarse_planes_of_deep_and_packed_pictures() -> None:
    wide = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 128, np.uint8), "rgb24")
    assert coarse_chroma(wide) is None
    assert np.abs(coarse_luma(wide).astype(int) - 126).max() < 4
    for name in ("yuv420p10le", "p010le", "gray", "yuv420p"):
        luma = coarse_luma(wide.reformat(format=name))
        assert np.abs(luma.astype(int) - 126).max() < 4, name
        detail = reduced_luma(wide.reformat(format=name), 32)
        assert detail.shape == (24, 32) and np.abs(detail.astype(int) - 126).max() < 4, name
    assert reduced_luma(wide, 1000).shape == (48, 64)
    assert coarse_chroma(wide.reformat(format="gray")) is None


def test_small_is_upright_and_bounded(clip: ClipFactory) -> None:
    seen, _ = scanned(clip(rotation_degrees=90, sample_aspect=Fraction(3, 2)))
    assert seen[0].small(120).shape == (120, 45, 3)
    assert seen[0].small(5000).shape == seen[0].full().image.shape == (480, 180, 3)


def test_variable_frame_rate_takes_times_from_the_stamps(clip: ClipFactory) -> None:
    seen, _ = scanned(clip(times="variable", suffix=".mkv"))
    steps = np.diff([one.seconds for one in seen])
    assert steps.min() == pytest.approx(0.04, abs=0.002) and steps.max() == pytest.approx(0.08, abs=0.002)


@pytest.mark.parametrize("start", [7.0, -1.0])
def test_seconds_count_from_the_first_picture(clip: ClipFactory, start: float) -> None:
    seen, report = scanned(clip(start_seconds=start, suffix=".mkv" if start < 0 else ".ts"))
    assert seen[0].seconds == pytest.approx(0.0, abs=1e-6)
    assert report.end_seconds == pytest.approx(3.0, abs=0.05)


def test_one_frame(tmp_path: Path) -> None:
    seen, report = scanned(make_clip(tmp_path / "one.mp4", ClipRecipe(takes=(Take("scene-1", 0.04),))))
    assert len(seen) == 1 and report.num_frames == 1 and report.complete
    assert report.end_seconds == pytest.approx(0.04)


def test_one_pixel(tmp_path: Path) -> None:
    recipe = ClipRecipe(
        takes=(Take("white", 0.2),), size_px=(1, 1), codec="ffv1", pixel_format="yuv444p", suffix=".mkv"
    )
    seen, _ = scanned(make_clip(tmp_path / "dot.mkv", recipe))
    assert seen[0].full().image.shape == (1, 1, 3) and seen[0].full().image.min() > 240
    assert seen[0].small(320).shape == (1, 1, 3) and seen[0].luma.shape == (1, 1)


def test_sound_only_raises_when_it_is_scanned(tmp_path: Path) -> None:
    from tests.media.test_probe import _sound_only

    with pytest.raises(UnreadableVideo, match="has sound but no pictures"):
        next(iter(Scan().open(probe(_sound_only(tmp_path / "a.m4a")))))


# --- damage -------------------------------------------------------------------------------------------------------


def test_cut_off_file_ends_where_it_ends(clip: ClipFactory, tmp_path: Path) -> None:
    whole = clip(takes=(Take("noise-1", 3.0), Take("noise-2", 3.0)), suffix=".mkv").read_bytes()
    path = tmp_path / "cut.mkv"
    path.write_bytes(whole[: len(whole) // 2])
    seen, report = scanned(path)
    assert 20 < len(seen) < 130 and not report.complete
    assert "although the file says 6.0 s" in report.notes[-1]


@pytest.mark.parametrize("mode", ["full", "fast"])
def test_damage_in_the_middle_is_passed_over(clip: ClipFactory, tmp_path: Path, mode: str) -> None:
    path = tmp_path / "hurt.mp4"
    takes = tuple(Take(f"noise-{number}", 1.0) for number in range(6))
    content = bytearray(clip(takes=takes, codec_options={"g": "25"}).read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20000] = bytes(20000)
    path.write_bytes(content)
    seen, report = scanned(path, mode)
    assert not report.complete and "damaged" in report.notes[0]
    assert seen[-1].seconds > 4.5
    assert all(a.seconds < b.seconds for a, b in pairwise(seen))


def test_what_builds_on_a_damaged_picture_is_damaged_up_to_the_next_key_frame(
    clip: ClipFactory, tmp_path: Path
) -> None:
    takes = tuple(Take(f"scene-{number}", 1.0) for number in range(6))
    content = bytearray(clip(takes=takes, codec_options={"g": "25", "bf": "0"}).read_bytes())
    hurt = tmp_path / "hurt.mp4"
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    hurt.write_bytes(content)
    seen, report = scanned(hurt)
    damaged = [one.number for one in seen if one.is_damaged]
    assert report.is_damaged and damaged
    keys = [one.number for one in seen if one.is_key and one.number > damaged[0]]
    assert damaged == list(range(damaged[0], keys[0])), "all of them, and nothing after the key frame"
    assert len(damaged) > len(report.notes), "more than the decoder tells of"
    (span,) = report.damaged_spans
    assert span[0] == pytest.approx(seen[damaged[0]].seconds - 0.3) and span[1] == seen[keys[0]].seconds


def test_damage_up_to_the_end_and_damage_soon_after_damage_are_one_stretch(
    clip: ClipFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_pass = Scan().open(probe(clip(takes=(Take("scene-1", 4.0),))))
    for number in (3, 4, 8, 60, 61, 98, 99):
        one_pass._note_damage(cast(Glimpse, SimpleNamespace(seconds=number / 25, is_damaged=True)))
        if number not in (3, 60, 98, 99):
            one_pass._note_damage(cast(Glimpse, SimpleNamespace(seconds=(number + 1) / 25, is_damaged=False)))
    assert one_pass._damaged == [(0.0, 0.36), (pytest.approx(2.1), 2.48), (pytest.approx(3.62), float("inf"))]
    monkeypatch.setattr(one_pass, "_note_damage", lambda glimpse: None)
    assert len(list(one_pass)) == 100
    assert one_pass.report.damaged_spans[-1][1] == pytest.approx(4.0)


def test_damage_heals_without_a_key_frame_in_time() -> None:
    def frame(seconds: float, *, key: bool = False, corrupt: bool = False) -> av.VideoFrame:
        return cast(av.VideoFrame, SimpleNamespace(seconds=seconds, key_frame=key, is_corrupt=corrupt))

    decoder = cast(Decoder, SimpleNamespace(damaged_seconds=[], seconds=lambda frame: frame.seconds))
    after = Aftermath()
    assert not after.shows_in(frame(0.0, key=True), decoder)
    assert after.shows_in(frame(1.0, corrupt=True), decoder)
    assert after.shows_in(frame(12.9), decoder) and not after.shows_in(frame(13.1), decoder)
    decoder.damaged_seconds += [14.0, 20.0, float("inf")]
    assert after.shows_in(frame(14.5), decoder), "a picture that was lost is missed by those that build on it"
    assert not after.shows_in(frame(15.0, key=True), decoder) and not after.shows_in(frame(19.0), decoder)
    assert after.shows_in(frame(21.0), decoder)
    assert after.shows_in(frame(22.0, key=True, corrupt=True), decoder), "a key frame may be damaged itself"


@pytest.mark.parametrize("mode", ["full", "fast"])
def test_a_damaged_file_shows_the_same_every_time(patched: Path, mode: Literal["full", "fast"]) -> None:
    info = probe(patched)

    def shown(info: VideoInfo) -> tuple[list[bytes], ScanReport]:
        run = Scan(mode=mode).open(info)
        return [one.detail(640).tobytes() for one in run], run.report

    pictures, report = shown(info)
    if mode == "full":
        assert len(pictures) == 150 and report.is_damaged and not report.complete
        assert "patched up, first at" in report.notes[-1]
    assert all(shown(info) == (pictures, report) for _ in range(3))
    assert shown(replace(info, is_damaged=True)) == (pictures, report)


_LATE = {
    "mp4": ClipRecipe(),
    "matroska": ClipRecipe(suffix=".mkv"),
    "transport stream": ClipRecipe(suffix=".ts"),
    "mpeg-2 in ts": ClipRecipe(codec="mpeg2video", suffix=".ts"),
    "mpeg-4 in avi": ClipRecipe(codec="mpeg4", suffix=".avi"),
}


def _damaged_late(name: str, clip: ClipFactory, tmp_path: Path) -> Path:
    """24 seconds, bits flipped near their end."""
    takes = tuple(Take(f"scene-{number % 6}", 1.0) for number in range(24))
    options = {"g": "50", "bf": "2"} if _LATE[name].codec != "mpeg4" else {"g": "50"}
    recipe = replace(_LATE[name], takes=takes, size_px=(320, 180), codec_options=options)
    content = bytearray(clip(**vars(recipe)).read_bytes())
    for place in np.random.default_rng(3).integers(int(0.9 * len(content)), int(0.95 * len(content)), 12):
        content[place] ^= 8
    path = tmp_path / f"late{recipe.suffix}"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", _LATE)
def test_after_late_damage_only_the_end_is_decoded_anew(
    name: str, clip: ClipFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = probe(_damaged_late(name, clip, tmp_path))
    alone: list[float] = []
    decode = Decoder.decode

    def counted(self: Decoder, packet: av.Packet[Any] | None) -> list[Any]:
        if self.num_threads == 1 and packet is not None:
            alone.append(self.seconds(packet))
        return decode(self, packet)

    monkeypatch.setattr(Decoder, "decode", counted)

    def shown(info: VideoInfo) -> tuple[list[bytes], ScanReport]:
        run = Scan().open(info)
        return [one.detail(320).tobytes() for one in run], run.report

    passed = shown(info)
    seen_alone = len(alone)
    assert passed[1].is_damaged
    assert passed == shown(replace(info, is_damaged=True))
    if name != "mpeg-4 in avi":  # which has no time stamps of pictures
        assert 0 < seen_alone < 0.7 * (len(alone) - seen_alone)


def test_what_may_be_damaged_is_held_back() -> None:
    class Late:
        """Tells of damage in frame 20 when it gives frame 23."""

        num_threads, is_damaged, context = 4, False, SimpleNamespace(width=320, height=180)

        def frames(self) -> Iterator[int]:
            for number in range(100):
                self.is_damaged = number >= 23
                yield number

    late = Late()
    assert list(before_damage(cast(Decoder, late), late.frames())) == list(range(11))
    late.context = SimpleNamespace(width=7680, height=4320)
    assert list(before_damage(cast(Decoder, late), late.frames())) == list(range(22))


def test_nothing_decodable_is_one_line(clip: ClipFactory, tmp_path: Path) -> None:
    content = bytearray(clip(takes=(Take("noise-1", 1.0),), suffix=".mkv").read_bytes())
    first = content.index(b"\x1f\x43\xb6\x75") + 4  # the first cluster
    content[first:] = bytes(len(content) - first)
    path = tmp_path / "dead.mkv"
    path.write_bytes(content)
    with pytest.raises(UnreadableVideo):
        probe(path)


def test_a_pass_left_early_says_so(clip: ClipFactory) -> None:
    run = Scan().open(probe(clip()))
    for glimpse in run:
        if glimpse.number == 3:
            break
    assert not run.report.complete


def test_a_pass_that_was_begun_early_shows_the_same(clip: ClipFactory) -> None:
    info = probe(clip())
    early = Scan().open(info).begin()
    assert [one.luma.tobytes() for one in early] == [one.luma.tobytes() for one in Scan()(info)]
    assert (early.report.complete, early.report.num_frames) == (True, 75)


def test_a_pass_that_was_begun_is_given_up(clip: ClipFactory) -> None:
    before = threading.active_count()
    early = Scan().open(probe(clip())).begin()
    assert threading.active_count() == before + 1
    early.close()
    assert threading.active_count() == before


def test_nothing_is_printed_over_broken_files(clip: ClipFactory, tmp_path: Path) -> None:
    content = bytearray(clip(takes=(Take("noise-1", 2.0),)).read_bytes())
    content[20000:40000] = bytes(20000)
    path = tmp_path / "hurt.mp4"
    path.write_bytes(content)
    code = (
        f"from keyart.media.probe import probe; from keyart.media.scan import Scan; list(Scan()(probe({str(path)!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == done.stderr == ""


# --- clock --------------------------------------------------------------------------------------------------------


def _clock(info: VideoInfo) -> Clock:
    return Clock(info, 0.001)


def _stamped(pts: int | None) -> av.VideoFrame:
    frame = av.VideoFrame(16, 16, "gray")
    frame.pts = pts
    return frame


def test_clock_goes_on_over_missing_doubled_and_restarting_stamps(clip: ClipFactory) -> None:
    clock = _clock(probe(clip()))
    times = [clock.seconds(_stamped(pts)) for pts in (None, 40, None, 80, 80, 60, 5000, 0, 40)]
    assert times == sorted(times) and len(set(times)) == len(times)
    assert times[:4] == pytest.approx([0.0, 0.04, 0.08, 0.081])
    assert times[-2:] == pytest.approx([5.04, 5.08])
    assert "start anew at 5.0 s" in clock.notes[0]


# --- fast ---------------------------------------------------------------------------------------------------------


def test_fast_sees_key_frames_only(clip: ClipFactory) -> None:
    takes = tuple(Take(f"scene-{number}", 2.0) for number in range(8))
    path = clip(takes=takes, codec_options={"g": "50", "sc_threshold": "0"})
    seen, report = scanned(path, "fast")
    assert [one.seconds for one in seen] == pytest.approx([2.0 * number for number in range(8)])
    assert all(one.is_key for one in seen)
    assert report.complete and report.end_seconds == pytest.approx(16.0, abs=0.1)


def test_fast_decodes_more_where_key_frames_are_rare(clip: ClipFactory) -> None:
    path = clip(takes=(Take("scene-1", 10.0),), codec_options={"g": "9999"})
    seen, _ = scanned(path, "fast")
    assert len(seen) > 80


def test_fast_skips_among_key_frames_that_crowd(clip: ClipFactory) -> None:
    path = clip(takes=(Take("scene-1", 4.0),), codec="mjpeg", pixel_format="yuvj420p", suffix=".mov")
    seen, _ = scanned(path, "fast")
    assert 7 <= len(seen) <= 9


def test_fast_reads_a_stream_without_key_flags(clip: ClipFactory) -> None:
    path = clip(takes=(Take("scene-1", 2.0),), codec_options={"intra-refresh": "1", "g": "9999"}, suffix=".ts")
    seen, _ = scanned(path, "fast")
    assert len(seen) >= 1


# --- size ---------------------------------------------------------------------------------------------------------

PEAK = """
import resource, sys
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.shots import DetectShots
info = probe(sys.argv[1])
watcher, run = DetectShots().watch(info), Scan().open(info)
for glimpse in run:
    watcher.see(glimpse)
watcher.shots(run.report.end_seconds)
print(run.report.num_frames, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    recipe = ClipRecipe((Take("scene-1", 1.0), Take("scene-2", 1.0)), size_px=(640, 360))
    loop = list(pictures(recipe))

    def peak(repeats: int) -> tuple[int, int]:
        path = make_clip(tmp_path / f"{repeats}.mp4", recipe, chain.from_iterable(repeat(loop, repeats)))
        done = subprocess.run([sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True)
        frames, kilobytes = done.stdout.split()
        return int(frames), int(kilobytes)

    short, long = peak(5), peak(50)
    assert (short[0], long[0]) == (250, 2500)
    assert long[1] < 1.1 * short[1]


def test_real_files_to_the_end(media: Path) -> None:
    for name, frames in [("edge_seek_breaks_yuv444.mp4", 280), ("sport_rugby.flv", 78), ("edge_h263_3gp.3gp", 71)]:
        _, report = scanned(media / "video" / name)
        assert report.num_frames == frames and report.complete
    _, report = scanned(media / "video" / "bad_nal_corruption.mp4")
    assert report.num_frames == 49 and not report.complete
    _, report = scanned(media / "video" / "derived" / "bad_truncated_60pct.mp4")
    assert report.notes == ("The pictures end at 17.2 s although the file says 30.0 s.",)
