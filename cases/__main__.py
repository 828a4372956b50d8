"""Command lines of the cases room.

python -m cases route       which office is responsible, asked in JSON lines; by the folder, or by
                            what was edited in the database that TRAM_DATABASE_URL names
python -m cases deadlines   prints docs/deadlines.md: limits, calendar, an example; reads nothing
python -m cases life        prints docs/case-life.md: states and moves of a case; reads nothing
python -m cases form        fills one of the papers of Circular 12/2018/TT-BTP, as PDF or DOCX
"""

import argparse
import os
import sys
from pathlib import Path

from pydantic import ValidationError

from store.datafile import DataFileError
from store.jsonlines import Record, serve, text

DEFAULT_PROVINCE = "ca-mau"


def main() -> int:
    """Run one of the room's commands; 2 when the province's files can't be used."""
    parser = argparse.ArgumentParser(
        prog="python -m cases",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "route",
        help='lines of {"place"} or {"lat", "lon"} → communes, ambiguous, office, reason',
    )
    commands.add_parser("deadlines", help="the limits and the calendar, in Markdown")
    commands.add_parser("life", help="the states and moves of a case, in Markdown")
    form = commands.add_parser("form", help="a paper from a JSON file; without one, dotted lines")
    form.add_argument("--form", required=True, help="02, 03, 04, 05, 08, 09, 11 or 13")
    form.add_argument("--data", type=Path, help="JSON; docs/forms.md lists what it may hold")
    form.add_argument("--out", type=Path, required=True, help="ends with .pdf or .docx")
    chosen = parser.parse_args()
    try:
        match chosen.command:
            case "form":
                return _form(chosen.form, chosen.data, chosen.out)
            case "life":
                return _life()
            case "deadlines":
                return _deadlines()
            case _:
                return _route()
    except ValidationError as problem:
        for error in problem.errors(include_url=False, include_input=False):
            where = ".".join(str(part) for part in error["loc"]) or "the file"
            print(f"{chosen.data}: {where}: {error['msg']}", file=sys.stderr)
    except (DataFileError, OSError, ValueError) as problem:
        print(problem, file=sys.stderr)
    return 2


def _form(number: str, source: Path | None, out: Path) -> int:
    from cases.documents import render
    from cases.form_data import Format, FormData, FormId
    from cases.province import load_province

    forms = {one.number: one for one in FormId}
    if number not in forms:
        raise ValueError(f"--form is one of {', '.join(forms)}")
    formats = {f".{one}": one for one in Format}
    if out.suffix not in formats:
        raise ValueError(f"--out ends with {' or '.join(formats)}")
    data = FormData() if source is None else FormData.model_validate_json(source.read_bytes())
    province = load_province(os.environ.get("TRAM_PROVINCE") or DEFAULT_PROVINCE)
    out.write_bytes(render(forms[number], formats[out.suffix], data, province))
    return 0


def _deadlines() -> int:
    from cases.deadlines_page import page
    from cases.limits import load_rules
    from cases.province import load_province

    province = load_province(os.environ.get("TRAM_PROVINCE") or DEFAULT_PROVINCE)
    sys.stdout.buffer.write(page(load_rules(), province).encode())
    return 0


def _life() -> int:
    from cases.life_page import page

    sys.stdout.buffer.write(page().encode())
    return 0


def _route() -> int:
    from cases.atlas import province_of
    from cases.places import Gazetteer
    from cases.province import load_province
    from cases.routing import in_words, route

    folder = load_province(os.environ.get("TRAM_PROVINCE") or DEFAULT_PROVINCE)
    province = province_of(folder, os.environ.get("TRAM_DATABASE_URL") or None)
    gazetteer = Gazetteer(province)

    def answer(record: Record) -> Record:
        pin = _pin(record)
        reading = gazetteer.read_pin(*pin) if pin else gazetteer.read(text(record, "place"))
        routing = route(reading, province, pin=pin)
        nearer = routing.nearer
        return {
            "communes": list(reading.communes),
            "ambiguous": reading.ambiguous,
            "office": routing.office,
            "rule": routing.rule.value,
            "reason": in_words(routing.reason),
            "outside": reading.outside,
            "nearer": None
            if nearer is None
            else {
                "office": nearer.office,
                "km": nearer.km,
                "responsible_km": nearer.responsible_km,
            },
        }

    serve(answer, sys.stdin.buffer, sys.stdout.buffer)
    return 0


def _pin(record: Record) -> tuple[float, float] | None:
    """The pin of a line, in degrees; None when the line names a place instead.

    Raises:
        ValueError: a number is missing, is none, or is no latitude or longitude.
    """
    if "place" in record:
        return None
    if "lat" not in record and "lon" not in record:
        raise ValueError('a line needs "place", or "lat" and "lon"')
    lat, lon = record.get("lat"), record.get("lon")
    if isinstance(lat, bool) or isinstance(lon, bool):
        raise ValueError('"lat" and "lon" must be numbers')  # noqa: TRY004 - `serve` reports it
    if not isinstance(lat, int | float) or not isinstance(lon, int | float):
        raise ValueError('"lat" and "lon" must be numbers')  # noqa: TRY004 - `serve` reports it
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ValueError('"lat" or "lon" lies outside the earth')
    return float(lat), float(lon)


if __name__ == "__main__":
    sys.exit(main())
