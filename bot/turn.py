"""One inbound message is one transaction: read, answered, carried out, and said.

Whatever the dialogue wishes, its new state, and what it says are committed together, and the
message that led to them is done in the same commit.
"""

import datetime as dt
import logging
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import assert_never

import sqlalchemy as sa
from pydantic import ValidationError

from bot import delivery, erasing, transcript
from bot.channels.message import ChannelName, FetchedFile, Inbound, InboundKind
from bot.conversations import Conversation, is_case_shut, is_shut
from bot.dialogue import always, complaint, meeting, privacy, rating, status, unlocking
from bot.dialogue import papers as asked_papers
from bot.dialogue import provider as providing
from bot.dialogue.hear import hear, numbered
from bot.dialogue.turn import (
    AddToCase,
    AddToRating,
    Agreed,
    AnswerMeeting,
    AnswerPapers,
    AskCallBack,
    AskToCorrect,
    CaseView,
    ChooseProvider,
    Coming,
    Complain,
    ComplaintView,
    Consented,
    DeleteTalk,
    FindCase,
    ForgetWords,
    Heard,
    KeepPhoto,
    KeepQuestion,
    Lookups,
    Lost,
    MeetingView,
    MoveCaseHere,
    MyData,
    NoteContact,
    OpenByPin,
    OpenCase,
    PapersView,
    PaperView,
    RaiseAlarm,
    Rate,
    Receipt,
    RevokeConsent,
    ShowedArticle,
    State,
    TakeAwaySecrets,
    TrustPhone,
    Turn,
    UndoWithdrawal,
    Voted,
    Wish,
    WishView,
    Withdraw,
)
from bot.inbox import InboxRow, InboxState
from bot.telegram_desk.hear import FromGroup
from bot.telegram_desk.hear import hear as staff_hear
from bot.transcript import Direction, Shown, TranscriptRow, Written
from bot.understanding.reader import Reader
from bot.understanding.understood import Understood
from cases import (
    appointments,
    callbacks,
    consent,
    data_requests,
    joining,
    papers,
    providers,
    queue,
    retention,
    rights,
    staffing,
    talking,
)
from cases.answers import expected_answer
from cases.atlas import Atlas
from cases.calendar import calendar_of
from cases.careful import needs_care
from cases.clock import deadlines_in
from cases.codes import fresh_code, fresh_pin
from cases.contact import CallHours, SafeContact
from cases.data_requests import Kept
from cases.deadlines import DeadlineState
from cases.life import HELD, CaseState, ComplaintKind, ProviderGround, RefusedError
from cases.limits import DeadlineKind
from cases.model import Appointment, Case, MeetingState, WishKind
from cases.offered import OfferedProvider
from cases.papers import AskedPaper
from cases.places import Gazetteer
from cases.province import Province
from cases.purpose import Purpose
from cases.queue import NewRequest, Trier
from cases.speech import Choice, Line, Verbatim, say
from cases.talking import Word
from cases.thread import Author
from cases.wordbook import Wordbook
from cases.wording import Texts
from eligibility.grounds import LegalAidLaw
from knowledge import feedback
from knowledge.feedback import Why
from knowledge.shelf import Shelf
from store import files, outbox
from store.clock import ZONE
from store.crypto import SealError
from store.erasures import erase
from store.files import StoredFile, media_type_of
from store.scan import Scan
from store.session import Session

log = logging.getLogger(__name__)

_WORDS_TAKEN = 200
"""At most so many messages of a talk go along with a request."""
_PRESSED = frozenset({InboundKind.BUTTON, InboundKind.LOCATION, InboundKind.PHONE})
"""What answers the assistant without a word of one's own: it stands in no paper."""
_REPLIES_REPEATED = 3


@dataclass(frozen=True)
class Rooms:
    """All that is loaded once and only read: the law, the knowledge, the places, the words."""

    atlas: Atlas
    """The province in use."""
    law: LegalAidLaw
    shelf: Shelf
    gazetteer: Gazetteer
    reader: Reader
    words: Wordbook
    """The texts in use."""
    chance: random.Random
    """`random.SystemRandom` outside tests."""

    @property
    def province(self) -> Province:
        """The province as it counts now; take it once for one piece of work."""
        return self.atlas.current

    @property
    def texts(self) -> Texts:
        """The texts as they count now."""
        return self.words.current


def handle(
    session: Session,
    row: InboxRow,
    inbound: Inbound | None,
    rooms: Rooms,
    fetched: FetchedFile | None = None,
    understood: Understood | None = None,
) -> bool:
    """Answer one message, within the caller's transaction, which holds the talk's lock.

    `fetched` and `understood`: what was prepared before it (`understood_of`), if anything was.

    Returns:
        Whether something is to be said in the talk of which the senders have yet to hear.
    """
    talk = session.get_one(Conversation, row.conversation_id)
    said = False
    if isinstance(inbound, FromGroup):
        staff_hear(session, inbound, rooms.province, fetched)
    elif inbound is not None:
        said = _answer(session, talk, row, inbound, rooms, fetched, understood)
    row.state, row.body, row.ended_at = InboxState.DONE, None, session.clock.now()
    talk.busy_until = None
    talk.turns += 1
    return said


