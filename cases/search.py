"""Search over everything that is said in cases, in any spelling; only what one may see is shown.

The words lie sealed in the database, so no database can search them. Each process that is asked
opens them once, keeps an index of them in its memory, never on a disk, and follows the journal of
events from then on. The index names cases by their number; who may see them is asked of the
database at every search (`access.visible_to`), and what is shown is opened anew from there.

Phone numbers and numbers of identity cards are found whole, by their blind index, and so is the
citizen's code. They are not in the memory index: nobody can feel their way along a number.
"""

import re
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import cast

import sqlalchemy as sa
import tantivy
from rapidfuzz.distance import OSA

from cases.access import visible_to
from cases.codes import read_code
from cases.model import Case, RegisterEntry
from cases.parties import Party, id_index, phone_index
from cases.queue import code_index
from cases.staff import StaffMember
from cases.thread import Author, Note, ThreadEntry
from knowledge.vietnamese import fold, has_diacritics, normalise, telex
from store import events
from store.base import Row
from store.crypto import SealError
from store.session import Session

MOST_CASES = 50_000
"""The newest so many are in memory; older ones are found by their numbers and codes."""
_LETTERS = 20_000
"""Of one case, its newest words first."""
BATCH = 250
"""Cases that are read in one go while the index is built."""
_LONGEST_QUERY = 12
"""Words of a query that are looked at."""
_FORGIVING = 4
"""Words of so many letters are found with one slip in them."""
_WINDOW = 90
"""Letters of a snippet before and after what was found."""
_AT_ONCE = 1000
_WRITER_BYTES = 15_000_000
_WORD, _ACCENTED, _NUMBER = "word", "accented", "number"
_WORDS = re.compile(r"[^\W_]+")
_NUMBERED = re.compile(r"[A-Z]?[0-9]{7,12}")
_CASE_NUMBER = re.compile(r"(?:(?:yêu cầu )?s[ốo] ?|#)?([0-9]{1,7})", re.IGNORECASE)
_PART_OF_CODE = re.compile(r"[A-ZĐ][A-ZĐ0-9]*(\.[A-ZĐ0-9]+)+")
_EVENTS = 200


class Source(StrEnum):
    """Where a word was found."""

    CITIZEN = "citizen"
    ASSISTANT = "assistant"
    STAFF = "staff"
    NOTE = "note"
    PARTY = "party"
    """The name of somebody in the case."""
    NUMBER = "number"
    REGISTER = "register"
    CODE = "code"
    """The citizen's code."""
    PHONE = "phone"
    IDENTITY = "identity"


