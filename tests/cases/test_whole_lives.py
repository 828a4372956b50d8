"""Whole lives of cases, at random: whatever people do in whatever order, the promises hold.

Hypothesis plays citizens, officers of two branches, a head, the centre and the clock over a real
SQLite database. After every step: no word is lost, no state is impossible, whoever must hold a
case does, and every limit that runs has an owner and a next look.
"""

import datetime as dt
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from cases import (
    appointments,
    clock,
    data_decisions,
    data_requests,
    handover,
    joining,
    papers,
    parties,
    providers,
    queue,
    register,
    rights,
    talking,
    transfer,
)
from cases.access import NotFoundError
from cases.life import (
    CLOSING,
    HELD,
    CaseState,
    Ground,
    Outcome,
    PaperVerdict,
    ProviderGround,
    RefusedError,
)
from cases.limits import Form
from cases.limits import Role as Owner
from cases.model import (
    Assignment,
    Case,
    MeetingPlace,
    MeetingState,
    RegisterEntry,
    Transfer,
    TransferState,
)
from cases.parties import PartyRole
from cases.providers import ProviderEntry, ProviderKind
from cases.staff import Role, StaffMember
from cases.thread import ThreadEntry
from store import files
from store.clock import ZONE, SetClock
from store.crypto import Vault
from store.outbox import OutboxRow
from store.session import Database, Session
from tests.cases.acting import PROVINCE, hire, open_one

START = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
STAFF = {
    "lan": (Role.OFFICER, "nam-can"),
    "minh": (Role.OFFICER, "nam-can"),
    "hai": (Role.HEAD, "nam-can"),
    "tam": (Role.OFFICER, "dam-doi"),
    "trung": (Role.CENTRE, "centre"),
}
WHOSE_TURN = "whose turn it is"
"""Mostly the right person acts: a random one is refused so often that no life gets far."""


