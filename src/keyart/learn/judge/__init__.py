"""Rated videos -> a forest that judges others (seed 003)."""

from keyart.learn.judge.recipe import LearnJudge

__all__ = ["LearnJudge"]
