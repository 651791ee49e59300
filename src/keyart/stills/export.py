"""Ranked stills -> files under frames/, the rank in the name, the receipt in the picture."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from keyart import plain
from keyart.media.images import encode_image
from keyart.types import Product, Receipt, Still


def still_products(stills: Sequence[Still], quality: int = 93) -> tuple[Product, ...]:
    """`frames/01.jpg` and on, at displayed size."""
    with ThreadPoolExecutor(2) as encoders:  # the encoder leaves the interpreter free
        return tuple(encoders.map(lambda still: _product(still, quality), stills))


def _product(still: Still, quality: int) -> Product:
    path = f"frames/{still.rank:02}.jpg"
    receipt = Receipt(path, {"kind": "still", "source_seconds": plain.seconds(still.seconds), **plain.still(still)})
    data = encode_image(still.frame.image, "jpeg", receipt=receipt, quality=quality, quick=True)
    return Product(path, data, "still", receipt)