class Lives(RuleBasedStateMachine):
    """One office world, over a database of its own."""

    template: Path
    vault: Vault
    cases: Bundle[str] = Bundle("cases")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="tram-lives-"))
        shutil.copy(self.template, self.folder / "tram.db")
        self.clock = SetClock(START)
        self.database = Database(f"sqlite:///{self.folder / 'tram.db'}", self.vault, self.clock)
        self.staff = {name: hire(self.database, name, *what) for name, what in STAFF.items()}
        self.lawyers = [self._list(ProviderEntry(name, ProviderKind.LAWYER)) for name in "LS"]
        self.said: dict[str, int] = {}
        self.sent = 0
        self.erased: set[str] = set()

    def _list(self, entry: ProviderEntry) -> str:
        centre = self.staff["trung"]
        write = providers.write_provider
        return self.database.transact_now(lambda session: write(session, centre, entry)).id

    def teardown(self) -> None:
        self.database.close_now()
        shutil.rmtree(self.folder)

    def who(self, name: str, case_id: str) -> StaffMember:
        """The one of that name, or whoever the case waits for."""
        if name != WHOSE_TURN:
            return self.staff[name]
        case = self.database.read_now(lambda session: session.get_one(Case, case_id))
        here = {"nam-can": "lan", "dam-doi": "tam", "centre": "trung"}
        holder = [one for one in self.staff.values() if one.id == case.holder_id]
        return holder[0] if holder else self.staff[here[case.office_id]]

    def tries(self, act: Callable[..., object], *values: Any, **named: Any) -> bool:
        """Do it if it may be done; a refusal leaves no trace, which the invariants see."""
        try:
            self.database.transact_now(lambda session: act(session, *values, **named))
        except (RefusedError, NotFoundError):
            return False
        return True

    def by_citizen(self, act: Callable[..., object], case_id: str, *values: Any) -> bool:
        return self.tries(lambda s: act(s, s.get_one(Case, case_id), *values))

    # --- the citizen ---------------------------------------------------------------------------

    @initialize(target=cases, urgent=st.booleans())
    def two_requests_come(self, urgent: bool) -> Any:
        for number in range(2):
            case = open_one(self.database, urgent=urgent, conversation_id=f"talk{number}")
            self.said[case.id] = 1
        return multiple(*self.said)

    def writes(self, case_id: str) -> None:
        assert self.by_citizen(talking.citizen_wrote, case_id, "Alo?")
        self.said[case_id] += 1

    def withdraws(self, case_id: str, really: bool) -> None:
        if not really:
            return
        self.by_citizen(rights.ask_to_withdraw, case_id)

    def complains(self, case_id: str) -> None:
        self.by_citizen(rights.complain, case_id, "chậm")

    def leaves_the_talk(self, case_id: str, really: bool) -> None:
        if not really:
            return
        talk = f"talk{list(self.said).index(case_id)}"
        self.tries(talking.lose_the_talk, talk)

    def answers_the_meeting(self, case_id: str, said: str) -> None:
        """With the number of a time, `none` or `call`; what is new in it goes into the thread."""

        def act(session: Session, case: Case) -> None:
            meeting = appointments.current(session, case)
            if meeting is None:
                raise RefusedError("gone")
            before = len(talking.thread(session, case))
            appointments.answer(session, case, meeting.id, said)
            new.append(len(talking.thread(session, case)) - before)

        new: list[int] = []
        if self.by_citizen(act, case_id):
            self.said[case_id] += new[-1]

    def photographs_a_paper(self, case_id: str) -> None:
        def act(session: Session, case: Case) -> None:
            kept = files.keep(
                session, b"%PDF-1", media_type="application/pdf", name=None, conversation_id=None
            )
            talking.citizen_wrote(session, case, "", kept.id)
            papers.keep_photo(session, case, kept.id)

        assert self.by_citizen(act, case_id)
        self.said[case_id] += 1

    def chooses_a_helper(self, case_id: str, lawyer: int) -> None:
        self.by_citizen(rights.choose_provider, case_id, self.lawyers[lawyer])

    def wants_it_erased(self, case_id: str) -> None:
        """Asked by the citizen, decided by the centre; of what is erased nothing stays."""

        def act(session: Session, case: Case) -> None:
            asked = data_requests.ask(session, case, data_requests.Asked.ERASE)
            data_decisions.decide(session, self.staff["trung"], asked.id, granted=True)

        if self.by_citizen(act, case_id):
            self.said[case_id] = 0
            self.erased.add(case_id)

    # --- the staff -----------------------------------------------------------------------------

    def proposes_to_meet(self, case_id: str, who: str) -> None:
        tomorrow = (self.clock.now() + dt.timedelta(days=1)).astimezone(ZONE)
        times = [tomorrow.replace(hour=hour, minute=0) for hour in (9, 14)]

        def act(session: Session) -> None:
            seen = appointments.stamp(appointments.current(session, session.get_one(Case, case_id)))
            place = MeetingPlace.OFFICE
            appointments.propose(session, staff, case_id, times, place, PROVINCE, seen=seen)

        staff = self.who(who, case_id)
        self.tries(act)

    def looks_at_a_paper(self, case_id: str, who: str, verdict: PaperVerdict) -> None:
        def act(session: Session) -> None:
            left = papers.outstanding(session, session.get_one(Case, case_id))
            if not left:
                raise RefusedError("paper_gone")
            papers.judge(session, staff, case_id, left[0].id, verdict)

        staff = self.who(who, case_id)
        self.tries(act)

    def claims(self, case_id: str, who: str) -> None:
        self.tries(queue.claim, self.who(who, case_id), case_id, "CN")

    def is_claimed_by_whose_turn_it_is(self, case_id: str) -> None:
        self.tries(queue.claim, self.who(WHOSE_TURN, case_id), case_id, "CN")

    def gives_back(self, case_id: str, who: str) -> None:
        self.tries(queue.give_back, self.who(who, case_id), case_id, "CN")

    def replies(self, case_id: str, who: str) -> None:
        if self.tries(talking.reply, self.who(who, case_id), case_id, "Dạ", "CN"):
            self.said[case_id] += 1
            self.sent += 1

    def accepts(self, case_id: str, who: str, form: Form) -> None:
        self.tries(register.accept, self.who(who, case_id), case_id, PROVINCE, form)

    def asks_papers(self, case_id: str, who: str, longer: bool | None) -> None:
        self.tries(register.ask_papers, self.who(who, case_id), case_id, "giấy", longer=longer)

    def goes_on(self, case_id: str, who: str, act: Callable[..., object]) -> None:
        self.tries(act, self.who(who, case_id), case_id)

    def appoints(self, case_id: str, who: str, lawyer: int) -> None:
        self.tries(register.assign, self.who(who, case_id), case_id, self.lawyers[lawyer])

    def appoints_another(self, case_id: str, who: str, lawyer: int, why: str) -> None:
        change = (
            self.who(who, case_id),
            case_id,
            self.lawyers[lawyer],
            ProviderGround.NOT_EFFECTIVE,
            why,
        )
        self.tries(register.change_provider, *change)

    def pauses(self, case_id: str, who: str, why: str) -> None:
        self.tries(register.pause, self.who(who, case_id), case_id, why)

    def refuses(
        self,
        case_id: str,
        who: str,
        ground: Ground,
        really: bool,
    ) -> None:
        why = "vì vậy" if really else ""
        self.tries(register.refuse, self.who(who, case_id), case_id, ground, why, PROVINCE)

    def closes(
        self,
        case_id: str,
        who: str,
        outcome: Outcome,
        really: bool,
    ) -> None:
        if really:
            self.tries(register.close, self.who(who, case_id), case_id, outcome)

    def reopens(self, case_id: str, who: str, why: str) -> None:
        who = "trung" if who == WHOSE_TURN else who
        self.tries(register.reopen, self.staff[who], case_id, why, "CN")

    def offers(self, case_id: str, who: str, to: str) -> None:
        self.tries(transfer.offer, self.who(who, case_id), case_id, to, "gần hơn", PROVINCE)

    def answers_the_offer(self, case_id: str, who: str, yes: bool) -> None:
        if yes:
            self.tries(transfer.accept, self.who(who, case_id), case_id, PROVINCE)
        else:
            self.tries(transfer.decline, self.who(who, case_id), case_id, "không")

    def takes_the_offer_back(self, case_id: str, who: str) -> None:
        self.tries(transfer.cancel, self.who(who, case_id), case_id)

    def hands_over(self, case_id: str, who: str, to: str) -> None:
        self.tries(handover.hand_over, self.who(who, case_id), case_id, self.staff[to].id, "CN")

    def takes_over(self, case_id: str) -> None:
        self.tries(queue.take_over, self.staff["trung"], case_id, PROVINCE)

    def joins(self, case_id: str, into: str, who: str, really: bool) -> None:
        if really:
            self.tries(joining.join, self.who(who, case_id), case_id, into)

    def names_somebody(self, case_id: str, who: str, role: PartyRole) -> None:
        self.tries(parties.add_party, self.who(who, case_id), case_id, role, "Nguyễn Văn Đối")

    def snoozes(self, case_id: str, who: str) -> None:
        until = self.clock.now() + dt.timedelta(hours=3)
        self.tries(queue.snooze, self.who(who, case_id), case_id, until)

    def an_account_is_closed_or_opened(self, who: str, closed: bool) -> None:
        def act(session: Session) -> None:
            staff = session.get_one(StaffMember, self.staff[who].id)
            staff.active = not closed
            session.flush()
            if closed:
                handover.release_cases_of(session, staff, PROVINCE)

        self.tries(act)

    # --- time ----------------------------------------------------------------------------------

    def time_passes(self, hours: int) -> None:
        self.clock.forward(dt.timedelta(hours=hours))
        self.tries(clock.tell_due, PROVINCE)

    # --- long lives ----------------------------------------------------------------------------

    @rule(seed=st.integers(0, 2**16))
    def much_happens(self, seed: int) -> None:
        """Drawn act by act most lives stay short; a seed stands for many acts at once."""
        chance = random.Random(seed)  # noqa: S311 - a game, not a secret
        for _ in range(150):
            self._something(chance, chance.choice(list(self.said)))
            self.the_promises_hold()

    def _something(self, chance: random.Random, one: str) -> None:
        turn = WHOSE_TURN if chance.random() < 0.9 else chance.choice(sorted(STAFF))
        really = chance.random() < 0.1
        go_on = [register.papers_given, register.begin, register.give_advice, register.resume]
        acts: list[Callable[[], object]] = [  # the more often, the further a life gets
            lambda: self.is_claimed_by_whose_turn_it_is(one),
            lambda: self.is_claimed_by_whose_turn_it_is(one),
            *[lambda: self.accepts(one, turn, chance.choice(list(Form)))] * 4,
            *[lambda: self.appoints(one, turn, chance.randrange(2))] * 3,
            lambda: self.appoints_another(one, turn, chance.randrange(2), "vì vậy"),
            *[lambda: self.goes_on(one, turn, chance.choice(go_on))] * 4,
            lambda: self.asks_papers(one, turn, chance.choice([None, True, False])),
            lambda: self.pauses(one, turn, "vì vậy"),
            *[lambda: self.offers(one, turn, chance.choice(["dam-doi", "centre"]))] * 3,
            *[lambda: self.answers_the_offer(one, turn, chance.random() < 0.7)] * 4,
            lambda: self.hands_over(one, turn, chance.choice(sorted(STAFF))),
            lambda: self.gives_back(one, turn),
            lambda: self.replies(one, turn),
            lambda: self.writes(one),
            lambda: self.withdraws(one, really),
            lambda: self.leaves_the_talk(one, really),
            lambda: self.complains(one),
            lambda: self.claims(one, turn),
            lambda: self.takes_the_offer_back(one, turn),
            lambda: self.names_somebody(one, turn, chance.choice(list(PartyRole))),
            lambda: self.snoozes(one, turn),
            lambda: self.refuses(one, turn, chance.choice(list(Ground)), really),
            lambda: self.closes(one, turn, chance.choice(CLOSING), really),
            lambda: self.joins(one, chance.choice(list(self.said)), turn, really),
            lambda: self.reopens(one, turn, "vì vậy"),
            lambda: self.takes_over(one),
            lambda: self.an_account_is_closed_or_opened("lan", really),
            lambda: self.time_passes(chance.choice([1, 5, 26])),
            *[lambda: self.proposes_to_meet(one, turn)] * 2,
            *[lambda: self.answers_the_meeting(one, chance.choice(["1", "2", "none", "call"]))] * 2,
            *[lambda: self.photographs_a_paper(one)] * 2,
            *[lambda: self.looks_at_a_paper(one, turn, chance.choice(list(PaperVerdict)))] * 2,
            lambda: self.chooses_a_helper(one, chance.randrange(2)),
            lambda: self.wants_it_erased(one),
        ]
        chance.choice(acts)()

    # --- what always holds ---------------------------------------------------------------------

    @invariant()
    def the_promises_hold(self) -> None:
        self.database.read_now(self._look)

    def _look(self, session: Session) -> None:
        active = set(session.scalars(sa.select(StaffMember.id).where(StaffMember.active)))
        for case in session.scalars(sa.select(Case)):
            words = sa.select(sa.func.count()).where(ThreadEntry.case_id == case.id)
            assert session.scalar(words) == self.said[case.id], "a word is lost"
            held = case.state in HELD
            assert (case.holder_id is not None) == held or case.state is CaseState.CLOSED
            assert not held or case.holder_id in active, "held by nobody who is here"
            assert (case.outcome is not None) == (case.state is CaseState.CLOSED)
            assert (case.joined_into is None) or case.outcome is Outcome.DUPLICATE
            self._papers_and_meeting(session, case)
            self._register(session, case)
            self._offer(session, case)
            self._clock(session, case)
        sent = sa.select(sa.func.count()).where(OutboxRow.thread_entry_id.is_not(None))
        assert session.scalar(sent) == self.sent, "a reply is lost, or goes twice"

    def _papers_and_meeting(self, session: Session, case: Case) -> None:
        left = papers.outstanding(session, case)
        missing = (case.open(self.vault, "papers_missing") or "").splitlines()
        if case.id not in self.erased:
            assert missing == [papers.in_name(session, one) for one in left]
        assert not left or case.papers_given_at is None, "given, and still waited for"
        meeting = appointments.current(session, case)
        assert meeting is None or case.state is not CaseState.CLOSED, "nobody comes any more"
        agreed = meeting is not None and meeting.state is MeetingState.AGREED
        assert meeting is None or (meeting.at is not None) == agreed
        if case.id in self.erased and case.state is CaseState.CLOSED:
            asked = sa.select(sa.func.count()).where(papers.PaperFile.case_id == case.id)
            assert session.scalar(asked) == 0, "a paper outlived the erasing"

    def _register(self, session: Session, case: Case) -> None:
        entries = sa.select(sa.func.count()).where(RegisterEntry.case_id == case.id)
        assert session.scalar(entries) == (case.accepted_at is not None)
        stints = session.scalars(
            sa.select(Assignment.provider_id).where(
                Assignment.case_id == case.id, Assignment.to_at.is_(None)
            )
        ).all()
        assert list(stints) == ([case.provider_id] if case.provider_id else [])

    def _offer(self, session: Session, case: Case) -> None:
        offers = session.scalars(
            sa.select(Transfer.to_office).where(
                Transfer.case_id == case.id, Transfer.state == TransferState.OFFERED
            )
        ).all()
        assert list(offers) == ([case.offered_to] if case.offered_to else [])
        assert case.offered_to is None or case.state is not CaseState.CLOSED

    def _clock(self, session: Session, case: Case) -> None:
        for deadline in clock.deadlines_in(session, case, PROVINCE):
            if deadline.met_at is not None:
                continue
            assert deadline.owner is not Owner.HOLDER or case.holder_id is not None
            waits = [at for _, at, _ in deadline.alerts if at > self.clock.now()]
            assert not waits or case.next_look_at is not None, "a limit that nobody looks at"


def test_whatever_is_done_in_whatever_order_the_promises_hold(
    migrated_sqlite: Path, vault: Vault
) -> None:
    lives = type("TheseLives", (Lives,), {"template": migrated_sqlite, "vault": vault})
    run_state_machine_as_test(
        lives,
        settings=settings(
            max_examples=8,
            stateful_step_count=2,
            suppress_health_check=list(HealthCheck),
        ),
    )
