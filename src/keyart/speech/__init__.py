"""Sound -> Transcript: subtitle streams first, then files beside the video, then a recogniser that can be trusted."""

from keyart.speech.products import transcript_products
from keyart.speech.transcribe import Transcribe

__all__ = ["Transcribe", "transcript_products"]
