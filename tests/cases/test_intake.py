"""A request that an officer takes in, by the same rules as in the chat."""

import datetime as dt
import json
from collections.abc import Mapping

import pytest
import sqlalchemy as sa

from bot.understanding.danger import DangerKind
from bot.understanding.people import Relation
from cases import callbacks, conflicts, intake, joining, queue
from cases.access import NotFoundError, visible_to
from cases.consent import ConsentRow
from cases.intake import Came, Wording, open_intake
from cases.life import CaseState, RefusedError
from cases.model import Case
from cases.parties import Named, Party, PartyRole
from cases.purpose import Manner, Purpose
from cases.staff import Role, StaffMember
from cases.thread import ThreadEntry
from eligibility.facts import FactId
from eligibility.grounds import load_law
from eligibility.screen import Outcome, screen
from store.audit import AuditRow
from store.session import Database, Session
from tests.cases.acting import PROVINCE, hire

LAW = load_law()
TODAY = dt.date(2026, 11, 23)
CODE, PIN = "7KQ2M4XN8P", "123456"
SAID = {purpose: Wording(f"desk.{purpose}", "lời đã đọc") for purpose in Purpose}
WALK_IN = {
    "came": "desk",
    "name": "Nguyễn Thị Tư",
    "age": "1954",
    "id_number": "096054000123",
    "commune": "32201",
    "field": "land",
    "story": "Hàng xóm lấn hai mét đất.",
    "f_household": "near_poor",
    "f_papers": "all",
    "agreed": "1",
    "manner": "in_person",
    "opp0_name": "Trần Văn Hai",
}


@pytest.fixture
def lan(database: Database) -> StaffMember:
    return hire(database, "lan", Role.OFFICER, "nam-can")


def draft_of(database: Database, staff: StaffMember, typed: Mapping[str, str]) -> str:
    def act(session: Session) -> str:
        draft = intake.begin(session, staff, Came.DESK)
        intake.keep(session, staff, draft.id, typed)
        return draft.id

    return database.transact_now(act)


def opened(
    database: Database, staff: StaffMember, *, take: str | None = None, **changes: str
) -> Case:
    draft_id = draft_of(database, staff, WALK_IN | changes)
    return database.transact_now(
        lambda session: open_intake(
            session, staff, draft_id, PROVINCE, LAW, SAID, CODE, PIN, take=take
        )
    )


def read(**changes: str) -> intake.Intake:
    return intake.read(WALK_IN | changes, PROVINCE, TODAY)


def lacking(**changes: str) -> dict[str, str]:
    told = read(**changes)
    return intake.lacking(told, intake.screened(told, LAW, TODAY))


def test_a_walk_in_stands_in_the_queue_like_any_other(database: Database, lan: StaffMember) -> None:
    case = opened(database, lan)

    assert (case.state, case.channel, case.conversation_id) == (CaseState.WAITING, "desk", None)
    assert (case.office_id, case.commune, case.field) == ("nam-can", "32201", "land")
    screening = json.loads(case.open(database.vault, "screening") or "")
    assert screening["outcome"] == "likely"
    assert screening["facts"] == {"age": 72, "household": "near_poor", "papers": "all"}
    assert [ground["law"] for ground in screening["grounds"]]
    seen = database.read_now(lambda session: session.scalars(visible_to(lan)).all())
    assert [one.id for one in seen] == [case.id]


def test_the_rules_are_those_of_the_chat() -> None:
    told = read()

    assert intake.screened(told, LAW, TODAY).today == screen(told.facts, TODAY, LAW, told.skipped)


def test_the_next_question_is_the_one_that_settles_most_and_keeps_its_place() -> None:
    blank = {"came": "desk", "age": "30"}
    both = intake.screened(intake.read(blank, PROVINCE, TODAY), LAW, TODAY)
    first = intake.next_questions(both)
    assert first == (both.today.missing[0],)

    order = intake.asked(blank, first)
    answered = blank | {f"f_{first[0]}": "skip", "asked": ",".join(order)}
    both = intake.screened(intake.read(answered, PROVINCE, TODAY), LAW, TODAY)

    assert intake.asked(answered, intake.next_questions(both))[0] == first[0]


