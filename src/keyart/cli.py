"""Arguments -> one call -> files. Rooms are imported inside the commands: `keyart --help` must answer at once."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyart import cores
from keyart.errors import BadSetting, KeyartError

if TYPE_CHECKING:
    from keyart.media.scan import Pass
    from keyart.package import Package


@dataclass(frozen=True, slots=True)
class Command:
    """A verb: what it says of itself, what it takes, what it does. `section` lends its fields as unprefixed flags."""

    summary: str
    run: Callable[[argparse.Namespace], int]
    add: Callable[[argparse.ArgumentParser, Command], None]
    section: str = ""
    parts: tuple[str, ...] = ()
    folder: str = ""
    """Suffix of the folder that is written where no -o is given; none is written where it is empty."""
    takes: str = "a video file"

    @property
    def watches(self) -> bool:
        """Whether it makes a pass over the pictures."""
        return self.run is _make


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
        parser.set_defaults(command=command, verbose=False, begun=begun)
        try:
            command.add(parser, command)
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
    if not _logs_on_stderr():
        print(f"keyart: {err}", file=sys.stderr)
    return 1


def _logs_on_stderr() -> bool:
    """Whether lines of a log tell there what else would be told there."""
    logs = sys.modules.get("keyart.logs")
    return logs is not None and logs.on_stderr()


# --- flags read off the stages' fields ----------------------------------------------------------------------------


def _add_usual(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")
    parser.add_argument("-v", "--verbose", action="store_true", help="show where an error came from")
    parser.add_argument("-c", "--config", type=Path, metavar="FILE", help="a keyart.toml to read after the usual ones")
    parser.add_argument("--log", type=Path, metavar="FILE", help="add lines of JSON there that tell how it goes")


def _add_making(parser: argparse.ArgumentParser, command: Command) -> None:
    parser.add_argument("video", type=Path, help=command.takes)
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="package folder to write")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    _add_usual(parser)
    parser.add_argument("--seed", type=int, default=0, help="for every stage that draws lots (default 0)")
    parser.add_argument(
        "--licence", choices=("any", "permissive"), help="permissive: no model whose licence is not (default any)"
    )
    parser.add_argument(
        "--channel", metavar="FILE", help="a channel.toml; without it KEYART_CHANNEL, or the one beside the video"
    )
    parser.set_defaults(format=None)
    parser.add_argument("--fresh", action="store_true", help="do not use what an earlier run has kept")
    parser.add_argument("--scan", dest="scan__mode", choices=("full", "fast"), help="the same as --scan-mode")
    if not command.parts or command.section == "summaries":
        parser.add_argument(
            "--for", dest="summaries__platforms", metavar="NAMES", help="the platforms of short versions"
        )
    if not command.parts:
        parser.add_argument("--budget", metavar="TIME", help="the best package within that time: 20s, 2m")
        parser.add_argument(
            "--prompt", dest="review__prompt", help="what the video was generated from: it is then judged as well"
        )
        parser.add_argument(
            "--ranker", dest="rankers", type=Path, action="append", default=[], metavar="FILE",
            help="a learned model (.kamodel), for the stage that its card names; may be said again",
        )  # fmt: skip
    if command.section == "shots":
        from keyart.shots.export import EXPORTERS

        parser.add_argument("--format", choices=tuple(EXPORTERS), help="print them as other programs read them")
    wants_help = any(word in sys.argv for word in ("-h", "--help"))
    from keyart.flags import add_flags
    from keyart.package import PARTS
    from keyart.recipe import stage_types

    for section, stage in stage_types(command.parts or PARTS).items():
        prefix = "" if section == command.section else f"{section}-"
        add_flags(parser, section, stage, prefix=prefix, explain=wants_help, leave_out=("seed",))


# --- the commands -------------------------------------------------------------------------------------------------


def _make(args: argparse.Namespace) -> int:
    """Any part of the house, from one stage to all of it."""
    from keyart.package import PARTS, USUAL, claim

    command: Command = args.command
    parts = command.parts or (PARTS if _asks_for_summaries(args) else USUAL)
    folder = args.output or _usual_folder(args, command)
    if folder is None:
        package, _ = _made(args, parts)
    elif getattr(args, "budget", None):
        from keyart.anytime.command import make_command

        status = make_command(args, parts, folder)
        _tell_of_near_covers(args, folder)
        return status
    else:
        with claim(folder) as claimed:
            package, run = _made(args, parts)
            package = claimed.save(package, run)
        _tell_of_near_covers(args, folder)
    if args.format:
        from keyart.shots.export import EXPORTERS

        print(EXPORTERS[args.format](package.info, package.shots), end="")
    elif args.json:
        _print_json(package, command)
    elif not args.quiet:
        _print_table(package)
    return 0


def _tell_of_near_covers(args: argparse.Namespace, folder: Path) -> None:
    """Where a channel with an index is in effect; the index's room is not entered without one."""
    from keyart.channel import find_channel

    channel = find_channel(args.video, args.channel)
    if channel is not None and channel.index:
        from keyart.nearness.told import told

        for line in told(folder, channel):
            print(f"keyart: {line}", file=sys.stderr)


