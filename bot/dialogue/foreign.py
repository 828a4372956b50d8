"""Messages in a language that is not read: nothing is guessed of the matter, a person offered."""

import re
import unicodedata

from bot.dialogue import faq, learning
from bot.dialogue.turn import Heard, Lookups, State, Turn, ask
from bot.understanding.foreign import Language
from bot.understanding.intents import Intent
from cases.places import PlaceReading
from cases.speech import Line, Say
from cases.wording import FALLBACK
from knowledge.vietnamese import fold, is_syllable


def is_foreign(heard: Heard) -> bool:
    """Whether the message is in a language that is not read: no topic is guessed then."""
    understood = heard.understood
    if understood.intent not in (Intent.STORY, Intent.QUESTION, Intent.ANSWER):
        return False
    if understood.code or understood.phone:
        return False
    letters = [letter for letter in heard.text if letter.isalpha()]
    latin = sum(unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    if understood.written_in is Language.ENGLISH or 2 * latin < len(letters):
        return True  # a few Khmer words among Vietnamese ones are passed over
    words = [word for word in understood.normalised.split() if word.isalpha()]
    if len(words) < _ENOUGH_WORDS or understood.danger is not None:
        return False
    return sum(not is_syllable(fold(word)) for word in words) > len(words) / 2


_ENOUGH_WORDS = 4


def in_their_language(state: State, heard: Heard) -> State:
    """Whoever writes English is answered in English from then on."""
    english = heard.understood.written_in is Language.ENGLISH and is_foreign(heard)
    if state.language != FALLBACK or not english:
        return state
    return state.with_(language=str(Language.ENGLISH))


def asks_for_free_help(heard: Heard) -> bool:
    """ "Is there a free lawyer?", in English."""
    return _FREE_HELP.search(heard.text.lower()) is not None


_FREE_HELP = re.compile(
    r"\bfree\b.{0,20}\b(?:lawyer|help|legal|aid)\b|\b(?:lawyer|legal aid|help)\b.{0,20}\bfree\b"
)


def answer(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """A person, and what little was understood: names of places, and what English tells."""
    understood = heard.understood
    khmer = any(map(_is_khmer, heard.text))
    said = ask("always.foreign_khmer" if khmer else "always.foreign", faq.PERSON, faq.SCREEN)
    named = _NAMED_IN_ENGLISH.search(understood.text)
    reading = lookups.gazetteer.read(named[1]) if named is not None else PlaceReading()
    if reading.communes and not state.place.communes:  # names are names in any language
        state = learning.learn_place(state, reading, lookups)
        said = _with_lines(said, learning.place_line(state, lookups))
    if understood.written_in is Language.ENGLISH:
        learnt = learning.learn(state, understood, lookups)
        told = learnt.state.with_(told_story=state.told_story or bool(understood.fields))
        state = told.with_(place=state.place)
        said = _with_lines(said, learning.said_back(state, learnt.new, lookups))
        if learnt.sure_of_field:
            field = lookups.texts.render(Line(key=f"field.{state.fields[0]}"), state.language)
            said = _with_lines(said, (Line(key="understood.field", blanks={"field": field}),))
    return Turn(state, (said,))


def _with_lines(said: Say, lines: tuple[Line, ...]) -> Say:
    return said.model_copy(update={"lines": (*said.lines, *lines)})


_NAMED_IN_ENGLISH = re.compile(r"\b(?:from|in|at|near) ((?:[A-ZĐ]\w+ ?){1,4})")


def _is_khmer(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("KHMER")
