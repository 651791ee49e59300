"""`keyart studio`: serve it."""

from __future__ import annotations

import argparse

from keyart.flags import add_flags, add_usual, given
from keyart.studio.options import Studio


def add(parser: argparse.ArgumentParser) -> None:
    """Its flags."""
    add_usual(parser)
    add_flags(parser, "studio", Studio)


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from keyart.studio.serve import options_of, serve

    return serve(options_of(given(args), args.config), quiet=args.quiet)
