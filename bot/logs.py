"""Logs for people (demo) and for machines (production): no personal data in either.

The words of an error may quote what a citizen wrote, so an exception is told by its kind and place
only, whoever logs it.
"""

import json
import logging
import sys
from types import TracebackType
from typing import Any

from bot.settings import Environment

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PLAIN = "%(asctime)s %(levelname)s %(name)s %(message)s"


def where(problem: BaseException) -> str:
    """The kind of an error and where it arose; never its message."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(problem).__name__
    code = trace.tb_frame.f_code
    return f"{type(problem).__name__} in {code.co_qualname}, line {trace.tb_lineno}"


class Discreet(logging.Formatter):
    """A line for people; of an exception its kind and place."""

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - logging's own name
        return where(ei[1]) if ei[1] is not None else ""

    def formatStack(self, stack_info: str) -> str:  # noqa: ARG002, N802 - logging's own name
        return ""


class JsonLines(Discreet):
    """One JSON object a line: time, level, logger, message, and what was given as `extra`."""

    default_msec_format = "%s.%03d"

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        told |= {name: value for name, value in vars(record).items() if name not in _KNOWN}
        if record.exc_info and record.exc_info[1] is not None:
            told["problem"] = where(record.exc_info[1])
        return json.dumps(told, ensure_ascii=False, default=str)


def set_up(environment: Environment) -> None:
    """Send all logs to standard error, in the shape that the environment wants."""
    handler = logging.StreamHandler(sys.stderr)
    machine = environment is Environment.PRODUCTION
    handler.setFormatter(JsonLines() if machine else Discreet(_PLAIN))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("alembic").setLevel(logging.WARNING)
