"""The pages about security tell the truth about what can be checked: tables, tests, settings."""

import importlib
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

import bot
import cases
import desk
import knowledge
import store
from store.base import Base

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "security"
REQUIREMENTS = 253
"""The requirements of levels 1 and 2 of ASVS 5.0.0."""


def cells(page: str) -> list[list[str]]:
    """The rows of the tables of a page, without their heads."""
    lines = (PAGES / page).read_text("utf-8").splitlines()
    rows = [line.strip("|").split("|") for line in lines if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows if "---" not in row[0]]


def import_all(package: ModuleType) -> None:
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            importlib.import_module(module.name)


def test_the_map_of_the_data_tells_of_every_table() -> None:
    for package in (bot, cases, desk, knowledge, store):
        import_all(package)

    told = [row[0].strip("`") for row in cells("data-map.md") if row[0].startswith("`")]

    assert sorted(told) == sorted(Base.metadata.tables)


def test_the_table_of_the_standard_is_whole() -> None:
    rows = [row for row in cells("asvs.md") if row[0][0].isdigit()]

    assert len(rows) == len({row[0] for row in rows}) == REQUIREMENTS
    for number, what, state, why in rows:
        assert state in {"held", "operator", "n/a", "open"}, number
        assert what, number
        assert why, number


def named() -> list[str]:
    """Every test that a page names, with its file."""
    found: set[str] = set()
    for page in PAGES.glob("*.md"):
        found |= set(re.findall(r"tests/[\w/]+\.py(?:::\w+)?", page.read_text("utf-8")))
    return sorted(found)


@pytest.mark.parametrize("name", named())
def test_every_test_that_is_named_is_there(name: str) -> None:
    path, _, test = name.partition("::")

    text = (ROOT / path).read_text("utf-8")

    assert re.search(rf"def {test}\(", text) if test else text


def test_every_command_that_is_told_is_known() -> None:
    told = {
        command
        for page in PAGES.glob("*.md")
        for command in re.findall(r"python -m (\w+ \w+)", page.read_text("utf-8"))
    }

    assert told <= {"desk audit", "store keys", "store verify"}
