"""Where a worker finds its broker and its Redis, and how it behaves."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.rules import FILE_BYTES


class Settings(BaseSettings):
    """The settings of one process, read from ``NYXTER_*`` variables of the environment.

    A field is set by the variable of its name: ``broker`` by ``NYXTER_BROKER``. What is given to
    the constructor goes before the environment. Raises ``pydantic.ValidationError`` for a value
    that cannot be.
    """

    model_config = SettingsConfigDict(env_prefix="NYXTER_", frozen=True)

    broker: str = Field("127.0.0.1:9092", min_length=1)
    """Kafka's bootstrap servers, ``host:port`` with commas between."""

    redis_url: str = Field("redis://127.0.0.1:6379/0", min_length=1)
    """The Redis or Valkey that holds the cards."""

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

    secret: SecretStr = SecretStr("")
    """Keys the names under which erasures are remembered, so that they do not tell the ids."""

    data_dir: Path = Path(".nyxter")
    """Where logs of embedded servers and other files of ours go."""