def understood_of(inbound: Inbound, rooms: Rooms, today: dt.date) -> Understood:
    """What the words of a message say; a pressed button has none. Looks at nothing that changes."""
    return rooms.reader.read("" if inbound.kind in _NO_WORDS else inbound.text, today)


def _answer(
    session: Session,
    talk: Conversation,
    row: InboxRow,
    inbound: Inbound,
    rooms: Rooms,
    fetched: FetchedFile | None,
    understood: Understood | None,
) -> bool:
    state = _state(session, talk)
    if _showed_the_rest(session, talk, inbound, state):
        return False
    file_id, lost = _file(session, talk, inbound, fetched)
    client_id = row.event_id.rpartition(":")[2] or None
    written = _write_down(session, talk, inbound, state, rooms, file_id, client_id)
    shut = is_case_shut(talk, row.received_at)
    heard = Heard(
        kind=inbound.kind,
        understood=understood or understood_of(inbound, rooms, session.clock.today()),
        text="" if inbound.kind in _NO_WORDS else inbound.text,
        key=inbound.text if inbound.kind in _NO_WORDS else "",
        serial=inbound.button_serial,
        latitude=inbound.latitude,
        longitude=inbound.longitude,
        phone=inbound.phone,
        lost=lost,
        at=row.received_at,
    )
    lookups = _lookups(session, talk, rooms, state, shut=shut)
    turn = hear(state, heard, lookups)
    if not shut:  # not before the look-ups, which would each have to write it first
        talk.case_open_at = row.received_at
    complains = turn.state.step in complaint.STEPS or unlocking.holds_a_complaint(turn.state)
    if written is not None and complains:
        transcript.keep_secret(session, written)  # a complaint, told before anybody asked for it
    came = _Came(written, file_id, inbound.line)
    turn, repeated = _carry_out(session, talk, turn, lookups, came, rooms)
    for message in turn.says:
        outbox.put(
            session,
            conversation_id=talk.id,
            channel=talk.channel,
            kind=outbox.Kind.SAY,
            body=message.model_dump_json(),
            wake=False,
        )
    for words in repeated:  # below what says that the case was opened
        outbox.put(
            session,
            conversation_id=talk.id,
            channel=talk.channel,
            kind=outbox.Kind.VERBATIM,
            body=words.model_dump_json(),
        )
    talk.language = turn.state.language
    talk.seal(session.vault, "state", turn.state.model_dump_json())
    return bool(turn.says)


_NO_WORDS = frozenset({InboundKind.BUTTON, InboundKind.START})


def _showed_the_rest(session: Session, talk: Conversation, inbound: Inbound, state: State) -> bool:
    """Show more choices of the same question, if that was asked for; the talk stands still."""
    if inbound.kind is not InboundKind.BUTTON or inbound.button_serial != state.serial:
        return False
    rest = delivery.rest_of(state.offered, state.serial, inbound.text)
    if rest is not None:
        outbox.put(
            session,
            conversation_id=talk.id,
            channel=talk.channel,
            kind=outbox.Kind.SAY,
            body=rest.model_dump_json(),
        )
    return rest is not None


def _state(session: Session, talk: Conversation) -> State:
    """What is remembered of the talk. What can't be read any more must not end the talk."""
    fresh = State(language=talk.language)
    try:
        stored = talk.open(session.vault, "state")
        return State.model_validate_json(stored) if stored else fresh
    except (SealError, ValidationError) as problem:
        log.error("a talk's state is lost and begins anew: %s", type(problem).__name__)  # noqa: TRY400
        return fresh


def _file(
    session: Session, talk: Conversation, inbound: Inbound, fetched: FetchedFile | None
) -> tuple[str | None, Lost | None]:
    """Store a fetched file; the id of what is kept, or why nothing is."""
    if inbound.too_large:
        return None, Lost.TOO_LARGE
    if inbound.file is None:
        return inbound.file_id, None
    if fetched is None:
        return None, Lost.GONE
    if len(fetched.content) > files.MAX_BYTES:
        return None, Lost.TOO_LARGE
    media_type = media_type_of(fetched.content)
    if media_type is None or not files.takes(fetched.content):
        return None, Lost.WRONG_KIND
    if fetched.scan is Scan.FOUND:
        return None, Lost.HARMFUL
    stored = files.keep(
        session,
        fetched.content,
        media_type=media_type,
        name=fetched.name or inbound.file.name,
        conversation_id=talk.id,
        scan=fetched.scan,
    )
    return stored.id, None


