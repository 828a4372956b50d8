"""Command line of the desk, on the database and keys of the settings.

`python -m desk audit verify [--anchors FILE …]`
    looks the whole audit over; 1 when a row was changed, deleted, added or moved past the program
`python -m desk audit head`
    prints the head of its chain, one line to keep elsewhere
"""

import argparse
import sys
from pathlib import Path
from typing import assert_never

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from store.anchors import AnchorError, read_anchors
from store.audit import Breach, Finding, anchor_now, verify
from store.crypto import KeyringError
from store.marks import MarkName, set_mark
from store.session import Database
from store.settings import StoreSettings, open_database


def main(arguments: list[str] | None = None) -> int:
    """Run the command: 0 when all is well, 1 when the log is not, 2 when it can't be looked at."""
    parser = argparse.ArgumentParser(
        prog="python -m desk",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    rooms = parser.add_subparsers(dest="room", required=True)
    audit = rooms.add_parser("audit", help="the log of who looked at or changed what")
    acts = audit.add_subparsers(dest="act", required=True)
    acts.add_parser("head", help="print the head of the chain")
    looking = acts.add_parser("verify", help="look the whole log over")
    looking.add_argument(
        "--anchors", type=Path, nargs="*", help="files of heads; TRAM_AUDIT_ANCHORS if not given"
    )
    chosen = parser.parse_args(arguments)
    try:
        settings = StoreSettings()
        database = open_database(settings)
        try:
            if chosen.act == "head":
                print(database.read_now(anchor_now).model_dump_json())
                return 0
            return _verify(database, _anchor_files(chosen.anchors, settings))
        finally:
            database.close_now()
    except (AnchorError, KeyringError, ValidationError, ValueError) as problem:
        print(problem, file=sys.stderr)
    except SQLAlchemyError as problem:
        # Its own message may hold the address with the password
        print(f"the database can't be read ({type(problem).__name__})", file=sys.stderr)
    return 2


def _anchor_files(given: list[Path] | None, settings: StoreSettings) -> list[Path]:
    if given is not None:
        return given
    return [settings.audit_anchors] if settings.audit_anchors.exists() else []


def _verify(database: Database, files: list[Path]) -> int:
    anchors = [anchor for file in files for anchor in read_anchors(file)]
    verdict = database.read_now(lambda session: verify(session, anchors))
    told = f"{verdict.rows} {len(verdict.findings)} {len(anchors)}"
    database.transact_now(lambda session: set_mark(session, MarkName.AUDIT, told))
    for finding in verdict.findings:
        print(_in_words(finding))
    if verdict.findings:
        return 1
    print(f"{verdict.rows} acts, every one as it was written; {len(anchors)} anchors hold")
    if not anchors:
        print(
            "without an anchor kept elsewhere, a log put back from an older copy is not found out"
        )
    return 0


def _in_words(finding: Finding) -> str:
    match finding.breach:
        case Breach.CHANGED:
            return f"act {finding.row}: changed, moved, or the one before it is gone"
        case Breach.UNLINKED:
            return f"act {finding.row}: added past the program"
        case Breach.SHORTENED:
            return "the end: acts are gone, or the head was changed"
        case Breach.NOT_AS_ANCHORED:
            told = finding.anchor
            when = f", written down {told.at:%Y-%m-%d %H:%M} UTC" if told else ""
            return f"the log is not the one of the anchor of {told.rows if told else 0} acts{when}"
        case _:
            assert_never(finding.breach)


if __name__ == "__main__":
    sys.exit(main())
