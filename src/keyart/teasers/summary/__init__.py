"""A video -> its short version for a platform: what is kept, where it is cut, and the file."""

from keyart.teasers.summary.make import MakeSummary

__all__ = ["MakeSummary"]
