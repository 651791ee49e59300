"""Figures taken out of their pictures, with soft edges and clean colours."""

from keyart.covers.matte.make import MATTERS, MakeMatte, Matte, Matter
from keyart.covers.matte.person import PERSON_MODEL, person_map

__all__ = ["MATTERS", "PERSON_MODEL", "MakeMatte", "Matte", "Matter", "person_map"]
