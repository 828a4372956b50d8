"""Free text in any spelling → what Tràm understands of it."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from bot.understanding import contact, numbers
from bot.understanding.company import Company
from bot.understanding.danger import DangerKind, DangerReader, Signs, Weights
from bot.understanding.foreign import Foreign, ForeignReader, Language
from bot.understanding.hints import Hints
from bot.understanding.intents import Intent, Intents
from bot.understanding.people import People, Relation
from bot.understanding.phrases import Message, Phrasebook, Vocabulary, listen
from bot.understanding.statuses import FRAGMENT, Statuses, Told
from bot.understanding.understood import Role, Understood
from cases.places import Gazetteer, PlaceReading
from cases.routing import Routing
from eligibility.facts import FactId
from eligibility.grounds import LegalAidLaw
from eligibility.screen import statuses
from knowledge.article import FieldId
from knowledge.fields import FieldGuess

FieldsOf = Callable[[str], FieldGuess]
"""Text → what field of law it is about."""

GROWN_UP = 18
"""Years."""

PASSAGE = 80
"""Words."""

PLACE_WITHIN = 1_200
"""Characters; people say where they live early in a long story."""

OVERLAP = 20
"""Words that two passages share, so that no sentence is cut in both."""

LONGEST = 3_000
"""Characters read for meaning: the first and last halves of a longer message."""

LONGEST_FOR_DANGER = 12_000
"""Characters; danger is heard in the middle of pages of story too."""


class Reader:
    """Reads messages. Built once (its phrases are compiled), then used by every conversation."""

    def __init__(self, gazetteer: Gazetteer, fields_of: FieldsOf, law: LegalAidLaw) -> None:
        book = Phrasebook()
        people = People(book)
        weights = Weights.load()
        self._signs = Signs(book)
        self._danger = DangerReader(self._signs, weights)
        self._statuses = Statuses(book, people)
        self._intents = Intents(book)
        self._hints = Hints.load()
        self._people = people
        self._foreign = ForeignReader()
        usual = (*weights.usual(), *self._statuses.everyday)
        self._vocabulary = Vocabulary(book.words, usual, self._statuses.terms, Company.load())
        self._gazetteer = gazetteer
        self._fields_of = fields_of
        self._law = law

    def read(self, typed: str, today: dt.date) -> Understood:
        """Everything a message says. Any text is allowed; `today` turns birth years into ages.

        Raises:
            eligibility.grounds.NoLawInForce: no legal-aid law of ours was in force on `today`.
        """
        message = listen(_shortened(typed), self._vocabulary, today)
        command = self._intents.command(message)
        if len(message.words) > PASSAGE and command not in _ASKED_IN_A_STORY:
            command = None  # pages of trouble that end in "luật sư có tốn tiền không"
        foreign = self._foreign.read(message.text)
        dangers = foreign.dangers if foreign else self._danger_in(typed, message, command, today)
        asks = self._intents.asks(message)
        told = self._statuses.read(message, today, danger=bool(dangers), asks=asks)
        if foreign is None and not (asks and told.relation is None):
            told = replace(told, facts=self._hints.settle(message, told.facts, told.judged))
        if told.facts.commercial and not self._danger.read(message, by_signs=True):
            dangers = ()  # "giám đốc", "đối tác", "công ty": a quarrel of business sounds grave
        age = told.facts.age if told.facts.age is not None else told.guessed_age
        if told.with_child and age is not None and age < GROWN_UP:
            dangers = (DangerKind.CHILD, *dangers)
        ages = (age, *(of.age for of in told.others.values()))
        danger = _fitting(dangers, ages, child=self._names_a_child(message))
        place = self._place(message, command)
        intent = self._intent(message, command, danger, told, place)
        guess = self._fields_of(message.text) if message.words and foreign is None else None
        groups = statuses(told.facts.having(FactId.AGE, age), today, self._law)
        return Understood(
            text=message.text,
            normalised=message.normalised.accented,
            intent=intent,
            asks=asks,
            facts=told.facts.having(FactId.HOUSEHOLD, foreign.household) if foreign else told.facts,
            guessed_age=told.guessed_age,
            others=told.others,
            several=told.several,
            corrects=self._intents.corrects(message),
            place=place,
            fields=_fields(guess, foreign),
            guess=guess,
            groups=frozenset(group.value for group in groups),
            danger=danger,
            urgent=danger is not None or told.urgent,
            relation=told.relation,
            role_hint=Role.INTERMEDIARY if self._people.is_intermediary(message) else None,
            phone=numbers.phone(message.text),
            code=numbers.code(message.text),
            pin=numbers.pin(message.text),
            language=_language(message) if command is Intent.LANGUAGE else None,
            written_in=foreign.language if foreign else Language.VIETNAMESE,
            number=numbers.alone(message.text, today),
            impossible_age=numbers.impossible_age(message.text, today),
            follow_up=self._intents.follows_up(message),
        )

    def sounds_of_danger(self, typed: str, today: dt.date) -> bool:
        """Whether one readable sign of danger stands in a message, whatever speaks against it.

        A tenth of the work of `read`, for what would otherwise not be read at all.
        """
        message = listen(typed[:LONGEST_FOR_DANGER], self._vocabulary, today)
        foreign = self._foreign.read(message.text)
        return bool(foreign.dangers) if foreign else self._danger.has_signs(message)

    def _names_a_child(self, message: Message) -> bool:
        """Whether somebody is named who may be under age."""
        mentions = self._people.mentions(message)
        named = any(one.humble or one.relation is Relation.CHILD for one in mentions)
        return named or self._signs.names_a_child(message)

    def _intent(
        self,
        message: Message,
        command: Intent | None,
        danger: DangerKind | None,
        told: Told,
        place: PlaceReading,
    ) -> Intent:
        if not message.words:
            return Intent.EMPTY
        if danger is not None:
            return Intent.STORY
        if command is not None:
            return command
        count = len(message.words)
        asks = self._intents.asks(message)
        states = bool(told.facts.known()) or bool(place.communes or place.outside)
        if asks and not (states and count >= 16):
            return Intent.QUESTION
        if count <= 3 or (states and count <= FRAGMENT):
            return Intent.ANSWER
        return Intent.STORY

    def _danger_in(
        self, typed: str, message: Message, command: Intent | None, today: dt.date
    ) -> tuple[DangerKind, ...]:
        """A long story is read passage by passage, or one grave sentence would drown in it."""
        if len(message.words) <= PASSAGE:
            given = contact.hands_over(message.text, numbers.phone(message.text))
            return self._danger.read(message, by_signs=command is not None or given)
        all_words = typed[:LONGEST_FOR_DANGER].split()
        passages = (" ".join(words) for words in _passages(all_words))
        heard = (self._danger.read(listen(one, self._vocabulary, today)) for one in passages)
        return next((kinds for kinds in heard if kinds), ())

    def _place(self, message: Message, command: Intent | None) -> PlaceReading:
        """No place is looked for in a command ("làm lại từ đầu")."""
        if command is not None and len(message.words) <= FRAGMENT:
            return PlaceReading()
        return self._gazetteer.read(
            message.text[:PLACE_WITHIN],
            story=len(message.words) > FRAGMENT or self._intents.asks(message),
        )


def _fields(guess: FieldGuess | None, foreign: Foreign | None) -> tuple[tuple[FieldId, float], ...]:
    """Fields of law, best first; of a foreign message those that its words name."""
    if foreign is not None:
        return tuple((field, 1.0 / nth) for nth, field in enumerate(foreign.fields, 1))
    return tuple((one.id, one.score) for one in guess.fields) if guess is not None else ()


_ASKED_IN_A_STORY = frozenset({Intent.PERSON, Intent.WITHDRAW, Intent.COMPLAIN})
"""What may be wanted at the end of pages of story."""


def _fitting(
    dangers: tuple[DangerKind, ...], ages: Sequence[int | None], *, child: bool
) -> DangerKind | None:
    """The likeliest danger that the ages do not rule out: first that of whom it is about.

    `child`: somebody is named who may be under age, beside those whose age is told.
    """
    told = [age for age in ages if age is not None]
    grown_up = ages[0] is not None and ages[0] >= GROWN_UP
    if grown_up or (told and min(told) >= GROWN_UP and not child):
        dangers = tuple(kind for kind in dangers if kind is not DangerKind.CHILD)
    return dangers[0] if dangers else None


def _shortened(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"


def _passages(words: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, max(1, len(words) - OVERLAP), PASSAGE - OVERLAP):
        yield words[begin : begin + PASSAGE]


def _language(message: Message) -> Language | None:
    words = set(message.normalised.syllables)
    if words & {"english", "anh"}:
        return Language.ENGLISH
    if words & {"khmer", "kho", "mien", "khome"}:
        return Language.KHMER
    return Language.VIETNAMESE if words & {"viet", "vietnamese"} else None


def understand_line(
    reader: Reader,
    payload: Mapping[str, object],
    today: dt.date,
    route: Callable[[PlaceReading], Routing],
) -> dict[str, object]:
    """Answer one line of `python -m bot understand`; `route` names the offices of a place.

    Raises:
        ValueError: there is no "text", or it is not text.
    """
    typed = payload.get("text")
    if not isinstance(typed, str):
        raise ValueError('"text" is missing or is not a text')  # noqa: TRY004 - reported as is
    understood = reader.read(typed, today)
    routing = route(understood.place) if understood.place.communes else None
    offices = () if routing is None else routing.possible or (routing.office,)
    return {
        "field": [field.value for field, _ in understood.fields],
        "groups": sorted(understood.groups),
        "communes": list(understood.place.communes),
        "offices": [office for office in offices if office],
        "danger": understood.danger is not None,
        "danger_kind": understood.danger.value if understood.danger else None,
        "urgent": understood.urgent,
        "intent": understood.intent.value,
    }
