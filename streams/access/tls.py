"""TLS: whom we trust and what we show, and what went wrong in words."""

import ssl
from pathlib import Path
from typing import Final

EXPIRED: Final = 10
NOT_YET: Final = 9
OTHER_NAMES: Final = (62, 64)  # of a host, of an IP address
NO_TLS: Final = ("WRONG_VERSION_NUMBER", "UNEXPECTED_EOF_WHILE_READING", "RECORD_LAYER_FAILURE")


def tls_context(
    ca: Path | None, certificate: Path | None = None, key: Path | None = None, password: str = ""
) -> ssl.SSLContext:
    """Return what verifies servers, hostname included, and shows them our certificate.

    Parameters
    ----------
    ca
        Whom to trust, PEM; none: whom this machine trusts.
    certificate, key
        What we show, PEM; none: nothing.
    password
        Of the key, empty where it has none: nobody is asked.

    Raises
    ------
    OSError
        A file cannot be read, or is not what it should be (``ssl.SSLError``).

    """
    context = ssl.create_default_context(cafile=ca)
    if certificate is not None:
        context.load_cert_chain(certificate, key, password)
    return context


def unverified_context() -> ssl.SSLContext:
    """Return what shakes hands with anyone, to find out whether a port speaks TLS at all."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def distrust(error: ssl.SSLCertVerificationError, host: str, ca: str, address: str) -> str:
    """Say why a certificate is not trusted, and what to check.

    Parameters
    ----------
    error
        What the handshake ended with.
    host
        Whose certificate it is.
    ca, address
        Names of the settings that say whom to trust, and where the server is.

    """
    reason = error.verify_message
    if error.verify_code == EXPIRED:
        return f"its certificate has expired: the server needs a new one ({reason})"
    if error.verify_code == NOT_YET:
        return f"its certificate is not valid yet: check the clocks ({reason})"
    if error.verify_code in OTHER_NAMES:
        return f"its certificate is not for {host}: check the name in {address} ({reason})"
    return f"its certificate is not signed by whom we trust: check {ca} ({reason})"
