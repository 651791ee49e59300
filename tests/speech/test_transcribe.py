"""Which words the stage takes, and what it says when there are none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.packet import Packet
from av.subtitles.subtitle import SubtitleSet

from keyart.errors import BadSetting, MissingExtra, MissingFile
from keyart.media.probe import probe
from keyart.speech import Transcribe, transcript_products
from keyart.speech.activity import Activity
from keyart.speech.recognisers import RECOGNISERS
from keyart.speech.sphinx import Sphinx, confidence, doubtful_share
from keyart.speech.transcribe import utterances
from keyart.speech.utterance import Utterance
from keyart.types import AudioStream, Cue, SubtitleStream, Transcript, VideoInfo, Word
from tests.speech.conftest import Line, info_for

RATE = 16000
ENGLISH: list[Line] = [(0.5, 2.0, "The fox lives in the forest."), (2.5, 4.0, "It is not alone.")]
RUSSIAN: list[Line] = [(0.5, 2.0, "Лиса живёт в лесу."), (2.5, 4.0, "Она там не одна.")]


def subtitled(path: Path, tracks: Sequence[tuple[str, str, Sequence[Line]]], shift_seconds: float = 0.0) -> VideoInfo:
    """A file with one small moving picture and subtitle tracks (codec, language, lines)."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        streams = []
        for codec, language, _ in tracks:
            stream: Any = container.add_stream(codec)
            stream.metadata["language"] = language
            stream.codec_context.subtitle_header = _HEADER
            streams.append(stream)
        pieces: list[tuple[float, Any]] = []
        for number in range(125):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number + round(shift_seconds * 25), Fraction(1, 25)
            pieces += [(number / 25, packet) for packet in video.encode(frame)]
        for stream, (_, _, lines) in zip(streams, tracks, strict=True):
            pieces += [
                (start, _subtitle(stream, start + shift_seconds, end - start, text)) for start, end, text in lines
            ]
        for _, packet in sorted(pieces, key=lambda pair: pair[0]):
            container.mux(packet)
        container.mux(video.encode(None))
    return probe(path)


_HEADER = b"""[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,16
[Events]
"""


def _subtitle(stream: Any, start: float, seconds: float, text: str) -> Packet[Any]:
    event = f"0,0,Default,,0,0,0,,{text}".encode()
    packet: Packet[Any] = stream.codec_context.encode_subtitle(
        SubtitleSet.create(event, 0, round(seconds * 1000), round(start * 1_000_000))
    )
    packet.stream = stream
    packet.time_base = Fraction(1, 1000)
    packet.pts = packet.dts = round(start * 1000)
    packet.duration = round(seconds * 1000)
    return packet


def _texts(transcript: Transcript | None) -> list[str]:
    return [cue.text for cue in transcript.cues] if transcript else []


@pytest.fixture
def two_languages(tmp_path: Path) -> VideoInfo:
    return subtitled(tmp_path / "talk.mkv", [("subrip", "eng", ENGLISH), ("subrip", "rus", RUSSIAN)])


def test_russian_stream_first_where_nothing_is_said(two_languages: VideoInfo) -> None:
    outcome = Transcribe()(two_languages)
    assert outcome.status == "ok" and outcome.value is not None
    assert (outcome.value.language, outcome.backend) == ("ru", "subtitles")
    assert [(round(cue.start, 2), round(cue.end, 2), cue.text) for cue in outcome.value.cues] == RUSSIAN


def test_the_setting_chooses_the_stream(two_languages: VideoInfo) -> None:
    assert _texts(Transcribe(language="en")(two_languages).value) == [line[2] for line in ENGLISH]
    found = Transcribe(language="de")(two_languages).value
    assert found is not None and found.language == "ru"
    assert found.notes == ("no subtitles in German; used subtitle stream 2 (ru)",)


