"""Shots that belong together: where a film's scenes begin, learned from how shots resemble those around them."""
