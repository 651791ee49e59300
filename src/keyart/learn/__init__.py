"""Data set -> weights and their card. May use every stage; no stage imports it. Needs the extra "learn"."""
