"""Figures counted by hand, on both databases."""

import datetime as dt
import json
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from cases import parties, queue, register, rights, talking
from cases.access import NotFoundError
from cases.answers import usual_answer_time
from cases.calendar import calendar_of
from cases.deadlines import DeadlineState, deadlines_of, kept_of
from cases.figures import Filters, figures_of
from cases.life import Ground, Outcome
from cases.limits import CaseTimes, DeadlineKind, Form
from cases.model import Case
from cases.parties import PartyRole
from cases.periods import Period, Range, period_of, steps_of
from cases.report12 import Movement, Report12, masked, register_of, report12_of
from cases.staff import Role, StaffMember
from cases.told_figures import Figures, Kept, Line, Load, Spell, hidden
from cases.worktime import QuickCalendar, WorkTime, ticks
from store.clock import SetClock
from store.session import Database, Session
from tests.cases.acting import PROVINCE, hire, open_one

CALENDAR = calendar_of(PROVINCE, "nam-can")
"""Monday to Friday, 7 to 11 and 13 to 17."""
BRANCH = "Chi nhánh Năm Căn"
MONDAY = dt.date(2026, 11, 16)
WEEK = Period(MONDAY, MONDAY + dt.timedelta(days=6))


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    """An hour in Cà Mau, in November 2026; the 16th is a Monday."""
    return dt.datetime(2026, 11, day, hour - 7, minute, tzinfo=dt.UTC)


@dataclass
class Branch:
    """Năm Căn with an officer and a head, another branch, the centre, and an admin."""

    database: Database
    clock: SetClock

    def __post_init__(self) -> None:
        self.lan = hire(self.database, "lan", Role.OFFICER, "nam-can")
        self.hai = hire(self.database, "hai", Role.HEAD, "nam-can")
        self.tam = hire(self.database, "tam", Role.OFFICER, "u-minh")
        self.trung = hire(self.database, "trung", Role.CENTRE, "centre")
        self.quan = hire(self.database, "quan", Role.ADMIN, None)

    def opened(self, moment: dt.datetime, *groups: str, **changes: object) -> str:
        self.clock.moment = moment
        screening = json.dumps({"grounds": [{"id": group} for group in groups]})
        return open_one(self.database, screening=screening, **changes).id

    def claimed(self, moment: dt.datetime, case_id: str, by: StaffMember | None = None) -> None:
        self.clock.moment = moment
        self.database.transact_now(
            lambda session: queue.claim(session, by or self.lan, case_id, BRANCH)
        )

    def accepted(
        self, moment: dt.datetime, case_id: str, form: Form = Form.ADVICE, name: str = "Trần Thị Tý"
    ) -> None:
        self.clock.moment = moment

        def act(session: Session) -> None:
            parties.add_party(session, self.lan, case_id, PartyRole.CLIENT, name)
            register.accept(session, self.lan, case_id, PROVINCE, form)

        self.database.transact_now(act)

    def closed(self, moment: dt.datetime, case_id: str, outcome: Outcome) -> None:
        self.clock.moment = moment
        self.database.transact_now(
            lambda session: register.close(session, self.lan, case_id, outcome)
        )

    def answered(self, moment: dt.datetime, case_id: str) -> None:
        self.clock.moment = moment
        self.database.transact_now(
            lambda session: talking.reply(session, self.lan, case_id, "Chào bà con", BRANCH)
        )

    def figures(
        self, staff: StaffMember, period: Period = WEEK, filters: Filters | None = None
    ) -> Figures:
        return self.database.read_now(
            lambda session: figures_of(session, staff, PROVINCE, period, filters)
        )

    def report(self, staff: StaffMember, period: Period) -> Report12:
        return self.database.read_now(lambda session: report12_of(session, staff, period))


@pytest.fixture
def branch(database: Database, clock: SetClock) -> Branch:
    return Branch(database, clock)