def test_times_count_from_the_first_picture(tmp_path: Path) -> None:
    info = subtitled(tmp_path / "late.mkv", [("subrip", "rus", RUSSIAN)], shift_seconds=10.0)
    assert info.start_seconds == pytest.approx(10.0)
    found = Transcribe()(info).value
    assert found is not None and found.cues[0].start == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("codec", "suffix"), [("ass", ".mkv"), ("webvtt", ".mkv"), ("mov_text", ".mp4")])
def test_other_codecs(tmp_path: Path, codec: str, suffix: str) -> None:
    try:
        info = subtitled(tmp_path / f"talk{suffix}", [(codec, "rus", RUSSIAN)])
    except (av.FFmpegError, ValueError, NotImplementedError) as err:
        pytest.skip(f"this PyAV cannot write {codec}: {err}")
    assert _texts(Transcribe()(info).value) == [line[2] for line in RUSSIAN]


def test_file_beside_the_video(tmp_path: Path) -> None:
    info = info_for(tmp_path / "talk.mp4")
    (tmp_path / "talk.ru.vtt").write_text("1\n00:00:01,000 --> 00:00:02,000\nЛиса живёт в лесу\n", "cp1251")
    (tmp_path / "talk.ru.srt").write_bytes(b"\0\1\2 not a subtitle file")
    found = Transcribe()(info).value
    assert found is not None and found.source == "sidecar talk.ru.vtt"
    assert found.cues == (Cue("Лиса живёт в лесу", 1.0, 2.0),)
    assert any("talk.ru.srt" in note for note in found.notes)


def test_the_stream_comes_before_the_file_unless_the_language_says_otherwise(tmp_path: Path) -> None:
    info = subtitled(tmp_path / "talk.mkv", [("subrip", "eng", ENGLISH)])
    (tmp_path / "talk.ru.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nЛиса живёт в лесу\n", "utf-8")
    first, second = Transcribe()(info).value, Transcribe(language="ru")(info).value
    assert first is not None and first.source == "subtitle stream 1 (en)"
    assert second is not None and second.source == "sidecar talk.ru.srt"


def test_a_file_asked_for_by_name_must_be_there_and_readable(tmp_path: Path) -> None:
    info = info_for(tmp_path / "talk.mp4")
    with pytest.raises(MissingFile):
        Transcribe(sidecar=str(tmp_path / "gone.srt"))(info)
    bad = tmp_path / "bad.srt"
    bad.write_bytes(bytes(range(256)))
    with pytest.raises(BadSetting):
        Transcribe(sidecar=str(bad))(info)


def test_a_wrong_tag_is_noted_and_the_text_believed(tmp_path: Path) -> None:
    found = Transcribe()(subtitled(tmp_path / "talk.mkv", [("subrip", "eng", RUSSIAN)])).value
    assert found is not None and found.language == "ru"
    assert "tagged 'en'" in found.notes[0]


def test_partial_and_picture_streams_come_last(tmp_path: Path) -> None:
    info = subtitled(tmp_path / "talk.mkv", [("subrip", "rus", [(0.0, 1.0, "Лавка")]), ("subrip", "rus", RUSSIAN)])
    found = Transcribe()(info).value
    assert found is not None and found.source == "subtitle stream 2 (ru)"
    pictures = info_for(tmp_path / "none.mkv", subtitles=[SubtitleStream(1, "hdmv_pgs_subtitle", "rus")])
    assert "pictures" in Transcribe()(pictures).reason


def test_bad_settings() -> None:
    with pytest.raises(BadSetting, match="parrot"):
        Transcribe(recogniser="parrot")
    with pytest.raises(BadSetting, match="recogniser it is for"):
        Transcribe(model="whisper-base")
    with pytest.raises(BadSetting, match="threshold"):
        Transcribe(speech_threshold=2.0)


# --- listening --------------------------------------------------------------------------------------------------

Samples = np.ndarray[tuple[int], np.dtype[np.float32]]


def test_no_sound_and_nobody_speaking(tmp_path: Path, sound_file: Callable[..., VideoInfo]) -> None:
    assert "no sound" in Transcribe()(info_for(tmp_path / "mute.mp4")).reason
    outcome = Transcribe()(sound_file(np.zeros(3 * RATE, np.float32), "rus"))
    assert (outcome.status, outcome.reason, outcome.value) == ("skipped", "nobody speaks", None)


