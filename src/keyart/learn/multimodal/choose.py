"""A learned vector at work, without torch: which of a video's frames it is nearest to."""

from __future__ import annotations

import numpy as np

from keyart.errors import BadModel
from keyart.learn.multimodal.measures import cosines, ranked
from keyart.learn.multimodal.values import Floats, MultimodalVideo
from keyart.models.kamodel import Kamodel


def video_vector(model: Kamodel, video: MultimodalVideo) -> Floats:
    """Shape (d,), among the embeddings of the frames. Raises `BadModel` for a model of another kind, or other rows."""
    if model.card.kind != "vector":
        raise BadModel(f"{model.card.name}: a model of kind {model.card.kind!r}; 'vector' is wanted here")
    if video.frames.shape[1] != model.card.feature_size:
        size, want = video.frames.shape[1], model.card.feature_size
        raise BadModel(f"{model.card.name}: wants rows of {want} numbers ({model.card.features}), got {size}")
    # a video without sound is one row of zeros, as in training
    audio = video.audio if len(video.audio) else np.zeros((1, video.audio.shape[1]), np.float32)
    vector: Floats = model(frames=video.frames[None], audio=audio[None], text=video.text[None])[0][0]
    return vector


def ranking(model: Kamodel, video: MultimodalVideo) -> list[int]:
    """The video's frames, the best first."""
    return ranked(cosines(video_vector(model, video), video.frames))
