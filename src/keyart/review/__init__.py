"""Any product -> verdict: is it fit to be seen, and do picture and headline agree."""
