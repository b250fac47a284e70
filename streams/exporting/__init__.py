"""Data out: the output topics as tables of a star schema, in files that grow with each run."""
