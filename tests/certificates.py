"""Certificates for tests, made on the spot: good ones, an expired one, one for another host."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from trustme import CA, LeafCert

NAMES = ("localhost", "127.0.0.1")


class Pem(NamedTuple):
    """A certificate with its chain, its key, and both in one file."""

    certificate: Path
    key: Path
    both: Path


class Certificates:
    """A CA of our own, another that nobody knows, and servers' certificates; files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ca = CA()
        now = datetime.now(UTC)
        past = {"not_before": now - timedelta(days=9), "not_after": now - timedelta(days=2)}
        self.ca = self._authority("ca", self._ca)
        self.unknown_ca = self._authority("unknown-ca", CA())
        self.good = self._written("good", self._ca.issue_cert(*NAMES))
        self.expired = self._written("expired", self._ca.issue_cert(*NAMES, **past))
        self.elsewhere = self._written("elsewhere", self._ca.issue_cert("kafka.example"))

    def _authority(self, name: str, ca: CA) -> Path:
        path = self._folder / f"{name}.pem"
        ca.cert_pem.write_to_path(str(path))
        return path

    def _written(self, name: str, leaf: LeafCert) -> Pem:
        paths = Pem(*(self._folder / f"{name}-{part}.pem" for part in ("cert", "key", "both")))
        chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
        key = _pkcs8(leaf.private_key_pem.bytes())
        paths.certificate.write_bytes(chain)
        paths.key.write_bytes(key)
        paths.both.write_bytes(key + chain)
        return paths


def _pkcs8(pem: bytes) -> bytes:
    """Return a key in the form that Kafka reads."""
    key = load_pem_private_key(pem, None)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