def _asks_for_summaries(args: argparse.Namespace) -> bool:
    return any(name.startswith("summaries__") and value is not None for name, value in vars(args).items())


def _usual_folder(args: argparse.Namespace, command: Command) -> Path | None:
    if not command.folder or ((args.json or args.format) and command.parts):
        return None
    return Path(f"{args.video.stem}.{command.folder}")


def _made(args: argparse.Namespace, parts: tuple[str, ...]) -> tuple[Package, dict[str, Any]]:
    from keyart.cache import StageCache, cache_folder
    from keyart.channel import find_channel
    from keyart.flags import given
    from keyart.journal import run_facts
    from keyart.pipeline import make
    from keyart.recipe import rankers_given, recipe_for
    from keyart.terminal import told

    said = [*rankers_given(getattr(args, "rankers", ())), *given(args)]
    recipe = recipe_for(args.video, said, args.config, args.seed, parts, find_channel(args.video, args.channel))
    cache = StageCache(cache_folder(), fresh=args.fresh)
    with told(quiet=args.quiet or args.json or bool(args.format) or _logs_on_stderr()) as progress:
        begun = args.begun if args.begun and args.begun.info.path == args.video else None
        package = make(
            args.video, recipe, parts=parts, progress=progress, cache=cache, licence=args.licence, begun=begun
        )
    return package, run_facts(package)


def _print_json(package: Package, command: Command) -> None:
    from keyart import plain
    from keyart.package import manifest

    found = manifest(package)
    if command.parts:
        stages = found["stages"]
        name, keys = command.section, {"shots": "shots", "stills": "stills", "titles": "titles"}
        found = {name: found[keys[name]]} if name in keys else {name: found["products"]}
        found = {"source": package.info.name, **found, "stages": stages}
    print(plain.dumps(found), end="")


def _print_table(package: Package) -> None:
    from keyart.terminal import table

    for title in package.titles:
        print(f"  {title.text}" + ("" if title.supported else "   (not supported by what is said)"))
    if package.folder is None:
        rows = (
            [[f"{s.start:.3f}", f"{s.end:.3f}", s.transition] for s in package.shots]
            if package.parts == ("shots",)
            else []
        )
        print(table(rows))
        return
    kinds: dict[str, list[str]] = {}
    for product in package.products:
        kinds.setdefault(product.kind, []).append(product.path)
    rows = [[kind, str(len(paths)), f"{paths[0]}{' ...' if len(paths) > 1 else ''}"] for kind, paths in kinds.items()]
    page = [["page", "1", "index.html"]] if (package.folder / "index.html").exists() else []
    print(table([*rows, *page]))
    print(f"{package.folder}")


# --- titles of a text, where no video is ----------------------------------------------------------------------------


def _titles(args: argparse.Namespace) -> int:
    """A video goes the usual way; of a text only the words are read."""
    from keyart.models.licence import licence_mode, licensed
    from keyart.speech.written import is_text

    from_stdin = str(args.video) == "-"
    if not from_stdin and not is_text(args.video):
        return _make(args)
    if args.output:
        raise BadSetting("a text makes no package folder; print the titles with --json and keep them in a file")
    with licensed(args.licence or licence_mode()):
        return _titles_of_lines(args) if from_stdin else _titles_of_text(args)


def _titles_of_lines(args: argparse.Namespace) -> int:
    """JSON lines in, JSON lines out, each answered before the next is read."""
    from keyart.channel import find_channel
    from keyart.flags import given
    from keyart.recipe import recipe_for
    from keyart.review import kept_headlines
    from keyart.titles.texts import answer_lines

    recipe = recipe_for(None, given(args), args.config, args.seed, ("titles",), find_channel(None, args.channel))
    judge = recipe.review.judge_words
    status = 0
    for well, answer in answer_lines(
        getattr(sys.stdin, "buffer", sys.stdin),
        recipe.titles,
        lambda found: kept_headlines(found, judge(found).value),
    ):
        print(_json_line(answer), flush=True)
        status = status if well else 1
    return status


def _json_line(value: Any) -> str:
    import json

    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # half a character in an id, or a terminal of another alphabet
        return json.dumps(value)
    return line


