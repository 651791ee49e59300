"""The tables of the seed: 3.2 and 1-2 (accuracy), 3-5 (MAE): a prompt model a row, what stands beside it a column."""

from __future__ import annotations

from collections.abc import Mapping

from keyart.learn.judge.forests import Folds, Task
from keyart.review.generated.features import ADDITIONS, PROMPT_MODELS, Kind, Space

_TITLES: Mapping[tuple[Task, Kind], str] = {
    ("classification", "aggregated"): "Accuracy, aggregated features, % (seed: table 3.2)",
    ("classification", "plain"): "Accuracy, features not aggregated, % (seed: table 1)",
    ("classification", "joined"): "Accuracy, joined features, % (seed: table 2)",
    ("regression", "aggregated"): "MAE, aggregated features (seed: table 3)",
    ("regression", "plain"): "MAE, features not aggregated (seed: table 4)",
    ("regression", "joined"): "MAE, joined features (seed: table 5)",
}


def seed_tables(folds: Mapping[tuple[Task, Space], Folds]) -> tuple[tuple[str, str], ...]:
    """(title, Markdown) of the six tables; a dash where a space was not run."""
    return tuple((title, _table(folds, task, kind)) for (task, kind), title in _TITLES.items())


def _table(folds: Mapping[tuple[Task, Space], Folds], task: Task, kind: Kind) -> str:
    lines = ["| model | " + " | ".join(ADDITIONS) + " |", "|---|" + "---|" * len(ADDITIONS)]
    for model in PROMPT_MODELS:
        cells = (str(folds.get((task, Space(model, kind, more)), "-")) for more in ADDITIONS)
        lines.append(f"| {model} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
