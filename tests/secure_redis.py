"""A Redis with TLS for tests: Debian's, because the embedded Valkey is built without."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from certificates import Certificates, Pem
from redis import Redis, RedisError
from secure_kafka import PASSWORD

from streams.embedded import HOST, Child, free_port

USER = "keeper"


class SecureRedis(NamedTuple):
    """Its ports, without TLS and with, and the CA of its certificate."""

    plain: int
    tls: int
    certificates: Certificates

    def variables(self, **changes: str) -> dict[str, str]:
        """Return the environment of a user who does everything right, but for what changes."""
        ours = {
            "redis_url": f"rediss://{HOST}:{self.tls}/0",
            "redis_username": USER,
            "redis_password": PASSWORD,
            "redis_ssl_ca_file": str(self.certificates.ca),
        }
        return {f"NYXTER_{name.upper()}": value for name, value in (ours | changes).items()}


@contextmanager
def secure_redis(folder: Path, pem: Pem, certificates: Certificates) -> Iterator[SecureRedis]:
    """Run it, with one user who may do all, and a default user who may only come in from tests."""
    plain, tls = free_port(), free_port()
    options = {
        "bind": HOST,
        "port": str(plain),
        "tls-port": str(tls),
        "tls-cert-file": str(pem.certificate),
        "tls-key-file": str(pem.key),
        "tls-ca-cert-file": str(certificates.ca),
        "tls-auth-clients": "no",
        "save": "",
        "dir": str(folder),
    }
    command = [
        "redis-server",
        *(word for key, value in options.items() for word in (f"--{key}", value)),
    ]
    command += ["--requirepass", PASSWORD]
    with closing(Child("redis", command, folder)) as child:
        with Redis(host=HOST, port=plain, password=PASSWORD) as boss:
            child.wait_until(lambda: _answers(boss))
            boss.acl_setuser(
                USER, enabled=True, passwords=[f"+{PASSWORD}"], keys=["*"], categories=["+@all"]
            )
        yield SecureRedis(plain, tls, certificates)


def need_redis() -> None:
    """Leave the test out where there is no Redis with TLS; in CI that is a failure."""
    if shutil.which("redis-server") is not None:
        return
    reason = "there is no redis-server here"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; CI leaves nothing out (scripts/setup-system.sh installs it)")
    pytest.skip(reason)


def _answers(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except RedisError:
        return False
