"""`python -m bench learn-speed`: how many samples a second each recipe learns from, at its published sizes.

A case is a learner as its recipe makes it and the steps of its first epoch; what one sample is, its note says. One step
warms up, then steps are timed for a few seconds; the median step counts. Where there is a GPU, the driver is asked for
its utilisation meanwhile. Leaves bench/results/learn_speed.json.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.record import commit, machine, write_result
from keyart.learn.training import rng, seeded


class Case(NamedTuple):
    """A learner, its steps, how many samples a step holds, and what a sample is."""

    learner: Any
    items: Sequence[Any]
    samples: int
    note: str


def rows(name: object, count: int, size: int) -> Any:
    return rng("speed", name).standard_normal((count, size), np.float32)


def keyframes_frozen() -> Case:
    from keyart.learn.keyframes.frozen import LearnFrozen, _Frozen

    learner = _Frozen(_shot_videos(2, 2048, 640), LearnFrozen(Path(), Path()))
    return Case(learner, learner.epoch(0), 64, "a shot, 2048 numbers")


def keyframes_layer4() -> Case:
    from transformers import ResNetConfig, ResNetModel

    from keyart.learn.keyframes.layer4 import LearnLayer4, _Layer4
    from keyart.learn.keyframes.shots import Parts, ShotVideo

    seeded(0)
    pictures = [rng("picture", one).integers(0, 256, (256, 455, 3), np.uint8) for one in range(16)]
    video = ShotVideo("made", np.arange(16) % 7 == 0, pictures)
    learner = _Layer4(Parts((video,), (), ()), ResNetModel(ResNetConfig()), LearnLayer4(Path(), Path(), batch=8))
    return Case(learner, learner.epoch(0), 8, "a picture of 224 x 224 through ResNet-50, batches of 8")


def keyframes_bilstm() -> Case:
    from keyart.learn.keyframes.bilstm import LearnBiLSTM, _BiLstm
    from keyart.learn.keyframes.shots import Parts

    learner = _BiLstm(Parts(_shot_videos(4, 2048, 120), (), ()), LearnBiLSTM(Path(), Path()))
    return Case(learner, learner.epoch(0), 1, "a video of 120 shots, 2048 numbers each")


def _shot_videos(count: int, size: int, shots: int) -> tuple[Any, ...]:
    from keyart.learn.keyframes.shots import ShotVideo

    key = np.arange(shots) % 7 == 0
    return tuple(ShotVideo(f"v{one}", key, features=rows(one, shots, size)) for one in range(count))


def multimodal() -> Case:
    from keyart.learn.multimodal.fusion import LearnMultimodal, _Fusion
    from keyart.learn.multimodal.values import MultimodalVideo, Parts

    videos = tuple(
        MultimodalVideo(
            f"v{one}", rows(one, 250, 4096), rows((one, "s"), 120, 512), rows((one, "t"), 1, 256)[0],
            rows((one, "d"), 1, 256)[0], (7,),
        )
        for one in range(16)
    )  # fmt: skip
    learner = _Fusion(Parts(videos, (), ()), LearnMultimodal(Path(), Path()))
    return Case(learner, learner.epoch(0), 16, "a video of 250 frames (VGG16, 4096) and 120 s of sound")


def columns() -> Case:
    from keyart.learn.multimodal.columns import LearnColumns, RatedPicture, _Columns

    rated = [RatedPicture(rng("c", one).integers(0, 256, (256, 256, 3), np.uint8), one % 2) for one in range(64)]
    recipe = LearnColumns(Path(), Path(), batch=32)
    learner = _Columns(rated, (), recipe)
    return Case(learner, learner.epoch(0), 32, f"a picture in two columns of {recipe.side_px} x {recipe.side_px}")


def gif() -> Case:
    from keyart.learn.gif.gevaden import LearnGif, _Generating
    from keyart.learn.sets.values import GifVideo

    seeded(0)
    videos = [
        GifVideo(f"v{one}", ((3, 40, 90), (9, 44, 70)), np.zeros(120, np.int64), 16.0, 1920, rows(one, 120, 2048))
        for one in range(16)
    ]
    learner = _Generating(videos, (), LearnGif(Path(), Path()))
    return Case(learner, learner.epoch(0), 16, "a GIF of a video of 120 seconds, 2048 numbers each")


def thumbnails() -> Case:
    from keyart.learn.thumbnails.rl_divts import LearnThumbnails, _RlDivts
    from keyart.learn.thumbnails.videos import ThumbnailVideo

    quality = rng("a").random(300, np.float32)
    videos = [
        ThumbnailVideo(f"v{one}", rows(one, 300, 1024), quality, np.zeros((0, 300), np.bool_)) for one in range(4)
    ]
    learner = _RlDivts(videos, LearnThumbnails(Path(), Path(), batch=1))
    return Case(learner, learner.epoch(0), 1, "a video of 300 frames, 1024 numbers each, all its episodes")


def pgl_sum() -> Case:
    from keyart.learn.summaries.pgl_sum import LearnPglSum
    from keyart.learn.summaries.pgl_sum_training import Example

    made = [Example((rows(one, 300, 1024),), rng("y", one).random(300, np.float32)) for one in range(20)]
    learner = LearnPglSum(Path(), Path()).learner(made)
    return Case(learner, learner.epoch(0), 20, "a video of 300 frames, 1024 numbers each")


def _of_bench(module: str, name: str, samples: int, note: str) -> Callable[[], Case]:
    def made() -> Case:
        from importlib import import_module

        learner, items = getattr(import_module(f"bench.learn.{module}"), name)()
        return Case(learner, items, samples, note)

    return made


CASES: dict[str, Callable[[], Case]] = {
    "keyframes-frozen": keyframes_frozen,
    "keyframes-layer4": keyframes_layer4,
    "keyframes-bilstm": keyframes_bilstm,
    "columns": columns,
    "multimodal": multimodal,
    "gif": gif,
    "thumbnails": thumbnails,
    "ac-sum-gan": _of_bench("elm", "throughput_case", 1, "a video of 320 frames, 1024 numbers each, all its picks"),
    "ca-sum": _of_bench("elm", "throughput_case_ca_sum", 1, "a video of 320 frames, 1024 numbers each"),
    "pgl-sum": pgl_sum,
    "language": _of_bench("language", "throughput_case", 20, "a video of 300 frames and 8 sentences, 512 numbers each"),
    "re-sum": _of_bench("re_sum", "throughput_case", 8, "a video of 300 frames, 1024 numbers each"),
}
"""Recipe -> its case."""


def measured(case: Case, seconds: float) -> dict[str, float]:
    """Median step, samples a second, and the GPU's utilisation where there is one."""
    import torch

    for module in case.learner.modules.values():
        module.train()
    on_gpu = torch.cuda.is_available()
    times: list[float] = []
    busy: list[float] = []
    until = 0.0
    while not times or time.monotonic() < until:
        for item in case.items:
            began = time.monotonic()
            case.learner.step(item)
            if on_gpu:
                torch.cuda.synchronize()
                busy.append(float(torch.cuda.utilization()))
            until = until or time.monotonic() + seconds  # the first step warms up
            times.append(time.monotonic() - began)
            if len(times) > 1 and time.monotonic() > until:
                break
    step = statistics.median(times[1:] or times)
    found = {"step_seconds": round(step, 4), "samples_per_second": round(case.samples / step, 2)}
    return found | ({"gpu_percent": round(statistics.fmean(busy), 1)} if busy else {})


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench learn-speed", description=__doc__)
    parser.add_argument("--only", action="append", choices=CASES, help="a recipe; may be said again")
    parser.add_argument("--seconds", type=float, default=4.0, help="of timed steps for each recipe (default 4)")
    asked = parser.parse_args(arguments)
    import torch

    where = torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {torch.get_num_threads()} threads"
    found: dict[str, dict[str, float]] = {}
    shown = []
    for name in asked.only or CASES:
        case = CASES[name]()
        found[name] = measured(case, asked.seconds)
        busy = found[name].get("gpu_percent")
        speed, used = f"{found[name]['samples_per_second']:.3g}", "no GPU at hand" if busy is None else f"{busy} %"
        shown.append([name, case.note, speed, used])
        print(" | ".join(shown[-1]), file=sys.stderr, flush=True)
    columns = ["recipe", "a sample", f"samples a second, {where}", "GPU utilisation"]
    result = {
        "commit": commit(),
        "machine": machine(("numpy", "torch", "transformers")),
        "device": where,
        "recipes": found,
        "tables": {"learn-speed": {"columns": columns, "align": "llrr", "rows": shown}},
    }
    if not asked.only:
        write_result("learn_speed", result)
    return 0
