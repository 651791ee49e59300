"""Three seconds of a video as its GIF thumbnail (seed 002): GEVADEN, what it is compared with, and the two scores."""
