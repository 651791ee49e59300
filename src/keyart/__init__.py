"""A video goes in, its whole publishing package comes out."""