@pytest.fixture
def everybody_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    def probabilities(chunks: Iterable[Samples]) -> Iterable[float]:
        return [0.9] * (sum(len(chunk) for chunk in chunks) // 512)

    monkeypatch.setattr("keyart.speech.activity.window_probabilities", probabilities)


@pytest.mark.usefixtures("everybody_speaks")
def test_speech_that_nobody_can_write_down(sound_file: Callable[..., VideoInfo]) -> None:
    noise = np.random.default_rng(0).standard_normal(3 * RATE).astype(np.float32) * 0.1
    russian = Transcribe()(sound_file(noise, "rus"))
    assert russian.status == "skipped"
    assert "no recogniser for Russian" in russian.reason and "add talk.srt beside the video" in russian.reason
    assert "speech found (3.0 s of 3.0 s)" in russian.reason
    unknown = Transcribe()(sound_file(noise))
    assert "does not say which language" in unknown.reason
    assert "no recogniser" in Transcribe(recogniser="none")(sound_file(noise, "eng")).reason


@pytest.mark.usefixtures("everybody_speaks")
def test_only_the_first_seconds_are_heard(sound_file: Callable[..., VideoInfo]) -> None:
    outcome = Transcribe(max_seconds=2.0)(sound_file(np.ones(5 * RATE, np.float32) * 0.1, "rus"))
    assert "of 2.0 s" in outcome.reason


class Heard:
    """Stands in for pocketsphinx's decoder: says the same sentence, this surely."""

    def __init__(self, sure: float) -> None:
        self.sure = sure

    def start_utt(self) -> None: ...
    def end_utt(self) -> None: ...
    def process_raw(self, samples: bytes, full_utt: bool) -> None:
        assert full_utt and len(samples) > 0

    def seg(self) -> list[Any]:
        words = ["<s>", "the", "quick(2)", "brown", "fox", "i", "think", "jumps", "over", "the", "lazy", "dog", "</s>"]
        return [
            type("S", (), {"word": w, "start_frame": 10 * k, "end_frame": 10 * k + 9, "prob": self.sure})()
            for k, w in enumerate(words)
        ]


@pytest.mark.usefixtures("everybody_speaks")
@pytest.mark.parametrize(("sure", "status"), [(0.95, "ok"), (0.2, "skipped")])
def test_english_is_recognised_behind_a_gate(
    monkeypatch: pytest.MonkeyPatch, sound_file: Callable[..., VideoInfo], sure: float, status: str
) -> None:
    monkeypatch.setattr("keyart.speech.sphinx._decoder", lambda: Heard(sure))
    monkeypatch.setattr(Sphinx, "missing", lambda _: "")
    outcome = Transcribe()(sound_file(np.ones(2 * RATE, np.float32) * 0.1, "eng"))
    assert outcome.status == status
    if outcome.value is None:
        assert "cannot be trusted (confidence 0.20" in outcome.reason
    else:
        assert outcome.value.source == "pocketsphinx"
        assert outcome.value.text == "The quick brown fox I think jumps over the lazy dog."
        assert outcome.value.cues[0].words[1] == Word("quick", 0.2, 0.3, 0.95)


@pytest.mark.usefixtures("everybody_speaks")
def test_a_missing_recogniser(monkeypatch: pytest.MonkeyPatch, sound_file: Callable[..., VideoInfo]) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pocketsphinx", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    info = sound_file(np.ones(2 * RATE, np.float32) * 0.1, "eng")
    assert "keyart[speech-en]" in Transcribe()(info).reason
    with pytest.raises(MissingExtra):
        Transcribe(recogniser="pocketsphinx")(info)


def test_gate_arithmetic() -> None:
    words = (Word("a", 0, 1, 1.0), Word("b", 1, 4, 0.2))
    assert confidence(words) == pytest.approx(0.4)
    assert doubtful_share(words) == 0.5
    assert (confidence(()), doubtful_share(())) == (0.0, 1.0)
    few = Sphinx(min_words=3).judge((Cue("a b", 0, 4, words),))
    assert not few.trusted and few.why == "only 2 words were recognised"


def test_utterances_are_cut_out_of_the_stream() -> None:
    sound = np.arange(4 * RATE, dtype=np.float32)
    pieces = list(utterances(iter(np.split(sound, 8)), Activity(((0.25, 1.0), (1.0, 3.75), (3.9, 4.5)), 4.0)))
    assert [piece.start for piece in pieces] == [0.25, 1.0, 3.9]
    assert np.array_equal(pieces[0].sound, sound[4000:16000])
    assert np.array_equal(pieces[1].sound, sound[16000:60000])
    assert np.array_equal(pieces[2].sound, sound[62400:])


@pytest.mark.parametrize("name", RECOGNISERS)
def test_recognisers_conform(name: str) -> None:
    recogniser = RECOGNISERS[name]()
    assert recogniser.name == name and recogniser.languages
    if recogniser.missing():
        pytest.skip(recogniser.missing())
    noise = np.random.default_rng(1).standard_normal(RATE).astype(np.float32) * 0.1
    first = recogniser([Utterance(0.0, noise)])
    assert not first.trusted and first.why
    assert recogniser([Utterance(0.0, noise)]) == first


# --- real material ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("derived/subs_manifesto_en_ru.mkv", "en"),
        ("derived/subs_manifesto_ru_movtext.mp4", "ru"),
        ("subs_webvtt_track.webm", "en"),
    ],
)
def test_real_subtitles(media: Path, name: str, language: str) -> None:
    outcome = Transcribe()(probe(media / "video" / name))
    assert outcome.value is not None and outcome.value.language == language
    assert len(outcome.value.cues) > 5