def _write_down(
    session: Session,
    talk: Conversation,
    inbound: Inbound,
    state: State,
    rooms: Rooms,
    file_id: str | None,
    client_id: str | None,
) -> Written | None:
    """Keep the citizen's message as they see it: a pressed button by its label."""
    match inbound.kind:
        case InboundKind.START:
            return None
        case InboundKind.BUTTON:
            keys = inbound.text.split(",")
            labels = [
                rooms.texts.render(one.label, state.language)
                for one in state.offered
                if one.key in keys
            ]
            if not labels:
                pressed = always.label(inbound.text, rooms.shelf.current.library)
                labels = [rooms.texts.render(pressed, state.language)] if pressed else []
            words = ", ".join(labels)
            boxes = [one for one in state.offered if one.key in keys and one.ticked is not None]
            if boxes:  # illness and violence are not repeated on the screen
                count = Line(key="screening.chosen", blanks={"count": str(len(boxes))})
                words = rooms.texts.render(count, state.language)
        case InboundKind.LOCATION:
            words = "📍"
        case InboundKind.PHONE:
            words = inbound.phone or ""
        case InboundKind.STICKER | InboundKind.OTHER:
            words = inbound.text or "🙂"
        case InboundKind.TEXT | InboundKind.FILE | InboundKind.VOICE:
            words = inbound.text
    if not words and file_id is None and client_id is None:
        return None
    secret = state.step in (status.CODE, status.PIN, unlocking.PIN, *complaint.STEPS)
    secret = secret or status.names_a_code(words)
    if inbound.reference is not None:
        typed_pin = secret and state.step in (status.PIN, unlocking.PIN)
        erasing.remember(
            session,
            talk.channel,
            talk.id,
            [inbound.reference],
            secret=secret,
            at_once=typed_pin,
        )
    shown = Shown(text=words, file_id=file_id, secret=secret, pressed=inbound.kind in _PRESSED)
    return transcript.add(session, talk.id, Direction.IN, shown, client_id)


def _lookups(
    session: Session, talk: Conversation, rooms: Rooms, state: State, *, shut: bool
) -> Lookups:
    case = queue.case_spoken_to(session, talk.id)
    if case is not None and case.joined_into is not None:
        case = joining.spoken_to_here(session, case)
    held = case is not None and case.state in HELD
    knowledge, province = rooms.shelf.current, rooms.province
    return Lookups(
        today=session.clock.today(),
        law=rooms.law,
        library=knowledge.library,
        search=knowledge.search,
        gazetteer=rooms.gazetteer,
        province=province,
        staffing=lambda: staffing.staffing(session, province),
        blanks=province.blanks(),
        texts=rooms.texts,
        fresh_code=lambda: fresh_code(rooms.chance),
        fresh_pin=lambda: fresh_pin(rooms.chance),
        my_case=_view(session, case, province) if case is not None else None,
        meeting=_meeting(session, case, province),
        shut=shut and case is not None,
        takes_away=talk.channel is ChannelName.TELEGRAM,
        my_data=lambda: _my_data(session, talk, case),
        may_trust=case is not None and _may_trust(session, talk, case),
        asked_last=held and _asked_last(session, talk, state),
        roster=lambda: _roster(session),
        papers=_papers(session, case, rooms, state),
        unnumbered=_unnumbered(session, talk, case, rooms.texts),
        answers_in=lambda office: expected_answer(session, province, office),
    )


def _may_trust(session: Session, talk: Conversation, case: Case) -> bool:
    """Not where somebody may be in danger: who holds the phone may be whom they fear."""
    asked = talk.channel is not ChannelName.WEB and not talk.own_phone
    return asked and not needs_care(session, case)


def _view(session: Session, case: Case, province: Province) -> CaseView:
    return CaseView(
        id=case.id,
        state=case.state,
        office=province.label_of(case.office_id),
        opened_on=case.opened_at.astimezone(ZONE).date(),
        outcome=case.outcome,
        withdraw_asked=case.withdraw_asked_at is not None,
        office_id=case.office_id,
        may_be_called=callbacks.contact_in(session, case).may_be_called,
        complaint=_complaint(session, case, province),
        field=case.field,
        provider_id=case.provider_id,
        provider=_provider(session, case),
        wish=_wish(session, case, province),
        may_undo=rights.may_undo_withdrawal(session, case),
        coming=_coming(session, case, province),
        rate=rights.stars_to_press(case) if rights.may_rate(session, case) else (),
    )


COMING = (DeadlineKind.CHECK_REQUEST, DeadlineKind.ASSIGN_PROVIDER, DeadlineKind.ADVICE)
"""What the office owes the citizen, in the order in which it comes."""


def _coming(session: Session, case: Case, province: Province) -> Coming | None:
    """What the office does next and by when; nothing while it stands still or is not known."""
    if case.state not in HELD:
        return None
    limits = {one.kind: one for one in deadlines_in(session, case, province)}
    for kind in COMING:
        one = limits.get(kind)
        if one is None or one.met_at is not None or one.due_at is None:
            continue
        day = one.due_at.astimezone(ZONE).date() if one.house else _last_day(one.due_at)
        if day is not None:
            return Coming(kind, day, late=one.state is DeadlineState.OVERDUE)
    return None


