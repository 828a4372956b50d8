"""A log line can be read by a machine, and never quotes what an error quotes."""

import json
import logging
import sys

from bot.logs import Discreet, JsonLines


def failed() -> logging.LogRecord:
    try:
        int("số 0912 345 678 của chị Bảy")
    except ValueError:
        record = logging.makeLogRecord({"name": "bot", "levelname": "ERROR", "msg": "hỏng %s"})
        record.args, record.exc_info = ("a1b2",), sys.exc_info()
        vars(record)["error"] = "a1b2"
    return record


def test_a_line_for_machines_tells_the_kind_the_place_and_the_number_of_an_error() -> None:
    told = json.loads(JsonLines().format(failed()))

    assert told["message"] == "hỏng a1b2"
    assert told["error"] == "a1b2"
    assert told["problem"].startswith("ValueError in failed, line ")


def test_no_line_quotes_the_words_of_an_error() -> None:
    for shape in (JsonLines(), Discreet("%(message)s")):
        line = shape.format(failed())
        assert "ValueError in failed" in line
        assert "0912" not in line
        assert "Traceback" not in line
