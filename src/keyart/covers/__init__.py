"""Still + headline -> cover: crop, colours, lettering, avatar."""

from keyart.covers.avatar import MakeAvatar
from keyart.covers.make import MakeCovers

__all__ = ["MakeAvatar", "MakeCovers"]