def _roster(session: Session) -> tuple[OfferedProvider, ...]:
    return tuple(providers.published(one) for one in providers.listed(session))


def _provider(session: Session, case: Case) -> str | None:
    found = session.get(providers.Provider, case.provider_id) if case.provider_id else None
    return found.name if found is not None else None


def _wish(session: Session, case: Case, province: Province) -> WishView | None:
    """What was wished about the provider last, and until when it is answered."""
    found = next(iter(rights.wishes_of(session, case)), None)
    if found is None:
        return None
    change = found.kind is WishKind.CHANGE
    limits = deadlines_in(session, case, province) if change else ()
    due = next((one.due_at for one in limits if one.kind is DeadlineKind.CHANGE_PROVIDER), None)
    return WishView(
        on=found.at.astimezone(ZONE).date(),
        change=change,
        answered=found.answered_at is not None,
        due=_last_day(due),
    )


def _complaint(session: Session, case: Case, province: Province) -> ComplaintView | None:
    """The newest complaint of a case, and until when the centre has to answer it."""
    found = rights.complaint_of(session, case)
    if found is None:
        return None
    limits = {one.kind: one for one in deadlines_in(session, case, province) if one.due_at}
    limit = limits.get(DeadlineKind.COMPLAINT)
    further = limits.get(DeadlineKind.COMPLAINT_TO_DEPARTMENT)
    return ComplaintView(
        on=found.at.astimezone(ZONE).date(),
        due=_last_day(limit.due_at) if limit else None,
        late=limit is not None and limit.state is DeadlineState.OVERDUE,
        answered=found.answered_at is not None,
        department_due=_last_day(further.due_at) if further else None,
        department_answered=found.department_answered_at is not None,
    )


_MEETING_STANDS = {
    MeetingState.OFFERED: "meeting.offered",
    MeetingState.AGREED: "meeting.agreed",
    MeetingState.NONE_FITS: "meeting.none_fit",
    MeetingState.CALL_ME: "meeting.to_be_called",
}


def _meeting(session: Session, case: Case | None, province: Province) -> MeetingView | None:
    """The meeting of a case that is still to come, or to be agreed upon."""
    found = appointments.current(session, case) if case is not None else None
    if case is None or found is None:
        return None
    now = session.clock.now()
    if (found.at or max(appointments.times_of(found))) <= now:
        return None
    opening = _MEETING_STANDS[found.state]
    unanswered = found.state is MeetingState.OFFERED
    return MeetingView(
        asked=appointments.offer(session, case, found, province, opening),
        waits=unanswered and (case.answered_at is None or case.answered_at <= found.offered_at),
    )


def _asked_last(session: Session, talk: Conversation, state: State) -> bool:
    """Whether the last thing said to the citizen is the question that the state waits for."""
    last = transcript.last_said(session, talk.id)
    return last is not None and last.serial == state.serial > 0


_QUESTION_COUNTS = dt.timedelta(minutes=2)
"""So long the question which paper a photo is counts for photos that come after it."""


def _papers(session: Session, case: Case | None, rooms: Rooms, state: State) -> PapersView | None:
    """The papers of a case that are waited for."""
    left = papers.outstanding(session, case) if case is not None else ()
    if case is None or case.state is CaseState.CLOSED or not left:
        return None
    loose = papers.unsorted(session, case)
    now = session.clock.now()
    asked = any(one.key == f"p:{case.id}:other" for one in state.offered)
    limits = deadlines_in(session, case, rooms.province)
    due = next((one.due_at for one in limits if one.kind is DeadlineKind.MISSING_PAPERS), None)
    kept = Counter(one.paper_id for one in papers.photos_of(session, case) if one.paper_id)
    known = {one.name: one for one in rooms.law.papers.values()}

    def view(paper: AskedPaper) -> PaperView:
        name = papers.in_name(session, paper) if paper.named else ""
        found = known.get(name)
        return PaperView(
            id=paper.id,
            name=name,
            state=paper.state,
            issuer=found.issued_by if found else "",
            if_lost=found.if_lost if found else "",
        )

    return PapersView(
        case_id=case.id,
        papers=tuple(view(one) for one in left),
        unsorted=len(loose),
        asking=asked and any(now - one.at < _QUESTION_COUNTS for one in loose),
        kept=kept,
        due=_last_day(due),
    )


def _last_day(due: dt.datetime | None) -> dt.date | None:
    """The day at whose end a limit is over."""
    return (due - dt.timedelta.resolution).astimezone(ZONE).date() if due else None


def _unnumbered(
    session: Session, talk: Conversation, case: Case | None, texts: Texts
) -> tuple[Choice, ...]:
    """The choices of the last thing said, when it came from the office's act."""
    if case is None:
        return ()
    last = transcript.last_said(session, talk.id)
    if last is None or last.serial != 0 or last.office is not None:
        return ()
    if rights.may_rate(session, case):
        return rights.stars_to_press(case)
    lacking = texts.render(asked_papers.LACKING.label, talk.language)
    shown = lacking in last.text or any(one.label == lacking for one in last.buttons)
    return (asked_papers.LACKING,) if shown else ()


