"""docs/access.md shows what `nyxter acl` prints; `python tests/test_access_docs.py` writes it."""

import re
from pathlib import Path

import pytest

from streams.access.commands import kafka_commands, redis_commands
from streams.access.fields import Access, variable
from streams.settings import Settings

PAGE = Path(__file__).resolve().parents[1] / "docs" / "access.md"


def fresh(page: str) -> str:
    """Return the page with what the commands print now."""
    printed = {
        "kafka": "\n".join(kafka_commands(Settings())),
        "redis": "\n".join(redis_commands()),
    }
    for name, text in printed.items():
        block = rf"(<!-- nyxter acl {name} -->\n```\w*\n).*?(```)"
        shown = text.rstrip() + "\n"
        page, count = re.subn(block, lambda m, s=shown: m[1] + s + m[2], page, flags=re.DOTALL)
        assert count == 1, name
    return page


def test_the_commands_are_fresh() -> None:
    page = PAGE.read_text("utf-8")
    assert page == fresh(page), "run python tests/test_access_docs.py"


@pytest.mark.parametrize("name", sorted(Access.model_fields))
def test_every_setting_of_access_is_told(name: str) -> None:
    told = variable(name.removesuffix("_file")) if name in WITH_FILES else variable(name)
    assert f"`{told}" in PAGE.read_text("utf-8")


WITH_FILES = {
    name for name in Access.model_fields if name.removesuffix("_file") in Access.model_fields
}

if __name__ == "__main__":
    PAGE.write_text(fresh(PAGE.read_text("utf-8")), "utf-8")
