"""How choices are shown on channels that have no buttons, a few, or as many as one likes."""

from bot.channels.message import Capabilities
from bot.delivery import render, rest_of
from bot.texts import load_texts
from cases.speech import Choice, Line, Say

TEXTS = load_texts()
MANY = Capabilities(max_text=4096, buttons=True)
FIVE = Capabilities(max_text=2000, buttons=True, most_buttons=5)
NONE = Capabilities(max_text=2000, buttons=False)
LABELS = ("menu.ask", "menu.screen", "menu.person", "menu.status", "menu.skip", "menu.menu")


def asked(count: int, *, ticked: tuple[bool | None, ...] = ()) -> Say:
    ticks = (*ticked, *(None,) * count)
    choices = tuple(
        Choice(key=f"k{n}", label=Line(key=LABELS[n % len(LABELS)]), ticked=ticks[n])
        for n in range(count)
    )
    return Say(lines=(Line(key="welcome.menu"),), choices=choices, serial=7)


def keys(say: Say, capabilities: Capabilities) -> list[str]:
    return [button.key for button in render(say, TEXTS, "vi", capabilities).buttons]


def test_choices_that_fit_are_buttons_everywhere_where_there_are_some() -> None:
    assert keys(asked(5), FIVE) == keys(asked(5), MANY) == ["k0", "k1", "k2", "k3", "k4"]
    assert "1. " not in render(asked(5), TEXTS, "vi", FIVE).text


def test_of_more_choices_than_fit_one_button_shows_the_rest_page_by_page() -> None:
    question = asked(11)
    seen: list[str] = []

    page: Say | None = question
    while page is not None:
        *shown, last = keys(page, FIVE)
        assert len(shown) < 5
        seen += shown
        page = rest_of(question.choices, question.serial, last)

    assert [*seen, last] == [choice.key for choice in question.choices]
    assert render(question, TEXTS, "vi", FIVE).buttons[-1].label == "Thêm…"


def test_the_rest_is_of_the_same_question_so_that_its_buttons_count() -> None:
    question = asked(6)
    rest = rest_of(question.choices, question.serial, "more:4")

    assert rest is not None
    assert (rest.serial, keys(rest, FIVE)) == (7, ["k4", "k5"])


def test_a_key_that_asks_for_no_rest_shows_none() -> None:
    choices = asked(6).choices
    for key in ("", "more:", "more:x", "more:-1", "go:more", "k1"):
        assert rest_of(choices, 7, key) is None
    assert rest_of((), 7, "more:4") is None
    beyond = rest_of(choices, 7, "more:999")
    assert beyond is not None
    assert keys(beyond, FIVE) == ["k5"]


def test_boxes_that_do_not_fit_are_numbered_and_what_ends_the_list_stays_a_button() -> None:
    question = asked(8, ticked=(True, False, False, False, False, False))

    shown = render(question, TEXTS, "vi", FIVE)

    assert [button.key for button in shown.buttons] == ["k6", "k7"]
    assert "1. ☑ Hỏi pháp luật\n2. ☐ " in shown.text
    assert "6. ☐ " in shown.text
    assert "7. " not in shown.text
    assert shown.text.endswith("như: 1, 3.")


def test_without_buttons_every_choice_is_a_numbered_line() -> None:
    shown = render(asked(6), TEXTS, "vi", NONE)

    assert shown.buttons == ()
    assert shown.text.splitlines()[-6:][0] == "1. Hỏi pháp luật"
    assert shown.text.splitlines()[-1].startswith("6. ")


def test_without_buttons_boxes_say_that_several_numbers_may_be_typed() -> None:
    shown = render(asked(3, ticked=(False, True)), TEXTS, "vi", NONE)

    assert "2. ☑ " in shown.text
    assert "\n3. " in shown.text
    assert shown.text.endswith("như: 1, 3.")
