"""What the writer wants with a message: to ask, to tell, to answer, to go back, to see a person…"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from bot.understanding.phrases import Message, Phrasebook, bits
from store.datafile import Entry, load

INTENTS = Path(__file__).parent / "data" / "intents.yaml"
SHORT = 9
"""Up to this many words a message can be a mere command or a yes."""


class Intent(StrEnum):
    """What the writer wants with this message."""

    GREETING = "greeting"
    THANKS = "thanks"
    QUESTION = "question"
    """Asks about the law or a procedure."""
    STORY = "story"
    """Tells a trouble, or asks for help with it."""
    ANSWER = "answer"
    """A short answer to something asked: "62 tuổi", "hộ nghèo", a place."""
    YES = "yes"
    NO = "no"
    DONT_KNOW = "dont_know"
    SKIP = "skip"
    BACK = "back"
    RESTART = "restart"
    MENU = "menu"
    PERSON = "person"
    """Wants a human: an officer, a lawyer."""
    STATUS = "status"
    """Asks how far a request has come."""
    LANGUAGE = "language"
    DELETE = "delete"
    """Wants the talk or what is kept of it deleted."""
    PRIVACY = "privacy"
    """Asks who can read this and what is kept."""
    MY_DATA = "my_data"
    """Wants to see what is kept of them."""
    CORRECT_DATA = "correct_data"
    """Wants what is kept of them put right."""
    REVOKE = "revoke"
    """Takes back what they agreed to."""
    EXIT = "exit"
    CONTACT = "contact"
    """Asks for a phone number, an address, office hours."""
    WHO_ARE_YOU = "who_are_you"
    """Asks whether a machine or a human answers."""
    COST = "cost"
    """Asks what this help, or the lawyer it brings, costs; not a court's fees."""
    WITHDRAW = "withdraw"
    STOP = "stop"
    """Takes back what was just begun: "thôi, không cần nữa"."""
    COMPLAIN = "complain"
    """Is dissatisfied with the service or an officer and wants to say so."""
    DISCONTENT = "discontent"
    """Scolds the bot."""
    OUT_OF_SCOPE = "out_of_scope"
    """Weather, jokes, traffic fines, taxes…"""
    EMPTY = "empty"
    """Nothing that can be read: emoji, punctuation."""


class IntentEntry(Entry):
    intent: Intent
    exact: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    anywhere: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()


class IntentFile(Entry):
    lists: Mapping[str, tuple[str, ...]]
    fillers: tuple[str, ...]
    openers: tuple[str, ...]
    intents: tuple[IntentEntry, ...]
    question_ends: tuple[str, ...]
    question: tuple[str, ...]
    not_question: tuple[str, ...]
    follow_up: tuple[str, ...]
    corrects: tuple[str, ...]
    corrects_briefly: tuple[str, ...]


class Intents:
    """Recognises commands and questions."""

    def __init__(self, book: Phrasebook) -> None:
        file = load(INTENTS, IntentFile)
        for name, words in file.lists.items():
            book.add_list(name, words)

        self._fillers = book.all(map(_together, file.fillers))
        self._openers = book.all(map(_together, file.openers))
        self._intents = tuple(
            (
                one.intent,
                book.all(one.exact),
                book.all(one.short),
                book.all(one.anywhere),
                book.all(one.unless),
            )
            for one in file.intents
        )
        self._question_ends = book.all(map(_together, file.question_ends))
        self._question = book.all(file.question)
        self._not_question = book.all(file.not_question)
        self._follow_up = book.all(file.follow_up)
        self._corrects = book.all(file.corrects)
        self._corrects_briefly = book.all(file.corrects_briefly)

    def command(self, message: Message) -> Intent | None:
        """The first intent of the file that the message fits; None when it tells or asks."""
        everything = bits(0, len(message.words))
        telling = everything & ~self._fillers.covered(message) or everything
        telling = telling & ~self._openers.covered(message) or telling
        count = telling.bit_count()
        brief = len(message.words) <= SHORT
        for intent, exact, short, anywhere, unless in self._intents:
            if unless.among(message):
                continue
            if brief and not telling & ~exact.covered(message):
                return intent
            if brief and 2 * (telling & short.covered(message)).bit_count() >= count:
                return intent
            if anywhere.among(message):
                return intent
        return None

    def asks(self, message: Message) -> bool:
        """Whether the message asks something."""
        if "?" in message.text:
            return True
        told = self._not_question.covered(message)
        if any(bits(begin, end) & ~told for _, begin, end in self._question.find(message)):
            return True
        fillers = self._fillers.covered(message)
        count = len(message.words)
        for _, begin, end in self._question_ends.find(message):
            if not bits(begin, end) & ~told:
                continue
            rest = end
            while rest < count and fillers >> rest & 1 and not message.sentence_ends >> rest & 1:
                rest += 1
            if rest == count or (message.sentence_ends | message.commas) >> rest & 1:
                return True
        return False

    def follows_up(self, message: Message) -> bool:
        """Whether it begins like a question that goes on from the answer before."""
        return any(begin <= 1 for _, begin, _ in self._follow_up.find(message))

    def corrects(self, message: Message) -> bool:
        """Whether it takes back something said or understood before."""
        if len(message.words) <= SHORT and self._corrects_briefly.among(message):
            return True
        return any(begin <= 2 for _, begin, _ in self._corrects.find(message))


def _together(words: str) -> str:
    """Several words as one choice."""
    return words.replace(" ", "_")
