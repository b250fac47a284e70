"""Where a worker finds its broker and its Redis, and how it behaves."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from schemas.rules import FILE_BYTES
from streams.access.fields import Access


class Settings(Access):
    """The settings of one process, read from ``NYXTER_*`` variables of the environment.

    What tells where broker and Redis are and how they let us in is `streams.access.fields`.

    A field is set by the variable of its name: ``broker`` by ``NYXTER_BROKER``. What is given to
    the constructor goes before the environment. Raises ``pydantic.ValidationError`` for a value
    that cannot be.
    """

    app_id: str = Field("nyxter", pattern=r"^[A-Za-z0-9._-]{1,100}$")
    """Consumer group, and start of the names of what belongs to this application alone."""

    partitions: int = Field(8, ge=1)
    """Partitions of every topic but the snapshots'. Fixed once there is data."""

    replication: int = Field(1, ge=1)
    """Copies the broker keeps of every topic: 3 where there are three brokers."""

    rules: Path | None = None
    """The rules file; none: the rules' defaults."""

    rules_bytes: int = Field(FILE_BYTES, ge=1_000)
    """The largest rules file that is read."""

    session_timeout_s: float = Field(10, gt=0)
    """Seconds after which a silent worker's partitions go to another."""

    rebalance_timeout_s: float = Field(10, gt=0)
    """Seconds that workers have to join when the group changes."""

    quiet_s: float = Field(5, ge=0)
    """Seconds that everybody's ranks stand still before cards that hardly moved are made exact."""

    input_days: float | None = Field(None, gt=0)
    """Days that the broker keeps purchases, contracts and customers; none: for ever."""

    segment_event_days: float = Field(730, gt=0)
    """Days that the broker keeps segment events."""

    dead_letter_days: float = Field(90, gt=0)
    """Days that the broker keeps dead letters."""

    compaction_days: float = Field(1, gt=0)
    """Days after which the broker must begin to drop what was replaced or erased from its disks."""

    data_dir: Path = Path(".nyxter")
    """Where logs of embedded servers and other files of ours go: one for each worker's."""

    store: Literal["memory", "disk"] = "memory"
    """Where orders and contracts are at hand: ``disk`` is under ``data_dir``, for large bases."""

    monitor: str = Field("", pattern=r"^$|^.+:[0-9]{1,5}$")
    """``host:port`` where metrics, health and readiness are served; none: nowhere."""

    console_at: str = Field("127.0.0.1:8080", pattern=r"^.+:[0-9]{1,5}$")
    """``host:port`` where the console listens."""

    console_token: SecretStr = SecretStr("")
    """What opens the console: at least 16 characters that nobody guesses."""

    @property
    def state_dir(self) -> Path:
        """The directory of the state on disk.

        >>> Settings(data_dir="/data").state_dir.as_posix()
        '/data/state/nyxter'
        """
        return self.data_dir / "state" / self.app_id

    @property
    def secrets_before(self) -> tuple[bytes, ...]:
        """Secrets that may have keyed names of erased customers, but for the one in use.

        >>> Settings(secret="new", secret_before="old older").secrets_before
        (b'old', b'older', b'')
        """
        in_use = self.secret.get_secret_value().encode()
        listed = [*self.secret_before.get_secret_value().encode().split(), b""]
        return tuple(secret for secret in listed if secret != in_use)
