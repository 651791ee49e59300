"""Does what the seeds claim come out where the truth is known? One module a recipe, each with `PLANTED`."""
