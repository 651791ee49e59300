"""Still + headline -> cover: crop, colours, lettering, avatar."""

from keyart.covers.make import MakeCovers

__all__ = ["MakeCovers"]
