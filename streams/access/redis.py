"""Redis: its clients, and whether it lets us in."""

from collections.abc import Iterator
from typing import Any, Final

from redis import AuthenticationError, Redis, RedisError
from redis.asyncio import BlockingConnectionPool
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError, ResponseError
from redis.retry import Retry

from streams.access.fields import Access
from streams.access.places import Address, redis_address, redis_place
from streams.access.reach import ANSWER_S, Door, Step, Unreachable

_CONNECTIONS: Final = 32
_LOGIN: Final = "NYXTER_REDIS_USERNAME and NYXTER_REDIS_PASSWORD (or what NYXTER_REDIS_URL says)"


def redis_client(access: Access) -> Redis:
    """Return a client; it connects when it is used, waits for seconds and tries nothing twice."""
    return Redis.from_url(access.redis_url, retry=Retry(NoBackoff(), 0), **_told(access))


def async_redis_client(access: Access) -> AsyncRedis:
    """Return a client for an event loop; like `redis_client`, but many wait for few connections."""
    pool = BlockingConnectionPool.from_url(
        access.redis_url,
        max_connections=_CONNECTIONS,
        timeout=ANSWER_S,
        retry=AsyncRetry(NoBackoff(), 0),
        **_told(access),
    )
    return AsyncRedis.from_pool(pool)


def _told(access: Access) -> dict[str, Any]:
    """Return who we are, whom we trust, and how long we wait."""
    given: dict[str, Any] = {
        "username": access.redis_username or None,
        "password": access.redis_password.get_secret_value() or None,
    }
    if access.redis_url.startswith("rediss://"):
        given["ssl_ca_certs"] = access.redis_ssl_ca_file and str(access.redis_ssl_ca_file)
        given["ssl_certfile"] = access.redis_ssl_cert_file and str(access.redis_ssl_cert_file)
        given["ssl_keyfile"] = access.redis_ssl_key_file and str(access.redis_ssl_key_file)
    waits = {"socket_timeout": ANSWER_S, "socket_connect_timeout": ANSWER_S}
    return waits | {name: value for name, value in given.items() if value is not None}


def reach_redis(access: Access) -> Iterator[Step]:
    """Yield each step up to a login.

    Raises
    ------
    Unreachable
        At a step that fails, within some seconds.

    """
    address = redis_address(access.redis_url)
    place = f"the Redis at {redis_place(access.redis_url)}"
    encrypted = access.redis_url.startswith("rediss://")
    door = Door(
        place,
        address or Address("localhost", 0),
        access.redis_tls() if encrypted else None,
        "NYXTER_REDIS_URL",
        "whether NYXTER_REDIS_URL begins with rediss:// or redis://",
        "NYXTER_REDIS_SSL_CA_FILE",
    )
    if address is not None:
        yield from door.knock()
    with redis_client(access) as redis:
        yield Step("login", f"as {_log_in(redis, door)}")


def _log_in(redis: Redis, door: Door) -> str:
    """Return who we are to Redis."""
    try:
        redis.ping()
    except NoPermissionError:
        pass  # we are somebody, who may not do that
    except (AuthenticationError, ResponseError) as error:
        raise door.fails("login", f"{error}: check {_LOGIN}") from None
    except RedisError as error:
        raise _silent(door, error) from None
    try:
        return str(redis.acl_whoami())
    except RedisError:
        return "one who may not ask who they are"


def _silent(door: Door, error: RedisError) -> Unreachable:
    if door.context is None and door.address.port and door.speaks_tls():
        return door.fails("login", f"the port speaks TLS: check {door.encryption}")
    return door.fails("login", f"no answer ({type(error).__name__})", is_refused=False)
