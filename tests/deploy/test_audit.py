"""What the audit of the supply chain says, and that silence is never taken for a clean bill."""

import json
import re
from pathlib import Path

import pytest

from deploy.audit import CLEAN, HOLES, NOT_AUDITED, judge, locked
from deploy.licences import licence_of, page

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
SOUND = {"name": "jinja2", "version": "3.1.6", "vulns": []}
HOLED = SOUND | {"vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["3.1.7"]}]}
SKIPPED = {"name": "tram", "skip_reason": "not on the index"}


def report(*packages: object) -> str:
    return json.dumps({"dependencies": packages})


@pytest.mark.parametrize(
    "told", ["", "ERROR: no route", "[]", "{}", report(), report(SKIPPED), report(SOUND, SKIPPED)]
)
def test_what_was_not_looked_up_is_never_clean(told: str) -> None:
    status, words = judge(told, frozenset({"jinja2"}))

    assert status == NOT_AUDITED
    assert "nothing was audited" in words


def test_a_known_hole_is_named_with_where_it_is_mended() -> None:
    assert judge(report(HOLED), frozenset()) == (
        HOLES,
        "jinja2 3.1.6: PYSEC-2026-1, mended in 3.1.7",
    )


def test_packages_of_other_platforms_are_named() -> None:
    status, words = judge(report(SOUND), frozenset({"jinja2", "colorama"}))

    assert status == CLEAN
    assert words == "1 packages audited, no known hole; not of this platform: colorama"


def test_the_lock_is_read_whole() -> None:
    assert {"fastapi", "pillow", "cryptography", "pytest"} <= locked(LOCK)
    assert locked(LOCK) == {one.lower() for one in re.findall(r"^([\w.-]+)", LOCK, re.MULTILINE)}


def test_the_page_of_licences_names_every_locked_package() -> None:
    shipped = (ROOT / "docs" / "security" / "licences.md").read_text("utf-8")
    named = {line.split(" | ")[0].strip("| ") for line in shipped.splitlines()[7:]}

    assert named == locked(LOCK)
    assert page("pytest==1\n").splitlines()[-1] == "| pytest | MIT |"


def test_a_package_that_states_nothing_is_told_so() -> None:
    from importlib.metadata import PathDistribution

    assert licence_of(PathDistribution(ROOT / "nowhere").metadata) == "not stated"