@dataclass(frozen=True, slots=True)
class Passage:
    """One text of a case."""

    source: Source
    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a snippet."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A case that was found, and by what."""

    case: Case
    source: Source
    snippet: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of what there is to read has been read."""

    done: int
    total: int

    @property
    def complete(self) -> bool:
        return self.done >= self.total


class CaseIndex:
    """The words of all cases in the memory of one process. May be used from many threads."""

    def __init__(self, most_cases: int = MOST_CASES) -> None:
        self._most = most_cases
        self._lock = threading.Lock()
        builder = tantivy.SchemaBuilder()
        builder.add_text_field(_WORD, tokenizer_name="whitespace", index_option="position")
        builder.add_text_field(_ACCENTED, tokenizer_name="whitespace", index_option="freq")
        builder.add_integer_field(_NUMBER, indexed=True, fast=True)
        self._schema = builder.build()
        self._begin()

    def _begin(self) -> None:
        self._index = tantivy.Index(self._schema)
        self._writer = self._index.writer(_WRITER_BYTES, 1)
        self._numbers: dict[str, int] = {}
        """The cases that have been read, by id."""
        self._heard: int | None = None
        """The last event that the index knows of."""
        self._below: int | None = None
        """Numbers below this have not been read yet; 0: all have."""

    def catch_up(self, session: Session, most: int = BATCH) -> Progress:
        """Read what has changed, and `most` of the cases that were never read, newest first."""
        with self._lock:
            newest = events.newest(session)
            if self._heard is not None and newest < self._heard:
                self._begin()  # the database was replaced
            if self._heard is None:
                self._heard = newest
            changed = self._changed(session)
            self._read(session, changed)
            total = self._total(session)
            if self._below != 0 and len(self._numbers) < total:
                query = sa.select(Case.id, Case.number).order_by(Case.number.desc()).limit(most)
                if self._below is not None:
                    query = query.where(Case.number < self._below)
                older = session.execute(query).all()
                self._read(session, [one for one, _ in older if one not in self._numbers])
                self._below = min((number for _, number in older), default=0)
            if len(self._numbers) >= total:
                self._below = 0
            done = total if self._below == 0 else min(len(self._numbers), total)
            return Progress(done, total)

    def _total(self, session: Session) -> int:
        there = session.scalar(sa.select(sa.func.count()).select_from(Case)) or 0
        return min(there, self._most)

    def _changed(self, session: Session) -> list[str]:
        """The cases that something happened to since the last look."""
        ids: dict[str, None] = {}
        while happened := events.after(session, self._heard or 0, _EVENTS):
            ids |= {one.case_id: None for one in happened if one.case_id is not None}
            self._heard = happened[-1].id
        return list(ids)

    def _read(self, session: Session, ids: Sequence[str]) -> None:
        """Put cases into the index, or take out those that are no longer there."""
        if not ids:
            return
        for start in range(0, len(ids), _AT_ONCE):
            part = ids[start : start + _AT_ONCE]
            known = session.execute(sa.select(Case.id, Case.number).where(Case.id.in_(part))).all()
            texts = passages_of(session, part)
            for case_id in part:
                if (old := self._numbers.pop(case_id, None)) is not None:
                    self._writer.delete_documents_by_term(_NUMBER, old)
            for case_id, number in known:
                self._numbers[case_id] = number
                self._writer.add_document(_document(number, texts.get(case_id, ())))
        for case_id in self._too_many():
            self._writer.delete_documents_by_term(_NUMBER, self._numbers.pop(case_id))
        self._writer.commit()
        self._index.reload()

    def _too_many(self) -> list[str]:
        over = len(self._numbers) - self._most
        if over <= 0:
            return []
        return sorted(self._numbers, key=self._numbers.__getitem__)[:over]

    def numbers(self, query: str) -> Iterator[Sequence[int]]:
        """The numbers of the cases that say all of a query, best first, a thousand at a time.

        They are of all offices: whoever shows them asks `visible_to` first.
        """
        asked = self._query(query)
        if asked is None:
            return
        searcher = self._index.searcher()
        start = 0
        while hits := searcher.search(asked, _AT_ONCE, count=False, offset=start).hits:
            addresses = [address for _, address in hits]
            yield cast("list[int]", searcher.fast_field_values(_NUMBER, addresses))
            start += _AT_ONCE

    def _query(self, query: str) -> tantivy.Query | None:
        terms = terms_of(query)
        if not terms:
            return None
        parts = [
            (tantivy.Occur.Must, self._one(term, last=place == len(terms) - 1))
            for place, term in enumerate(terms)
        ]
        if len(terms) > 1:
            phrase = tantivy.Query.phrase_query(self._schema, _WORD, list(terms), slop=1)
            parts.append((tantivy.Occur.Should, tantivy.Query.boost_query(phrase, 4.0)))
        if has_diacritics(query):
            parts += [
                (tantivy.Occur.Should, tantivy.Query.term_query(self._schema, _ACCENTED, word))
                for word in normalise(query).accented_syllables[:_LONGEST_QUERY]
            ]
        return tantivy.Query.boolean_query(parts)

    def _one(self, term: str, *, last: bool) -> tantivy.Query:
        exact = tantivy.Query.term_query(self._schema, _WORD, term)
        ways = [(tantivy.Occur.Should, tantivy.Query.boost_query(exact, 3.0))]
        if len(term) >= _FORGIVING and not term.isdigit():
            slip = tantivy.Query.fuzzy_term_query(self._schema, _WORD, term, distance=1)
            ways.append((tantivy.Occur.Should, tantivy.Query.boost_query(slip, 0.3)))
        if last and len(term) > 1 and not term.isdigit():
            begun = tantivy.Query.regex_query(self._schema, _WORD, f"{term}.*")
            ways.append((tantivy.Occur.Should, tantivy.Query.boost_query(begun, 0.5)))
        return tantivy.Query.boolean_query(ways)


def _document(number: int, passages: Iterable[Passage]) -> tantivy.Document:
    read = [normalise(one.text) for one in _newest_letters(passages)]
    document = tantivy.Document()
    document.add_text(_WORD, " | ".join(" ".join(one.syllables) for one in read))
    document.add_text(_ACCENTED, " ".join(chain(*(one.accented_syllables for one in read))))
    document.add_integer(_NUMBER, number)
    return document


def _newest_letters(passages: Iterable[Passage]) -> Iterator[Passage]:
    left = _LETTERS
    for one in passages:
        if left <= 0:
            return
        yield Passage(one.source, one.text[:left])
        left -= len(one.text)


def terms_of(query: str) -> tuple[str, ...]:
    """The folded words of a query, as the index has them."""
    return normalise(query[:400]).syllables[:_LONGEST_QUERY]


# --- what is said in a case ---------------------------------------------------------------------

_SAID = {
    Author.CITIZEN: Source.CITIZEN,
    Author.ASSISTANT: Source.ASSISTANT,
    Author.STAFF: Source.STAFF,
}


def passages_of(session: Session, case_ids: Sequence[str]) -> dict[str, list[Passage]]:
    """The opened texts of cases, by id: names, then notes and words, the newest first.

    Only for indexing, and for cases that come from `visible_to`.
    """
    found: dict[str, list[Passage]] = defaultdict(list)

    def take(case_id: str, source: Source, row: Row, column: str) -> None:
        try:
            text = row.open(session.vault, column)
        except SealError:
            return  # one that does not open must not hide all others
        if text:
            found[case_id].append(Passage(source, text))

    for party in session.scalars(sa.select(Party).where(Party.case_id.in_(case_ids))):
        take(party.case_id, Source.PARTY, party, "name")
    notes = sa.select(Note).where(Note.case_id.in_(case_ids))
    for note in session.scalars(notes.order_by(Note.at.desc(), Note.id.desc())):
        take(note.case_id, Source.NOTE, note, "body")
    words = sa.select(ThreadEntry).where(ThreadEntry.case_id.in_(case_ids))
    for said in session.scalars(words.order_by(ThreadEntry.at.desc(), ThreadEntry.id.desc())):
        take(said.case_id, _SAID[said.author], said, "body")
    return found


# --- what a person finds ------------------------------------------------------------------------


def search(
    session: Session, staff: StaffMember, index: CaseIndex, query: str, most: int = 50
) -> Sequence[Found]:
    """The cases that a staff member may see and that a query tells of; exact numbers first."""
    found = {one.case.id: one for one in _by_numbers(session, staff, query)}
    terms = terms_of(query)
    for numbers in index.numbers(query):
        seen = session.scalars(visible_to(staff).where(Case.number.in_(numbers))).all()
        by_number = {case.number: case for case in seen if case.id not in found}
        cases = [by_number[number] for number in numbers if number in by_number]
        cases = cases[: max(most - len(found), 0)]
        texts = passages_of(session, [case.id for case in cases])
        for case in cases:
            source, snippet = _snippet(texts.get(case.id, ()), terms)
            found[case.id] = Found(case, source, snippet)
        if len(found) >= most:
            break
    return tuple(found.values())


def _by_numbers(session: Session, staff: StaffMember, query: str) -> Iterator[Found]:
    """By the case's own number, the register's code, the citizen's code, a phone, a card."""
    vault, typed = session.vault, query.strip()
    bare = re.sub(r"[\s.\-–()+]", "", typed).upper()
    ways: list[tuple[Source, sa.ColumnElement[bool]]] = []
    if numbered := _CASE_NUMBER.fullmatch(typed):
        ways.append((Source.NUMBER, Case.number == int(numbered[1])))
    written = RegisterEntry.code == typed.upper()
    if _PART_OF_CODE.fullmatch(typed.upper()):  # as it is said aloud: TV.01.2026, CN1.TV.01
        written = RegisterEntry.code.contains(typed.upper(), autoescape=True)
    registered = sa.select(RegisterEntry.case_id).where(written)
    ways.append((Source.REGISTER, Case.id.in_(registered)))
    code = read_code(typed)
    if code is not None:
        ways.append((Source.CODE, Case.code_index == code_index(vault, code)))
    if _NUMBERED.fullmatch(bare):
        phone, card = phone_index(vault, bare), id_index(vault, bare)
        callers = sa.select(Party.case_id).where(Party.phone_index == phone)
        ways.append((Source.PHONE, sa.or_(Case.phone_index == phone, Case.id.in_(callers))))
        holders = sa.select(Party.case_id).where(Party.id_index == card)
        ways.append((Source.IDENTITY, Case.id.in_(holders)))
    for source, condition in ways:
        for case in session.scalars(
            visible_to(staff).where(condition).order_by(Case.number.desc()).limit(20)
        ):
            yield Found(case, source)


