"""The loop behind every command line: one JSON object a line in, one a line out.

`python -m knowledge search`, `python -m eligibility screen` and their like all speak this way, so
that a script, a benchmark or another program can ask thousands of questions of one process.
"""

import json
import logging
import time
from collections.abc import Callable
from typing import BinaryIO

log = logging.getLogger(__name__)

Record = dict[str, object]


def serve(handle: Callable[[Record], Record], source: BinaryIO, sink: BinaryIO) -> None:
    """Answer each line of `source` by one line on `sink`, flushed at once, until `source` ends.

    Every answer carries `ms`, the milliseconds it took. A line that is no JSON object, or that
    `handle` refuses by a `ValueError`, is answered by `{"error": reason}`; the loop goes on.
    The streams are bytes, so that text is UTF-8 whatever the locale says
    (`sys.stdin.buffer`, `sys.stdout.buffer`).
    """
    for line in source:
        began = time.perf_counter()
        answer = _answer(handle, line)
        answer["ms"] = round((time.perf_counter() - began) * 1000, 3)
        # "replace": a lone surrogate in the question must not break the answer
        sink.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        sink.flush()


def text(record: Record, key: str) -> str:
    """The text under `key` of a line.

    Raises:
        ValueError: there is none, or it is not text.
    """
    value = record.get(key)
    if not isinstance(value, str):
        raise ValueError(f'"{key}" is missing or is not a text')  # noqa: TRY004 - `serve` reports it
    return value


def _answer(handle: Callable[[Record], Record], line: bytes) -> Record:
    try:
        record = json.loads(line.decode("utf-8-sig"))
        if not isinstance(record, dict):
            return {"error": "the line is not a JSON object"}
        return dict(handle(record))
    except (ValueError, RecursionError) as problem:
        return {"error": f"{problem}" or type(problem).__name__}
    except Exception as problem:
        # One line that meets a bug of ours must not end the answers to all the others.
        log.exception("a line could not be answered")
        return {"error": f"internal error: {type(problem).__name__}"}
