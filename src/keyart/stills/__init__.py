"""Scan and shots -> the stills that are offered: gated, clustered, ranked by terms that anyone can read. thesis §4."""

from keyart.stills.pick import PickStills
from keyart.stills.sample import StillSampler

__all__ = ["PickStills", "StillSampler"]
