"""What Tràm has understood of one message; the dialogue reads nothing else of what was typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.understanding.danger import DangerKind
from bot.understanding.foreign import Language
from bot.understanding.intents import Intent
from bot.understanding.people import Relation
from cases.places import PlaceReading
from eligibility.facts import Facts
from knowledge.article import FieldId
from knowledge.fields import FieldGuess


class Role(StrEnum):
    """In what capacity somebody writes when it is not for a person of their own."""

    INTERMEDIARY = "intermediary"
    """A commune officer, a head of hamlet, a teacher, a member of the Women's Union…"""


@dataclass(frozen=True)
class Understood:
    """One message, read. What it does not say is None or empty, never "no"."""

    text: str
    """As typed, cleaned (NFC, one space)."""
    normalised: str
    """Lower case, Telex and shorthand written out, marks as typed."""
    intent: Intent
    asks: bool
    """A question stands in it, also in one that tells a trouble."""
    facts: Facts
    """Facts about the person who needs help; only what is stated."""
    guessed_age: int | None
    """About how old the person in need is, by the class at school; never a fact that is kept."""
    others: Mapping[Relation, Facts]
    """What is stated of anybody else named, the writer (SELF) among them; none of it is a fact of
    the person in need. With `relation` None it is not clear whether one of these needs help."""
    several: bool
    """Something was done to more than one of the persons named."""
    corrects: bool
    """Takes back something said or understood before ("không phải, nhà tôi cận nghèo")."""
    place: PlaceReading
    fields: tuple[tuple[FieldId, float], ...]
    """Fields of law, best first."""
    groups: frozenset[str]
    """Groups of Article 7 in force today whose status is stated or clear, hardship aside."""
    danger: DangerKind | None
    urgent: bool
    """Danger, somebody held by police, or a trial or time limit within five working days."""
    relation: Relation | None
    role_hint: Role | None
    phone: str | None
    """0xxxxxxxxx"""
    code: str | None
    """A case code: ten Crockford characters, in capitals."""
    pin: str | None
    """Six digits that stand alone."""
    language: Language | None
    """The language asked for."""
    written_in: Language
    """The language of the words. English and Khmer are heard for danger, and for nothing else."""
    number: int | None
    """A number that is the whole answer; a year of birth becomes an age."""
    impossible_age: bool
    """An age or a year of birth was named that nobody living can have."""
    follow_up: bool
    """Goes on from the answer before ("còn nếu … thì sao?")."""
    guess: FieldGuess | None = None
    """What the field model made of `text`, so that a search need not ask it again; None when it was
    not asked."""