def week_of(branch: Branch) -> list[str]:
    """Four requests of one week, worked out by hand in the test below."""
    first = branch.opened(at(16, 8), "elderly", "poor", commune="32201", field="land")
    branch.claimed(at(16, 10), first)  # 2 hours
    branch.accepted(at(16, 14), first)  # 3 + 1 = 4 hours
    branch.closed(at(18, 9), first, Outcome.ADVISED)  # 3 + 4, 8, 2 = 17 hours

    second = branch.opened(at(17, 16), "hiv", commune="32201", field="land")
    branch.claimed(at(18, 8), second)  # 1 + 1 = 2 hours
    branch.accepted(at(19, 8), second, Form.LITIGATION)  # 1, 8, 1 = 10 hours

    third = branch.opened(at(18, 7), commune="32104", field="civil", channel="telegram")
    branch.claimed(at(19, 8), third)  # 8 + 1 = 9 hours: an hour later than promised
    branch.clock.moment = at(20, 8)
    branch.database.transact_now(
        lambda session: register.refuse(
            session, branch.lan, third, Ground.NOT_COVERED, "không có vụ việc", PROVINCE
        )
    )
    fourth = branch.opened(at(21, 9), commune=None, field=None)  # a Saturday; nobody yet
    branch.clock.moment = at(21, 12)
    return [first, second, third, fourth]


def test_a_week_is_counted_as_by_hand(branch: Branch) -> None:
    week_of(branch)

    found = branch.figures(branch.hai)

    assert (found.opened, found.accepted, found.refused, found.closed) == (4, 2, 1, 2)
    assert (found.waiting, found.in_hand, found.unclaimed) == (1, 1, 1)
    assert found.outcomes == ((Outcome.ADVISED, 1), (Outcome.REFUSED, 1))
    assert found.by_field == (Line("land", 2, 2, 1), Line("civil", 1, 0, 1), Line("", 1, 0, 0))
    assert found.by_commune == (Line("32201", 2, 2, 1), Line("32104", 1, 0, 1), Line("", 1, 0, 0))
    assert found.by_channel == (Line("web", 3, 2, 1), Line("telegram", 1, 0, 1))
    assert found.by_group == (
        Line("elderly", 1, 1, 1),
        Line("hiv", 1, 1, 0),
        Line("poor", 1, 1, 1),
        Line("", 2, 0, 1),
    )
    assert found.to_claim == Spell(3, 2.0, 9.0)
    assert found.to_accept == Spell(2, 7.0, 10.0)
    assert found.to_finish == Spell(1, 17.0, 17.0)
    assert found.deadlines == (
        Kept(DeadlineKind.CLAIM, 1, 1),
        Kept(DeadlineKind.CHECK_REQUEST, 1, 1),
        Kept(DeadlineKind.ADVICE, 1, 0),
    )
    assert found.load[0] == Load(branch.lan.id, "nam-can", held=1, urgent=0, claimed=3, closed=2)
    days = [(line.opened, line.accepted, line.closed) for _, line in found.trend]
    assert days == [(1, 1, 0), (1, 0, 0), (1, 0, 1), (0, 1, 0), (0, 0, 1), (1, 0, 0)]


def test_the_second_look_finds_the_same_as_the_first(branch: Branch) -> None:
    week_of(branch)

    assert branch.figures(branch.hai) == branch.figures(branch.hai)


def test_a_case_that_is_taken_up_again_and_ended_later_is_counted_anew(branch: Branch) -> None:
    first, *_ = week_of(branch)
    before = branch.figures(branch.hai).deadlines
    branch.clock.moment = at(22, 9)
    branch.database.transact_now(
        lambda session: register.reopen(session, branch.hai, first, "còn việc", BRANCH)
    )
    assert branch.figures(branch.hai).closed == 1

    branch.claimed(at(24, 16), first)  # Monday and Tuesday: 8 + 7 hours in the queue
    branch.closed(at(24, 17), first, Outcome.ADVISED)

    after = branch.figures(branch.hai, Period(MONDAY, dt.date(2026, 11, 30))).deadlines
    assert Kept(DeadlineKind.CLAIM, 1, 1) in before
    assert Kept(DeadlineKind.CLAIM, 0, 2) in after


def test_filters_narrow_every_number(branch: Branch) -> None:
    week_of(branch)

    assert branch.figures(branch.hai, filters=Filters(field="land")).opened == 2
    assert branch.figures(branch.hai, filters=Filters(commune="32104")).refused == 1
    assert branch.figures(branch.hai, filters=Filters(channel="telegram")).opened == 1
    of_hiv = branch.figures(branch.hai, filters=Filters(group="hiv"))
    assert (of_hiv.opened, of_hiv.in_hand, of_hiv.waiting) == (1, 1, 0)
    assert of_hiv.to_claim == Spell(1, 2.0, 2.0)