def _titles_of_text(args: argparse.Namespace) -> int:
    from keyart import plain
    from keyart.channel import find_channel
    from keyart.flags import given
    from keyart.recipe import recipe_for
    from keyart.review import kept_headlines
    from keyart.speech.written import read_text
    from keyart.titles.texts import titles_of

    channel = find_channel(args.video, args.channel)
    recipe = recipe_for(args.video, given(args), args.config, args.seed, ("titles",), channel)
    outcome = titles_of(recipe.titles, read_text(args.video))
    judged = recipe.review.judge_words(outcome.value)
    titles = kept_headlines(outcome.value, judged.value)
    if args.json:
        stages = [
            {"name": name, "status": s.status, "reason": s.reason, "backend": s.backend, "models": list(s.models)}
            for name, s in (("titles", outcome), ("words", judged))
        ]
        shown = {"source": args.video.name, "titles": [plain.headline(one) for one in titles], "stages": stages}
        print(plain.dumps(shown), end="")
    elif not args.quiet:
        for title in titles:
            print(f"  {title.text}")
        if outcome.reason:
            print(f"keyart: {outcome.reason}", file=sys.stderr)
    return 0


def _add_probe(parser: argparse.ArgumentParser, _: Command) -> None:
    parser.add_argument("video", type=Path)
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def _probe(args: argparse.Namespace) -> int:
    from keyart import plain
    from keyart.media.probe import probe
    from keyart.terminal import table

    found = plain.video(probe(args.video))
    if args.json:
        print(plain.dumps(found), end="")
    else:
        print(table([[key, str(value)] for key, value in found.items() if value not in ([], {}, "")]))
    return 0


def _add_judge(parser: argparse.ArgumentParser, _: Command) -> None:
    from keyart.review.generated.command import add_arguments

    add_arguments(parser)


def _judge(args: argparse.Namespace) -> int:
    from keyart.review.generated.command import judge_command

    return judge_command(args)


def _add_explain(parser: argparse.ArgumentParser, _: Command) -> None:
    parser.add_argument("file", type=Path, help="a product of keyart's: a still, a cover, a teaser, titles.json ...")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def _explain(args: argparse.Namespace) -> int:
    from keyart import plain
    from keyart.package import explain

    found = explain(args.file)
    if args.json:
        print(plain.dumps(found), end="")
        return 0
    for line in _told_lines(found):
        print(line)
    return 0


def _told_lines(value: Any, indent: str = "") -> list[str]:
    if not isinstance(value, dict):
        return [f"{indent}{value}"]
    lines = []
    for key, item in value.items():
        if isinstance(item, dict) or (isinstance(item, list) and item and isinstance(item[0], dict)):
            lines.append(f"{indent}{key}:")
            for one in item if isinstance(item, list) else [item]:
                lines += _told_lines(one, indent + "  ") + ([""] if isinstance(item, list) and len(one) > 4 else [])
        else:
            lines.append(f"{indent}{key}: {item}")
    return lines


def _add_models(parser: argparse.ArgumentParser, _: Command) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="every model, its licence, whether it is here").add_argument(
        "--json", action="store_true"
    )
    pull = verbs.add_parser("pull", help="fetch models or packs: embedded, samples")
    pull.add_argument("names", nargs="+")
    pull.add_argument("--force", action="store_true", help="fetch again what is already here")
    add = verbs.add_parser("add", help="take a file or folder that you have into the store, under a model's name")
    add.add_argument("name")
    add.add_argument("path", type=Path)
    verbs.add_parser("where", help="the folder of the model store")


def _models(args: argparse.Namespace) -> int:
    from keyart.models import CARDS, have
    from keyart.models.fetch import add, pull
    from keyart.models.kamodel import learned_models, read_card
    from keyart.models.store import card_facts, store_folder
    from keyart.plain import dumps
    from keyart.terminal import table

    if args.verb == "where":
        print(store_folder())
    elif args.verb == "pull":
        pull(args.names, force=args.force, say=print)
    elif args.verb == "add":
        print(add(args.name, args.path))
    elif args.json:
        print(dumps([card_facts(card) for card in CARDS.values()]), end="")
    else:
        cards = {name: read_card(path) for name, path in learned_models().items()}
        rows = [[c.name, "here" if have(c.name) else "-", c.licence, c.what] for c in CARDS.values()]
        rows += [[name, "here", c.licence, f"learned: {c.kind}, by {c.recipe}"] for name, c in cards.items()]
        print(table(rows))
    return 0


def _add_learn(parser: argparse.ArgumentParser, _: Command) -> None:
    from keyart.learn.cli import add

    add(parser)


def _learn(args: argparse.Namespace) -> int:
    from keyart.learn.cli import run

    return run(args)


def _add_studio(parser: argparse.ArgumentParser, _: Command) -> None:
    from keyart.flags import add_flags
    from keyart.studio.options import Studio

    _add_usual(parser)
    add_flags(parser, "studio", Studio)


