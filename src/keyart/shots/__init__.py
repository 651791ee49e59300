"""Scan -> Shot: where one take ends and the next begins."""

from keyart.shots.boundaries import DetectShots, ShotWatcher

__all__ = ["DetectShots", "ShotWatcher"]
