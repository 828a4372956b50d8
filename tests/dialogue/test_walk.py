"""Walking through the whole dialogue: nothing breaks, every text is there, the drawing is true."""

from collections.abc import Callable
from pathlib import Path

from bot.dialogue.drawing import draw, walk
from bot.dialogue.turn import Lookups
from bot.understanding.understood import Understood

PAGE = Path(__file__).parents[2] / "docs" / "conversation.md"


def test_every_button_leads_on_and_every_text_can_be_said(
    lookups: Lookups, read: Callable[[str], Understood]
) -> None:
    steps = 0
    for step in walk(lookups, read):
        steps += 1
        assert step.turn.says or step.turn.wishes, (step.before.step, step.said)
        for say in step.turn.says:
            assert lookups.texts.join(say.lines, "vi")
            for choice in say.choices:
                assert len(lookups.texts.render(choice.label, "vi")) <= 60
                assert len(f"{say.serial}.{choice.key}".encode()) <= 64

    assert steps > 500


def test_the_drawing_of_the_conversation_is_up_to_date(
    lookups: Lookups, read: Callable[[str], Understood]
) -> None:
    assert PAGE.read_text(encoding="utf-8") == draw(lookups, read)