@dataclass(frozen=True)
class _Came:
    """What is kept of the message that is being answered."""

    written: Written | None
    file_id: str | None
    line: str | None


def _carry_out(
    session: Session,
    talk: Conversation,
    turn: Turn,
    lookups: Lookups,
    came: _Came,
    rooms: Rooms,
) -> tuple[Turn, tuple[Verbatim, ...]]:
    """Do what the dialogue wishes; looking up a case leads to one more step of the dialogue.

    Also an officer's words that are to be said again in this talk.
    """
    file_id = came.file_id
    repeated: tuple[Verbatim, ...] = ()
    pending: list[Wish] = list(turn.wishes)
    while pending:
        wish = pending.pop(0)
        match wish:
            case OpenCase():
                _open_case(session, talk, wish, lookups)
            case AddToCase(text=text, case_id=case_id):
                talking.citizen_wrote(session, _locked(session, case_id), text, file_id)
            case RaiseAlarm(case_id=case_id, danger=danger):
                talk.own_phone = False
                talking.danger_told(session, _locked(session, case_id), danger)
            case NoteContact():
                _note_contact(session, talk, wish, lookups)
            case AskCallBack(case_id=wanted):
                _ask_call_back(session, talk, wanted, lookups)
            case FindCase(code=code, pin=pin):
                found = queue.find_by_code(session, code, pin, Trier(talk.id, came.line))
                found = joining.goes_on_as(session, found) if found is not None else None
                view = _view(session, found, lookups.province) if found is not None else None
                meets = _meeting(session, found, lookups.province)
                after = status.found(turn.state, view, lookups, meets)
                if found is not None:
                    offer = replace(lookups, may_trust=_may_trust(session, talk, found))
                    after = unlocking.offered(after, offer)
                after = numbered(after)
                pending.extend(after.wishes)
                turn = Turn(after.state, turn.says + after.says)
            case MoveCaseHere(case_id=case_id):
                repeated = _move_here(session, talk, case_id, lookups)
                _open_here(session, talk)
            case OpenByPin(pin=pin):
                right = queue.open_by_pin(session, talk.id, pin)
                after = numbered(unlocking.opened(turn.state, lookups, right=right))
                turn = Turn(after.state, turn.says + after.says)
                if right:
                    _open_here(session, talk)
            case TrustPhone(own=own):
                talk.own_phone, talk.case_open_at = own, session.clock.now()
            case Withdraw(case_id=case_id):
                _withdraw(session, talk, case_id, lookups)
            case UndoWithdrawal(case_id=case_id):
                after = _undo_withdrawal(session, talk, case_id, turn.state, lookups)
                turn = Turn(after.state, turn.says + after.says)
            case AnswerMeeting():
                after = _answer_meeting(session, talk, wish, turn.state, lookups)
                turn = Turn(after.state, turn.says + after.says)
            case Complain():
                after = _complain(session, wish, turn.state, lookups)
                turn = Turn(after.state, turn.says + after.says)
            case Rate():
                after = _rate(session, talk, wish, turn.state)
                turn = Turn(after.state, turn.says + after.says)
            case AddToRating():
                _add_to_rating(session, talk, wish)
            case ChooseProvider():
                after = _choose_provider(session, talk, wish, turn.state, lookups)
                turn = Turn(after.state, turn.says + after.says)
            case KeepPhoto(case_id=case_id):
                if file_id is not None:
                    papers.keep_photo(session, _locked(session, case_id), file_id)
            case AnswerPapers():
                after = _answer_papers(session, talk, wish, turn.state, lookups, rooms)
                turn = Turn(after.state, turn.says + after.says)
            case AskToCorrect():
                after = _ask_to_correct(session, wish, turn.state, file_id)
                turn = Turn(after.state, turn.says + after.says)
            case RevokeConsent():
                _revoke(session, talk, wish, lookups)
            case TakeAwaySecrets():
                erasing.take_away(session, talk, only_secret=True)
            case ForgetWords():
                _forget(session, came, lookups.texts, turn.state.language)
            case DeleteTalk():
                after = numbered(_delete(session, talk, turn.state))
                turn = Turn(after.state, turn.says + after.says)
            case ShowedArticle(article_id=article_id):
                feedback.viewed(session, article_id)
            case Voted(article_id=article_id, helpful=helpful):
                feedback.vote(session, talk.id, article_id, helpful=helpful)
            case KeepQuestion(text=text, field=field, article_id=article_id):
                why = Why.UNKNOWN if article_id is None else Why.UNHELPFUL
                feedback.keep_question(session, text, why, article_id=article_id, field=field)
            case _:
                assert_never(wish)
    return turn, repeated


