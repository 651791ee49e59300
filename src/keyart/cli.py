"""Arguments -> one call -> files: which command is meant, a head start for it, and what becomes of its errors."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from keyart import cores
from keyart.commands import COMMANDS, Command
from keyart.errors import KeyartError

if TYPE_CHECKING:
    from keyart.media.scan import Pass


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0 done, 1 a clear error, 2 wrong arguments, 130 interrupted.

    With `argv` it is a call from a process that goes on, which gets back what memory the command has used.
    """
    if argv is None:
        return _main(sys.argv[1:])
    cores.one_heap()  # before a thread gets another
    try:
        return _main(list(argv))
    finally:
        cores.give_back_memory()


def _main(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "--version") or words[0] not in COMMANDS:
        return _top(words)
    command = COMMANDS[words[0]]
    parser = argparse.ArgumentParser(f"keyart {words[0]}", description=command.summary, allow_abbrev=False)
    with _head_start(command, words[1:]) as begun:
        parser.set_defaults(verbose=False, begun=begun)
        try:
            command.add(parser)
            return _run(words[0], command, parser.parse_args(words[1:]))
        except KeyartError as err:
            return _failed(err, "-v" in words or "--verbose" in words)


_LOOKS_ELSEWHERE = ("-h", "--help", "--budget", "--at", "--picture", "--covers-at", "--covers-picture")
"""Beginnings of words with which there is no pass, or not in this process."""


@contextmanager
def _head_start(command: Command, words: Sequence[str]) -> Iterator[Pass | None]:
    """The pass over what looks like the video, begun now: entering the rooms that look on keeps one core busy.

    None where there will hardly be one. Whatever is wrong with the file is said when it is its turn.
    """
    video = next((word for word in words if not word.startswith("-") and Path(word).is_file()), None)
    if not command.watches or video is None or any(word.startswith(_LOOKS_ELSEWHERE) for word in words):
        yield None
        return
    from keyart.media.probe import probe
    from keyart.media.scan import Scan

    with ExitStack() as held:
        begun = None
        with suppress(KeyartError):
            begun = Scan("fast" if "fast" in words else "full").open(probe(video))
            held.callback(begun.close)
            begun.begin()
        yield begun


def _run(name: str, command: Command, args: argparse.Namespace) -> int:
    """A studio is no run: each of its jobs is one."""
    from keyart import witness

    if name == "studio":
        if args.log:
            os.environ[witness.LINE_VARIABLES[1]] = str(args.log.absolute())
        return command.run(args)
    with witness.command(name, log=getattr(args, "log", None)):
        return command.run(args)


def entry() -> None:
    """The installed command. Interrupted work on other threads is not waited for."""
    gc.set_threshold(300_000)  # what a short run has most of are the rooms, which are no garbage: 3 % of its time
    # numpy's own threads turn round and round for the next product, on cores that have pictures to decode: 8 % of a run
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _escape_what_has_no_letter()
    for number in (signal.SIGINT, signal.SIGALRM):
        signal.signal(number, _interrupted)
    try:
        status = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        signal.setitimer(signal.ITIMER_REAL, 0)
        print("keyart: interrupted; finished stages are kept, the next run goes on from there", file=sys.stderr)
        status = 130
    except BrokenPipeError:  # the reader has left: `keyart presets | head -1`
        status = 0
    except Exception as err:  # noqa: BLE001  the one place where a fault of our own meets the user
        status = _broken(err)
    sys.stderr.flush()
    os._exit(status)


def _escape_what_has_no_letter() -> None:
    """On a standard output that would fail: as JSON escapes it, so that what is JSON stays so."""
    if getattr(sys.stdout, "errors", "") != "strict":
        return

    import codecs

    def escaped(err: UnicodeError) -> tuple[str, int]:
        import json

        assert isinstance(err, UnicodeEncodeError)
        return json.dumps(err.object[err.start : err.end])[1:-1], err.end

    codecs.register_error("keyart.json", escaped)
    sys.stdout.reconfigure(errors="keyart.json")  # type: ignore[union-attr]


def _interrupted(_number: int, _frame: object) -> None:
    """Interrupt, and again in a second: Python drops an exception that lands in a callback of its import system."""
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    raise KeyboardInterrupt


def _top(words: list[str]) -> int:
    from keyart.version import __version__

    if words and words[0] == "--version":
        print(f"keyart {__version__}")
        return 0
    lines = "\n".join(f"  {name:<9} {command.summary}" for name, command in COMMANDS.items())
    text = (
        f"usage: keyart COMMAND ...\n\nTurns a video into everything a viewer sees before pressing play.\n\n{lines}\n\n"
    )
    text += "keyart COMMAND --help tells what each one takes."
    if words and words[0] not in ("-h", "--help"):
        print(f"keyart: no command is called {words[0]!r}\n\n{text}", file=sys.stderr)
        return 2
    print(text)
    return 0


def _broken(err: Exception) -> int:
    if "-v" in sys.argv or "--verbose" in sys.argv:
        import traceback

        traceback.print_exception(err)
    line = " ".join(f"{type(err).__name__}: {err}".split())
    print(f"keyart: a fault of keyart's own, please report it ({line}); --verbose shows where", file=sys.stderr)
    return 1


def _failed(err: KeyartError, verbose: bool) -> int:
    if verbose:
        import traceback

        traceback.print_exception(err)
    from keyart.witness import logs_on_stderr

    if not logs_on_stderr():
        print(f"keyart: {err}", file=sys.stderr)
    return 1
