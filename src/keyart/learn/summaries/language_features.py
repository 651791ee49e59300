"""Scripts and pictures -> rows of one CLIP, so that frames and sentences can be compared (D5.4 §3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from keyart.errors import MissingFile
from keyart.learn.data import BadData
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.review.agreement import PairEmbedder
from keyart.speech.sidecar import read_sidecar
from keyart.titles.sentences import Sentence, split_sentences
from keyart.types import RGB, Cue, Transcript

Rows = NDArray[np.float32]

SCRIPTS = (".txt", ".srt", ".vtt")
VIDEOS = (".mp4", ".mkv", ".webm", ".mov", ".avi")
_TOGETHER = 64
_SEEN_PX = 320
"""Width at which a picture is handed to CLIP, which looks at 224 or 256."""


def read_script(path: Path) -> tuple[Sentence, ...]:
    """The sentences of a script (.txt, no times: 0 to 0) or of a transcript (.srt, .vtt, with the times of its cues).

    Raises `MissingFile`, `BadSetting`, and `BadData` for a file without a sentence.
    """
    if not path.is_file():
        raise MissingFile(f"{path}: no such script")
    if path.suffix.lower() == ".txt":
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        cues = tuple(Cue(line.strip(), 0.0, 0.0) for line in lines if line.strip())
        found = tuple(one for cue in cues for one in split_sentences(Transcript("", path.name, (cue,))))
    else:
        found = split_sentences(Transcript("", path.name, read_sidecar(path)))
    if not found:
        raise BadData(f"{path}: not one sentence in it")
    return found


def beside(folder: Path, name: str, suffixes: Sequence[str]) -> Path:
    """The file of this name with the first of these suffixes that is there. Raises `MissingFile`."""
    for suffix in suffixes:
        if (folder / f"{name}{suffix}").is_file():
            return folder / f"{name}{suffix}"
    raise MissingFile(f"{folder}: no {name} with one of {', '.join(suffixes)}")


def sentence_rows(sentences: Sequence[Sentence], embedder: PairEmbedder) -> Rows:
    """(s, d). Raises `MissingModel`, `MissingExtra`, `BadModel`."""
    return embedder.texts([one.text for one in sentences])


def frame_rows(path: Path, picks: NDArray[np.int64], embedder: PairEmbedder) -> Rows:
    """(n, d): the pictures of these frame numbers. One decode of the video.

    Raises `MissingFile`, `UnreadableVideo`, and `BadData` where the video has fewer frames.
    """
    wanted, found, held = {int(one) for one in picks}, list[Rows](), list[RGB]()
    for glimpse in Scan()(probe(path)):
        if glimpse.number in wanted:
            held.append(glimpse.small(_SEEN_PX))
        if len(held) == _TOGETHER:
            found.append(embedder.pictures(held))
            held = []
    if held:
        found.append(embedder.pictures(held))
    rows = np.concatenate(found) if found else np.zeros((0, 0), np.float32)
    if len(rows) != len(picks):
        raise BadData(f"{path}: {len(rows)} of {len(picks)} frames are there; its annotations are of a longer video")
    return rows
