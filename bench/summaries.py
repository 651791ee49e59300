"""`python -m bench summaries`: what people agree on (TVSum, SumMe), and whether what we make keeps its promises.

Two parts. *people*: the field's scorers on the annotations themselves, which must give the known values. *products*: a
summary of every video at hand, opened again and checked: seconds, bytes, size, codecs, order of the file, and that no
cut falls inside a word. Leaves bench/results/summaries.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.record import MEDIA, RESULTS, commit, machine, write_result
from bench.summary_checks import check_file, cuts_in_voice, cuts_in_words
from keyart.errors import KeyartError
from keyart.learn.protocol import (
    STRIDE,
    Numbers,
    Segments,
    agreement,
    agreement_with_the_rest,
    f1,
    f1_against,
    kendall_tau,
    key_shots,
    pairwise_agreement,
    spearman_rho,
)
from keyart.learn.sets.values import even_segments

TRUTH = MEDIA.parent / "gt"
SEED = 1
_SUFFIXES = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mts", ".mpg", ".flv", ".3gp", ".ogv"}


def tvsum(path: Path) -> dict[str, tuple[Numbers, float]]:
    """Video -> (scores (20 people, frames), frames a second)."""
    found = {}
    with np.load(path / "tvsum50_scores.npz") as scores:
        for row in json.loads((path / "tvsum50_info.json").read_text()):
            found[row["video"]] = scores[f"{row['video']}_user"], row["nframes"] / row["length_s"]
    return found


def people_of_tvsum(videos: Mapping[str, tuple[Numbers, float]]) -> dict[str, dict[str, float]]:
    """Correlations at every 15th frame, and F1 of key shots over segments of two seconds; means over videos."""
    random = np.random.default_rng(SEED)
    rows: dict[str, list[list[float]]] = {"human pairwise": [], "mean of the others": [], "random": [], "earlier": []}
    for users, rate in videos.values():
        strided = users[:, ::STRIDE]
        segments = even_segments(users.shape[1], round(2 * rate))
        shots = np.stack([key_shots(one, segments) for one in users])
        chance = random.random(size=strided.shape[1:])
        frames = np.repeat(random.random(size=len(segments)), segments[:, 1] - segments[:, 0] + 1)
        early = np.arange(users.shape[1], 0, -1)
        rows["human pairwise"].append([*_both(pairwise_agreement, strided), _mean_f1(shots)])
        rows["mean of the others"].append([*_both(agreement_with_the_rest, strided), _f1_of_others(users, segments)])
        rows["random"].append([*_against(chance, strided), f1_against(key_shots(frames, segments), shots, _mean)])
        rows["earlier"].append(
            [*_against(early[::STRIDE], strided), f1_against(key_shots(early, segments), shots, _mean)]
        )
    return {
        name: dict(zip(("tau", "rho", "f1"), np.mean(values, axis=0).round(4).tolist(), strict=True))
        for name, values in rows.items()
    }


def _both(agree: Any, users: Numbers) -> tuple[float, float]:
    return agree(users, kendall_tau), agree(users, spearman_rho)


def _against(scores: Numbers, users: Numbers) -> tuple[float, float]:
    return agreement(scores, users, kendall_tau), agreement(scores, users, spearman_rho)


def _mean(values: list[float]) -> float:
    return float(np.mean(values))


def _mean_f1(shots: Numbers) -> float:
    return _mean([f1(shots[a], shots[b]) for a in range(len(shots)) for b in range(a + 1, len(shots))])


def _f1_of_others(users: Numbers, segments: Segments) -> float:
    total = users.astype(np.float64).sum(axis=0)
    return _mean([f1(key_shots(total - one, segments), key_shots(one, segments)) for one in users])


def people_of_summe(folder: Path) -> dict[str, dict[str, float]]:
    """F1 of each person against the others (mean and best), of a random choice of 15 %, and of what most chose."""
    from scipy.io import loadmat  # type: ignore[import-untyped]  # ships no types

    random = np.random.default_rng(SEED)
    rows: dict[str, list[list[float]]] = {"human": [], "random": [], "what most chose": []}
    for path in sorted(folder.glob("*.mat")):
        users = loadmat(path)["user_score"].T > 0
        segments = even_segments(users.shape[1], 60)
        others = [np.delete(users, number, axis=0) for number in range(len(users))]
        human = [[f1_against(one, rest, how) for how in (_mean, max)] for one, rest in zip(users, others, strict=True)]
        rows["human"].append(np.mean(human, axis=0).tolist())
        chance = key_shots(np.repeat(random.random(len(segments)), segments[:, 1] - segments[:, 0] + 1), segments)
        rows["random"].append([f1_against(chance, users, how) for how in (_mean, max)])
        most = key_shots(users.mean(axis=0), segments)
        rows["what most chose"].append([f1_against(most, users, how) for how in (_mean, max)])
    names = ("f1_mean", "f1_best")
    return {name: dict(zip(names, np.mean(one, axis=0).round(4).tolist(), strict=True)) for name, one in rows.items()}


# --- products -----------------------------------------------------------------------------------------------------


def known_words(folder: Path) -> dict[str, list[tuple[float, float]]]:
    """Videos whose every word was timed by a recogniser of another make -> (start, end) of the words."""
    rows = json.loads((folder / "manifesto_words.json").read_text())
    words = [(word["start"], word["end"]) for row in rows for word in row["words"]]
    names = ("long_still_speech_en.mp4", "subs_manifesto_en_ru.mkv", "subs_manifesto_ru_movtext.mp4")
    return dict.fromkeys(names, words)


def edges(pieces: Sequence[Mapping[str, Any]], end_seconds: float) -> list[float]:
    """Where the video is cut, seconds: every start and end of a piece but the video's own."""
    found = [float(one[side]) for one in pieces for side in ("start", "end")]
    return [one for one in found if 0.05 < one < end_seconds - 0.05]


