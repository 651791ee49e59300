"""Another shape: which part of each moment is shown, and the pictures of it."""

from keyart.teasers.reframe.crop import cropped, reframed
from keyart.teasers.reframe.path import CameraPath, Decision, Pane, Part
from keyart.teasers.reframe.reframe import Reframe
from keyart.teasers.reframe.watch import Looks, WatchForReframing

__all__ = [
    "CameraPath",
    "Decision",
    "Looks",
    "Pane",
    "Part",
    "Reframe",
    "WatchForReframing",
    "cropped",
    "reframed",
]
