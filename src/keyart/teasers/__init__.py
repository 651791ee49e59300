"""Shots and stills -> what moves: the animated teaser, and the storyboard of a player's seek bar."""

from keyart.teasers.animated import MakeTeaser
from keyart.teasers.storyboard import Storyboard

__all__ = ["MakeTeaser", "Storyboard"]
