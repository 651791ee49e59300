"""Files with people's judgements of videos -> values; one file for each set."""
