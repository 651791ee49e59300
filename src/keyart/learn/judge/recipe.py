"""Learns a judge of generated videos from rated ones (seed 003 §3.3): measure, tune, cross-validate, keep one forest.

    keyart learn judge --data RATED --out judge

`--space embedded` learns the forest that is shipped; `--space jina-clip-v2/aggregated/L_S` one of the seed's 144;
`--space all` fills the seed's tables and keeps the forest of the best space. What is measured of a clip is kept in
`out/features`, so that a second run measures nothing.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keyart.errors import BadSetting
from keyart.learn.data import BadData
from keyart.learn.files import write_facts, written_whole
from keyart.learn.judge.forests import FOLDS, SLOPE_SHARE, TASKS, Folds, Table, Task, cross_validated, fitted, tune
from keyart.learn.judge.onnx_trees import forest_bytes
from keyart.learn.judge.ratings import RatedSet, Rating, read_ratings
from keyart.learn.judge.tables import seed_tables
from keyart.models.kamodel import LearnedCard, packed
from keyart.review.generated.features import PROMPT_MODELS, SENSES, Space, row, spaces
from keyart.review.generated.measure import EMBEDDED, Measure, Measured
from keyart.review.generated.needs import Needs, needs_of, without
from keyart.review.generated.shelf import kept

Say = Callable[[str], None]
UNTOUCHED = 9.5
"""Clips rated so or better say what a feature usually is."""


@dataclass(frozen=True, slots=True)
class LearnJudge:
    """A random forest that scores generated videos from 1 to 10, from rated ones."""

    data: Path
    """Rated clips: a table (.csv, .tsv, .jsonl, .json) with prompt, video and score, or a folder with one."""
    out: Path
    """Folder for the forest, the tables, the plots and what was measured."""
    space: str = "embedded"
    """embedded (no model of the hub's), MODEL/KIND/ADDITION of the seed's 144, or all of them."""
    off: tuple[str, ...] = ()
    """Groups of the embedded space to leave out: warp, morph, flicker, tint, held, jump, camera, sharpness, smear,
    grain, faces, lettering, ssim."""
    trials: int = 20
    """Of Optuna for each task and space, 1 ... 1000."""
    trees: int = 0
    """Of the kept forest; 0: as many as Optuna finds best."""
    leaves: int = 0
    """At most, of each of its trees; 0: no limit. Fewer make a smaller file."""
    monotone: bool = True
    """Hold every tree of the embedded space to what a feature means: more flicker never gives a better score."""
    plots: bool = True
    """Draw the ten features that move a forest most (SHAP)."""
    model_folders: tuple[str, ...] = ()
    """Where models of the hub that are not in the store lie: jina-clip-v2=FOLDER, HPS=FOLDER, lpips=FOLDER ..."""
    width_px: int = 320
    """Longer side that the embedded groups measure at, 32 ... 4096."""
    name: str = "judge"
    """Of the forest."""
    seed: int = 0
    """For the folds, Optuna and the trees."""

    def __post_init__(self) -> None:
        if not 1 <= self.trials <= 1000:
            raise BadSetting(f"trials is {self.trials}; it lies between 1 and 1000")
        if unknown := set(self.off) - set(EMBEDDED):
            raise BadSetting(f"no group is called {', '.join(sorted(unknown))}; there are: {', '.join(EMBEDDED)}")
        known = ("embedded", "all", *(one.name for one in spaces()))
        if self.space not in known:
            raise BadSetting(f"no space is called {self.space!r}; there are: embedded, all, and e.g. {known[2]}")

    def __call__(self, say: Say = print) -> dict[str, Any]:
        """Learn; the facts that are also written to `out/judge.json`. Raises `MissingExtra`, `MissingModel`,
        `MissingFile`, `BadData`."""
        rated = read_ratings(self.data)
        if len(rated.ratings) < 2 * FOLDS:
            raise BadData(f"{self.data}: {len(rated.ratings)} rated clips; {2 * FOLDS} are needed for {FOLDS} folds")
        say(f"{len(rated.ratings)} rated clips; {len(rated.missing)} that the table names are not there")
        measured = self.measure(rated, say)
        facts = self._all(rated, measured, say) if self.space == "all" else self._one(rated, measured, self.space, say)
        write_facts(self.out / "judge.json", facts)
        return facts

    # --- measuring

    def measure(self, rated: RatedSet, say: Say) -> list[Measured]:
        """What was measured of each clip, from the shelf where it lies there."""
        needs = self._needs()
        found = []
        for number, rating in enumerate(rated.ratings, 1):
            found.append(self._measured(rating, needs))
            if number % 100 == 0:
                say(f"measured {number} of {len(rated.ratings)}")
        return found

    def _needs(self) -> Needs:
        if self.space == "all":
            return needs_of([name for one in spaces() for name in one.feature_names()])
        return needs_of(self.names(self.space))

    def _measured(self, rating: Rating, needs: Needs) -> Measured:
        measure = Measure(needs.groups or ("ssim",), self.width_px)
        folders = dict(one.partition("=")[::2] for one in self.model_folders)
        if not (needs.prompt_models or needs.lpips or needs.raft):
            return kept(self.out / "features", rating.video, repr(measure), lambda: measure(rating.video))
        from keyart.review.generated.hub import measure_with_hub

        what = repr((measure, needs, sorted(folders.items()), rating.prompt))
        return kept(
            self.out / "features",
            rating.video,
            what,
            lambda: measure_with_hub(
                rating.video,
                rating.prompt,
                measure,
                needs.prompt_models,
                lpips=needs.lpips,
                raft=needs.raft,
                folders=folders,
            ),
            hub=True,
        )

    def names(self, space: str) -> tuple[str, ...]:
        """The features of a space, in their order."""
        if space == "embedded":
            return without([one.name for one in SENSES], self.off)
        return next(one for one in spaces() if one.name == space).feature_names()

    def signs(self, space: str) -> tuple[int, ...]:
        """What more of each feature may do to the score."""
        if space != "embedded" or not self.monotone:
            return ()
        known = {one.name: one.sign for one in SENSES}
        return tuple(known[name] for name in self.names(space))

    def table(self, rated: RatedSet, measured: Sequence[Measured], space: str) -> Table:
        names = self.names(space)
        groups = [one.group or one.video.name for one in rated.ratings]
        numbers = {name: place for place, name in enumerate(dict.fromkeys(groups))}
        return Table(
            np.array([row(one.series, one.whole, names) for one in measured]).astype(np.float32).astype(np.float64),
            np.array([one.score for one in rated.ratings]),
            np.array([numbers[one] for one in groups], np.int64),
            names,
        )

    # --- learning

    def _one(self, rated: RatedSet, measured: Sequence[Measured], space: str, say: Say) -> dict[str, Any]:
        table, signs = self.table(rated, measured, space), self.signs(space)
        found: dict[Task, tuple[dict[str, Any], Folds]] = {}
        for task in TASKS:
            settings = tune(table, task, self.trials, self.seed, signs)
            found[task] = settings, cross_validated(table, task, settings, self.seed, signs)
            say(f"{space}, {task}: {found[task][1]}")
        tops = self._plots(table, found, signs) if self.plots else {}
        file = self._kept_forest(rated, table, space, found, signs)
        return {
            "schema": 1,
            "recipe": "judge",
            "space": space,
            "clips": len(rated.ratings),
            "missing": len(rated.missing),
            "features": len(table.names),
            "data_sha256": rated.sha256,
            "settings": {task: one[0] for task, one in found.items()},
            "test": {
                "MAE": round(found["regression"][1].mean, 4),
                "accuracy": round(found["classification"][1].mean, 2),
            },
            "folds": {task: [round(value, 4) for value in one[1].values] for task, one in found.items()},
            "top_features": tops,
            "file": {"name": file.name, "bytes": file.stat().st_size},
        }

    def _all(self, rated: RatedSet, measured: Sequence[Measured], say: Say) -> dict[str, Any]:
        """The seed's 144 spaces, both tasks; the forest of the least error is kept."""
        folds: dict[tuple[Task, Space], Folds] = {}
        settings: dict[tuple[Task, Space], dict[str, Any]] = {}
        for number, space in enumerate(spaces(), 1):
            table = self.table(rated, measured, space.name)
            for task in TASKS:
                settings[task, space] = tune(table, task, self.trials, self.seed)
                folds[task, space] = cross_validated(table, task, settings[task, space], self.seed)
            say(f"{number} of 144, {space.name}: {folds['classification', space]} %, {folds['regression', space]}")
        tables = seed_tables(folds)
        written_whole(self.out / "tables.md", "\n\n".join(f"**{title}**\n\n{text}" for title, text in tables).encode())
        best = min(spaces(), key=lambda one: folds["regression", one].mean)
        chosen = {task: (settings[task, best], folds[task, best]) for task in TASKS}
        table = self.table(rated, measured, best.name)
        tops = self._plots(table, chosen, ()) if self.plots else {}
        file = self._kept_forest(rated, table, best.name, chosen, ())
        return {
            "schema": 1,
            "recipe": "judge",
            "space": "all",
            "clips": len(rated.ratings),
            "models": list(PROMPT_MODELS),
            "best": best.name,
            "test": {
                "spaces": len(spaces()),
                "MAE": round(folds["regression", best].mean, 4),
                "accuracy": round(max(one.mean for (task, _), one in folds.items() if task == "classification"), 2),
            },
            "spaces": {
                space.name: {task: [folds[task, space].mean, folds[task, space].deviation] for task in TASKS}
                for space in spaces()
            },
            "top_features": tops,
            "file": {"name": file.name, "bytes": file.stat().st_size},
        }

    def _plots(
        self, table: Table, found: dict[Task, tuple[dict[str, Any], Folds]], signs: Sequence[int]
    ) -> dict[str, list[list[Any]]]:
        from keyart.learn.judge.shapley import plot_top, top_features

        tops: dict[str, list[list[Any]]] = {}
        for task, (settings, _) in found.items():
            top = top_features(fitted(task, settings, table, self.seed, signs).forest, table)
            plot_top(top, self.out / f"shap_{task}.png", task)
            tops[task] = [[name, round(value, 5)] for name, value in top]
        return tops

    def _kept_forest(
        self,
        rated: RatedSet,
        table: Table,
        space: str,
        found: dict[Task, tuple[dict[str, Any], Folds]],
        signs: Sequence[int],
    ) -> Path:
        """The forest for the score, learned on all clips, as a file."""
        settings = dict(found["regression"][0])
        settings |= {"n_estimators": self.trees} if self.trees else {}
        settings |= {"max_leaf_nodes": self.leaves} if self.leaves else {}
        model = fitted("regression", settings, table, self.seed, signs)
        best = table.X[table.y >= UNTOUCHED]
        usual = np.median(best if len(best) else table.X, axis=0)
        card = LearnedCard(
            self.name,
            "judge",
            "judge",
            "review.generated",
            len(table.names),
            f"{len(rated.ratings)} rated clips",
            rated.sha256,
            {
                "MAE, five folds": round(found["regression"][1].mean, 4),
                "accuracy at 5.5, five folds, per cent": round(found["classification"][1].mean, 2),
            },
            {
                "names": list(table.names),
                "usual": [float(np.float32(one)) for one in usual],
                "space": space,
                "width_px": self.width_px,
                "forest": settings,
                "monotone": any(signs),
                "slope": 0.0 if model.slope is None else SLOPE_SHARE,
            },
            note=self._note(),
        )
        path = self.out / "judge.kamodel"
        written_whole(path, deflated(packed(card, forest_bytes(model.forest, model.slope, SLOPE_SHARE))))
        return path

    def _note(self) -> str:
        told = self.data / "NOTE.txt" if self.data.is_dir() else self.data.with_name("NOTE.txt")
        return told.read_text("utf-8").strip() if told.is_file() else ""


def deflated(archive: bytes) -> bytes:
    """The same zip, packed: what a forest says in ONNX is mostly the same words again."""
    packed_again = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as source,
        zipfile.ZipFile(packed_again, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made,
    ):
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, source.read(name))
    return packed_again.getvalue()
