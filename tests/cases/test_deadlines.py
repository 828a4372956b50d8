"""The limits of a case: against the table worked by hand, and who is told when."""

import datetime as dt
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cases.calendar import ZONE, calendar_of, midnight
from cases.deadlines import Deadline, DeadlineState, deadlines_of, next_alerts
from cases.limits import (
    FILE,
    CaseTimes,
    DeadlineKind,
    Form,
    Moment,
    Role,
    Rules,
    Step,
    load_rules,
    shipped_rules,
)
from cases.province import load_province
from store.datafile import DataFileError

TABLE = yaml.safe_load(Path(__file__).with_name("deadlines.yaml").read_text(encoding="utf-8"))
CA_MAU = load_province("ca-mau")
CALENDAR = calendar_of(CA_MAU, "u-minh")
PART_TIME = calendar_of(
    load_province(Path(__file__).parents[1] / "provinces" / "an-giang-nho"), "an-minh"
)

EVENT_DAY = "Ngày này không tính (Bộ luật Dân sự 2015, Điều 147)."
DAY_MOVED = "Dời đến ngày làm việc kế tiếp (Bộ luật Dân sự 2015, Điều 148): "


def at(written: str) -> dt.datetime:
    """A moment: Vietnam's unless it says otherwise."""
    moment = dt.datetime.fromisoformat(written)
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)


def moments(written: Any) -> Any:
    """A row's values, with its moments read."""
    if isinstance(written, list):
        return tuple(moments(one) for one in written)
    return at(written) if type(written) is str else written


def case(**written: Any) -> CaseTimes:
    """A case that was received on the second of November 2026 unless told otherwise."""
    given = {name: moments(value) for name, value in written.items()}
    return CaseTimes(**{"received_at": at("2026-11-02T08:00"), **given})


def one(
    kind: DeadlineKind, times: CaseTimes, now: str = "2026-11-23T09:00", rules: Rules | None = None
) -> Deadline:
    """The only limit of this kind."""
    (found,) = (one for one in deadlines_of(times, CALENDAR, at(now), rules) if one.kind is kind)
    return found


def told(
    kind: DeadlineKind, times: CaseTimes, now: str, before: tuple[str, ...] = ()
) -> tuple[Step, set[Role]] | None:
    """Who is told of the limit of this kind at a moment; None: nobody."""
    alerts = next_alerts(deadlines_of(times, CALENDAR, at(now)), CALENDAR, at(now), before)
    found = [(alert.step, set(alert.roles)) for alert in alerts if alert.deadline.kind is kind]
    return found[0] if found else None


@pytest.mark.parametrize("row", TABLE["cases"], ids=lambda row: f"{row['kind']}-{row['because']}")
def test_limits_are_counted_as_by_hand(row: dict[str, Any]) -> None:
    deadline = one(DeadlineKind(row["kind"]), case(**row["times"]))

    if "to" in row:
        due = at(row["to"])
    else:
        due = row["last"] and midnight(row["last"] + dt.timedelta(days=1))
    assert deadline.due_at == due
    assert deadline.verified is row.get("verified", True)
    assert (deadline.state is DeadlineState.PAUSED) is (due is None)


def test_the_table_worked_by_hand_is_no_small_one() -> None:
    assert sum(len(part) for part in TABLE.values()) >= 90


def test_the_working_is_shown_day_by_day_with_the_article() -> None:
    deadline = one(DeadlineKind.ASSIGN_PROVIDER, case(accepted_at="2026-11-20T16:55"))

    assert deadline.why == (
        "Luật Trợ giúp pháp lý 2017, Điều 31 khoản 2 và Điều 33 khoản 2: cử người trong 3 ngày "
        "làm việc kể từ ngày thụ lý."
    )
    assert deadline.steps == (
        "Mốc: thụ lý, lúc 16:55 thứ Sáu 20/11/2026. " + EVENT_DAY,
        "thứ Bảy 21/11/2026: không tính (nghỉ cuối tuần).",
        "Chủ nhật 22/11/2026: không tính (nghỉ cuối tuần).",
        "thứ Hai 23/11/2026: ngày thứ 1.",
        "thứ Ba 24/11/2026: không tính (Ngày Văn hóa Việt Nam).",
        "thứ Tư 25/11/2026: ngày thứ 2.",
        "thứ Năm 26/11/2026: ngày thứ 3.",
        "Đủ 3 ngày làm việc: hết ngày thứ Năm 26/11/2026.",
    )


