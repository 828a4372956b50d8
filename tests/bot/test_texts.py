"""The words of the assistant: complete in each language, short, and nothing promised."""

import ast
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from bot.channels.message import ChannelName
from bot.channels.webpage.page import Page
from bot.dialogue import provider
from bot.dialogue.questions import OF_BOXES
from bot.dialogue.turn import HelpedBy, Lost
from bot.texts import load_about, load_texts
from bot.turn import COMING
from bot.understanding.danger import DangerKind
from bot.understanding.people import Relation
from cases.data_requests import Kept
from cases.life import CaseState, ComplaintKind, Ground, Outcome
from cases.model import MeetingPlace
from cases.providers import Gender, ProviderKind
from cases.province import load_province
from cases.purpose import PersonAgrees, Purpose
from cases.routing import SENTENCES
from cases.speech import Ask, Line
from cases.wording import (
    FALLBACK,
    LANGUAGES,
    LONGEST_LABEL,
    LONGEST_TEXT,
    Care,
    blanks_of,
    mistakes,
    phones,
    promise_in,
)
from eligibility.facts import FACTS, Kind
from knowledge.article import FieldId

ROOT = Path(__file__).parents[2]
TEXTS = load_texts()
KEYS = TEXTS.keys()
PENDING: Mapping[str, list[str]] = tomllib.loads((ROOT / "bot/texts/pending.toml").read_text())

PROVINCE = load_province("ca-mau")
LONGEST_NAME = max((commune.full_name for commune in PROVINCE.communes), key=len)

in_each_language = pytest.mark.parametrize("language", LANGUAGES)


def templates(language: str) -> Mapping[str, str]:
    """The texts a language has of its own, with their blanks open."""
    return {key: TEXTS.template(key, language) for key in TEXTS.keys(language)}


def words(key: str, language: str) -> str:
    """A text as a citizen reads it, with the longest names of the province in its blanks."""
    blanks = dict.fromkeys(TEXTS.blanks(key, language), "")
    blanks |= {"name": LONGEST_NAME, "commune": LONGEST_NAME, "office": PROVINCE.centre.label}
    return TEXTS.render(Line(key=key, blanks=blanks | PROVINCE.blanks()), language)


# --- what the code says ------------------------------------------------------------------------

_ONE_OF = [fact for fact in FACTS.values() if fact.kind is Kind.ONE_OF]
_ASKED = [fact for fact in FACTS if fact not in OF_BOXES]

