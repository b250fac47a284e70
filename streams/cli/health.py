"""`nyxter health`: asks a worker or a cache of this machine how it is."""

from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from schemas.envelope import loads
from streams.monitoring.monitor import HEALTH, READY

_ANSWER_S = 5.0
_ANYWHERE = ("", "0.0.0.0", "[::]")  # noqa: S104 - what is told to listen there answers here


class NoAnswer(Exception):  # noqa: N818 - it names what is the case
    """Nobody answers at the address: why."""


def problems_of(address: str, *, ready: bool) -> list[str]:
    """Return what the process that listens at ``host:port`` says is wrong.

    Raises
    ------
    NoAnswer
        It does not say anything.

    """
    host, _, port = address.rpartition(":")
    connection = HTTPConnection(
        "127.0.0.1" if host in _ANYWHERE else host.strip("[]"), int(port), timeout=_ANSWER_S
    )
    try:
        connection.request("GET", READY if ready else HEALTH)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, HTTPException) as error:
        raise NoAnswer(f"nobody answers at {address}: {error}") from None
    finally:
        connection.close()
    if answer.status == HTTPStatus.OK:
        return []
    return [str(problem) for problem in loads(body)["problems"]]
