from keyart.covers.matte.person import PERSON_MODEL, person_map

__all__ = ["PERSON_MODEL", "person_map"]
