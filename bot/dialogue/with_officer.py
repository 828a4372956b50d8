"""While an officer holds the talk: what goes to them, and what is still meant for the assistant."""

from bot.channels.message import InboundKind
from bot.dialogue import complaint, papers, provider, request, status, unlocking
from bot.dialogue.turn import AddToCase, AskCallBack, Heard, KeepPhoto, Lookups, State, Turn
from bot.understanding import contact
from bot.understanding.intents import Intent
from cases.life import HELD
from cases.speech import say
from knowledge.vietnamese import fold


def held(lookups: Lookups) -> bool:
    """Whether an officer holds the talk."""
    return lookups.my_case is not None and lookups.my_case.state in HELD


def to_officer(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    """What goes to the officer who holds the talk; None if it is meant for the assistant."""
    if heard.kind is InboundKind.START or state.step.startswith(OURS):
        return None
    if heard.lost is not None:
        return Turn(state, (say(f"always.{heard.lost}"),))
    if lookups.shut:
        return _unseen(state, heard, lookups)
    if heard.kind is InboundKind.FILE and lookups.papers is not None:
        return papers.photo(state, lookups.papers, to_case(heard.text, lookups))
    if state.step in (request.PHONE, request.HOURS):
        # The officer was quicker than the citizen: the number is still asked for.
        answered = request.answer(state, heard, lookups)
        if answered is not None and answered.state.step != state.step:
            return answered
    if fold(heard.understood.text).strip(" .!?,") in _CALLS_THE_BOT:
        return None
    if provider.wants(heard, lookups):
        return provider.begin(state, heard, lookups)
    if heard.understood.intent in _STILL_OURS or status.names_a_code(heard.text):
        return None
    if (
        lookups.my_case is not None
        and lookups.my_case.provider
        and status.asks_who_helps(heard, lookups)
    ):
        return None  # it is known; no officer has to type it
    if contact.wants_a_call(heard.text):
        called = request.call_back(state, heard, lookups)
        if called.state.step == request.PHONE and heard.understood.phone is not None:
            called = request.answer(called.state, heard, lookups) or called
        told = to_case(heard.text, lookups)
        return Turn(called.state, called.says[:1], (*told, *called.wishes))
    if complaint.may_be_one(heard):
        return complaint.ask_aim(state, heard.text)
    if papers.says_lacking(heard, lookups):
        asked = papers.lacking(state, heard, lookups)
        return Turn(asked.state, asked.says, (*to_case(heard.text, lookups), *asked.wishes))
    return Turn(state, (), to_case(_in_words(heard, lookups), lookups))


def _unseen(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    """What goes to the officer from a phone that others may hold: nothing is said of the case."""
    meant_for_us = fold(heard.understood.text).strip(" .!?,") in _CALLS_THE_BOT
    meant_for_us = meant_for_us or heard.understood.intent in _STILL_OURS
    if meant_for_us or _opens(state, heard) or status.names_a_code(heard.text):
        return None
    if unlocking.asks_of_the_case(state, heard, lookups):
        return None
    told = to_case(_in_words(heard, lookups), lookups)
    case = lookups.my_case
    if heard.kind is InboundKind.FILE and lookups.papers is not None:
        return Turn(state, (), (*told, KeepPhoto(lookups.papers.case_id)))
    if case is not None and case.may_be_called and contact.wants_a_call(heard.text):
        return Turn(state, (), (*told, AskCallBack(case.id)))
    return Turn(state, (), told)


def _opens(state: State, heard: Heard) -> bool:
    """Whether it is what the case is being opened by; other words are for the officer."""
    return state.step in (unlocking.PIN, status.CODE, status.PIN) and unlocking.is_answer(heard)


def to_case(text: str, lookups: Lookups) -> tuple[AddToCase, ...]:
    """Words for the officer of the request of this talk; nothing where there is none."""
    return (AddToCase(text, lookups.my_case.id),) if lookups.my_case is not None else ()


def _in_words(heard: Heard, lookups: Lookups) -> str:
    """What an officer reads of a message, whatever it was made of."""
    match heard.kind:
        case InboundKind.LOCATION if heard.latitude is not None and heard.longitude is not None:
            reading = lookups.gazetteer.read_pin(heard.latitude, heard.longitude)
            names = [lookups.province.commune(code).full_name for code in reading.communes]
            where = " / ".join(names) or reading.outside or ""
            return f"📍 {heard.latitude:.5f}, {heard.longitude:.5f} {where}".strip()
        case InboundKind.PHONE:
            return f"📞 {heard.phone or ''}"
        case InboundKind.STICKER | InboundKind.OTHER:
            return heard.text or "🙂"
        case _:
            return heard.text


_CALLS_THE_BOT = frozenset({"tram", "tram oi", "bot", "tro ly", "menu"})
_STILL_OURS = frozenset(
    {
        *(Intent.DELETE, Intent.STATUS, Intent.WITHDRAW, Intent.LANGUAGE, Intent.COMPLAIN),
        *(Intent.MY_DATA, Intent.CORRECT_DATA, Intent.REVOKE),
    }
)
"""A complaint is not handed to whom it may be about; it is read back before it goes anywhere."""
OURS = ("complaint.", "data.", "provider.", "rating.")
"""Steps of the assistant also while an officer holds the talk: no officer reads these answers."""