def _forget(session: Session, came: _Came, texts: Texts, language: str) -> None:
    """Put in the place of what was sent that it is not kept; a file of it is erased."""
    if came.file_id is not None:
        erase(session, StoredFile, "id", [came.file_id])
    if came.written is not None:
        instead = texts.render(Line(key="denounce.dropped"), language)
        transcript.replace_words(session, came.written, instead)


def _open_here(session: Session, talk: Conversation) -> None:
    """The case is open in this talk until it falls quiet; what was held back is sent."""
    talk.case_open_at = session.clock.now()
    outbox.let_go(session, talk.id)


def _open_case(session: Session, talk: Conversation, wish: OpenCase, lookups: Lookups) -> None:
    words = _words(session, talk) if wish.with_words else ()
    talk.case_open_at = session.clock.now()
    talk.own_phone = talk.own_phone and wish.danger is None
    case = queue.open_case(
        session,
        NewRequest(
            code=wish.code,
            pin=wish.pin,
            conversation_id=talk.id,
            channel=talk.channel,
            language=talk.language,
            office_id=wish.office,
            routing_rule=wish.routing_rule,
            routing_reason=wish.routing_reason,
            commune=wish.commune,
            field=wish.field,
            urgent=wish.urgent,
            danger=wish.danger,
            law_version=wish.law_version,
            screening=wish.screening,
            words=words,
        ),
    )
    for agreed in wish.agreed:
        _agree(session, talk, case.id, agreed, lookups)


def _agree(
    session: Session, talk: Conversation, case_id: str, agreed: Agreed, lookups: Lookups
) -> None:
    consent.record(
        session,
        conversation_id=talk.id,
        case_id=case_id,
        purpose=agreed.purpose,
        given=agreed.given,
        wording=agreed.shown.key,
        version=lookups.texts.version(agreed.shown.key),
        shown=lookups.texts.render(agreed.shown, talk.language),
        language=talk.language,
    )


def _words(session: Session, talk: Conversation) -> tuple[Word, ...]:
    """What goes along with a request: what was said since the one before, no code, no PIN.

    What an officer wrote on another case, and what was written to him, stays with that case.
    """
    authors = {Direction.IN: Author.CITIZEN, Direction.OUT: Author.ASSISTANT}
    since = queue.opened_last(session, talk.id)
    words = []
    for row in transcript.after(session, talk.id)[-_WORDS_TAKEN:]:
        if since is not None and row.at <= since:
            continue
        shown = transcript.shown(session, row)
        if (shown.text or shown.file_id) and not shown.secret and shown.office is None:
            by = authors[row.direction]
            words.append(Word(by, shown.text, row.at, shown.file_id, shown.pressed))
    return tuple(words)


def _note_contact(
    session: Session, talk: Conversation, wish: NoteContact, lookups: Lookups
) -> None:
    case = queue.newest_case_of_talk(session, talk.id)
    if case is None:
        return
    window = CallHours(wish.window) if wish.window is not None else None
    contact = SafeContact(phone=wish.phone, hours=wish.hours, window=window)
    queue.note_contact(session, case, contact.model_dump_json(exclude_none=True), wish.phone)
    _agree(session, talk, case.id, wish.agreed, lookups)


def _ask_call_back(
    session: Session, talk: Conversation, case_id: str | None, lookups: Lookups
) -> None:
    case = (
        _locked(session, case_id)
        if case_id is not None
        else queue.newest_case_of_talk(session, talk.id)
    )
    if case is None or case.state is CaseState.CLOSED:
        return
    if callbacks.contact_in(session, case).may_be_called:  # an officer may just have forgotten it
        callbacks.ask(session, case, calendar_of(lookups.province, case.office_id))


def _locked(session: Session, case_id: str) -> Case:
    """A case that is about to change: an officer may be changing it too."""
    return session.get_one(Case, case_id, with_for_update=True, populate_existing=True)


def _withdraw(session: Session, talk: Conversation, case_id: str, lookups: Lookups) -> None:
    rights.ask_to_withdraw(session, _locked(session, case_id))
    shown = Line(key=consent.WITHDRAWN)
    for purpose in (Purpose.REQUEST, Purpose.SENSITIVE):
        _agree(session, talk, case_id, Agreed(purpose, shown, given=False), lookups)


def _undo_withdrawal(
    session: Session, talk: Conversation, case_id: str, state: State, lookups: Lookups
) -> Turn:
    """Go on with the request, and with what was agreed to for it before."""
    case = _locked(session, case_id)
    try:
        rights.undo_withdrawal(session, case)
    except RefusedError:
        return numbered(status.kept(state, refused=True))
    for purpose in consent.given_before(session, case_id) & {Purpose.REQUEST, Purpose.SENSITIVE}:
        again = Agreed(purpose, Line(key="status.undo"))
        _agree(session, talk, case_id, again, lookups)
    return numbered(status.kept(state, refused=False))