def product(video: Path, platform: str, seconds: float, words: Sequence[tuple[float, float]] = ()) -> dict[str, Any]:
    """One summary, made and checked; where the video is refused, why."""
    from keyart.media.probe import probe
    from keyart.media.scan import Scan
    from keyart.shots import DetectShots
    from keyart.speech import Transcribe
    from keyart.teasers.summary import MakeSummary

    begun = time.perf_counter()
    stage = MakeSummary(platforms=(platform,), seconds=seconds)
    try:
        info = probe(video)
        transcript = Transcribe()(info).value
        shots, watcher, run = DetectShots().watch(info), stage.watch(), Scan().open(info)
        for glimpse in run:
            shots.see(glimpse)
            watcher.see(glimpse)
        made = stage(info, shots.shots(run.report.end_seconds), transcript, watcher)
    except KeyartError as err:
        return {"refused": str(err).replace(str(video), video.name)}
    if not made.value:
        return {"status": made.status, "reason": made.reason}
    film = made.value[0]
    pieces = film.receipt.facts["pieces"]
    cuts = edges(pieces, run.report.end_seconds)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "summary.mp4"
        path.write_bytes(film.data)
        faults = check_file(path, film.receipt.facts, seconds)
    return {
        "status": made.status,
        "reason": made.reason,
        "video_seconds": round(run.report.end_seconds, 2),
        "summary_seconds": film.receipt.facts["seconds"],
        "pieces": len(pieces),
        "cuts": len(cuts),
        "in_words": cuts_in_words(cuts, words),
        "in_voice": cuts_in_voice(cuts, info),
        "bytes": len(film.data),
        "faults": faults,
        "made_in_seconds": round(time.perf_counter() - begun, 1),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.summaries", description=__doc__)
    parser.add_argument("--truth", type=Path, default=TRUTH)
    parser.add_argument("--videos", type=Path, default=MEDIA / "video")
    parser.add_argument("--only", default="", help="videos whose name holds this")
    parser.add_argument("--platform", default="reels")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--people", action="store_true", help="the annotations alone, no video")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS, help="folder for summaries.json")
    chosen = parser.parse_args(arguments)
    result: dict[str, Any] = {"commit": commit(), "machine": machine(), "seed": SEED}
    result["tvsum"] = people_of_tvsum(tvsum(chosen.truth / "tvsum"))
    result["summe"] = people_of_summe(chosen.truth / "summe" / "GT")
    for name, row in [*result["tvsum"].items(), *result["summe"].items()]:
        print(f"{name:20} " + "  ".join(f"{key} {value:.3f}" for key, value in row.items()))
    if not chosen.people:
        for rows in _products(chosen):  # written as it grows: a run that is stopped has measured something
            result["products"] = {"platform": chosen.platform, "seconds": chosen.seconds, "videos": rows}
            result["facts"] = _facts(rows.values())
            write_result("summaries", result, chosen.output)
        print(result.get("facts"))
    write_result("summaries", result, chosen.output)
    return 0


def _products(chosen: argparse.Namespace) -> Iterator[dict[str, dict[str, Any]]]:
    words = known_words(chosen.truth / "transcripts")
    rows: dict[str, dict[str, Any]] = {}
    for video in sorted(chosen.videos.rglob("*"), reverse=True):  # talks before test cards
        if video.suffix.lower() in _SUFFIXES and chosen.only in video.name:
            rows[video.name] = product(video, chosen.platform, chosen.seconds, words.get(video.name, ()))
            print(f"{video.name:45} {json.dumps(rows[video.name], ensure_ascii=False)}", flush=True)
            yield rows


def _facts(rows: Any) -> dict[str, Any]:
    made = [row for row in rows if "faults" in row]
    return {
        "made": len(made),
        "refused": sum("refused" in row for row in rows),
        "cuts": sum(row["cuts"] for row in made),
        "cuts_in_words": sum(row["in_words"] for row in made),
        "cuts_in_voice": sum(row["in_voice"] for row in made),
        "faults": sum(len(row["faults"]) for row in made),
    }


if __name__ == "__main__":
    sys.exit(main())