def test_boxes_left_alone_say_no_only_once_all_were_asked() -> None:
    assert read(b_disabled="1").facts.merit is None
    assert read(b_disabled="1", boxes="done").facts.merit is False
    assert FactId.MERIT in read(b_disabled="1", boxes="skip").skipped
    assert read(b_disabled="1").facts.disabled is True


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name": " "}, ("name", "name")),
        ({"age": "bảy mươi"}, ("age", "age")),
        ({"age": "1700"}, ("age", "age")),
        ({"phone": "12"}, ("phone", "phone")),
        ({"call": "yes", "hours": "noon"}, ("phone", "phone_missing")),
        ({"call": "yes", "phone": "0912345678"}, ("hours", "hours_missing")),
        (
            {"call": "yes", "phone": "0912345678", "hours": "between", "begin": "9:00"},
            ("begin", "hours_wrong"),
        ),
        ({"commune": ""}, ("commune", "commune")),
        ({"story": ""}, ("story", "story")),
        ({"agreed": ""}, ("agreed", "agreed")),
        ({"relation": "child"}, ("person_agrees", "person_agrees")),
        ({"danger": "violence"}, ("sensitive", "sensitive")),
        ({"outcome": "unclear"}, ("reason", "reason")),
        ({"call_back": "1"}, ("call_back", "call_back")),
    ],
)
def test_what_is_missing_or_wrong_is_named_by_its_field(
    changes: dict[str, str], fault: tuple[str, str]
) -> None:
    assert lacking() == {}
    assert dict([fault]).items() <= lacking(**changes).items()


def test_nothing_is_opened_that_was_not_agreed_to(database: Database, lan: StaffMember) -> None:
    with pytest.raises(RefusedError, match="incomplete"):
        opened(database, lan, agreed="")


def test_each_consent_is_kept_with_the_words_the_manner_and_the_officer(
    database: Database, lan: StaffMember
) -> None:
    case = opened(
        database,
        lan,
        relation="child",
        person_agrees="guardian",
        manner="by_voice",
        b_disabled="1",
        b_hiv="1",
        sensitive="yes",
        call="yes",
        phone="0912 345 678",
        hours="noon",
    )

    rows = database.read_now(lambda session: session.scalars(sa.select(ConsentRow)).all())
    assert {(one.purpose, one.given) for one in rows} == {
        (purpose, True)
        for purpose in (Purpose.REQUEST, Purpose.SENSITIVE, Purpose.PERSON, Purpose.CONTACT)
    }
    assert {one.manner for one in rows} == {Manner.BY_VOICE}
    assert {(one.staff_id, one.case_id) for one in rows} == {(lan.id, case.id)}


def test_what_is_private_stays_unwritten_when_that_is_wished(
    database: Database, lan: StaffMember
) -> None:
    case = opened(database, lan, b_hiv="1", danger="violence", sensitive="no")

    screening = case.open(database.vault, "screening") or ""
    assert "hiv" not in screening
    assert case.open(database.vault, "danger") is None
    assert case.urgent  # that somebody must be quick is not the private part
    said = database.read_now(lambda session: session.scalars(sa.select(ThreadEntry)).all())
    assert said == []


def test_a_number_that_was_not_given_for_calling_is_not_kept(
    database: Database, lan: StaffMember
) -> None:
    case = opened(database, lan, phone="0912345678")

    assert case.contact is None
    assert case.phone_index is None
    parties = database.read_now(lambda session: session.scalars(sa.select(Party)).all())
    assert {one.phone for one in parties} == {None}


def test_who_wants_to_be_called_stands_on_the_list(database: Database, lan: StaffMember) -> None:
    case = opened(
        database,
        lan,
        came="phone",
        call="yes",
        phone="0912345678",
        hours="between",
        begin="13:00",
        end="15:00",
        hears="con gái",
        says_who="no",
        code_word="hạt dưa",
        call_back="1",
    )

    assert case.channel == "phone"
    found = database.read_now(lambda session: callbacks.listed(session, lan))
    assert [one.id for _, one in found] == [case.id]
    contact = database.read_now(lambda session: callbacks.contact_in(session, case))
    assert (contact.hears, contact.says_who, contact.code_word) == ("con gái", False, "hạt dưa")


