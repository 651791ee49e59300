"""Anytime: the best package that a given time allows. Cheap first, refined in place, better with every level."""

from keyart.anytime.budget import FLOOR_SECONDS, GRACE_SECONDS, budget_seconds
from keyart.anytime.levels import LEVELS, Level
from keyart.anytime.publish import roll_forward
from keyart.anytime.within import Tried, Within, make_level, make_within

__all__ = [
    "FLOOR_SECONDS",
    "GRACE_SECONDS",
    "LEVELS",
    "Level",
    "Tried",
    "Within",
    "budget_seconds",
    "make_level",
    "make_within",
    "roll_forward",
]
