"""ONNX models open, run, and stay out of the decoder's way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from keyart.errors import MissingModel
from keyart.models.onnx import onnx_session, open_session


def test_a_session_runs_and_is_made_once() -> None:
    session = onnx_session("silero-vad")
    assert session is onnx_session("silero-vad")
    silence = np.zeros((1, 576), np.float32)
    state = np.zeros((2, 1, 128), np.float32)
    speech, _ = session.run(None, {"input": silence, "state": state, "sr": np.array(16000, np.int64)})
    assert speech.shape == (1, 1)
    assert speech[0, 0] < 0.1, "silence is no speech"


def test_one_thread_by_default() -> None:
    options = onnx_session("silero-vad").get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)


def test_a_missing_model_is_said_before_onnxruntime_is_asked(store: Path) -> None:
    with pytest.raises(MissingModel, match="keyart models pull silero-vad"):
        onnx_session("silero-vad")


def test_threads_are_the_callers_choice() -> None:
    from keyart.models import model_path

    session = open_session(model_path("silero-vad"), threads=2)
    assert session.get_session_options().intra_op_num_threads == 2