def test_a_head_counts_the_branch_and_the_centre_all(branch: Branch) -> None:
    week_of(branch)
    branch.opened(at(20, 9), office_id="u-minh")

    assert branch.figures(branch.hai).opened == 4
    assert branch.figures(branch.hai, filters=Filters(office="u-minh")).opened == 0
    assert branch.figures(branch.trung).opened == 5
    assert branch.figures(branch.trung, filters=Filters(office="u-minh")).opened == 1
    assert [one.staff_id for one in branch.figures(branch.hai).load] == sorted(
        (branch.lan.id, branch.hai.id), key=lambda one: one != branch.lan.id
    )


@pytest.mark.parametrize("role", [Role.OFFICER, Role.EDITOR, Role.AUDITOR])
def test_others_have_no_figures(branch: Branch, role: Role) -> None:
    somebody = hire(branch.database, "ai", role, "nam-can" if role is Role.OFFICER else None)

    with pytest.raises(NotFoundError):
        branch.figures(somebody)
    with pytest.raises(NotFoundError):
        branch.report(somebody, WEEK)
    with pytest.raises(NotFoundError):
        branch.database.read_now(lambda session: register_of(session, somebody, WEEK))


def test_an_admin_is_told_no_number_below_five(branch: Branch) -> None:
    week_of(branch)
    for hour in (8, 9, 10, 13, 14):
        branch.opened(at(20, hour), "poor", office_id="u-minh", field="land", commune="32201")
        branch.opened(at(20, hour), "child", office_id="u-minh", field="land", commune="32201")

    found = branch.figures(branch.quan)

    assert not found.exact
    assert found.opened == 14
    assert (found.accepted, found.refused, found.closed) == (None, None, None)
    # One of each is missing beside "land": their sum is small, so "land" goes too
    assert found.by_field == (
        Line("land", None, None, None),
        Line("civil", None, 0, None),
        Line("", None, 0, 0),
    )
    # Of the small groups there are four cases: the smallest that could be told goes with them
    assert [(line.key, line.opened) for line in found.by_group] == [
        ("poor", 6),
        ("child", None),
        ("elderly", None),
        ("hiv", None),
        ("", None),
    ]
    assert found.to_claim == Spell(None, None, None)
    assert found.load == ()


def test_an_admin_may_not_narrow_down_to_single_cases(branch: Branch) -> None:
    week_of(branch)

    with pytest.raises(NotFoundError):
        branch.figures(branch.quan, filters=Filters(group="hiv"))
    with pytest.raises(NotFoundError):
        branch.figures(branch.quan, filters=Filters(commune="32201"))


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([10, 20], [10, 20]),
        ([10, 0, 20], [10, 0, 20]),
        ([3, 10, 20], [None, None, 20]),
        ([3, 4, 20], [None, None, 20]),
        ([1, 2, 5], [None, None, None]),
        ([1], [None]),
    ],
)
def test_what_is_hidden_can_not_be_worked_out_from_the_sum(
    counts: list[int], told: list[int | None]
) -> None:
    assert hidden(counts) == told


def test_the_group_lies_nowhere_in_clear(branch: Branch) -> None:
    branch.opened(at(16, 8), "hiv")

    def words(session: Session) -> str:
        row = session.execute(sa.select(*Case.__table__.columns)).one()
        return " ".join(str(value) for value in row)

    assert "hiv" not in branch.database.read_now(words)
    assert branch.figures(branch.hai).by_group == (Line("hiv", 1, 0, 0),)


def test_a_case_that_can_not_be_opened_is_counted_all_the_same(branch: Branch) -> None:
    broken = branch.opened(at(16, 8), "poor")
    branch.opened(at(16, 9), "poor")
    spoil = sa.update(Case).where(Case.id == broken).values(screening=b"not sealed by us" * 3)
    branch.database.transact_now(lambda session: session.execute(spoil))

    found = branch.figures(branch.hai)

    assert found.opened == 2
    assert found.by_group == (Line("poor", 1, 0, 0), Line("", 1, 0, 0))


