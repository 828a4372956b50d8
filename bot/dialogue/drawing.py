"""Draws the conversation by walking through it: docs/conversation.md comes from here.

Every button of every question is pressed, and where words are wanted some are typed. So the
drawing shows what the dialogue does, not what somebody once meant it to do.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bot.channels.message import InboundKind
from bot.dialogue.hear import hear
from bot.dialogue.turn import Heard, Lookups, State, Turn
from bot.understanding.understood import Understood
from cases.speech import Line, Say

Read = Callable[[str], Understood]

_TYPED = {
    "screening.age": ("45",),
    "request.place": ("xã Đá Bạc", "Tắc Vân", "Cần Thơ"),
    "request.story": ("Tôi cho người quen mượn tiền hồi năm ngoái, giờ họ không chịu trả lại.",),
    "request.phone": ("0912 345 678",),
    "request.add": ("Tôi có thêm giấy tay.",),
    "status.code": ("7KQ2M-4XN8P",),
}
_MOST_STATES = 400


@dataclass(frozen=True)
class Step:
    """One message that was tried while walking, and what came of it."""

    before: State
    said: str
    """The key of the label pressed, or the words typed."""
    typed: bool
    turn: Turn


def walk(lookups: Lookups, read: Read) -> Iterator[Step]:
    """Press and type through the dialogue, breadth first, from the opening."""
    opening = hear(State(), Heard(InboundKind.START, read("")), lookups)
    waiting = deque([opening.state])
    seen = {_place(opening.state)}
    while waiting and len(seen) < _MOST_STATES:
        state = waiting.popleft()
        for step in _tries(state, lookups, read):
            yield step
            after = State.model_validate_json(step.turn.state.model_dump_json())
            if _place(after) not in seen:
                seen.add(_place(after))
                waiting.append(after)


def messages(lookups: Lookups, read: Read) -> Mapping[str, Say]:
    """The first message of the walk that says a text or has it on a button, by the text's key."""
    found: dict[str, Say] = {}
    opening = hear(State(), Heard(InboundKind.START, read("")), lookups)
    for turn in (opening, *(step.turn for step in walk(lookups, read))):
        for say in turn.says:
            for line in (*say.lines, *(one.label for one in say.choices)):
                found.setdefault(line.key, say)
    return found


def _place(state: State) -> tuple[object, ...]:
    """States that differ in nothing that leads elsewhere are walked through once."""
    known = frozenset(state.facts.known().items())
    return state.step, known, state.skipped, state.ticked, state.place, state.told_story


def _tries(state: State, lookups: Lookups, read: Read) -> Iterator[Step]:
    for offered in state.offered:
        heard = Heard(InboundKind.BUTTON, read(""), key=offered.key, serial=state.serial)
        yield Step(state, offered.label.key, False, hear(state, heard, lookups))
    for words in _TYPED.get(state.step, ()):
        heard = Heard(InboundKind.TEXT, read(words), text=words)
        yield Step(state, words, True, hear(state, heard, lookups))


def draw(lookups: Lookups, read: Read) -> str:
    """The conversation as a page with a Mermaid diagram and a table of every way on."""
    ways: dict[tuple[str, str], set[str]] = {}
    for step in walk(lookups, read):
        label = f"“{step.said}”" if step.typed else _label(step, lookups)
        ways.setdefault((step.before.step, step.turn.state.step), set()).add(label)
    edges = sorted((before, after) for before, after in ways if before != after)
    diagram = "\n".join(f"    {_node(before)} --> {_node(after)}" for before, after in edges)
    names = "\n".join(
        f'    state "{name}" as {_node(name)}'
        for name in sorted({n for edge in ways for n in edge})
    )
    rows = "\n".join(
        f"| `{before}` | {', '.join(sorted(labels))} | `{after}` |"
        for (before, after), labels in sorted(ways.items())
    )
    return _PAGE.format(names=names, diagram=diagram, rows=rows)


def _label(step: Step, lookups: Lookups) -> str:
    offered = next(one for one in step.before.offered if one.label.key == step.said)
    if offered.label.blanks:
        return f"*{step.said}*"
    return lookups.texts.render(Line(key=step.said), "vi")


def _node(name: str) -> str:
    return name.replace(".", "_")


_PAGE = """\
# The conversation

Drawn from the dialogue by `python -m bot conversation`; a test keeps it true. Each box is a
question that waits for an answer (`free`: none does). What can be said at any moment (menu,
person, status, language, delete, back, restart) is drawn only where a button offers it.

```mermaid
stateDiagram-v2
    [*] --> free
{names}
{diagram}
```

| At | Pressed or typed | Leads to |
|---|---|---|
{rows}
"""
