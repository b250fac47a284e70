"""The demonstration's console, as a support tool asks it: look-ups over HTTP with the token."""

from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any, Final
from urllib.parse import quote

from schemas.envelope import loads
from streams.console.token import ENTRANCE
from streams.settings import Settings

_ANSWER_S: Final = 5.0


class Lookup:
    """Asks the console that runs by some settings."""

    def __init__(self, settings: Settings) -> None:
        self._at = settings.console_at
        self._token = settings.console_token.get_secret_value()

    @property
    def link(self) -> str:
        """Opens the console, logged in."""
        return f"http://{self._at}{ENTRANCE}?chave={quote(self._token, safe='')}"

    def card(self, customer: str) -> dict[str, Any] | None:
        """Return a customer's card; None where the console does not answer with one."""
        headers = {"Authorization": f"Bearer {self._token}"}
        with closing(HTTPConnection(self._at, timeout=_ANSWER_S)) as connection:
            try:
                connection.request(
                    "GET", f"/v1/customers/{quote(customer, safe='')}", None, headers
                )
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, HTTPException):
                return None
        card: dict[str, Any] | None = loads(body) if answer.status == HTTPStatus.OK else None
        return card
