"""What Tràm may know about a person who asks for legal aid, and how each thing is written down.

A fact that was not told is None. It is never taken for "no": who is silent about a certificate
may well hold one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool

Value = int | bool | StrEnum
Known = Mapping["FactId", Value]


class FactId(StrEnum):
    """The names of the facts; the same in files, on command lines and in stored talks."""

    AGE = "age"
    HOUSEHOLD = "household"
    SOCIAL_ALLOWANCE = "social_allowance"
    SOCIAL_PENSION = "social_pension"
    MERIT = "merit"
    ETHNIC_MINORITY = "ethnic_minority"
    SPECIAL_DIFFICULTY_AREA = "special_difficulty_area"
    CRIMINAL_ROLE = "criminal_role"
    TRAFFICKING_VICTIM = "trafficking_victim"
    WITH_TRAFFICKING_VICTIM = "with_trafficking_victim"
    MARTYR_KIN = "martyr_kin"
    AGENT_ORANGE = "agent_orange"
    DISABLED = "disabled"
    DOMESTIC_VIOLENCE = "domestic_violence"
    HIV = "hiv"
    LIVES_HERE = "lives_here"
    HAPPENED_HERE = "happened_here"
    COMMERCIAL = "commercial"
    HANDLED_ELSEWHERE = "handled_elsewhere"
    PAPERS = "papers"


class Household(StrEnum):
    """What the commune's certificate says of the household this year; never computed by us."""

    POOR = "poor"
    NEAR_POOR = "near_poor"
    NEITHER = "neither"


class CriminalRole(StrEnum):
    """How the person stands in a criminal matter.

    `denounced` covers a denunciation and a proposal to prosecute; `held` an arrest, temporary
    custody or an urgent holding; `accused` a suspect charged or a defendant; `diversion` a minor
    under a diversion measure.
    """

    NONE = "none"
    DENOUNCED = "denounced"
    HELD = "held"
    ACCUSED = "accused"
    VICTIM = "victim"
    WITNESS = "witness"
    DIVERSION = "diversion"
    PRISONER = "prisoner"


class PapersAtHand(StrEnum):
    """Whether the papers that prove the ground are at hand."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


class ScreenGroup(StrEnum):
    """Facts that one screen asks together, as boxes to tick."""

    STATUSES = "statuses"


OLDEST = 120
"""The highest age, in years, that is taken for an age."""


class Facts(BaseModel):
    """What is known of one person. A wrong value is an error, a name we don't know is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    age: Annotated[int, Field(strict=True, ge=0, le=OLDEST)] | None = None
    household: Household | None = None
    social_allowance: StrictBool | None = None
    social_pension: StrictBool | None = None
    merit: StrictBool | None = None
    ethnic_minority: StrictBool | None = None
    special_difficulty_area: StrictBool | None = None
    criminal_role: CriminalRole | None = None
    trafficking_victim: StrictBool | None = None
    with_trafficking_victim: StrictBool | None = None
    martyr_kin: StrictBool | None = None
    agent_orange: StrictBool | None = None
    disabled: StrictBool | None = None
    domestic_violence: StrictBool | None = None
    hiv: StrictBool | None = None
    lives_here: StrictBool | None = None
    happened_here: StrictBool | None = None
    commercial: StrictBool | None = None
    handled_elsewhere: StrictBool | None = None
    papers: PapersAtHand | None = None

    def get(self, fact: FactId) -> Value | None:
        """The value of one fact; None when it is not known."""
        value: Value | None = getattr(self, fact.value)
        return value

    def known(self) -> Known:
        """Only what is known, by fact."""
        return {fact: value for fact in FactId if (value := self.get(fact)) is not None}

    def having(self, fact: FactId, value: Value | None) -> "Facts":
        """The same person with one fact learnt, corrected, or (None) forgotten.

        Raises:
            pydantic.ValidationError: the value does not fit the fact.
        """
        return Facts.model_validate(self.model_dump() | {fact.value: value})


class Kind(StrEnum):
    """What sort of answer a fact takes."""

    WHOLE_NUMBER = "whole_number"
    YES_NO = "yes_no"
    ONE_OF = "one_of"


@dataclass(frozen=True)
class Fact:
    """The declaration of one fact.

    `sensitive` facts never open a talk, may always be skipped and are not repeated in notices.
    `said` is a short Vietnamese name, as it stands in an explanation.
    """

    id: FactId
    kind: Kind
    description: str
    said: str
    sensitive: bool = False
    options: tuple[StrEnum, ...] = ()
    screen_group: ScreenGroup | None = None


def _yes_no(
    fact: FactId,
    description: str,
    said: str,
    *,
    sensitive: bool = False,
    screen_group: ScreenGroup | None = None,
) -> Fact:
    return Fact(fact, Kind.YES_NO, description, said, sensitive, (), screen_group)


_STATUSES = ScreenGroup.STATUSES

