"""`keyart titles`: of a video, of a text, or of as many texts as come on standard input."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from keyart import plain
from keyart.channel import find_channel
from keyart.commands import making
from keyart.errors import BadSetting
from keyart.flags import given
from keyart.types import file_name

add = making.add


def run(args: argparse.Namespace) -> int:
    """A video goes the usual way; of a text only the words are read."""
    from keyart.models.licence import licence_mode, licensed
    from keyart.speech.written import is_text

    from_stdin = str(args.video) == "-"
    if not from_stdin and not is_text(args.video):
        return making.run(args)
    if args.output:
        raise BadSetting("a text makes no package folder; print the titles with --json and keep them in a file")
    with licensed(args.licence or licence_mode()):
        return _of_lines(args) if from_stdin else _of_text(args)


def _of_lines(args: argparse.Namespace) -> int:
    """JSON lines in, JSON lines out, each answered before the next is read."""
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
    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # half a character in an id, or a terminal of another alphabet
        return json.dumps(value)
    return line


def _of_text(args: argparse.Namespace) -> int:
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
        shown = {"source": file_name(args.video), "titles": [plain.headline(one) for one in titles], "stages": stages}
        print(plain.dumps(shown), end="")
    elif not args.quiet:
        for title in titles:
            print(f"  {title.text}")
        if outcome.reason:
            print(f"keyart: {outcome.reason}", file=sys.stderr)
    return 0