def test_a_last_day_off_is_moved_on_in_words() -> None:
    deadline = one(DeadlineKind.ADVICE, case(accepted_at="2026-11-04T09:00"))

    assert deadline.steps[1:] == (
        "thứ Năm 05/11/2026: ngày thứ 1.",
        "thứ Bảy 14/11/2026: ngày thứ 10.",
        "thứ Bảy 14/11/2026: ngày nghỉ (nghỉ cuối tuần), không thể là ngày cuối.",
        "Chủ nhật 15/11/2026: ngày nghỉ (nghỉ cuối tuần), không thể là ngày cuối.",
        DAY_MOVED + "thứ Hai 16/11/2026.",
        "Đủ 10 ngày: hết ngày thứ Hai 16/11/2026.",
    )


def test_office_hours_are_shown_stretch_by_stretch() -> None:
    deadline = one(DeadlineKind.CLAIM, case(received_at="2026-11-20T16:20"))

    assert deadline.steps == (
        "Mốc: nhận yêu cầu, lúc 16:20 thứ Sáu 20/11/2026. Chỉ tính giờ văn phòng làm việc.",
        "thứ Sáu 20/11/2026: 16:20–17:00, tính 40 phút.",
        "thứ Bảy 21/11/2026: không tính (nghỉ cuối tuần).",
        "Chủ nhật 22/11/2026: không tính (nghỉ cuối tuần).",
        "thứ Hai 23/11/2026: 07:00–11:00, tính 4 giờ.",
        "thứ Hai 23/11/2026: 13:00–16:20, tính 3 giờ 20 phút.",
        "Đủ 8 giờ làm việc: 16:20 thứ Hai 23/11/2026.",
    )


def test_a_clock_that_stands_still_says_since_when() -> None:
    waiting = case(accepted_at="2026-11-02T09:00", papers_asked_at="2026-11-03T10:00")

    deadline = one(DeadlineKind.ADVICE, waiting)

    assert deadline.due == "tính tiếp khi bà con đã bổ sung"
    assert deadline.steps[-1] == ("Đồng hồ dừng từ 10:00 thứ Ba 03/11/2026, chờ bà con bổ sung.")


def test_what_is_not_certain_says_why() -> None:
    unknown_year = one(DeadlineKind.COMPLAINT, case(complaint_at="2027-12-31T09:00"))

    assert not unknown_year.certain
    assert not unknown_year.verified
    assert [step[:15] for step in unknown_year.steps[-2:]] == ["Chưa có lịch ng", "Luật Trợ giúp p"]


def test_a_promise_of_ours_is_never_shown_as_the_law() -> None:
    promises = [rule for rule in shipped_rules().rules if rule.house]

    assert {rule.kind for rule in promises} == {DeadlineKind.CLAIM, DeadlineKind.DUTY_ALERT}
    for rule in promises:
        assert "Luật" not in rule.citation
        assert not rule.verified


@pytest.mark.parametrize(
    ("now", "state"),
    [
        ("2026-11-18T16:59", DeadlineState.OPEN),
        ("2026-11-25T07:00", DeadlineState.WARN),
        ("2026-11-26T23:59", DeadlineState.WARN),
        ("2026-11-27T00:00", DeadlineState.OVERDUE),
    ],
)
def test_a_limit_is_open_then_warns_then_is_overdue(now: str, state: DeadlineState) -> None:
    accepted = case(accepted_at="2026-11-20T09:00")

    assert one(DeadlineKind.ASSIGN_PROVIDER, accepted, now).state is state


@pytest.mark.parametrize(
    ("assigned_at", "state"),
    [
        ("2026-11-26T23:59", DeadlineState.MET),
        ("2026-11-27T00:00", DeadlineState.MET_LATE),
    ],
)
def test_a_limit_once_met_stays_met_whatever_the_time(
    assigned_at: str, state: DeadlineState
) -> None:
    done = case(accepted_at="2026-11-20T09:00", assigned_at=assigned_at)

    deadline = one(DeadlineKind.ASSIGN_PROVIDER, done, "2027-03-01T09:00")

    assert deadline.state is state
    assert deadline.alerts == ()