def test_stars_are_averaged(branch: Branch) -> None:
    first, _, third, _ = week_of(branch)

    def rate(session: Session) -> None:
        rights.rate(session, session.get_one(Case, first), 5)
        rights.rate(session, session.get_one(Case, third), 2)

    branch.database.transact_now(rate)

    stars = branch.figures(branch.hai).stars
    assert (stars.count, stars.mean) == (2, 3.5)
    assert stars.by_stars == ((5, 1), (4, 0), (3, 0), (2, 1), (1, 0))


# --- when somebody will answer ------------------------------------------------------------------


def usual(branch: Branch, office: str = "nam-can") -> dt.timedelta | None:
    now = branch.clock.now()
    return branch.database.read_now(
        lambda session: usual_answer_time(session, office, CALENDAR, now)
    )


def test_the_usual_answer_is_the_median_of_working_hours(branch: Branch) -> None:
    # asked on Monday at 8; answered after 1, 2, 3, 8 (Tuesday) and 16 hours (Wednesday)
    for day, hour in ((16, 9), (16, 10), (16, 11), (17, 8), (18, 8)):
        case_id = branch.opened(at(16, 8))
        branch.claimed(at(16, 8), case_id)
        branch.answered(at(day, hour), case_id)
        branch.answered(at(20, 9), case_id)  # a second answer is not the first

    assert usual(branch) == dt.timedelta(hours=3)
    assert usual(branch, "u-minh") is None

    branch.clock.forward(dt.timedelta(days=61))
    assert usual(branch) is None


def test_of_fewer_than_five_answers_nothing_is_usual(branch: Branch) -> None:
    for _ in range(4):
        case_id = branch.opened(at(16, 8))
        branch.claimed(at(16, 8), case_id)
        branch.answered(at(16, 9), case_id)

    assert usual(branch) is None


# --- Form 12 and the register -------------------------------------------------------------------


def test_the_report_carries_cases_over_from_one_half_year_to_the_next(branch: Branch) -> None:
    june = dt.datetime(2026, 6, 30, 2, tzinfo=dt.UTC)
    old = branch.opened(june, "poor", field="land")
    branch.claimed(june, old)
    branch.accepted(june, old, Form.LITIGATION)
    week_of(branch)
    branch.closed(at(20, 16), old, Outcome.WITHDRAWN)

    first = branch.report(branch.hai, period_of(Range.HALF_YEAR, dt.date(2026, 1, 1)))
    second = branch.report(branch.hai, period_of(Range.HALF_YEAR, MONDAY))
    year = branch.report(branch.hai, period_of(Range.YEAR, MONDAY))

    assert first.all == Movement(carried=0, accepted=1, finished=0, stopped=0)
    assert second.all == Movement(carried=1, accepted=2, finished=1, stopped=1)
    assert (second.all.total, second.all.left) == (3, 1)
    assert year.all == Movement(carried=0, accepted=3, finished=1, stopped=1)
    assert dict(second.by_form)[Form.LITIGATION] == Movement(1, 1, 0, 1)
    assert dict(second.by_form)[Form.ADVICE] == Movement(0, 1, 1, 0)
    assert second.by_field == (("land", Movement(1, 2, 1, 1)),)
    assert second.by_group == (("poor", 1), ("elderly", 1), ("hiv", 1))
    assert second.refused == ((Ground.NOT_COVERED, 1),)
    assert (second.requests, second.withdrawn) == (4, 1)


def test_the_register_masks_names_and_sensitive_groups_until_they_are_asked_for(
    branch: Branch,
) -> None:
    week_of(branch)

    def lines(*, revealed: bool) -> list[tuple[str, str | None, tuple[str, ...], bool]]:
        found = branch.database.read_now(
            lambda session: register_of(session, branch.hai, WEEK, revealed=revealed)
        )
        return [(one.code, one.name, one.groups, one.masked_group) for one in found]

    codes = ("CNNC.TV.01.2026", "CNNC.TGTT.01.2026")
    assert lines(revealed=False) == [
        (codes[0], "T. T. T.", ("poor", "elderly"), False),
        (codes[1], "T. T. T.", (), True),
    ]
    assert lines(revealed=True) == [
        (codes[0], "Trần Thị Tý", ("poor", "elderly"), False),
        (codes[1], "Trần Thị Tý", ("hiv",), False),
    ]


