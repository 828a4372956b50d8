"""One reader for all tests of this room; it is built once, in about a second."""

import datetime as dt
from functools import cache

from bot.understanding.reader import Reader
from bot.understanding.understood import Understood
from cases.places import Gazetteer
from cases.province import load_province
from eligibility.grounds import load_law
from knowledge.fields import FieldGuess

TODAY = dt.date(2026, 11, 23)


@cache
def reader() -> Reader:
    return Reader(
        Gazetteer(load_province("ca-mau")), lambda _: FieldGuess((), 0.0, 0.0), load_law()
    )


def read(text: str, today: dt.date = TODAY) -> Understood:
    return reader().read(text, today)
