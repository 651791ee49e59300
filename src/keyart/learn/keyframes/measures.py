"""How well probabilities tell key shots from the others: accuracy, P, R, F1 at a threshold, PR-AUC over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Measures:
    """All in [0, 1]; 0 where nothing was found or nothing was to be found."""

    accuracy: float
    precision: float
    recall: float
    f1: float
    pr_auc: float
    """Average precision: the area under the steps of the precision-recall curve, no straight lines between them."""

    def facts(self, prefix: str = "") -> dict[str, float]:
        return {f"{prefix}{name}": round(value, 4) for name, value in asdict(self).items()}


def measured(key: NDArray[np.bool_], probabilities: NDArray[np.floating], threshold: float = 0.5) -> Measures:
    """Of shots (n,) that are key or not and their probabilities (n,); key is what reaches the threshold."""
    from sklearn.metrics import accuracy_score, average_precision_score, precision_recall_fscore_support

    said = probabilities >= threshold
    precision, recall, f1, _ = precision_recall_fscore_support(key, said, average="binary", zero_division=0)
    area = float(average_precision_score(key, probabilities)) if key.any() else 0.0
    return Measures(float(accuracy_score(key, said)), float(precision), float(recall), float(f1), area)


def best_threshold(key: NDArray[np.bool_], probabilities: NDArray[np.floating]) -> float:
    """The probability at which F1 is highest on these shots; 0.5 where none of them is key.

    F1 at a fixed threshold also says how readily a model says yes: one that always does reaches 2s / (1 + s) at a
    share s of key shots, whatever it knows. With its own threshold, chosen on validation shots, every model has that.
    """
    if not key.any():
        return 0.5
    from sklearn.metrics import precision_recall_curve

    precision, recall, thresholds = precision_recall_curve(key, probabilities)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[int(np.argmax(f1[:-1]))])


def joined(rows: Sequence[NDArray[np.floating]]) -> NDArray[np.float64]:
    """The probabilities of several videos as one row."""
    return np.concatenate([np.asarray(one, np.float64) for one in rows])
