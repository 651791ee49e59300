"""Three thumbnails of a video that are fine pictures, stand for it and differ, by reinforcement (D5.4 §3.2)."""
