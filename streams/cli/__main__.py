"""`python -m streams.cli` is `nyxter`."""

from streams.cli import app

if __name__ == "__main__":
    app()
