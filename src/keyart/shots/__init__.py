"""Scan -> Shot: where one take ends and the next begins."""

from keyart.shots.boundaries import DetectShots, ShotOnlooker, ShotWatcher
from keyart.shots.transnet import TransNet

DETECTORS: dict[str, type[DetectShots] | type[TransNet]] = {"embedded": DetectShots, "transnet": TransNet}
"""Name -> settings whose `watch(info)` is an onlooker with `see(glimpse)` and `shots(end_seconds)`."""

__all__ = ["DETECTORS", "DetectShots", "ShotOnlooker", "ShotWatcher", "TransNet"]