def test_a_name_is_masked_to_its_first_letters() -> None:
    assert masked("Nguyễn Văn Tèo") == "N. V. T."
    assert masked("đỗ thị ước") == "Đ. T. Ư."
    assert masked("") == ""


# --- days and hours, pure -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "first", "last"),
    [
        (Range.MONTH, (2026, 11, 1), (2026, 11, 30)),
        (Range.QUARTER, (2026, 10, 1), (2026, 12, 31)),
        (Range.HALF_YEAR, (2026, 7, 1), (2026, 12, 31)),
        (Range.YEAR, (2026, 1, 1), (2026, 12, 31)),
    ],
)
def test_a_range_is_of_the_calendar(
    chosen: Range, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    assert period_of(chosen, MONDAY) == Period(dt.date(*first), dt.date(*last))


def test_a_stretch_that_ends_before_it_begins_is_none() -> None:
    with pytest.raises(ValueError, match="no stretch"):
        Period(MONDAY, MONDAY - dt.timedelta(days=1))


def test_a_long_stretch_is_cut_into_months_and_a_middling_one_into_weeks() -> None:
    year = steps_of(period_of(Range.YEAR, MONDAY), MONDAY)
    quarter = steps_of(period_of(Range.QUARTER, MONDAY), MONDAY)

    assert [step.first.month for step in year] == list(range(1, 12))
    assert quarter[0] == Period(dt.date(2026, 10, 1), dt.date(2026, 10, 4))
    assert quarter[1] == Period(dt.date(2026, 10, 5), dt.date(2026, 10, 11))
    assert quarter[-1].first == MONDAY


_MOMENTS = st.integers(0, 14 * 30 * 86_400 * 10**6).map(
    lambda ticks: dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=ticks)
)
_FIRST = dt.date(2025, 12, 31)


@given(_MOMENTS, _MOMENTS)
def test_adding_up_agrees_with_the_calendar(one: dt.datetime, other: dt.datetime) -> None:
    counted = WorkTime(CALENDAR, _FIRST).between(ticks(one), ticks(other))

    exact = CALENDAR.working_hours_between(one, other).duration
    assert dt.timedelta(microseconds=counted) == exact


@given(_MOMENTS, st.integers(1, 100 * 3600 * 10**6))
def test_the_quick_end_of_so_many_hours_agrees_with_the_calendar(
    begin: dt.datetime, length: int
) -> None:
    hours = dt.timedelta(microseconds=length)

    quick = QuickCalendar.of(CALENDAR, _FIRST).add_working_hours(begin, hours)
    assert quick.end == CALENDAR.add_working_hours(begin, hours).end


@given(st.data())
def test_limits_are_judged_as_the_deadlines_of_a_case_are(data: st.DataObject) -> None:
    maybe = st.none() | _MOMENTS
    received = data.draw(_MOMENTS)
    asked = data.draw(maybe)
    times = CaseTimes(
        received_at=received,
        queued_at=data.draw(maybe),
        urgent=data.draw(st.booleans()),
        held=data.draw(st.booleans()),
        form=data.draw(st.none() | st.sampled_from(Form)),
        complex=data.draw(st.booleans()),
        claimed_at=data.draw(maybe),
        accepted_at=data.draw(maybe),
        assigned_at=data.draw(maybe),
        papers_asked_at=asked,
        papers_given_at=None if asked is None else data.draw(st.none() | st.just(asked)),
        advice_given_at=data.draw(maybe),
        complaint_at=data.draw(maybe),
        complaint_answered_at=data.draw(maybe),
        closed_at=data.draw(_MOMENTS),
    )
    now = data.draw(_MOMENTS)
    decided = {
        DeadlineState.MET: True,
        DeadlineState.MET_LATE: False,
        DeadlineState.OVERDUE: False,
    }

    found = kept_of(times, QuickCalendar.of(CALENDAR, _FIRST), now)

    assert found == tuple(
        (one.kind, decided[one.state])
        for one in deadlines_of(times, CALENDAR, now)
        if one.state in decided
    )
