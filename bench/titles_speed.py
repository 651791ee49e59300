"""How long ten minutes of speech take to become titles, description, chapters and tags: each time a fresh process.

`python -m bench titles` runs it; `python -m bench.titles_speed FILE.srt` is the process that is measured.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.processes import Cost, measured, wait_for_quiet

MINUTES = 10
WORDS = 1300
"""What is said in ten minutes."""
ROUNDS = 5
CUE_WORDS = 10
QUIET_SECONDS = 120.0
"""So long a quiet moment is waited for; the result says whether one came."""


def subtitles(texts: Sequence[str], words: int = WORDS, minutes: float = MINUTES) -> str:
    """The first `words` of the texts as an .srt file that lasts `minutes`.

    >>> print(subtitles(["раз два"], 2, 1), end="")
    1
    00:00:00,000 --> 00:01:00,000
    раз два
    """
    said = [word for text in texts for word in text.split()][:words]
    each = 60 * minutes / max(1, len(said))
    parts = []
    for number, first in enumerate(range(0, len(said), CUE_WORDS), 1):
        cue = said[first : first + CUE_WORDS]
        start, end = _clock(first * each), _clock((first + len(cue)) * each)
        parts.append(f"{number}\n{start} --> {end}\n{' '.join(cue)}\n")
    return "\n".join(parts)


def _clock(seconds: float) -> str:
    millis = round(1000 * seconds)
    return f"{millis // 3600000:02}:{millis // 60000 % 60:02}:{millis // 1000 % 60:02},{millis % 1000:03}"


def stages(file: Path) -> dict[str, float]:
    """Seconds of each stage in this process, one after the other; what a stage needs is loaded when it asks for it."""
    found: dict[str, float] = {}
    since = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal since
        now = time.perf_counter()
        found[name], since = round(now - since, 3), now

    from keyart.speech.written import read_text

    transcript = read_text(file)
    lap("read")
    from keyart.titles import russian
    from keyart.titles.describe import DescribeVideo
    from keyart.titles.write import WriteTitles

    lap("imports")
    russian.warm()
    lap("models")
    titles = WriteTitles().write(transcript)
    lap("titles")
    DescribeVideo()(transcript, titles)
    lap("description, chapters, tags")
    return found


def race(texts: Sequence[str], rounds: int = ROUNDS) -> dict[str, Any]:
    """Whole processes, start-up included: all that stands beside a video, and `keyart titles FILE` alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "speech.srt"
        file.write_text(subtitles(texts), "utf-8")
        quiet = wait_for_quiet(QUIET_SECONDS, cores=0.7)
        whole, command, told = [], [], []
        for _ in range(rounds):
            whole.append(_run(["-m", "bench.titles_speed", str(file)], folder))
            told.append(json.loads((folder / "command.log").read_text("utf-8")))
            command.append(_run(["-m", "keyart", "titles", str(file), "--language", "ru"], folder))
    return {
        "minutes": MINUTES,
        "words": WORDS,
        "rounds": rounds,
        "quiet": quiet,
        "titles, description, chapters, tags": _figures(whole),
        "keyart titles FILE": _figures(command),
        "stages": {stage: round(statistics.median(one[stage] for one in told), 3) for stage in told[0]},
    }


def _run(arguments: Sequence[str], folder: Path) -> Cost:
    root = str(Path(__file__).parents[1])
    return measured([sys.executable, *arguments], folder=folder, environment={"PYTHONPATH": root}, timeout_seconds=300)


def _figures(costs: Sequence[Cost]) -> dict[str, float]:
    return {
        "median seconds": round(statistics.median(one.wall_seconds for one in costs), 2),
        "least seconds": round(min(one.wall_seconds for one in costs), 2),
        "median cpu seconds": round(statistics.median(one.cpu_seconds for one in costs), 2),
        "cores busy with other things": round(statistics.median(one.others_cores for one in costs), 2),
    }


if __name__ == "__main__":
    print(json.dumps(stages(Path(sys.argv[1]))))
