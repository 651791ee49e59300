"""What the default install may be."""

from __future__ import annotations

import pytest

from bench.install import closure, faults, size_mb

NEEDS = {
    "keyart": ["Some_Thing>=1", "extra-only; extra == 'torch'", "never; python_version < '3'"],
    "some-thing": ["deep.er", "keyart"],
    "deep-er": None,
}


def test_closure_follows_names_and_leaves_extras_out() -> None:
    assert closure("keyart", lambda name: NEEDS[name]) == ("deep-er", "keyart", "some-thing")


def test_a_good_install_has_no_faults() -> None:
    assert faults(("keyart", "numpy"), ("numpy", "opencv_contrib_python_headless"), 700.0) == []


@pytest.mark.parametrize(
    ("needed", "installed", "megabytes", "says"),
    [
        (("torch",), ("torch", "opencv-python"), 1.0, "keyart must not need torch"),
        ((), ("TorchVision", "opencv-python"), 1.0, "torchvision is installed"),
        ((), ("opencv-python", "opencv_python_headless"), 1.0, "not opencv-python, opencv-python-headless"),
        ((), (), 1.0, "exactly one OpenCV must be installed, not none"),
        ((), ("opencv-python",), 1000.0, "weighs 1000 MB"),
    ],
)
def test_faults(needed: tuple[str, ...], installed: tuple[str, ...], megabytes: float, says: str) -> None:
    (fault,) = faults(needed, installed, megabytes)
    assert says in fault


def test_this_install_needs_no_torch_and_is_small() -> None:
    needed = closure("keyart")
    assert {"numpy", "av", "onnxruntime"} <= set(needed)
    assert faults(needed, ("opencv-python",), sum(map(size_mb, needed))) == []
