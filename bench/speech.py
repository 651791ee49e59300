"""What the speech stage makes of real sound: python -m bench.speech [FILE ...].

For every file: how much speech was found, what pocketsphinx would say of it were it English, how sure it is, whether
the gate lets it pass, and the stage's own verdict. Silence, music, noise, foreign and garbled speech must end skipped.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.record import MEDIA, commit, machine, write_result
from keyart.errors import UnreadableVideo
from keyart.media.probe import probe
from keyart.media.sound import read_sound
from keyart.speech.activity import FindSpeech
from keyart.speech.sphinx import Sphinx, confidence, doubtful_share
from keyart.speech.transcribe import Transcribe, utterances

MAX_SECONDS = 60.0


def judge(path: Path) -> dict[str, Any] | None:
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
        row |= _recognised(info, activity)
    return row


def _recognised(info: Any, activity: Any) -> dict[str, Any]:
    started = time.perf_counter()
    open_gate = Sphinx(min_confidence=0, max_doubtful=1, min_words=1)(utterances(_heard(info), activity))
    words = [word for cue in open_gate.cues for word in cue.words]
    passed = Sphinx().judge(open_gate.cues).trusted
    return {
        "confidence": round(confidence(words), 3),
        "doubtful": round(doubtful_share(words), 3),
        "words": len(words),
        "passes": passed,
        "times_real_time": round(activity.speech_seconds / max(1e-3, time.perf_counter() - started), 1),
    }


def _heard(info: Any) -> Any:
    left = MAX_SECONDS
    for chunk in read_sound(info):
        yield chunk
        left -= len(chunk) / 16000
        if left <= 0:
            return


def main(argv: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m bench.speech", description=__doc__)
    options.add_argument("files", nargs="*", type=Path, help="default: everything with sound in the shared media")
    named = options.parse_args(argv)
    files = named.files or sorted(path for path in MEDIA.rglob("*") if path.suffix != ".png" and path.is_file())
    rows = []
    for path in files:
        try:
            row = judge(path)
        except UnreadableVideo:
            continue
        if row is not None:
            rows.append(row)
            print(json.dumps(row, ensure_ascii=False), flush=True)
    if not named.files:
        write_result(
            "speech",
            {"schema": 1, "commit": commit(), "machine": machine(("pocketsphinx", "onnxruntime")), "files": rows},
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
