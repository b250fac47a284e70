"""The look-ups of support tools under ``/v1``."""

from fastapi import FastAPI

from streams.console.desk import Desk


def make_api(desk: Desk) -> FastAPI:
    """Return the app of the look-ups, to be mounted."""
    api = FastAPI(title="Nyxter Online", version="1", docs_url=None, redoc_url=None)
    api.state.desk = desk
    return api
