"""What our own texts tell people to type is understood."""

import re

import pytest

from bot.texts import load_texts
from bot.understanding.danger import DangerKind
from bot.understanding.intents import Intent
from tests.dialogue.conftest import Talk

QUOTED = {
    "xóa": Intent.DELETE,
    "xóa trò chuyện": Intent.DELETE,
    "Về đầu": Intent.MENU,
    "Gặp cán bộ": Intent.PERSON,
    "Hồ sơ của tôi": Intent.STATUS,
    "Quay lại": Intent.BACK,
    "Bắt đầu lại": Intent.RESTART,
    "Đổi tiếng": Intent.LANGUAGE,
    "Bạn là ai?": Intent.WHO_ARE_YOU,
}


@pytest.mark.parametrize(("words", "intent"), QUOTED.items())
def test_words_that_our_texts_and_commands_use_are_understood(
    talk: Talk, words: str, intent: Intent
) -> None:
    understood = talk.read(words)
    danger: DangerKind | None = understood.danger

    assert (understood.intent, danger) == (intent, None)


def test_whatever_a_text_tells_people_to_type_stands_in_the_list_above() -> None:
    texts = load_texts()
    told = {
        words
        for key in texts.keys()  # noqa: SIM118 - a method of ours
        for words in re.findall(r'[Gg]õ "([^"]+)"', texts.template(key, "vi"))
    }

    assert told <= {*QUOTED, "Tràm"}