FACTS: Mapping[FactId, Fact] = MappingProxyType(
    {
        fact.id: fact
        for fact in (
            Fact(FactId.AGE, Kind.WHOLE_NUMBER, "Age in full years, 0 to 120.", "tuổi"),
            Fact(
                FactId.HOUSEHOLD,
                Kind.ONE_OF,
                "What the commune's certificate says of the household. Asked for, never computed.",
                "hộ nghèo hay cận nghèo",
                options=tuple(Household),
            ),
            _yes_no(
                FactId.SOCIAL_ALLOWANCE,
                "Receives the monthly social allowance (trợ cấp xã hội hằng tháng).",
                "trợ cấp xã hội hằng tháng",
                screen_group=ScreenGroup.STATUSES,
            ),
            _yes_no(
                FactId.SOCIAL_PENSION,
                "Receives the social pension (trợ cấp hưu trí xã hội). Whether it counts as "
                "financial hardship is not clear in law: an officer decides.",
                "trợ cấp hưu trí xã hội",
            ),
            _yes_no(
                FactId.MERIT,
                "Recognised as a person with merit to the revolution.",
                "người có công với cách mạng",
                screen_group=_STATUSES,
            ),
            _yes_no(
                FactId.MARTYR_KIN,
                "Parent, spouse or child of a martyr, or raised the martyr as a child.",
                "thân nhân liệt sĩ",
                screen_group=_STATUSES,
            ),
            _yes_no(
                FactId.DISABLED,
                "Is a disabled person.",
                "người khuyết tật",
                screen_group=_STATUSES,
            ),
            _yes_no(
                FactId.AGENT_ORANGE,
                "Affected by Agent Orange.",
                "người nhiễm chất độc da cam",
                screen_group=_STATUSES,
            ),
            _yes_no(
                FactId.ETHNIC_MINORITY,
                "Belongs to an ethnic minority (in Cà Mau mostly Khmer or Hoa).",
                "người dân tộc thiểu số",
                sensitive=True,
                screen_group=_STATUSES,
            ),
            _yes_no(
                FactId.DOMESTIC_VIOLENCE,
                "Suffers or suffered violence in the family.",
                "người bị bạo lực gia đình",
                sensitive=True,
                screen_group=_STATUSES,
            ),
            _yes_no(
                FactId.TRAFFICKING_VICTIM,
                "Is a victim of human trafficking, or is being identified as one.",
                "nạn nhân mua bán người",
                sensitive=True,
                screen_group=_STATUSES,
            ),
            _yes_no(
                FactId.WITH_TRAFFICKING_VICTIM,
                "Is under 18 and accompanies a victim of human trafficking.",
                "người dưới 18 tuổi đi cùng nạn nhân mua bán người",
                sensitive=True,
                screen_group=_STATUSES,
            ),
            _yes_no(
                FactId.HIV,
                "Lives with HIV.",
                "người nhiễm HIV",
                sensitive=True,
                screen_group=_STATUSES,
            ),
            _yes_no(
                FactId.SPECIAL_DIFFICULTY_AREA,
                "Lives in an area of special difficulty. Unknown, not no, outside listed communes.",
                "nơi ở thuộc vùng đặc biệt khó khăn",
            ),
            Fact(
                FactId.CRIMINAL_ROLE,
                Kind.ONE_OF,
                "How the person stands in a criminal matter.",
                "vai trò trong vụ án hình sự",
                sensitive=True,
                options=tuple(CriminalRole),
            ),
            _yes_no(FactId.LIVES_HERE, "Lives in the province.", "đang sống trong tỉnh"),
            _yes_no(
                FactId.HAPPENED_HERE,
                "The matter happened in the province.",
                "việc xảy ra trong tỉnh",
            ),
            _yes_no(
                FactId.COMMERCIAL,
                "The matter is one of business or commerce.",
                "việc kinh doanh, thương mại",
            ),
            _yes_no(
                FactId.HANDLED_ELSEWHERE,
                "Another legal-aid organisation already handles the same matter.",
                "nơi trợ giúp pháp lý khác đang làm việc này",
            ),
            Fact(
                FactId.PAPERS,
                Kind.ONE_OF,
                "Whether the papers that prove the ground are at hand.",
                "giấy tờ chứng minh",
                options=tuple(PapersAtHand),
            ),
        )
    }
)


IN_WORDS: Mapping[FactId, Mapping[StrEnum, str]] = MappingProxyType(
    {
        FactId.HOUSEHOLD: {
            Household.POOR: "hộ nghèo",
            Household.NEAR_POOR: "hộ cận nghèo",
            Household.NEITHER: "không có giấy hộ nghèo, hộ cận nghèo",
        },
        FactId.CRIMINAL_ROLE: {
            CriminalRole.NONE: "không dính tới vụ án hình sự",
            CriminalRole.DENOUNCED: "bị tố giác, bị kiến nghị khởi tố",
            CriminalRole.HELD: "bị bắt, bị giữ, bị tạm giữ",
            CriminalRole.ACCUSED: "bị can, bị cáo",
            CriminalRole.VICTIM: "bị hại",
            CriminalRole.WITNESS: "người làm chứng",
            CriminalRole.DIVERSION: "đang chấp hành biện pháp xử lý chuyển hướng",
            CriminalRole.PRISONER: "đang thi hành án phạt tù",
        },
        FactId.PAPERS: {
            PapersAtHand.ALL: "có đủ giấy",
            PapersAtHand.SOME: "có một phần giấy",
            PapersAtHand.NONE: "chưa có giấy",
        },
    }
)
"""The choices of a fact as a lawyer reads them in an explanation."""


def values(fact: FactId) -> tuple[Value, ...]:
    """Every value a fact can take; an age year by year."""
    declared = FACTS[fact]
    match declared.kind:
        case Kind.WHOLE_NUMBER:
            return tuple(range(OLDEST + 1))
        case Kind.YES_NO:
            return (True, False)
        case Kind.ONE_OF:
            return declared.options
