"""The process that touches a user's video: `python -m keyart.studio.works.child VERB`, one JSON request on stdin.

It answers in JSON lines: `{"begin": stage}`, `{"at": stage, "fraction": f}`, `{"end": stage, "status", "reason",
"seconds"}`, in between what `overheard` reads, and last `{"done": {...}}` or `{"error": "one line", "kind":
"UnreadableVideo"}`. It sets its own limits before it opens anything, and ends when the studio does.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from keyart import witness
from keyart.errors import KeyartError
from keyart.leash import Told, die_with, end_all, limit, own_voice
from keyart.studio.works.overheard import Voice

Request = Mapping[str, Any]
Say = Callable[[Mapping[str, Any]], None]


# --- what it does -------------------------------------------------------------------------------------------------


def _probe(request: Request, _: Say) -> dict[str, Any]:
    """`path` -> what the file says of itself, as `plain.video` tells it."""
    from keyart import plain
    from keyart.media.probe import probe

    return plain.video(probe(request["path"]))


def _make(request: Request, say: Say) -> dict[str, Any]:
    """`path`, `name`, `settings`, `folder`, `cache` -> the package in the folder; titles and tags for the search."""
    from keyart.cache import StageCache
    from keyart.journal import run_facts
    from keyart.package import PARTS, USUAL, claim
    from keyart.pipeline import make
    from keyart.studio.wishes import recipe_of

    with claim(Path(request["folder"])) as claimed:
        package = make(
            request["path"],
            recipe_of(request["settings"]),
            parts=PARTS if "summaries" in request["settings"] else USUAL,
            progress=Told(say),
            cache=StageCache(Path(request["cache"])),
            called=request["name"],
        )
        claimed.save(package, run_facts(package))
    told = [json.loads(one.data) for one in package.products if one.path == "titles.json"]
    tags = [str(tag) for one in told for tag in one.get("tags", ())]
    return {"titles": [one.text for one in package.titles], "tags": tags}


def _still(request: Request, _: Say) -> dict[str, Any]:
    """`path`, `name`, `at`, `settings` -> the frame that `at` names, kept in the `cache` under `key`; its facts."""
    from keyart import plain
    from keyart.cache import StageCache
    from keyart.media.probe import probe
    from keyart.stills.by_hand import stills_at
    from keyart.studio.wishes import recipe_of
    from keyart.types import Still

    info = replace(probe(request["path"]), called=request["name"])
    (still,) = stills_at(info, str(request["at"]), recipe_of(request["settings"]).stills)
    StageCache(Path(request["cache"])).put(request["key"], still, Still)
    return plain.still(still)


def _judge(request: Request, _: Say) -> dict[str, Any]:
    """`path`, `name`, `prompt` -> what `keyart judge --json` says; the worst pairs as JPEG in the file `strip`."""
    from keyart.media.images import encode_image
    from keyart.media.probe import probe
    from keyart.package import write_whole
    from keyart.review.generated.verdict import judge, verdict_facts
    from keyart.review.generated.worst import worst_pairs_strip

    info = replace(probe(request["path"]), called=request["name"])
    found = judge(info, request["prompt"])
    strip, path = worst_pairs_strip(info, found.worst), Path(request["strip"])
    if strip is None:
        path.unlink(missing_ok=True)
    else:
        write_whole(path, encode_image(strip, "jpeg", quality=88))
    return {**verdict_facts(found), "has_strip": strip is not None}


def _draw(request: Request, say: Say) -> dict[str, Any]:
    """Pictures from words, see `engines.draw`."""
    from keyart.studio.darkroom.engines import draw

    return draw(request, say)


VERBS: dict[str, Callable[[Request, Say], dict[str, Any]]] = {
    "probe": _probe,
    "make": _make,
    "still": _still,
    "judge": _judge,
    "draw": _draw,
}


# --- how it lives -------------------------------------------------------------------------------------------------


def main() -> int:
    """One verb, one answer. The exit status is 0 whenever an answer was given."""
    says = own_voice()
    request = json.loads(sys.stdin.buffer.readline())
    die_with(int(request["parent"]))
    threading.Thread(target=_watch_lifeline, daemon=True).start()
    _keep_within(request["limits"])
    lock = threading.Lock()

    def say(line: Mapping[str, Any]) -> None:
        if reason := line.get("reason"):
            line = {**line, "reason": _without_places(reason, request)}
        with lock:
            says.write(json.dumps(line) + "\n")
            says.flush()

    witness.only(lambda _kind, _name: Voice(say))
    say(_done(VERBS[sys.argv[1]], request, say))
    sys.stderr.flush()
    os._exit(0)  # threads that wait for nothing more, and the lifeline's, are not waited for


def _done(verb: Callable[[Request, Say], dict[str, Any]], request: Request, say: Say) -> Mapping[str, Any]:
    try:
        return {"done": verb(request, say)}
    except KeyartError as err:
        return {"error": _without_places(str(err), request), "kind": type(err).__name__}
    except MemoryError:
        return {"error": "it asked for more memory than it may have", "kind": "OverLimit"}
    except Exception as err:  # noqa: BLE001  here a fault of our own meets the studio
        import traceback

        traceback.print_exc()
        line = " ".join(f"{type(err).__name__}: {err}".split())
        return {"error": f"a fault of keyart's own, please report it ({line})", "kind": "Fault"}


def _without_places(text: str, request: Request) -> str:
    """Where things lie in the studio's store is no business of its users."""
    names = {request.get("path"): request.get("name"), request.get("folder"): "the package"}
    for place, name in names.items():
        text = text.replace(place, name) if place and name else text
    return text


def _watch_lifeline() -> None:
    while os.read(0, 1):
        pass
    end_all()


def _keep_within(limits: Mapping[str, Any]) -> None:
    """Limits that no library can lift again. Threads' stacks and arenas count as data: hence twice the memory."""
    limit(resource.RLIMIT_CPU, int(limits["cpu_seconds"]) + 1, grace=5)  # a signal that says why, then the end
    limit(resource.RLIMIT_FSIZE, int(limits["file_bytes"]))
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_DATA, 2 * int(limits["memory_bytes"]))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write that fails can be told, a death cannot
    os.nice(int(limits["niceness"]))


if __name__ == "__main__":
    sys.exit(main())