@pytest.mark.parametrize("name", ["ru_sample_4s.wav", "singing_6s.wav"])
def test_foreign_sung_and_garbled_speech_gives_no_words(media: Path, name: str) -> None:
    pytest.importorskip("pocketsphinx")
    outcome = Transcribe(language="en")(probe(media / "audio" / name))
    assert outcome.status == "skipped" and outcome.value is None


# --- files ------------------------------------------------------------------------------------------------------


def test_products() -> None:
    words = (Word("Кот", 0.0004, 0.5, 0.91234),)
    transcript = Transcript("ru", "test", (Cue("Кот <спит> & ест", 0.0004, 3661.9996, words, 0.5),), ("a note",))
    products = {one.path: one for one in transcript_products(transcript)}
    assert products["transcript.srt"].data.decode() == "1\n00:00:00,000 --> 01:01:02,000\nКот <спит> & ест\n"
    assert (
        products["transcript.vtt"].data.decode()
        == "WEBVTT\n\n00:00:00.000 --> 01:01:02.000\nКот &lt;спит&gt; &amp; ест\n"
    )
    import json

    shown = json.loads(products["transcript.json"].data)
    assert shown["schema"] == 1 and shown["notes"] == ["a note"]
    assert shown["cues"] == [{"start": 0.0, "end": 3662.0, "text": "Кот <спит> & ест", "confidence": 0.5,
                              "words": [{"start": 0.0, "end": 0.5, "text": "Кот", "confidence": 0.9123}]}]  # fmt: skip
    assert products["transcript.json"].receipt.facts["source"] == "test"


def test_audio_of_the_language_asked_for(tmp_path: Path) -> None:
    info = info_for(
        tmp_path / "two.mkv", audio=[AudioStream(0, "aac", "rus", 2, 48000), AudioStream(1, "aac", "eng", 2, 48000)]
    )
    assert Transcribe(language="en").known_language(info) == "en"
    assert Transcribe().known_language(info) == "ru"
    assert Transcribe().known_language(info_for(tmp_path / "x.mkv", tags={"language": "eng"})) == "en"