def test_closing_a_case_ends_what_it_owed_but_no_complaint() -> None:
    closed = case(
        accepted_at="2026-11-16T09:00",
        complaint_at="2026-11-16T09:00",
        closed_at="2026-11-17T09:00",
    )

    assert one(DeadlineKind.ASSIGN_PROVIDER, closed).state is DeadlineState.MET
    assert one(DeadlineKind.ASSIGN_PROVIDER, closed).dropped, "nobody was assigned"
    assert one(DeadlineKind.COMPLAINT, closed).state is DeadlineState.OVERDUE


def test_what_begins_after_the_case_was_closed_never_begins() -> None:
    closed = case(accepted_at="2026-11-18T09:00", closed_at="2026-11-17T09:00")

    kinds = {one.kind for one in deadlines_of(closed, CALENDAR, at("2026-11-23T09:00"))}

    assert kinds == {DeadlineKind.CLAIM, DeadlineKind.CHECK_REQUEST}


def test_a_pause_after_the_answer_was_given_changes_nothing() -> None:
    answered = case(
        accepted_at="2026-11-02T09:00",
        advice_given_at="2026-11-05T09:00",
        pauses=[["2026-11-06T09:00", None]],
    )

    deadline = one(DeadlineKind.ADVICE, answered)

    assert deadline.state is DeadlineState.MET
    assert not deadline.dropped
    assert deadline.due_at == at("2026-11-13T00:00")


def test_the_form_of_aid_chooses_the_limits_and_none_chosen_keeps_them_all() -> None:
    def kinds(form: Form | None) -> set[DeadlineKind]:
        times = case(accepted_at="2026-11-16T09:00", form=form)
        found = {one.kind for one in deadlines_of(times, CALENDAR, at("2026-11-17T09:00"))}
        return found & {DeadlineKind.ADVICE, DeadlineKind.ASSIGN_PROVIDER}

    assert kinds(Form.ADVICE) == {DeadlineKind.ADVICE}
    assert kinds(Form.LITIGATION) == {DeadlineKind.ASSIGN_PROVIDER}
    assert kinds(Form.REPRESENTATION) == {DeadlineKind.ASSIGN_PROVIDER}
    assert kinds(None) == {DeadlineKind.ADVICE, DeadlineKind.ASSIGN_PROVIDER}


def test_pauses_stop_hours_as_well_where_a_limit_lets_them() -> None:
    paused = case(
        received_at="2026-11-20T15:00",
        held=True,
        accepted_at="2026-11-20T15:00",
        pauses=[["2026-11-20T16:00", "2026-11-20T20:00"], ["2026-11-20T18:00", "2026-11-20T21:00"]],
    )
    rules = shipped_rules()
    rules = rules.model_copy(
        update={"rules": tuple(one.model_copy(update={"pauses": True}) for one in rules.rules)}
    )

    real = one(DeadlineKind.ASSIGN_PROVIDER, paused, rules=rules)
    office = one(DeadlineKind.CLAIM, paused, rules=rules)

    assert real.due_at == at("2026-11-21T08:00")  # 12 h from 15:00 and 5 h of pauses
    assert office.due_at == at("2026-11-23T16:00")  # 1 h on Friday, the rest on Monday


# --- who is told

WAITING = case(received_at="2026-11-20T14:00")
HELD = case(received_at="2026-11-21T22:00", held=True)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-20T15:59", None),
        ("2026-11-20T16:00", (Step.BEFORE, {Role.HEAD})),
        ("2026-11-20T17:00", None),
        ("2026-11-21T09:00", None),
        ("2026-11-23T14:00", (Step.LATER, {Role.HEAD, Role.CENTRE})),
    ],
)
def test_a_request_nobody_claims_is_reminded_after_two_hours_and_the_centres_after_eight(
    now: str, expected: tuple[Step, set[Role]] | None
) -> None:
    assert told(DeadlineKind.CLAIM, WAITING, now) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-21T22:00", (Step.BEFORE, {Role.DUTY})),
        ("2026-11-21T23:30", (Step.LATER, {Role.DUTY})),
        ("2026-11-23T09:00", (Step.LATER, {Role.DUTY, Role.CENTRE})),
    ],
)
def test_custody_calls_the_duty_roster_at_once_even_on_saturday_night(
    now: str, expected: tuple[Step, set[Role]]
) -> None:
    assert told(DeadlineKind.DUTY_ALERT, HELD, now) == expected