def _snippet(passages: Iterable[Passage], terms: Sequence[str]) -> tuple[Source, tuple[Piece, ...]]:
    """The passage that says most of the terms, cut to where it says them."""
    best: tuple[int, Passage, list[tuple[int, int]]] | None = None
    for passage in passages:
        hits, said = [], set()
        for match in _WORDS.finditer(passage.text):
            meant = _meant(match.group(), terms)
            if meant is not None:
                hits.append(match.span())
                said.add(meant)
        if hits and (best is None or len(said) > best[0]):
            best = (len(said), passage, hits)
    if best is None:
        return Source.CITIZEN, ()
    _, passage, hits = best
    return passage.source, tuple(_cut(passage.text, hits))


def _meant(word: str, terms: Sequence[str]) -> str | None:
    """Which term a written word stands for."""
    lower = word.lower()
    said = fold(telex(lower) or lower)
    for place, term in enumerate(terms):
        if said == term or (place == len(terms) - 1 and len(term) > 1 and said.startswith(term)):
            return term
    for term in terms:
        forgiving = len(term) >= _FORGIVING and not term.isdigit()
        if forgiving and OSA.distance(said, term, score_cutoff=1) <= 1:
            return term
    return None


def _cut(text: str, hits: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    start = max(hits[0][0] - _WINDOW, 0)
    end = min(hits[0][1] + 2 * _WINDOW, len(text))
    if start:
        start = text.find(" ", start, hits[0][0]) + 1 or start
        yield Piece("… ", hit=False)
    place = start
    for left, right in hits:
        if right > end:
            break
        if left > place:
            yield Piece(text[place:left], hit=False)
        yield Piece(text[left:right], hit=True)
        place = right
    yield Piece(text[place:end] + ("…" if end < len(text) else ""), hit=False)
