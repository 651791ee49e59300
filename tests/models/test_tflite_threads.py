"""Networks are made once per thread, and never two at a time: OpenCV cannot load them side by side."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import cv2
import pytest

from keyart.models import tflite


def test_one_network_a_thread_and_no_two_loaded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loading: list[int] = []
    most: list[int] = []

    def load(path: str) -> object:
        loading.append(1)
        most.append(len(loading))
        time.sleep(0.005)
        loading.pop()
        return object()

    monkeypatch.setattr(tflite, "model_path", Path)
    monkeypatch.setattr(tflite, "_networks", threading.local())
    monkeypatch.setattr(cv2.dnn, "readNetFromTFLite", load)
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