FAMILIES: Mapping[str, list[str]] = {
    "f'field.{name}'": [f"field.{field}" for field in FieldId],
    "f'field.{state.fields[0]}'": [f"field.{field}" for field in FieldId],
    "f'field_button.{field}'": [f"field_button.{field}" for field in FieldId],
    "f'field.{field}'": [f"field.{field}" for field in FieldId],
    "f'provider.ground_{one}'": [f"provider.ground_{one}" for one in provider.GROUNDS],
    "f'provider.only_{name}'": [f"provider.only_{name}" for name in provider.FILTERS],
    "f'provider.kind.{one.kind}'": [f"provider.kind.{kind}" for kind in ProviderKind],
    "f'provider.gender.{one.gender}'": [f"provider.gender.{gender}" for gender in Gender],
    "f'language.{tongue}'": [f"language.{language}" for language in LANGUAGES],
    "f'status.coming_{case.coming.kind}'": [f"status.coming_{kind}" for kind in COMING],
    "f'always.{heard.lost}'": [f"always.{why}" for why in Lost],
    "f'data.purpose.{one.purpose}'": [f"data.purpose.{one}" for one in Purpose],
    "f'data.purpose.{purpose}'": [f"data.purpose.{one}" for one in Purpose],
    "f'data.purpose.{rest}'": [f"data.purpose.{one}" for one in Purpose],
    "f'data.revoked.{purpose}'": [
        f"data.revoked.{one}" for one in Purpose if one is not Purpose.REQUEST
    ],
    "f'data.revoked.{wish.purpose}'": [
        f"data.revoked.{one}" for one in Purpose if one is not Purpose.REQUEST
    ],
    "f'data.kept.{one}'": [f"data.kept.{one}" for one in Kept],
    "f'delete.on_{receipt.channel}'": [
        f"delete.on_{one}" for one in ChannelName if one is not ChannelName.TELEGRAM_DESK
    ],
    "f'danger.{danger}'": [f"danger.{kind}" for kind in DangerKind],
    "f'fact.{fact}_{value}'": [
        f"fact.{fact.id}_{option}" for fact in _ONE_OF for option in fact.options
    ],
    "f'{self.step}.{form}'": [
        f"screening.{fact}.{form}" for fact in _ASKED for form in ("ask", "ask_other")
    ],
    "f'{self.step}.{o}'": [
        f"screening.{fact.id}.{option}" for fact in _ONE_OF for option in fact.options
    ],
    "f'screening.box.{fact}'": [f"screening.box.{fact}" for fact in OF_BOXES],
    "f'request.place.{key}_to_centre'": [
        "request.place.outside_to_centre",
        "request.place.unknown_to_centre",
    ],
    "f'request.hours.{key}'": [
        f"request.hours.{hours}" for hours in ("office", "noon", "evening", "message_only")
    ],
    "f'request.person.{one}'": [f"request.person.{one}" for one in PersonAgrees],
    "f'request.person.{state.person_agrees}'": [f"request.person.{one}" for one in PersonAgrees],
    "f'request.helped.{one}'": [
        f"request.helped.{by}" for by in (HelpedBy.NOBODY, HelpedBy.LAWYER, HelpedBy.LEGAL_AID)
    ],
    "f'who.{who}'": [f"who.{relation}" for relation in Relation],
    "f'who.{state.relation}'": [f"who.{relation}" for relation in Relation],
    "f'faq.{piece}'": ["faq.papers", "faq.time_limits"],
    "f'ask.{ask}'": [f"ask.{ask}" for ask in Ask],
    "f'status.{case.state}'": [f"status.{state}" for state in CaseState],
    "f'case.outcome.{case.outcome}'": [f"case.outcome.{outcome}" for outcome in Outcome],
    "f'case.outcome.{outcome}'": [f"case.outcome.{outcome}" for outcome in Outcome],
    "f'case.ground.{ground}'": [f"case.ground.{ground}" for ground in Ground],
    "f'meeting.on_{local.isoweekday()}'": [f"meeting.on_{day}" for day in range(1, 8)],
    "f'meeting.at_{meeting.place}'": [f"meeting.at_{place}" for place in MeetingPlace],
    "f'meeting.refused_{reason}'": [
        f"meeting.refused_{reason}" for reason in ("gone", "past", "agreed")
    ],
    "f'complaint.kind.{kind}'": [f"complaint.kind.{kind}" for kind in ComplaintKind],
    "f'rating.stars_{stars}'": [f"rating.stars_{stars}" for stars in range(1, 6)],
    "f'rating.refused_{refused}'": ["rating.refused_rated", "rating.refused_not_closed"],
    "f'language.{language}'": [f"language.{language}" for language in LANGUAGES],
}
"""Keys that the code puts together, by the expression that does it."""


def _read_code() -> Iterator[ast.AST]:
    for room in ("bot", "cases"):
        for path in sorted((ROOT / room).rglob("*.py")):
            yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


CODE = list(_read_code())
PAGE = ROOT / "bot/channels/webpage"
SCRIPT = (PAGE / "static/chat.js").read_text(encoding="utf-8")


def _keys_of(node: ast.AST) -> list[str]:
    """The keys an expression can be: itself, either side of an `if`, or a family."""
    match node:
        case ast.Constant(value=str(key)):
            return [key]
        case ast.IfExp(body=body, orelse=orelse):
            return _keys_of(body) + _keys_of(orelse)
        case ast.JoinedStr():
            return FAMILIES.get(ast.unparse(node), [])
        case _:
            return []


