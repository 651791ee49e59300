"""A generated video and its prompt -> how good it is, 1 to 10 (seed 003)."""
