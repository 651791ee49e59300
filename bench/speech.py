"""What the speech stage makes of real sound: python -m bench speech [FILE ...].

Every file with sound in the shared media: how much speech is found, what the stage says, what pocketsphinx would say of
it were it English, and whether its gate lets that pass. Where the words are known: the word error rate of every
recogniser that is at hand. Silence, music and noise that are made here, and files where nobody speaks, must give no
words with any of them.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bench.record import MEDIA, commit, machine, write_result
from keyart.errors import UnreadableVideo
from keyart.media.probe import probe
from keyart.media.sound import read_sound
from keyart.speech.activity import Activity, FindSpeech
from keyart.speech.recognisers import RECOGNISERS
from keyart.speech.sphinx import Sphinx, confidence, doubtful_share
from keyart.speech.transcribe import MAX_GAP_SECONDS, Transcribe, utterances
from keyart.speech.utterance import Recognition, joined, levelled
from keyart.types import Sound, VideoInfo, Word

MAX_SECONDS = 60.0
KNOWN = MEDIA.parent / "gt" / "transcripts"
THRESHOLDS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
RIGHT_WER = 0.1
"""Words are right enough for a title where at most one in ten is wrong."""

# --- the score ----------------------------------------------------------------------------------------------------


def plain_words(text: str) -> list[str]:
    """Words without marks and case; 'ё' is 'е'. Hyphens part words, apostrophes don't.

    >>> plain_words("Ask not, my fellow-Americans: it's ours!")
    ['ask', 'not', 'my', 'fellow', 'americans', "it's", 'ours']
    """
    return re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text.casefold().replace("ё", "е").replace("’", "'"))


def word_errors(reference: Sequence[str], heard: Sequence[str]) -> int:
    """Fewest words to put in, take out or change (Levenshtein).

    >>> word_errors("ask not what".split(), "ask what now".split())
    2
    """
    row = list(range(len(heard) + 1))
    for place, word in enumerate(reference, 1):
        before, row[0] = row[0], place
        for at, other in enumerate(heard, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (word != other))
    return row[-1]


def word_error_rate(reference: str, heard: str) -> float:
    """Errors by the reference's words: 0 where all is right, may pass 1.

    >>> word_error_rate("нейронные сети это хорошо", "Нейронные сети — это плохо")
    0.25
    """
    said = plain_words(reference)
    return word_errors(said, plain_words(heard)) / len(said) if said else 0.0


# --- what is known ------------------------------------------------------------------------------------------------


def references() -> dict[str, tuple[str, str]]:
    """File name -> (language, words that are said in its first minute)."""
    if not KNOWN.is_dir():
        return {}
    short = json.loads((KNOWN / "short_known_texts.json").read_text("utf-8"))
    found = {
        "en_speech_jfk.flac": ("en", short["en_jfk.flac"]),
        "ru_sentence_known_text.wav": ("ru", short["ru_pisets_test.wav"]),
    }
    rows = json.loads((KNOWN / "manifesto_words.json").read_text("utf-8"))
    words = [word for row in rows for word in row["words"] if word["end"] <= MAX_SECONDS]
    found["long_still_speech_en.mp4"] = ("en", " ".join(word["word"] for word in words))
    parts = json.loads((KNOWN / "physicsworks_whisper_medium.json").read_text("utf-8"))["segments"]
    early = [part["text"] for part in parts if part["time_interval"]["end"] <= MAX_SECONDS]
    found["en_lecture_physics_203s.webm"] = ("en", " ".join(early))
    return found


def made_sounds() -> dict[str, Sound]:
    """Twenty seconds each of what is no speech."""
    seconds, rate = 20, 16000
    clock = np.arange(seconds * rate) / rate
    chance = np.random.default_rng(0)
    chords = sum(np.sin(2 * np.pi * pitch * clock * (1 + (clock // 2 % 4) / 8)) for pitch in (220.0, 277.2, 329.6))
    beat = np.exp(-8 * (clock % 0.5)) * chance.standard_normal(len(clock))
    return {
        "silence": np.zeros(len(clock), np.float32),
        "noise": (0.1 * chance.standard_normal(len(clock))).astype(np.float32),
        "hum": (0.2 * np.sin(2 * np.pi * 50 * clock)).astype(np.float32),
        "music": (0.1 * chords + 0.1 * beat).astype(np.float32),
    }


# --- one file -----------------------------------------------------------------------------------------------------


def judge(path: Path, known: dict[str, tuple[str, str]]) -> dict[str, Any] | None:
    """Figures for one file; None where it has no sound."""
    info = probe(path)
    if not info.audio:
        return None
    activity = FindSpeech()(_heard(info))
    row: dict[str, Any] = {
        "file": path.name,
        "speech_seconds": round(activity.speech_seconds, 1),
        "heard_seconds": round(activity.heard_seconds, 1),
    }
    outcome = Transcribe(max_seconds=MAX_SECONDS)(info)
    row |= {"stage": outcome.status, "reason": outcome.reason}
    if activity.speech_seconds >= 1:
        row |= _by_sphinx(info, activity, known)
    if path.name in known:
        rates = {name: _rate(name, info, activity, known) for name in at_hand() if name != "pocketsphinx"}
        row["wer"] = row.get("wer", {}) | {name: rate for name, rate in rates.items() if rate is not None}
    return row


def _by_sphinx(info: VideoInfo, activity: Activity, known: dict[str, tuple[str, str]]) -> dict[str, Any]:
    started = time.perf_counter()
    open_gate = Sphinx(min_confidence=0, max_doubtful=1, min_words=1)
    if open_gate.missing():
        return {}
    heard = open_gate(levelled(utterances(_heard(info), activity)))
    words = [word for cue in heard.cues for word in cue.words]
    language, said = known.get(info.path.name, ("", ""))
    return {
        "confidence": round(confidence(words), 3),
        "doubtful": round(doubtful_share(words), 3),
        "words": len(words),
        "passes": Sphinx().judge(heard.cues).trusted,
        "times_real_time": round(activity.speech_seconds / max(1e-3, time.perf_counter() - started), 1),
        **(_against(said, words) if language == "en" else {}),
    }


def _against(said: str, words: Sequence[Word]) -> dict[str, Any]:
    rate = word_error_rate(said, " ".join(word.text for word in words))
    return {"wer": {"pocketsphinx": round(rate, 3)}, "words_right": _right_by_confidence(said, words)}


def _right_by_confidence(said: str, words: Sequence[Word]) -> list[list[float]]:
    """[threshold, words at or above it, share of them that were said somewhere in the text] for each threshold."""
    vocabulary = set(plain_words(said))
    rows = []
    for least in THRESHOLDS:
        kept = [word for word in words if (word.confidence or 0.0) >= least]
        right = sum(set(plain_words(word.text)) <= vocabulary for word in kept)
        rows.append([least, len(kept), round(right / len(kept), 3) if kept else 0.0])
    return rows


@cache
def at_hand() -> tuple[str, ...]:
    """Recognisers that are installed and have a model here."""
    return tuple(name for name, make in RECOGNISERS.items() if not make().missing())


def _rate(name: str, info: VideoInfo, activity: Activity, known: dict[str, tuple[str, str]]) -> float | None:
    language, said = known[info.path.name]
    recogniser = RECOGNISERS[name]()
    if language not in recogniser.languages:
        return None
    pieces = replace(activity, segments=tuple(joined(activity.segments, recogniser.stretch_seconds, MAX_GAP_SECONDS)))
    heard: Recognition = recogniser(levelled(utterances(_heard(info), pieces)), language)
    return round(word_error_rate(said, " ".join(cue.text for cue in heard.cues)), 3)


def _heard(info: VideoInfo) -> Iterator[Sound]:
    left = round(MAX_SECONDS * 16000)
    for chunk in read_sound(info):
        yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            return


# --- all of it ----------------------------------------------------------------------------------------------------


def no_words() -> list[dict[str, Any]]:
    """Made sounds: seconds taken for speech, and words that each recogniser hears in those; all should be 0."""
    rows = []
    for name, sound in made_sounds().items():
        activity = FindSpeech()(iter([sound]))
        row: dict[str, Any] = {"sound": name, "speech_seconds": round(activity.speech_seconds, 1)}
        for one in at_hand() if activity.segments else ():
            made = RECOGNISERS[one]()
            heard = made(levelled(utterances(iter([sound]), activity)), min(made.languages & {"en", "ru"}))
            row[one] = sum(len(cue.text.split()) for cue in heard.cues)
        rows.append(row)
    return rows


def gate_curve(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sphinx's gate over thresholds of the mean confidence: how many recordings pass, how many of those are right.

    Right: English whose words are known and err by at most `RIGHT_WER`. What is foreign, sung or no speech is wrong
    whatever is heard, and so, listened to once, is the English of films and adverts; other English of unknown words is
    left out.
    """
    judged = [
        (row["confidence"], row.get("wer", {}).get("pocketsphinx", 1.0) <= RIGHT_WER)
        for row in rows
        if row.get("words")
        and ("wer" in row or not row["file"].startswith(("en_", "talk_en", "long_still", "screen_")))
    ]
    total = sum(right for _, right in judged)
    found = []
    for least in THRESHOLDS:
        passing = [right for mean, right in judged if mean >= least]
        precision = round(sum(passing) / len(passing), 3) if passing else None
        recall = round(sum(passing) / total, 3) if total else None
        found.append({"least": least, "passing": len(passing), "precision": precision, "recall": recall})
    return found


def main(argv: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m bench speech", description=__doc__)
    options.add_argument("files", nargs="*", type=Path, help="default: everything with sound in the shared media")
    named = options.parse_args(argv)
    files = named.files or sorted(path for path in MEDIA.rglob("*") if path.suffix != ".png" and path.is_file())
    known, rows = references(), []
    for path in files:
        try:
            row = judge(path, known)
        except UnreadableVideo:
            continue
        if row is not None:
            rows.append(row)
            print(json.dumps(row, ensure_ascii=False), flush=True)
    silent, curve = no_words(), gate_curve(rows)
    print(json.dumps({"no_words": silent, "gate": curve, "at_hand": at_hand()}, ensure_ascii=False))
    if not named.files:
        versions = machine(("pocketsphinx", "onnxruntime"))
        write_result(
            "speech",
            {
                "schema": 1,
                "commit": commit(),
                "machine": versions,
                "recognisers": list(at_hand()),
                "files": rows,
                "no_words": silent,
                "gate": curve,
            },
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