def _spoken() -> tuple[set[str], set[str]]:
    """The keys of all lines and of all labels that the code names where it builds them."""
    lines: set[str] = set()
    labels: set[str] = set()
    for node in CODE:
        match node:
            case ast.Call(func=ast.Name(id="say" | "ask"), args=[key, *_]):
                lines |= {*_keys_of(key)}
            case ast.Call(func=ast.Name(id="choice"), args=[_, key, *_]):
                labels |= {*_keys_of(key)}
            case ast.Call(func=ast.Name(id="Choice"), keywords=keywords):
                for inner in (line for word in keywords for line in ast.walk(word.value)):
                    labels |= _key_argument(inner)
            case ast.Call(func=ast.Name(id="Line")):
                lines |= _key_argument(node)
    return lines, labels


def _key_argument(node: ast.AST) -> set[str]:
    if not isinstance(node, ast.Call):
        return set()
    return {key for word in node.keywords if word.arg == "key" for key in _keys_of(word.value)}


def _used() -> set[str]:
    used: set[str] = set()
    for node in CODE:
        used |= {*_keys_of(node)}
    return used | {f"web.{name}" for name in _used_on_the_page()}


def _used_on_the_page() -> set[str]:
    template = (PAGE / "templates/page.html").read_text(encoding="utf-8")
    routes = "".join(path.read_text(encoding="utf-8") for path in PAGE.glob("*.py"))
    return {
        *re.findall(r"\bt\.(\w+)", template),
        *re.findall(r"\bT\.(\w+)", SCRIPT),
        *re.findall(r"\bwords\(\"(\w+)\"\)", routes),
    }


LINES, LABELS = _spoken()
PAGE_BUTTONS = {
    f"web.{name}"
    for name in ("begin", "have_code", "leave", "quick_exit", "reload", "place", "send")
}


def test_every_text_is_used() -> None:
    assert sorted(KEYS - _used()) == []


def test_every_text_the_code_says_is_there() -> None:
    assert len(LINES) > 100
    assert len(LABELS) > 60
    assert sorted((LINES | LABELS) - KEYS) == []


def test_every_text_of_the_page_is_there() -> None:
    assert {f"web.{name}" for name in _used_on_the_page()} <= KEYS


@pytest.mark.parametrize("built", FAMILIES)
def test_a_family_of_keys_is_still_built_by_the_code_and_complete(built: str) -> None:
    assert built in {ast.unparse(node) for node in CODE if isinstance(node, ast.JoinedStr)}
    assert set(FAMILIES[built]) <= KEYS


def test_the_page_hands_its_script_every_text_it_speaks() -> None:
    page = Page(lambda: TEXTS, "https://example.org/").welcome("opening", "")
    handed = page.partition('id="texts">')[2]

    for name in re.findall(r"\bT\.(\w+)", SCRIPT):
        assert f'"{name}":' in handed


# --- the languages -----------------------------------------------------------------------------


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != FALLBACK])
def test_what_a_language_lacks_is_listed_as_pending_and_nothing_else(language: str) -> None:
    lacking = KEYS - TEXTS.keys(language)
    patterns = PENDING[language]

    unlisted = {key for key in lacking if not any(fnmatchcase(key, one) for one in patterns)}
    assert unlisted == set()
    for pattern in patterns:
        listed = {key for key in KEYS if fnmatchcase(key, pattern)}
        assert listed, f"{pattern} names no text"
        assert listed <= lacking, f"{pattern} lists texts that are there"


def test_only_the_other_languages_may_lack_something() -> None:
    assert set(PENDING) == set(LANGUAGES) - {FALLBACK}


@in_each_language
def test_the_same_blanks_stand_in_every_language(language: str) -> None:
    own = templates(language)
    assert [key for key in own if blanks_of(own[key]) != TEXTS.blanks(key)] == []


@in_each_language
def test_every_text_is_composed_unicode(language: str) -> None:
    own = templates(language)
    assert [key for key in own if not unicodedata.is_normalized("NFC", own[key])] == []


def test_a_language_is_named_in_itself_whatever_is_spoken() -> None:
    for name in LANGUAGES:
        assert len({TEXTS.template(f"language.{name}", language) for language in LANGUAGES}) == 1


