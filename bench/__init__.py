"""Measurements of keyart: each is one command, `python -m bench NAME`, that leaves JSON. Not part of the wheel."""
