"""Transcript -> Headline: what is said, in a line that can be printed and stood for."""

from keyart.titles.products import titles_products
from keyart.titles.write import WriteTitles

__all__ = ["WriteTitles", "titles_products"]
