"""Multimodal thumbnail selection (seed 001): frames, sound and words make one vector, and the nearest frame wins.

prepare   a video -> every 9th frame, the 1000 best of them, their embeddings, those of sound and words
columns   a double-column network that says how good a picture is
sounds    a stand-in for TRILL
fusion    the recipe: the vector, pulled to the frame that people chose
song      what to compare it with: no learning at all
"""
