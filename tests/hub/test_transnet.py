"""TransNet V2 on tiny random weights: names, shapes, windows; what is missing says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from keyart.errors import BadModel, MissingModel  # noqa: E402
from keyart.media.scan import Glimpse  # noqa: E402
from keyart.shots import DETECTORS  # noqa: E402
from keyart.shots.transnet import TransNet, TransNetWatcher, _tiled, built, probabilities  # noqa: E402
from tests.shots.test_boundaries import INFO  # noqa: E402


class Sight:
    def __init__(self, number: int) -> None:
        self.seconds = number / 25
        self._shade = 40 if number < 130 else 200

    def small(self, width_px: int) -> Any:
        return np.full((54, width_px, 3), self._shade, np.uint8)


@pytest.fixture
def tiny(tmp_path: Path) -> TransNet:
    torch.manual_seed(0)
    path = tmp_path / "weights.pth"
    torch.save(built(2, 8).state_dict(), path)
    return TransNet(path, filters=2, units=8)


def test_parameters_bear_the_published_names() -> None:
    state = built().state_dict()
    shapes = {name: tuple(value.shape) for name, value in state.items()}
    assert shapes["SDDCNN.0.DDCNN.0.Conv3D_1.layers.0.weight"] == (32, 3, 1, 3, 3)
    assert shapes["SDDCNN.2.DDCNN.1.Conv3D_8.layers.1.weight"] == (64, 128, 3, 1, 1)
    assert shapes["SDDCNN.1.DDCNN.0.bn.running_var"] == (128,)
    assert shapes["frame_sim_layer.projection.weight"] == (128, 448)
    assert shapes["frame_sim_layer.fc.weight"] == shapes["color_hist_layer.fc.weight"] == (128, 101)
    assert shapes["fc1.weight"] == (1024, 4864) and shapes["cls_layer1.weight"] == (1, 1024)
    assert shapes["cls_layer2.bias"] == (1,)


def test_every_frame_is_judged_once(tiny: TransNet) -> None:
    watcher = tiny.watch(INFO)
    for number in range(230):
        watcher.see(cast(Glimpse, Sight(number)))
    shots = watcher.shots(9.2)
    assert shots[0].start == 0 and shots[-1].end == 9.2 and shots[-1].end_frame == 230
    assert len(watcher._odds) >= 230 and TransNetWatcher(tiny, INFO, None).shots(1.0) == ()


def test_it_stands_in_the_table(tiny: TransNet) -> None:
    assert DETECTORS["transnet"] is type(tiny)


def test_windows_agree_with_the_whole(tiny: TransNet) -> None:
    watcher = tiny.watch(INFO)
    for number in range(60):
        watcher.see(cast(Glimpse, Sight(number)))
    whole = probabilities(watcher._network, np.full((100, 27, 48, 3), 40, np.uint8))
    watcher.shots(2.4)
    assert watcher._odds[:50] == pytest.approx(list(map(float, whole[25:75])), abs=1e-6)


def test_stretches_become_shots() -> None:
    odds = [0.1] * 10 + [0.9] + [0.1] * 9 + [0.8] * 5 + [0.2] * 5
    shots = _tiled(odds, [number / 25 for number in range(30)], 1.2, 0.5)
    assert [(one.start_frame, one.transition, one.transition_seconds) for one in shots] == [
        (0, "start", 0.0),
        (11, "cut", 0.0),
        (25, "dissolve", 0.16),
    ]


def test_what_is_missing_or_wrong_says_so(tiny: TransNet, tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="published PyTorch weights"):
        TransNet(tmp_path / "none.pth").watch(INFO)
    with pytest.raises(BadModel, match="no weights of this network"):
        TransNet(tiny.weights, filters=4, units=8).watch(INFO)
