"""Ask the package index for known holes in what is locked: `python -m deploy.audit`.

Ends with 0 when every locked package was looked up and none has a known hole, 1 when one has, and
3 when something was not looked up: an index that can't be reached is no clean bill.
"""

import json
import subprocess  # nosec B404 - a fixed command without a shell
import sys
from pathlib import Path

LOCK = Path("requirements.lock")
CLEAN, HOLES, NOT_AUDITED = 0, 1, 3


def locked(lock: str) -> frozenset[str]:
    """The names of all packages of a lock."""
    lines = (line for line in lock.splitlines() if "==" in line and not line.startswith((" ", "#")))
    return frozenset(line.partition("==")[0].strip().lower() for line in lines)


def judge(report: str, wanted: frozenset[str]) -> tuple[int, str]:
    """The exit status and what to print, from pip-audit's JSON and what it should have covered.

    A lock for every platform names packages that this one doesn't need; those are not looked up,
    and are named.
    """
    try:
        told = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return NOT_AUDITED, "nothing was audited: the index gave no answer"
    skipped = [one["name"] for one in told if "skip_reason" in one]
    if not told or skipped:
        return NOT_AUDITED, f"nothing was audited of {', '.join(skipped) or 'the whole lock'}"
    holes = [
        f"{one['name']} {one['version']}: {hole['id']}, mended in "
        f"{', '.join(hole['fix_versions']) or 'no version yet'}"
        for one in told
        for hole in one["vulns"]
    ]
    if holes:
        return HOLES, "\n".join(holes)
    elsewhere = sorted(wanted - {one["name"].lower() for one in told})
    note = f"; not of this platform: {', '.join(elsewhere)}" if elsewhere else ""
    return CLEAN, f"{len(told)} packages audited, no known hole{note}"


def main() -> int:
    command = [sys.executable, "-m", "pip_audit", "--strict", "--disable-pip", "--require-hashes"]
    options = ["--progress-spinner", "off", "--format", "json", "-r", str(LOCK)]
    done = subprocess.run(  # noqa: S603 # nosec B603 - our own words only
        [*command, *options], capture_output=True, text=True, check=False
    )
    status, words = judge(done.stdout, locked(LOCK.read_text("utf-8")))
    print(words)
    if status == NOT_AUDITED:
        print(done.stderr.strip().rpartition("\n")[2][:300], file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
