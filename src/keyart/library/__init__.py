"""Many videos: a folder, a list, a store; by local processes or on a Ray cluster.

One video is one row; paths travel, never frames.
"""
