"""Networks are made once per thread and say nothing on standard error, and nothing said there meanwhile is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from keyart.models import tflite
from keyart.models.store import model_path
from keyart.stills.objects import FACE_MODELS

_GREETING = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has loaded no network yet, whose models are files of any name."""
    monkeypatch.setattr(tflite, "model_path", Path)
    monkeypatch.setattr(tflite, "_networks", threading.local())
    monkeypatch.setattr(tflite, "_greeted", threading.Event())


@pytest.mark.usefixtures("fresh")
def test_one_network_a_thread_and_no_two_loaded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loading: list[int] = []
    most: list[int] = []

    def load(_: Path) -> object:
        loading.append(1)
        most.append(len(loading))
        time.sleep(0.005)
        loading.pop()
        return object()

    monkeypatch.setattr(tflite, "TfliteNetwork", load)
    made: list[tuple[object, object]] = []
    threads = [
        threading.Thread(target=lambda: made.append((tflite.tflite_network("a"), tflite.tflite_network("a"))))
        for _ in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert max(most) == 1
    assert all(first is again for first, again in made)
    assert len({id(first) for first, _ in made}) == 4


@pytest.mark.usefixtures("fresh")
def test_what_others_write_while_a_network_loads_is_passed_on(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def load(_: Path) -> object:
        os.write(2, b"12 % of the frames\n" + _GREETING + b"13 % of")
        return object()

    monkeypatch.setattr(tflite, "TfliteNetwork", load)
    tflite.tflite_network("first")
    os.write(2, b" the frames\n")
    assert capfd.readouterr().err == "12 % of the frames\n13 % of the frames\n"


@pytest.mark.usefixtures("fresh")
def test_a_file_that_is_no_network_leaves_standard_error_as_it_was(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"no network at all")
    for _ in range(2):
        with pytest.raises(ValueError, match="Flatbuffer"):
            tflite.tflite_network(str(broken))
    os.write(2, b"still here\n")
    assert capfd.readouterr().err.endswith("still here\n")


_LOADS = """
import os, sys
from keyart.models.tflite import tflite_network
if sys.argv[2] == "closed":
    os.close(2)
tflite_network(sys.argv[1])
tflite_network(sys.argv[1])
"""


@pytest.mark.parametrize("standard_error", ["open", "closed"])
def test_loading_says_nothing(standard_error: str) -> None:
    model_path(FACE_MODELS[0])
    done = subprocess.run(
        [sys.executable, "-c", _LOADS, FACE_MODELS[0], standard_error], capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_picture_of_another_size_is_refused() -> None:
    network = tflite.tflite_network(FACE_MODELS[0])
    assert {name: values.shape for name, values in network(np.zeros((128, 128, 3), np.float32)).items()} == {
        "regressors": (1, 896, 16),
        "classificators": (1, 896, 1),
    }
    with pytest.raises(ValueError, match="dimension"):
        network(np.zeros((64, 64, 3), np.float32))
