"""Addresses: what they name, whether that is this machine, how to tell them without secrets."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

KAFKA_PORT: Final = 9092
REDIS_PORT: Final = 6379
_NOT_CHECKED: Final = {"ssl_cert_reqs": ("none", "optional"), "ssl_check_hostname": (False,)}


class Address(NamedTuple):
    """A host and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def address_of(server: str) -> Address:
    """Return the address that one of Kafka's bootstrap servers names.

    Raises ``ValueError`` where it names none.

    >>> address_of("kafka"), address_of(" [::1]:19092")
    (Address(host='kafka', port=9092), Address(host='::1', port=19092))
    """
    parts = urlsplit(f"//{server.strip()}")
    if not parts.hostname or parts.path or parts.query or "@" in server:
        raise ValueError("not host:port")
    return Address(parts.hostname, KAFKA_PORT if parts.port is None else parts.port)


def is_local(host: str) -> bool:
    """Tell whether a host is this machine, by its name or number alone.

    >>> is_local("localhost"), is_local("127.0.0.9"), is_local("::1"), is_local("kafka")
    (True, True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def broker_problem(servers: str) -> str | None:
    """Say what is wrong with a list of bootstrap servers, None where nothing is.

    >>> broker_problem("kafka:9092,kafka-2:9092"), broker_problem("kafka:no")
    (None, 'not host:port, with commas between')
    """
    try:
        for server in servers.split(","):
            address_of(server)
    except ValueError:
        return "not host:port, with commas between"
    return None


def off_machine(servers: Iterable[str]) -> str:
    """Return the first server that is another machine, nothing where all are this one.

    >>> off_machine(["localhost:9092", "kafka:9092"]), off_machine(["127.0.0.1:9092"])
    ('kafka:9092', '')
    """
    listed = map(address_of, servers)
    return next((str(address) for address in listed if not is_local(address.host)), "")


def redis_problem(url: str) -> str | None:
    """Say what is wrong with the URL of a Redis, None where nothing is; it is not quoted.

    >>> redis_problem("redis://:p@ss/word@cache:6379/0")
    'characters of the password like @ : / ? # are written as %40 %3A %2F %3F %23'
    >>> redis_problem("redis://cache:6379/0"), redis_problem("http://cache")
    (None, 'it has to begin with redis://, rediss:// or unix://')
    """
    if not url.startswith(("redis://", "rediss://", "unix://")):
        return "it has to begin with redis://, rediss:// or unix://"
    rest = url.partition("://")[2]
    netloc = rest.partition("/")[0]
    if rest.count("@") > netloc.count("@") or netloc.count("@") > 1:
        return "characters of the password like @ : / ? # are written as %40 %3A %2F %3F %23"
    try:
        parts, options = urlsplit(url), _options(url)
        _ = parts.port
    except ValueError:
        return "its port or one of its options cannot be"
    if not (parts.hostname or options.get("path")):
        return "it names no host"
    return None


def redis_address(url: str) -> Address | None:
    """Return where a Redis listens, None where that is a socket of this machine (``unix://``).

    >>> redis_address("redis://:secret@cache.example/0")
    Address(host='cache.example', port=6379)
    """
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return None
    return Address(parts.hostname or "localhost", parts.port or REDIS_PORT)


def redis_place(url: str) -> str:
    """Return where a Redis is, without what opens it.

    >>> redis_place("redis://:secret@cache.example:6379/0"), redis_place("unix://u@/run/r.sock")
    ('cache.example:6379', '/run/r.sock')
    """
    address = redis_address(url)
    return urlsplit(url).path if address is None else str(address)


def redis_exposed(url: str) -> str:
    """Return the place of a Redis that is another machine and not surely the right one, or none.

    >>> redis_exposed("redis://cache:6379/0"), redis_exposed("rediss://cache:6379/0")
    ('cache:6379', '')
    >>> redis_exposed("rediss://cache?ssl_cert_reqs=none"), redis_exposed("redis://127.0.0.1")
    ('cache:6379', '')
    """
    address = redis_address(url)
    if address is None or is_local(address.host):
        return ""
    options = _options(url)
    loose = any(options.get(name) in values for name, values in _NOT_CHECKED.items())
    return str(address) if loose or not url.startswith("rediss://") else ""


def shows_password(url: str) -> bool:
    """Tell whether there is a password in the URL of a Redis.

    >>> shows_password("redis://:secret@cache"), shows_password("redis://reader@cache")
    (True, False)
    """
    return bool(_options(url).get("password"))


def _options(url: str) -> dict[str, Any]:
    """Return what redis-py makes of a URL."""
    from redis.connection import parse_url  # noqa: PLC0415 - slow, and workers need no Redis

    options: dict[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]
    return options
