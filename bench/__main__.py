"""`python -m bench NAME [options]`: one module per measurement, listed here."""

from __future__ import annotations

import importlib
import sys

COMMANDS = {
    "speed": "whole-process time and memory, against the bare decode and the rivals",
    "stills": "planted black, blurred, duplicate and flash frames must never be offered",
    "shots": "cuts and gradual transitions against hand-made truth",
    "summaries": "what people agree on (TVSum, SumMe), and whether the summaries we make keep their promises",
    "reframe": "smart cropping: RetargetVid's score, made scenes with a known subject, jitter, cut heads, time",
    "judge": "the judge of generated videos: faults of rising strength on held-out clips, takes in pairs, time, memory",
    "rated": "make the rated set that the shipped judge learned from",
    "learn-real": "people's annotations: the field's rows, GIF statistics, summarisers on SumMe, scenes of films",
    "learn-speed": "how many samples a second each recipe learns from",
    "learn": "every recipe on generated data whose truth is known, with a null control",
    "speech": "what is heard in real sound, and what the gate lets pass",
    "titles": "headlines against the uploaders' own titles",
    "clusters": "how well near-duplicate headlines are grouped: silhouettes, cosines, heat map",
    "covers": "faces left free, contrast, the headline read back",
    "nearness": "edited pictures and re-uploads against different ones; a search among a million signatures",
    "moderation": "what the word lists and NudeNet find, and what they find wrongly",
    "matte": "mattes against masks drawn by hand: overlap, halo, time",
    "gallery": "contact sheets of whole packages, to be looked at",
    "showcase": "docs/gallery.md: every look, background, template and avatar on the sample photographs",
    "pictures": "the README's pictures, made from the sample clip",
    "screens": "docs/studio: every page of the studio, taken by the system's browser",
    "install": "what the default install weighs, and what must not be in it",
    "scale": "what a million hours need, from measured costs per stage; where the bottleneck moves",
    "studio": "the queue over a server that is killed, readers at once, previews",
    "library": "200 clips by local workers and on Ray: throughput, and workers and drivers killed",
    "soak": "hours of mixed work in one process: memory, files, threads",
    "fuzz": "mutated media files through `keyart make --budget 2s`: no crash, no hang, each with a stated outcome",
    "rivals": "make a virtual environment for each rival under .rivals/",
    "anytime": "what a time buys: each level and each budget weighed on a ruler that knows nothing of levels",
    "report": "write the tables of README.md and docs from bench/results, or check them",
}
"""Name -> what it does; the module bench.NAME, or that of `_MODULES`, has `main(arguments) -> exit code`."""
_MODULES = {"learn": "bench.learn.planted", "learn-real": "bench.learn.real", "learn-speed": "bench.learn.speed"}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help"):
        print("usage: python -m bench NAME [options]\n")
        for name, what in COMMANDS.items():
            print(f"  {name:8} {what}")
        return 0
    name, *rest = arguments
    if name not in COMMANDS:
        print(f"no bench is called {name!r}; there are: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    code: int | None = importlib.import_module(_MODULES.get(name, f"bench.{name}")).main(rest)
    return code or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