def test_what_the_roster_heard_at_night_the_centre_hears_in_the_morning() -> None:
    night, morning = at("2026-11-21T23:30"), at("2026-11-23T07:00")
    at_night = next_alerts(deadlines_of(HELD, CALENDAR, night), CALENDAR, night)
    heard = tuple(alert.key for alert in at_night)

    assert told(DeadlineKind.DUTY_ALERT, HELD, "2026-11-22T03:00", heard) is None
    assert told(DeadlineKind.DUTY_ALERT, HELD, morning.isoformat(), heard) == (
        Step.LATER,
        {Role.DUTY, Role.CENTRE},
    )


def test_somebody_held_has_a_provider_in_twelve_hours_and_the_night_roster_hears_of_it() -> None:
    accepted = replace(HELD, claimed_at=at("2026-11-21T22:10"), accepted_at=at("2026-11-21T22:30"))
    kind = DeadlineKind.ASSIGN_PROVIDER

    assert told(kind, accepted, "2026-11-22T02:29") is None
    assert told(kind, accepted, "2026-11-22T02:30") == (Step.BEFORE, {Role.DUTY})
    assert told(kind, accepted, "2026-11-22T10:30") == (Step.LATER, {Role.DUTY})


def test_holder_then_head_then_centre_are_told_and_each_once() -> None:
    accepted = case(claimed_at="2026-11-20T08:30", accepted_at="2026-11-20T09:00")
    kind = DeadlineKind.ASSIGN_PROVIDER

    assert told(kind, accepted, "2026-11-23T16:59") is None
    assert told(kind, accepted, "2026-11-25T07:00") == (Step.BEFORE, {Role.HOLDER})
    assert told(kind, accepted, "2026-11-27T00:00") is None
    assert told(kind, accepted, "2026-11-27T07:00") == (Step.OVERDUE, {Role.HEAD})
    assert told(kind, accepted, "2026-11-28T09:00") is None
    assert told(kind, accepted, "2026-11-30T07:00") == (Step.LATER, {Role.CENTRE})

    alerts = next_alerts(
        deadlines_of(accepted, CALENDAR, at("2026-11-25T07:00")), CALENDAR, at("2026-11-25T07:00")
    )
    keys = tuple(alert.key for alert in alerts)
    assert told(kind, accepted, "2026-11-25T08:00", keys) is None
    assert told(kind, accepted, "2026-11-27T07:00", keys) == (Step.OVERDUE, {Role.HEAD})


def test_a_due_day_that_moved_is_told_anew() -> None:
    def keys(times: CaseTimes) -> set[str]:
        now = at("2026-11-13T08:00")
        return {
            alert.key for alert in next_alerts(deadlines_of(times, CALENDAR, now), CALENDAR, now)
        }

    first = case(accepted_at="2026-11-02T09:00", claimed_at="2026-11-02T08:30", form=Form.ADVICE)
    moved = replace(first, pauses=((at("2026-11-04T09:00"), at("2026-11-05T09:00")),))

    assert not keys(first) & keys(moved)


def test_a_limit_too_short_for_its_warning_warns_from_the_start() -> None:
    # Ten days from Thursday 12 February end on Monday 23, the third working day after Wednesday 11
    accepted = case(received_at="2026-02-12T08:00", accepted_at="2026-02-12T09:00")

    deadline = one(DeadlineKind.ADVICE, accepted, "2026-02-12T09:00")

    assert deadline.alerts[0][1] == at("2026-02-12T09:00")
    assert deadline.state is DeadlineState.WARN


def test_a_branch_open_twice_a_week_is_warned_while_it_is_open_not_after_the_due_day() -> None:
    # Accepted on Monday 16 November: due at the end of Thursday 19, a day the branch is closed
    accepted = case(accepted_at="2026-11-16T09:00")

    deadlines = deadlines_of(accepted, PART_TIME, at("2026-11-18T08:00"))
    (assign,) = (one for one in deadlines if one.kind is DeadlineKind.ASSIGN_PROVIDER)

    assert assign.due_at == at("2026-11-20T00:00")
    assert assign.alerts[0][1] == at("2026-11-18T07:30")


def test_a_case_that_nobody_holds_warns_the_branch_head_instead() -> None:
    unheld = case(accepted_at="2026-11-20T09:00")

    assert told(DeadlineKind.ASSIGN_PROVIDER, unheld, "2026-11-25T07:00") == (
        Step.BEFORE,
        {Role.HEAD},
    )
    assert one(DeadlineKind.CHECK_REQUEST, unheld).owner is Role.HEAD


# --- what always holds