def _move_here(
    session: Session, talk: Conversation, case_id: str, lookups: Lookups
) -> tuple[Verbatim, ...]:
    """Answer a case through this talk; what the citizen may not have seen is said again here."""
    case = _locked(session, case_id)
    replies = [entry for entry in talking.thread(session, case) if entry.author is Author.STAFF]
    _let_go(session, case, talk.id, [entry.id for entry in replies])
    _tell_the_phone_before(session, case, talk)
    talking.move_to_talk(session, case, talk.id, talk.channel)
    office = lookups.province.label_of(case.office_id)
    unseen = [entry for entry in replies if entry.at > case.last_word_at]
    return tuple(
        Verbatim(text=entry.open(session.vault, "body") or "", office=office, file_id=entry.file_id)
        for entry in max(unseen, replies[-_REPLIES_REPEATED:], key=len)
    )


def _tell_the_phone_before(session: Session, case: Case, talk: Conversation) -> None:
    """Say there that nothing comes any more, and nothing of why; not where that might harm."""
    before = session.get(Conversation, case.conversation_id or "")
    now = session.clock.now()
    if before is None or before.id == talk.id or is_shut(before, now):
        return
    at = delivery.notice_at(session, case, now)
    if at is None or at > now:
        return
    outbox.put(
        session,
        conversation_id=before.id,
        channel=before.channel,
        kind=outbox.Kind.SAY,
        body=say("notice.elsewhere").model_dump_json(),
    )


def _let_go(session: Session, case: Case, talk_id: str, entries: list[str]) -> None:
    """Replies still on their way to the talk before must not reach that phone any more."""
    if case.conversation_id in (None, talk_id):
        return
    session.execute(
        sa.update(outbox.OutboxRow)
        .where(
            outbox.OutboxRow.conversation_id == case.conversation_id,
            sa.or_(
                outbox.OutboxRow.thread_entry_id.in_(entries),
                outbox.OutboxRow.case_id == case.id,
            ),
            outbox.OutboxRow.state.in_((outbox.Delivery.WAITING, outbox.Delivery.HELD)),
        )
        .values(state=outbox.Delivery.REFUSED, body=None, reason="moved to another talk")
    )


def _answer_meeting(
    session: Session, talk: Conversation, wish: AnswerMeeting, state: State, lookups: Lookups
) -> Turn:
    """The answer to proposed times; an officer may have moved them a moment ago."""
    proposed = session.get(Appointment, wish.meeting_id)
    case = _locked(session, proposed.case_id) if proposed is not None else None
    if case is None or case.conversation_id != talk.id:
        return numbered(meeting.answered(state, None, "gone"))
    refused = None
    try:
        found = appointments.answer(session, case, wish.meeting_id, wish.said)
        if (
            found.state is MeetingState.CALL_ME
            and callbacks.contact_in(session, case).may_be_called
        ):
            callbacks.ask(session, case, calendar_of(lookups.province, case.office_id))
    except RefusedError as problem:
        refused = problem.reason
    return numbered(meeting.answered(state, _meeting(session, case, lookups.province), refused))


def _choose_provider(
    session: Session, talk: Conversation, wish: ChooseProvider, state: State, lookups: Lookups
) -> Turn:
    """Send the wish; somebody may have been appointed, or have left the list, a moment ago."""
    case = _locked(session, wish.case_id)
    if case.conversation_id != talk.id:
        return numbered(providing.sent(state, None, "gone"))
    ground = ProviderGround(wish.ground) if wish.ground else None
    try:
        if wish.change:
            rights.ask_for_another_provider(session, case, ground, wish.reason, wish.provider_id)
        elif wish.provider_id is not None:
            rights.choose_provider(session, case, wish.provider_id)
    except RefusedError as problem:
        return numbered(providing.sent(state, None, problem.reason))
    sent = _wish(session, case, lookups.province)
    return numbered(providing.sent(state, sent.due if sent else None, None))


def _answer_papers(
    session: Session,
    talk: Conversation,
    wish: AnswerPapers,
    state: State,
    lookups: Lookups,
    rooms: Rooms,
) -> Turn:
    """What a photo is, or which paper is lacking; an officer may have ticked it off just now."""
    paper = session.get(AskedPaper, wish.id)
    case = session.get(Case, paper.case_id if paper is not None else wish.id)
    if case is None or case.conversation_id != talk.id:
        return numbered(asked_papers.answered(state, None, None, wish.id, wish.said))
    case = _locked(session, case.id)
    with suppress(RefusedError):  # it is gone: how the papers stand now is told
        match wish.said:
            case "here":
                papers.sort_photos(session, case, wish.id)
            case "lack":
                lacking = papers.lacks(session, case, wish.id)
                words = f"📄 Chưa có giấy: {papers.in_name(session, lacking)}."
                talking.citizen_wrote(session, case, words)
            case "undo":
                papers.take_back(session, case)
            case _:
                papers.set_aside(session, case)
    now = _papers(session, case, rooms, state)
    return numbered(asked_papers.answered(state, lookups.papers, now, wish.id, wish.said))


