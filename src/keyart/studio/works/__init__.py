"""The work on videos: a durable queue, a process for each, its progress and its end."""
