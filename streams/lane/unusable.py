"""What ends a worker: stored state that nobody may go on from."""


class StateUnusable(Exception):  # noqa: N818 - it names what is the case
    """The stored state can't be gone on from: why, and what to do."""