STAMPS = st.datetimes(
    dt.datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    dt.datetime(2028, 3, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.sampled_from([ZONE, dt.UTC]),
)
LATER_STAMPS = [moment.value for moment in Moment if moment is not Moment.RECEIVED]


@st.composite
def cases(draw: st.DrawFn) -> CaseTimes:
    """Any case, however odd the order of what happened in it."""
    pauses = tuple(
        (begin, end and max(begin, end))
        for begin, end in draw(st.lists(st.tuples(STAMPS, st.none() | STAMPS), max_size=3))
    )
    return CaseTimes(
        received_at=draw(STAMPS),
        urgent=draw(st.booleans()),
        held=draw(st.booleans()),
        complex=draw(st.booleans()),
        form=draw(st.none() | st.sampled_from(Form)),
        longer_for_papers=draw(st.none() | st.booleans()),
        closed_at=draw(st.none() | STAMPS),
        pauses=pauses,
        **{name: draw(st.none() | STAMPS) for name in LATER_STAMPS},
    )


@given(cases(), STAMPS)
def test_every_limit_has_an_owner_and_a_working_and_its_states_agree(
    times: CaseTimes, now: dt.datetime
) -> None:
    for deadline in deadlines_of(times, CALENDAR, now):
        assert deadline.owner in (Role.HOLDER, Role.HEAD, Role.CENTRE)
        assert deadline.steps[0].startswith("Mốc: ")
        met = deadline.state in (DeadlineState.MET, DeadlineState.MET_LATE)
        assert met is (deadline.met_at is not None)
        if deadline.state is DeadlineState.PAUSED:
            assert deadline.due_at is None
        if deadline.alerts:
            begins = [begin for _, begin, _ in deadline.alerts]
            assert begins == sorted(begins)
            assert begins[0] < begins[1] == deadline.due_at
            assert all(roles for *_, roles in deadline.alerts)


@given(cases(), STAMPS)
def test_nobody_is_told_outside_office_hours_except_the_roster_of_danger_and_custody(
    times: CaseTimes, now: dt.datetime
) -> None:
    alerts = next_alerts(deadlines_of(times, CALENDAR, now), CALENDAR, now)

    if not CALENDAR.is_working_time(now):
        for alert in alerts:
            assert alert.roles == (Role.DUTY,)
            assert times.urgent or times.held


@given(cases(), STAMPS, st.timedeltas(dt.timedelta(), dt.timedelta(days=90)))
def test_a_longer_pause_never_makes_a_limit_end_earlier(
    times: CaseTimes, begin: dt.datetime, length: dt.timedelta
) -> None:
    def due(times: CaseTimes) -> dict[DeadlineKind, dt.datetime]:
        deadlines = deadlines_of(times, CALENDAR, begin)
        return {one.kind: one.due_at for one in deadlines if one.due_at is not None}

    closed = replace(times, pauses=tuple((start, end or start) for start, end in times.pauses))
    longer = replace(closed, pauses=(*closed.pauses, (begin, begin + length)))

    before, after = due(closed), due(longer)

    assert before.keys() == after.keys()
    assert all(before[kind] <= after[kind] for kind in before)


# --- the file


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("when: {complex: true}", "when: {complex: false}", "two limits of the kind advice"),
        ("    warn_before: 3\n", "    warn_after: 3\n", "needs warn_before"),
        ("warn_after: 2\n", "warn_after: 8\n", "shorter than its length"),
        ("length: 12\n", "length: 0\n", "greater than 0"),
        ("kind: advice\n", "kind: advise\n", "kind"),
    ],
)
def test_a_file_that_does_not_fit_together_is_refused(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    edited = tmp_path / "deadlines.yaml"
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    edited.write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(DataFileError, match=reason):
        load_rules(edited)


def test_a_moment_without_a_zone_is_refused() -> None:
    naive = dt.datetime(2026, 11, 23, 9)  # noqa: DTZ001 - that is what is tested

    with pytest.raises(ValueError, match="time zone"):
        CaseTimes(received_at=at("2026-11-23T09:00"), claimed_at=naive)


def test_the_page_in_the_docs_is_the_one_the_command_prints() -> None:
    root = Path(__file__).parents[2]
    printed = subprocess.run(
        [sys.executable, "-m", "cases", "deadlines"],
        capture_output=True,
        check=True,
        cwd=root,
        env={name: value for name, value in os.environ.items() if name != "TRAM_PROVINCE"},
    )

    assert printed.stdout == (root / "docs" / "deadlines.md").read_bytes()
