"""The loop of the command lines."""

import io
import json

import pytest

from store.jsonlines import Record, serve, text


def talk(lines: bytes) -> list[Record]:
    def shout(record: Record) -> Record:
        if record.get("q") == "bug":
            raise KeyError("q")
        return {"said": text(record, "q").upper()}

    sink = io.BytesIO()
    serve(shout, io.BytesIO(lines), sink)
    return [json.loads(line) for line in sink.getvalue().decode("utf-8").splitlines()]


def test_each_line_is_answered_by_one_line_with_its_milliseconds() -> None:
    first, second = talk('{"q": "ly hôn"}\n{"q": "đất", "new": 1}'.encode())

    assert first["said"] == "LY HÔN"
    assert second["said"] == "ĐẤT"
    assert isinstance(first["ms"], float)


@pytest.mark.parametrize(
    "line",
    [b"not json", b"[1]", b"", b"{}", b'{"q": 5}', b"\xff\xfe", b'{"q": "bug"}', b"[" * 100_000],
)
def test_a_bad_line_gets_an_error_and_the_next_line_its_answer(line: bytes) -> None:
    answers = talk(line + b'\n{"q": "a"}\n')

    assert isinstance(answers[0]["error"], str)
    assert "said" not in answers[0]
    assert answers[1]["said"] == "A"


def test_half_a_character_in_a_question_does_not_break_the_answer() -> None:
    assert talk(b'{"q": "\\ud83d"}\n')[0]["said"] == "?"
