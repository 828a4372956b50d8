"""What a paper of legal aid can say: which forms there are, and all that may be known for one."""

import datetime as dt
from enum import StrEnum
from typing import Annotated, assert_never

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cases.life import Ground, ProviderGround
from cases.limits import Form
from cases.typeset import clean


class FormId(StrEnum):
    """The papers, by the number of the Ministry's form."""

    FORM_02 = "form_02"
    """Request for legal aid."""
    FORM_03 = "form_03"
    """Complaint."""
    FORM_04 = "form_04"
    """Wish for another provider."""
    FORM_05 = "form_05"
    """Withdrawal."""
    FORM_08 = "form_08"
    """Refusal; also the notice that a case is not gone on with (`stopped`)."""
    FORM_09 = "form_09"
    """Transfer to the centre of another province."""
    FORM_11 = "form_11"
    """How satisfied somebody is."""
    FORM_13 = "form_13"
    """Introduction by the People's Committee of a commune."""

    @property
    def number(self) -> str:
        """As the Ministry counts it: `02`."""
        return self.removeprefix("form_")


class Format(StrEnum):
    """What a paper can be made as."""

    PDF = "pdf"
    DOCX = "docx"

    @property
    def media_type(self) -> str:
        """For the answer that carries it."""
        match self:
            case Format.PDF:
                return "application/pdf"
            case Format.DOCX:
                return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
            case _:
                assert_never(self)


class Act(StrEnum):
    """What may be complained about (Law 11/2017/QH14, Art. 45 clause 1)."""

    REFUSED = "refused"
    NOT_DONE = "not_done"
    DONE_WRONGLY = "done_wrongly"
    PROVIDER_CHANGED_WRONGLY = "provider_changed_wrongly"


class Standing(StrEnum):
    """What somebody is in proceedings (Circular 12/2018/TT-BTP, Art. 17a)."""

    ACCUSED = "accused"
    VICTIM = "victim"
    PARTY = "party"


LONGEST = 20_000
"""Letters that a blank may hold."""


def _line(text: str) -> str:
    return " ".join(clean(text).split())


def _story(text: str) -> str:
    return clean(text).strip()


Line = Annotated[str, Field(max_length=LONGEST), AfterValidator(_line)]
"""Words on one line."""
Story = Annotated[str, Field(max_length=LONGEST), AfterValidator(_story)]
"""Words in paragraphs."""
Stars = Annotated[int, Field(ge=1, le=5)]
"""From the worst to the best."""


class Known(BaseModel):
    """A value that refuses keys it doesn't know, and never tells its own content in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Group(Known):
    """A group of Article 7, with the words of the law that name it."""

    name: Line
    law: Line = ""


class FormData(Known):
    """Whatever is known for a paper. Each form shows some of it; docs/forms.md tells which."""

    name: Line = ""
    """Of the person who is helped."""
    born: Line = ""
    """As they say it: a day, or only a year."""
    gender: Line = ""
    ethnic_group: Line = ""
    id_number: Line = ""
    address: Line = ""
    phone: Line = ""

    requester: Line = ""
    """Who asks for somebody else; empty when they ask for themselves."""
    requester_born: Line = ""
    requester_id_number: Line = ""
    requester_address: Line = ""
    requester_phone: Line = ""
    relation: Line = ""
    """The requester's to the person helped."""

    groups: tuple[Group, ...] = ()
    field: Line = ""
    """Of law."""
    matter: Story = ""
    """What happened."""
    request: Story = ""
    """What is asked for."""
    reasons: Story = ""
    """Why: of a complaint, a change, a withdrawal, a refusal, a transfer."""
    aid: frozenset[Form] = frozenset()
    papers: tuple[Line, ...] = ()
    """What goes along."""
    provider: Line = ""
    """Who works on it now."""
    chosen_provider: Line = ""
    """Whom the citizen wishes for."""
    provider_grounds: frozenset[ProviderGround] = frozenset()

    complained: Line = ""
    """The person or organisation that is complained about."""
    acts: frozenset[Act] = frozenset()
    ground: Ground | None = None
    """Of a refusal."""
    stopped: bool = False
    """The case had been accepted: it is not gone on with (Art. 37)."""
    receiving_office: Line = ""
    receiving_address: Line = ""
    receiving_phone: Line = ""

    commune: Line = ""
    """Whose People's Committee introduces somebody: `xã Đá Bạc`."""
    standing: frozenset[Standing] = frozenset()

    attitude: Stars | None = None
    responsibility: Stars | None = None
    skill: Stars | None = None
    satisfaction: Stars | None = None
    comment: Story = ""

    office: Line = ""
    """Which office writes, or is written to; empty: the centre."""
    number: Line = ""
    """Of the letter: `12/TB-TGPL`."""
    received_on: dt.date | None = None
    received_by: Line = ""
    """The officer who wrote it down for the citizen."""
    signer: Line = ""
    signer_title: Line = ""
    """Empty: head of the office, or chairperson of the committee."""
    place: Line = ""
    """Where it is written; empty: the province."""
    on: dt.date | None = None

    register_code: Line = ""
    """`CN1.TV.01.2026`."""
    case_code: Line = ""
    """The citizen's code, as it is told."""
    deadlines: tuple[Line, ...] = ()
    """Sentences on what is due by when."""
    qr: Annotated[str, Field(max_length=500)] = ""
    """What the QR code says, such as an address; empty: there is none."""
