"""What a lawyer reads of a screening: every ground, every condition, and what is not verified."""

import datetime as dt

import pytest
import yaml
from pydantic import TypeAdapter

from eligibility.conditions import Condition
from eligibility.explain import explain
from eligibility.facts import FACTS, IN_WORDS, CriminalRole, FactId, Facts, Household, PapersAtHand
from eligibility.grounds import NoLawInForce, load_law
from eligibility.wording import in_words

LAW = load_law()
TODAY = dt.date(2026, 11, 23)
CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)


def told(facts: Facts, on: dt.date = TODAY, skipped: frozenset[FactId] = frozenset()) -> list[str]:
    return explain(facts, on, LAW, skipped).splitlines()


def ground(lines: list[str], article: str) -> list[str]:
    """The line of one ground and those of its conditions and papers."""
    first = next(at for at, line in enumerate(lines) if f"{article}, hiệu lực" in line)
    rest = lines[first + 1 :]
    return [lines[first], *rest[: next(n for n, line in enumerate(rest) if line[:3] != "   ")]]


@pytest.mark.parametrize(
    "day", ["2012-06-01", "2018-01-01", "2025-07-01", "2026-01-01", "2027-01-01"]
)
def test_every_ground_of_the_day_is_told_with_its_article_and_its_time(day: str) -> None:
    on = dt.date.fromisoformat(day)

    lines = told(Facts(household=Household.NEITHER), on)

    for number, of_the_day in enumerate(LAW.on(on).grounds, 1):
        line = next(line for line in lines if line.startswith(f"{number}. "))
        assert of_the_day.citation in line
        assert f"{of_the_day.valid_from:%d/%m/%Y}" in line
        assert of_the_day.verified is ("chưa kiểm chứng được lời văn" not in line)


def test_each_condition_is_met_not_met_or_not_known() -> None:
    lines = told(Facts(age=66, household=Household.NEITHER))

    name, age, hardship, *papers = ground(lines, "khoản 7 điểm c")
    assert name.startswith("10. CHƯA RÕ: người cao tuổi (từ 60 tuổi) có khó khăn về tài chính – ")
    assert name.endswith("Điều 7 khoản 7 điểm c, hiệu lực 01/01/2018–31/12/2026.")
    assert age == "   - từ đủ 60 tuổi: đạt"
    assert "(Nghị định 144/2017/NĐ-CP, Điều 2): chưa biết (trợ cấp xã hội hằng tháng)" in hardship
    assert len(papers) == 3
    assert papers[0].endswith("giấy khác ghi rõ tuổi [Thông tư 08/2017/TT-BTP, Điều 33 khoản 9]")
    assert ground(lines, "khoản 2")[1:] == ["   - hộ nghèo: không đạt"]


def test_doubt_in_the_law_is_told_apart_from_what_was_not_answered() -> None:
    pension = Facts(
        age=78, household=Household.NEITHER, social_allowance=False, social_pension=True
    )
    silent = Facts(age=66, social_allowance=False)

    in_doubt = ground(told(pension), "khoản 7 điểm c")[2]
    unanswered = ground(told(silent, skipped=frozenset({FactId.HOUSEHOLD})), "khoản 7 điểm c")[2]

    assert in_doubt.endswith("luật chưa nói rõ, cán bộ xét")
    assert unanswered.endswith("không trả lời")


def test_what_is_known_and_what_was_passed_over_is_told_first() -> None:
    facts = Facts(age=17, criminal_role=CriminalRole.WITNESS, merit=False)

    lines = told(facts, skipped=frozenset({FactId.HIV}))

    assert lines[0] == "Đã biết: 17 tuổi; không: người có công với cách mạng; người làm chứng."
    assert lines[1] == "Không biết hoặc không muốn trả lời: người nhiễm HIV."


def test_a_paper_is_told_with_its_issuer_its_source_and_what_is_outdated() -> None:
    text = explain(Facts(trafficking_victim=True, papers=PapersAtHand.NONE), TODAY, LAW)

    assert "còn thiếu giấy" in text
    assert "nơi cấp chưa kiểm chứng" in text
    assert "Mất thì: Xin cơ quan đã cấp xác nhận lại." in text
    assert "Chỗ lạc hậu của thông tư: Khoản 13 còn dẫn Luật" in text


def test_where_else_help_is_free_is_told_to_who_seems_not_entitled() -> None:
    facts = Facts(commercial=True)

    text = explain(facts, TODAY, LAW)

    assert "1800.1233" in text
    assert "Tổ hoà giải" in text
    assert "1800.1233" not in explain(Facts(household=Household.POOR), TODAY, LAW)


def test_the_next_change_is_told_ground_by_ground_also_when_the_outcome_stays_the_same() -> None:
    lines = told(Facts(criminal_role=CriminalRole.ACCUSED, household=Household.NEAR_POOR))

    later = lines[lines.index("Theo luật từ ngày 01/01/2027:") :]
    assert any(line.startswith("- Lưu ý: Luật sửa đổi") for line in later)
    assert any("CÓ THỂ THUỘC: người cận nghèo" in line for line in later)


def test_no_later_day_is_told_when_no_change_is_known() -> None:
    assert "Theo luật từ ngày" not in explain(Facts(), dt.date(2027, 1, 1), LAW)


def test_two_days_with_the_same_outcome_and_grounds_are_told_once() -> None:
    text = explain(Facts(household=Household.POOR), TODAY, LAW)

    assert text.count("Xét từng diện") == 1
    assert "Theo luật từ ngày 01/01/2027:\nKết quả và căn cứ không đổi." in text


def test_a_day_without_a_law_is_an_error() -> None:
    with pytest.raises(NoLawInForce):
        explain(Facts(), dt.date(2006, 12, 31), LAW)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{age: {at_least: 16, below: 18}}", "từ đủ 16 tuổi đến dưới 18 tuổi"),
        ("{household: [poor, near_poor]}", "một trong các điều: hộ nghèo; hộ cận nghèo"),
        ("{not: {merit: yes}}", "không phải: người có công với cách mạng"),
        ("{hiv: no}", "không: người nhiễm HIV"),
        ("{any: [{merit: yes}, {hiv: yes}]}", "người có công với cách mạng; hoặc người nhiễm HIV"),
        ("{in_doubt: {disabled: yes}}", "người khuyết tật (luật chưa nói rõ, cán bộ xét)"),
    ],
)
def test_a_condition_is_read_out_in_vietnamese(written: str, said: str) -> None:
    assert in_words(CONDITION.validate_python(yaml.safe_load(written)), {}) == said


def test_every_choice_of_every_fact_has_words() -> None:
    assert {fact: tuple(words) for fact, words in IN_WORDS.items()} == {
        fact.id: fact.options for fact in FACTS.values() if fact.options
    }


def test_no_criminal_matter_is_not_told_as_no_papers() -> None:
    assert told(Facts(criminal_role=CriminalRole.NONE))[0] == (
        "Đã biết: không dính tới vụ án hình sự."
    )
