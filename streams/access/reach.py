"""The way to a server, a step at a time, so that one knows which step fails and what to check."""

import socket
import ssl
import time
from collections.abc import Iterator
from typing import Final, NamedTuple

from streams.access.places import Address
from streams.access.tls import NO_TLS, distrust, unverified_context

ANSWER_S: Final = 5.0
_SHAKE_S: Final = 3.0  # a port without TLS may wait for more of what it does not understand


class Step(NamedTuple):
    """A step that went well: what it is called, and what was seen."""

    name: str
    told: str


class Unreachable(Exception):  # noqa: N818 - it names what is the case
    """A server cannot be used.

    Parameters
    ----------
    place
        Which server, in words.
    step
        At which step.
    what
        What was seen, and what to check.
    is_refused
        Whether waiting will not help: it is there, and we are wrong for it, or it for us.

    """

    def __init__(self, place: str, step: str, what: str, *, is_refused: bool) -> None:
        super().__init__(f"{place}: {step}: {what}")
        self.step = step
        self.what = what
        self.is_refused = is_refused


class Door(NamedTuple):
    """Where a server is, and the settings that say so.

    Attributes
    ----------
    place
        Which server, in words.
    address
        Where it listens.
    context
        What verifies it; None: no TLS.
    setting, encryption, ca
        Names of the settings of its address, of whether TLS is spoken, of whom to trust.

    """

    place: str
    address: Address
    context: ssl.SSLContext | None
    setting: str
    encryption: str
    ca: str

    def fails(self, step: str, what: str, *, is_refused: bool = True) -> Unreachable:
        """Return what to raise."""
        return Unreachable(self.place, step, what, is_refused=is_refused)

    def knock(self) -> Iterator[Step]:
        """Yield each step up to an encrypted connection, or a plain one where there is no TLS.

        Raises
        ------
        Unreachable
            At a step that fails, within some seconds.

        """
        found = self._resolve()
        yield Step("resolve", found)
        began = time.monotonic()
        with self._connect() as connection:
            yield Step("connect", f"in {(time.monotonic() - began) * 1000:.0f} ms")
            if self.context is not None:
                yield Step("TLS", self._shake_hands(connection, self.context))

    def speaks_tls(self) -> bool:
        """Tell whether TLS is what is spoken here."""
        try:
            with self._connect() as connection, unverified_context().wrap_socket(connection):
                return True
        except (OSError, Unreachable):
            return False

    def _resolve(self) -> str:
        try:
            found = socket.getaddrinfo(*self.address, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            what = f"there is no host {self.address.host}: check {self.setting}"
            raise self.fails("resolve", what, is_refused=False) from None
        return ", ".join(sorted({str(entry[4][0]) for entry in found}))

    def _connect(self) -> socket.socket:
        try:
            return socket.create_connection(self.address, ANSWER_S)
        except OSError as error:
            reason = error.strerror or "no answer"
            what = f"{reason}: check that the server runs and {self.setting} names its port"
            raise self.fails("connect", what, is_refused=False) from None

    def _shake_hands(self, connection: socket.socket, context: ssl.SSLContext) -> str:
        host = self.address.host
        connection.settimeout(_SHAKE_S)
        try:
            with context.wrap_socket(connection, server_hostname=host) as secured:
                return f"{secured.version()}, the certificate is trusted"
        except ssl.SSLCertVerificationError as error:
            raise self.fails("TLS", distrust(error, host, self.ca, self.setting)) from None
        except ssl.SSLError as error:
            if error.reason in NO_TLS:
                raise self._no_tls() from None
            what = f"the handshake fails ({error.reason}): check {self.ca} and client certificates"
            raise self.fails("TLS", what) from None
        except OSError:
            raise self._no_tls() from None

    def _no_tls(self) -> Unreachable:
        return self.fails(
            "TLS", f"the port does not speak TLS: check {self.encryption}, and the port"
        )
