"""A whole system in one thread from one seed: see README.md."""
