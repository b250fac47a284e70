"""Roles as commands: what an administrator runs to give each what it needs."""

from collections.abc import Iterator
from typing import Final

from streams.access.roles import (
    KAFKA_ROLES,
    REDIS_KEYS,
    REDIS_ROLES,
    Grant,
    kafka_grants,
    redis_rules,
    user_of,
)
from streams.settings import Settings

_WIDTH: Final = 100
_ADMIN: Final = '--bootstrap-server "$BROKER" --command-config admin.properties'


def kafka_commands(settings: Settings) -> Iterator[str]:
    """Yield lines of a shell script, role by role.

    Passwords are read from files: arguments are seen by everyone on the machine.
    """
    grants = list(kafka_grants(settings))
    for role, what in KAFKA_ROLES.items():
        yield f"# {user_of(role)}: {what}"
        yield _folded(
            f"kafka-configs.sh {_ADMIN} --alter --entity-type users --entity-name {user_of(role)} "
            f"--add-config-file {user_of(role)}.properties"
        )
        for grant in grants:
            if grant.role == role:
                yield _kafka_command(grant)
        yield ""


def _kafka_command(grant: Grant) -> str:
    words = [f"kafka-acls.sh {_ADMIN} --add --allow-principal User:{user_of(grant.role)}"]
    words += [f"--operation {operation}" for operation in grant.operations]
    if grant.is_prefix:
        words.append("--resource-pattern-type prefixed")
    words += [f"--{grant.resource} {name}" for name in grant.names]
    return _folded(" ".join(words))


def _folded(command: str) -> str:
    """Return a command in lines that can be read."""
    first, *options = command.split(" --")
    lines = [first]
    for option in options:
        if len(lines[-1]) + len(option) + len(" -- \\") > _WIDTH:
            lines[-1] += " \\"
            lines.append(f"  --{option}")
        else:
            lines[-1] += f" --{option}"
    return "\n".join(lines)


def redis_commands() -> Iterator[str]:
    """Yield what to paste into redis-cli."""
    for keys in REDIS_KEYS:
        yield f"# {user_of(keys.role)}: {REDIS_ROLES[keys.role]}"
        yield f"ACL SETUSER {user_of(keys.role)} on >PASSWORD {' '.join(redis_rules(keys))}"
        yield ""