def _complain(session: Session, wish: Complain, state: State, lookups: Lookups) -> Turn:
    case = _locked(session, wish.case_id)
    try:
        rights.complain(session, case, wish.words, ComplaintKind(wish.kind))
    except RefusedError:  # one waits already, or there are no words: how it stands is told
        view = _view(session, case, lookups.province)
        return numbered(Turn(state, (status.show(view, lookups),)))
    taken = _complaint(session, case, lookups.province)
    return numbered(complaint.sent(state, taken.due if taken else None, lookups))


def _rate(session: Session, talk: Conversation, wish: Rate, state: State) -> Turn:
    case = session.get(Case, wish.case_id, with_for_update=True)
    if case is None or case.conversation_id != talk.id:
        return numbered(rating.rated(state, wish.case_id, "not_closed"))
    refused = None
    try:
        rights.rate(session, case, wish.stars)
    except RefusedError as problem:
        refused = "rated" if problem.reason == "rated" else "not_closed"
    return numbered(rating.rated(state, case.id, refused))


def _add_to_rating(session: Session, talk: Conversation, wish: AddToRating) -> None:
    case = _locked(session, wish.case_id)
    if case.conversation_id != talk.id:
        return
    if wish.asked == "words":
        rights.add_to_rating(session, case, words=wish.said)
    else:
        rights.add_to_rating(session, case, given={rights.Asked(wish.asked): int(wish.said)})


def _delete(session: Session, talk: Conversation, state: State) -> Turn:
    """Erase what was said, here and on the phone, and hand out the receipt.

    What went to an office with consent stays with the case until the centre has looked at it.
    """
    cases = session.scalars(sa.select(Case).where(Case.conversation_id == talk.id)).all()
    asked = [data_requests.ask(session, case, data_requests.Asked.ERASE) for case in cases]
    talking.lose_the_talk(session, talk.id)
    counts = erasing.erase_words(session, talk)
    erasing.take_away(session, talk)
    talk.case_open_at, talk.own_phone = None, False
    kept = [Kept.CONSENTS] if cases else []
    if any(case.accepted_at is not None for case in cases):
        kept.insert(0, Kept.CASE_FILE)
    written = data_requests.add_receipt(session, counts, kept)
    receipt = Receipt(
        number=written.number,
        when=_until(written.at),
        messages=counts["messages"],
        files=counts["files"],
        kept=tuple(written.kept),
        channel=talk.channel,
        until=_until(max(one.due_at for one in asked)) if asked else "",
    )
    return privacy.erased(state, receipt)


def _until(moment: dt.datetime) -> str:
    return f"{moment.astimezone(ZONE):%H:%M %d/%m/%Y}"


def _ask_to_correct(
    session: Session, wish: AskToCorrect, state: State, file_id: str | None
) -> Turn:
    """The centre's list has it, and the officer reads it in the thread."""
    case = _locked(session, wish.case_id)
    found = data_requests.ask(session, case, data_requests.Asked.CORRECT, words=wish.words)
    if case.state is not CaseState.CLOSED:
        talking.citizen_wrote(session, case, wish.words, file_id)
    return numbered(privacy.asked(state, found.number, _until(found.due_at)))


def _revoke(session: Session, talk: Conversation, wish: RevokeConsent, lookups: Lookups) -> None:
    """Take back what was agreed to; what rests on it stops in this transaction."""
    case = _locked(session, wish.case_id)
    if case.conversation_id != talk.id:
        return
    shown = Line(key=f"data.revoked.{wish.purpose}")
    _agree(session, talk, case.id, Agreed(wish.purpose, shown, given=False), lookups)
    match wish.purpose:
        case Purpose.REQUEST:
            rights.ask_to_withdraw(session, case)
        case Purpose.SENSITIVE:
            data_requests.hide_sensitive(session, case)
        case Purpose.CONTACT:
            data_requests.stop_calling(session, case)
        case Purpose.PERSON:
            data_requests.ask(session, case, data_requests.Asked.WITHDRAW, purpose=Purpose.PERSON)
        case _:
            assert_never(wish.purpose)


def _my_data(session: Session, talk: Conversation, case: Case | None) -> MyData:
    """Counts of what is kept of a talk, and how each consent of its case stands."""
    said = sa.select(sa.func.count(), sa.func.min(TranscriptRow.at)).where(
        TranscriptRow.conversation_id == talk.id
    )
    messages, since = session.execute(said).one()
    files_kept = sa.select(sa.func.count()).where(StoredFile.conversation_id == talk.id)
    consents = consent.standing(session, case.id) if case is not None else ()
    return MyData(
        talk_days=retention.periods()[retention.Kind.TALKS].days,
        messages=messages,
        files=session.scalar(files_kept) or 0,
        since=since.astimezone(ZONE).date() if since else session.clock.today(),
        consents=tuple(
            Consented(one.purpose, one.given, one.at.astimezone(ZONE).date(), one.wording_hash[:8])
            for one in consents
        ),
    )
