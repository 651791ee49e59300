"""The studio: the way from a video to its key art in the browser, for people without design skill. thesis §6."""
