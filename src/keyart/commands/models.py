"""`keyart models`: what is in the store of models, and what could be."""

from __future__ import annotations

import argparse
from pathlib import Path

from keyart.models import CARDS, have
from keyart.models.fetch import add as take_in
from keyart.models.fetch import pull
from keyart.models.kamodel import learned_models, read_card
from keyart.models.store import card_facts, store_folder
from keyart.plain import dumps
from keyart.terminal import table


def add(parser: argparse.ArgumentParser) -> None:
    """Its flags."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="every model, its licence, whether it is here").add_argument(
        "--json", action="store_true"
    )
    fetch = verbs.add_parser("pull", help="fetch models or packs: embedded, samples")
    fetch.add_argument("names", nargs="+")
    fetch.add_argument("--force", action="store_true", help="fetch again what is already here")
    store = verbs.add_parser("add", help="take a file or folder that you have into the store, under a model's name")
    store.add_argument("name")
    store.add_argument("path", type=Path)
    verbs.add_parser("where", help="the folder of the model store")


def run(args: argparse.Namespace) -> int:
    """Print what is asked for; the exit status."""
    if args.verb == "where":
        print(store_folder())
    elif args.verb == "pull":
        pull(args.names, force=args.force, say=print)
    elif args.verb == "add":
        print(take_in(args.name, args.path))
    elif args.json:
        print(dumps([card_facts(card) for card in CARDS.values()]), end="")
    else:
        cards = {name: read_card(path) for name, path in learned_models().items()}
        rows = [[c.name, "here" if have(c.name) else "-", c.licence, c.what] for c in CARDS.values()]
        rows += [[name, "here", c.licence, f"learned: {c.kind}, by {c.recipe}"] for name, c in cards.items()]
        print(table(rows))
    return 0
