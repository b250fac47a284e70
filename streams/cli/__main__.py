"""`python -m streams.cli` is `nyxter`."""

from streams.cli import app

app()
