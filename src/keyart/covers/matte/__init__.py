"""Figures taken out of their pictures, with soft edges and clean colours."""

from keyart.covers.matte.make import MATTERS, MakeMatte, Matte, Matter

__all__ = ["MATTERS", "MakeMatte", "Matte", "Matter"]
