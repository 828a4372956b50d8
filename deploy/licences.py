"""List the licences of all locked packages, as they state them: `python -m deploy.licences`."""

import sys
from importlib import metadata
from pathlib import Path

from deploy.audit import LOCK, locked

_LONGEST = 60


def licence_of(package: metadata.PackageMetadata) -> str:
    """The SPDX expression, else the classifiers, else the first line of the licence field."""
    if "License-Expression" in package:
        return package["License-Expression"]
    classified = [
        one.rpartition(" :: ")[2]
        for one in package.get_all("Classifier") or []
        if one.startswith("License :: ")
    ]
    told = package["License"].strip().splitlines() if "License" in package else []
    return ", ".join(classified) or (told[0][:_LONGEST] if told else "not stated")


def page(lock: str) -> str:
    """The whole page; packages of other platforms are named without a licence."""
    lines = [
        "# Licences of what Tràm stands on",
        "",
        "Made by `make licences` from the metadata of every package in requirements.lock, with",
        "those for development. A licence is told as the package states it.",
        "",
        "| Package | Licence |",
        "| --- | --- |",
    ]
    for name in sorted(locked(lock)):
        try:
            licence = licence_of(metadata.metadata(name))
        except metadata.PackageNotFoundError:
            licence = "not installed on this platform"
        lines.append(f"| {name} | {licence.replace('|', '/')} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    sys.stdout.write(page(Path(LOCK).read_text("utf-8")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