# --- short, honest, nothing promised -----------------------------------------------------------


@in_each_language
def test_a_label_fits_a_button_and_a_text_fits_a_phone(language: str) -> None:
    lengths = {key: len(words(key, language)) for key in templates(language)}
    labels = LABELS | PAGE_BUTTONS | {f"ask.{ask}" for ask in Ask}

    assert {k: n for k, n in lengths.items() if k in labels and n > LONGEST_LABEL} == {}
    assert {k: n for k, n in lengths.items() if n > LONGEST_TEXT} == {}


def _promises(text: str, language: str) -> bool:
    return promise_in(text, language) is not None


@in_each_language
def test_no_text_promises_anything(language: str) -> None:
    own = templates(language)
    assert [key for key in own if _promises(own[key], language)] == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Bạn được hưởng trợ giúp.", "vi"),
        ("Vụ này chắc chắn thắng.", "vi"),
        ("Bạn đủ điều kiện rồi.", "vi"),
        ("Bạn không đủ điều kiện.", "vi"),
        ("You qualify for legal aid.", "en"),
        ("You are not eligible.", "en"),
        ("You will win.", "en"),
    ],
)
def test_a_promise_would_be_noticed(text: str, language: str) -> None:
    assert _promises(text, language)


_NUMBERS = {"113", "115", "111", "18001233", "0912345678"}


@in_each_language
def test_only_verified_telephone_numbers_are_named(language: str) -> None:
    named = {key: phones(text) - _NUMBERS for key, text in templates(language).items()}
    assert {key: numbers for key, numbers in named.items() if numbers} == {}


def test_an_unverified_telephone_number_would_be_noticed() -> None:
    text = "Gọi 1022, 112, 1900.6179 hoặc 0290 383 4567; đừng kể năm 1981, Điều 31, 20.000 chữ."
    assert phones(text) == {"1022", "112", "19006179", "02903834567"}


OF_NO_ONE_OFFICE = frozenset(
    f"routing.{why}"
    for why in ("ask_which", "ask_where", "outside", "outside_unknown", "abroad", "same_office")
)
"""Reasons that name no office of one commune: never what a citizen agrees to."""


@pytest.mark.parametrize("key", sorted(SENTENCES.keys() - OF_NO_ONE_OFFICE))
def test_every_reason_why_an_office_takes_a_request_can_be_read_by_the_citizen(key: str) -> None:
    assert TEXTS.blanks(key) == blanks_of(SENTENCES[key])


# --- what the desk knows of the texts ----------------------------------------------------------

ABOUT = load_about()


def test_the_desk_knows_which_texts_stand_on_buttons() -> None:
    labels = LABELS | PAGE_BUTTONS | {f"ask.{ask}" for ask in Ask}

    assert {key for key in KEYS if ABOUT.is_label(key)} == labels


def test_the_desk_has_a_name_for_each_table_and_every_pattern_names_a_text() -> None:
    assert set(ABOUT.steps) == {ABOUT.step(key) for key in KEYS}
    for pattern in (*ABOUT.labels, *ABOUT.danger, *ABOUT.consent, *ABOUT.locked):
        assert [key for key in KEYS if fnmatchcase(key, pattern)], pattern


def test_every_text_that_a_receipt_of_a_consent_names_needs_care() -> None:
    agreed = {
        key
        for node in CODE
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Agreed"
        for inner in ast.walk(node)
        for key in _key_argument(inner)
    }

    assert agreed >= {"request.phone.ask"}
    for key in agreed | {"request.consent.ask", "request.consent.sensitive"}:
        assert ABOUT.care(key) is Care.CONSENT, key


def test_nothing_that_ships_would_be_refused_on_the_desk() -> None:
    assert [
        (key, mistakes(key, TEXTS.wording(key), TEXTS, ABOUT))
        for key in sorted(KEYS)
        if mistakes(key, TEXTS.wording(key), TEXTS, ABOUT)
    ] == []