def test_the_officer_may_decide_otherwise_with_a_reason_that_is_logged(
    database: Database, lan: StaffMember
) -> None:
    case = opened(database, lan, outcome="unclear", reason="Giấy cận nghèo hết hạn")

    screening = json.loads(case.open(database.vault, "screening") or "")
    assert (screening["outcome"], screening["outcome_by_rules"]) == ("unclear", "likely")
    acts = database.read_now(
        lambda session: session.scalars(
            sa.select(AuditRow.detail).where(AuditRow.act == "intake.overridden")
        ).all()
    )
    assert acts == ["likely unclear"]  # the reason itself is sealed


def test_a_place_of_another_branch_sends_it_there_unless_the_officer_chooses(
    database: Database, lan: StaffMember
) -> None:
    hire(database, "tam", Role.OFFICER, "u-minh")
    told = read(commune="32047")

    to = intake.sent_to(told, PROVINCE, frozenset({"u-minh", "nam-can"}))
    here = intake.sent_to(read(commune="32047", office="nam-can"), PROVINCE, frozenset())

    assert to.office == PROVINCE.assigned("32047").id  # type: ignore[union-attr]
    assert (here.office, here.rule) == ("nam-can", "officer")
    assert intake.sent_to(read(commune="outside"), PROVINCE, frozenset()).office == "centre"


def test_the_officer_may_take_it_at_once(database: Database, lan: StaffMember) -> None:
    case = opened(database, lan, take="Chi nhánh Năm Căn")

    found = database.read_now(lambda session: session.get_one(Case, case.id))
    assert (found.state, found.holder_id) == (CaseState.CLAIMED, lan.id)


def test_a_second_press_opens_nothing_more(database: Database, lan: StaffMember) -> None:
    draft_id = draft_of(database, lan, WALK_IN)

    def press(session: Session) -> Case:
        return open_intake(session, lan, draft_id, PROVINCE, LAW, SAID, CODE, PIN, take=None)

    database.transact_now(press)
    with pytest.raises(RefusedError, match="opened"):
        database.transact_now(press)


def test_a_draft_is_ones_own_and_sealed(database: Database, lan: StaffMember) -> None:
    tam = hire(database, "tam", Role.OFFICER, "nam-can")
    draft_id = draft_of(database, lan, WALK_IN | {"smuggled": "x"})

    def look(session: Session) -> tuple[dict[str, str], bytes]:
        draft = intake.the_draft(session, lan, draft_id)
        return intake.typed_in(session, draft), draft.body

    typed, body = database.read_now(look)
    assert typed == WALK_IN
    assert "Nguyễn Thị Tư".encode() not in body
    with pytest.raises(NotFoundError):
        database.read_now(lambda session: intake.the_draft(session, tam, draft_id))


def test_code_and_pin_open_the_case_for_the_citizen(database: Database, lan: StaffMember) -> None:
    case = opened(database, lan)

    found = database.transact_now(
        lambda session: queue.find_by_code(session, CODE, PIN, queue.Trier("talk"))
    )

    assert found is not None
    assert found.id == case.id


def test_the_same_person_and_the_other_side_are_noticed_before_it_is_opened(
    database: Database, lan: StaffMember
) -> None:
    first = opened(database, lan)
    other = hire(database, "tam", Role.OFFICER, "u-minh")
    tu = Named("nguyen thi tu", "096 054 000 123")

    same = database.read_now(lambda session: joining.foreseen(session, lan, tu))
    elsewhere = database.read_now(lambda session: joining.foreseen(session, other, tu))
    against = database.read_now(
        lambda session: conflicts.foreseen(session, [(PartyRole.OPPONENT, tu)])
    )
    beside = database.read_now(
        lambda session: conflicts.foreseen(session, [(PartyRole.CLIENT, tu)])
    )

    assert [one.id for one in same] == [first.id]
    assert list(elsewhere) == []  # another branch's file
    assert [(one.office_id, one.open) for one in against] == [("nam-can", True)]
    assert list(beside) == []


def test_the_form_knows_every_danger_and_relation_that_the_chat_hears() -> None:
    assert set(intake.DANGERS) == {str(one) for one in DangerKind}
    assert set(intake.RELATIONS) == {str(one) for one in Relation}


def test_no_outcome_is_a_refusal() -> None:
    assert Outcome.NEED_FACTS not in {read(outcome=str(one)).outcome for one in Outcome}