def _studio(args: argparse.Namespace) -> int:
    from keyart.flags import given
    from keyart.studio.serve import options_of, serve

    return serve(options_of(given(args), args.config), quiet=args.quiet)


def _add_json(parser: argparse.ArgumentParser, _: Command) -> None:
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def _add_library(parser: argparse.ArgumentParser, _: Command) -> None:
    from keyart.library.command import add_library

    add_library(parser, wants_help=any(word in sys.argv for word in ("-h", "--help")))


def _library(args: argparse.Namespace) -> int:
    from keyart.library.command import library_command

    return library_command(args)


def _add_channel(parser: argparse.ArgumentParser, _: Command) -> None:
    from keyart.channel.command import add

    add(parser)


def _channel(args: argparse.Namespace) -> int:
    from keyart.channel.command import run

    return run(args)


def _add_near(parser: argparse.ArgumentParser, _: Command) -> None:
    from keyart.nearness.command import add

    add(parser)


def _near(args: argparse.Namespace) -> int:
    from keyart.nearness.command import run

    return run(args)


def _add_report(parser: argparse.ArgumentParser, _: Command) -> None:
    from keyart.library.report import add_report

    add_report(parser)


def _report(args: argparse.Namespace) -> int:
    from keyart.library.report import report_command

    return report_command(args)


def _presets(args: argparse.Namespace) -> int:
    from keyart import plain
    from keyart.covers.presets import PRESETS
    from keyart.terminal import table

    if args.json:
        shown = {
            p.name: {"kind": p.kind, "width": p.width_px, "height": p.height_px, "max_bytes": p.max_bytes,
                     "formats": list(p.formats), "source": p.source, "checked_at": p.checked_at}
            for p in PRESETS.values()
        }  # fmt: skip
        print(plain.dumps(shown), end="")
        return 0
    rows = [
        [p.name, p.kind, f"{p.width_px}x{p.height_px}", f"{p.max_bytes / 1e6:g} MB", p.title] for p in PRESETS.values()
    ]
    print(table(rows))
    return 0


def _doctor(args: argparse.Namespace) -> int:
    from keyart import plain
    from keyart.journal import diagnosis
    from keyart.terminal import table

    found = diagnosis()
    if args.json:
        print(plain.dumps(found), end="")
    else:
        print(table([[c["name"], "ok" if c["ok"] else "missing", c["note"]] for c in found["checks"]]))
    return 0 if all(check["ok"] for check in found["checks"] if check["required"]) else 1


COMMANDS: dict[str, Command] = {
    "make": Command("the whole publishing package of a video", _make, _add_making, folder="keyart"),
    "probe": Command("what the file says of itself", _probe, _add_probe),
    "shots": Command("where the takes begin and end", _make, _add_making, "shots", ("shots",)),
    "frames": Command("ranked stills", _make, _add_making, "stills", ("shots", "stills"), "frames"),
    "titles": Command(
        "headlines that are supported by what is said",
        _titles,
        _add_making,
        "titles",
        ("titles",),
        takes="a video, a text (.srt .vtt .ass .ttml .txt .json), or - for JSON lines {id, text} on standard input",
    ),
    "covers": Command("covers with a headline on them", _make, _add_making, "covers", ("covers",), "covers"),
    "cutouts": Command("figures without their background", _make, _add_making, "cutouts", ("cutouts",), "cutouts"),
    "variants": Command(
        "stills in other looks and on other backgrounds", _make, _add_making, "variants", ("variants",), "variants"
    ),
    "teaser": Command("a short animated preview", _make, _add_making, "teaser", ("teaser",), "teaser"),
    "summary": Command(
        "short versions for other platforms", _make, _add_making, "summaries", ("summaries",), "summary"
    ),
    "library": Command("the packages of many videos: a folder, a list, a store", _library, _add_library),
    "report": Command("what a library has made, what it has not and why, and what it costs", _report, _add_report),
    "channel": Command("what the videos of a channel have in common, learnt from past covers", _channel, _add_channel),
    "near": Command("pictures and videos that are nearly the same as older ones", _near, _add_near),
    "judge": Command("how good a generated video is, or which of several takes is best", _judge, _add_judge),
    "explain": Command("the receipt of a product", _explain, _add_explain),
    "models": Command("list, fetch and find model files", _models, _add_models),
    "studio": Command("the way from a video to its cover in the browser", _studio, _add_studio),
    "presets": Command("what each platform accepts", _presets, _add_json),
    "learn": Command("train a model on a data set of yours", _learn, _add_learn),
    "doctor": Command("what is installed, and what a missing extra would add", _doctor, _add_json),
}
