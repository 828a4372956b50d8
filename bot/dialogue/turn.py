"""The values of the dialogue: what is remembered, what was heard, what comes of it.

The dialogue is pure: `hear(state, heard, lookups) -> Turn`. What it may look up comes in
read-only; what it wants done goes out as wishes, which the caller carries out in the same
transaction. Between any two messages the state is JSON.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, StrictBool, StrictInt

from bot.channels.message import InboundKind
from bot.understanding.danger import DangerKind
from bot.understanding.people import Relation
from bot.understanding.understood import Understood
from cases.expected import Expected, by_rule
from cases.life import PaperState
from cases.limits import DeadlineKind
from cases.offered import OfferedProvider
from cases.offices import Staffing
from cases.places import Gazetteer
from cases.province import Province
from cases.purpose import PersonAgrees, Purpose
from cases.speech import Choice, Line, Say
from cases.wording import Texts
from eligibility.facts import FactId, Facts, Value
from eligibility.grounds import LegalAidLaw
from knowledge.library import Library
from knowledge.search import Search

FREE = frozenset({"new", "free"})
"""Steps at which nothing is being asked."""
FEW_WORDS = 14
"""Up to so many words a message says one thing only."""
_REMEMBERED = 12


class Place(BaseModel):
    """Where the person in need lives, as far as it is known."""

    model_config = ConfigDict(frozen=True)

    communes: tuple[str, ...] = ()
    """Codes; more than one while it is not clear which."""
    words: str = ""
    outside: str | None = None
    """The name of another province."""
    skipped: bool = False
    guessed: bool = False
    """Where a poster hangs, not where anybody said to live: asked before anything rests on it."""

    @property
    def commune(self) -> str | None:
        """The one commune, once it is clear."""
        return self.communes[0] if len(self.communes) == 1 and not self.guessed else None


class Doubt(BaseModel):
    """Two statements of one fact that cannot both be true; neither counts until it is cleared."""

    model_config = ConfigDict(frozen=True)

    fact: FactId
    before: StrictBool | StrictInt | str
    now: StrictBool | StrictInt | str

    def value(self, key: str) -> Value | None:
        """Either statement, `before` or `now`, as a value of the fact."""
        stated = {self.fact.value: self.now if key == "now" else self.before}
        return Facts.model_validate(stated).get(self.fact)


class HelpedBy(StrEnum):
    """Who works on the matter already, as the citizen says; never a reason to refuse."""

    NOBODY = "nobody"
    LAWYER = "lawyer"
    """A lawyer of their own."""
    LEGAL_AID = "legal_aid"
    """Another legal-aid organisation (Legal Aid Act 2017, Article 30.3 d)."""
    SOMEBODY = "somebody"
    UNSAID = "unsaid"


class State(BaseModel):
    """All that is remembered of a talk between two messages."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    step: str = "new"
    """The question that waits for an answer; `free` when none does."""
    language: str = "vi"
    serial: int = 0
    """The number of the last question with buttons; a button of an older one is stale."""
    offered: tuple[Choice, ...] = ()
    """The choices of that question, for those who type a number or a label."""
    ticked: tuple[str, ...] = ()
    last_press: tuple[int, str] | None = None
    last_press_at: dt.datetime | None = None
    facts: Facts = Facts()
    skipped: frozenset[FactId] = frozenset()
    relation: Relation | None = None
    """Who needs help, seen from the writer."""
    others: Mapping[Relation, Facts] = {}
    """What is known of anybody else who was spoken of; the talk may turn to them."""
    waiting: tuple[Relation, ...] = ()
    """Who else needs help, after the one this request is for."""
    asked_who: bool = False
    humble: bool = False
    """A "con" who may be the writer or a child of theirs was spoken of."""
    doubt: Doubt | None = None
    resume: str = "free"
    """The step that waits while something is cleared up."""
    intermediary: bool = False
    """The writer's office is to help others: a commune officer, a teacher, the Women's Union…"""
    person_agrees: PersonAgrees | None = None
    """Whether the person helped agrees, when it is not the writer."""
    helped_by: HelpedBy | None = None
    place: Place = Place()
    poster: str | None = None
    """What the poster carried that the talk began from: `c32104_ubnd`."""
    fields: tuple[str, ...] = ()
    field_score: float = 0.0
    """How sure the first of `fields` was."""
    topic: str | None = None
    """The article last shown, for "còn nếu … thì sao?"."""
    question: str | None = None
    """What was asked last, for when the answer did not help."""
    told_story: bool = False
    told_way: bool = False
    """How to denounce was told in this talk."""
    opening: bool = False
    """The citizen has asked for an officer: what is still missing for it is asked."""
    danger: DangerKind | None = None
    urgent: bool = False
    told_held: bool = False
    """Who is held, and where, was asked."""
    warned: frozenset[DangerKind] = frozenset()
    chosen_office: str | None = None
    """The nearer office that the citizen asked for instead of the responsible one."""
    agreed_to: str | None = None
    """Where the citizen agreed to send the request, in the words that were shown."""
    code: str | None = None
    wrong_pins: int = 0
    """How many PINs did not open that code."""
    about: str = ""
    """What a complaint is about that is being written; its words are set aside."""
    picks: tuple[str, ...] = ()
    """What the list of providers is narrowed to."""
    page: int = 0
    """Of that list."""
    picked: str | None = None
    """Who of it is wished for; None: anybody."""
    rating: str | None = None
    """The case that is being rated."""
    phone: str | None = None
    reach: str = ""
    """What was said before anybody asked: whose number it is, where not to call."""
    call_back: bool = False
    """The citizen wants to be called; the number for it is being asked."""
    set_aside: str = ""
    """Words that belong to a request; it is being asked to which."""
    misses: int = 0
    """How many messages in a row were not understood."""
    past: tuple["State", ...] = ()
    """Earlier states, for "quay lại"; none of them remembers its own past."""

    def with_(self, **changes: object) -> Self:
        """The same state with some things changed."""
        return self.model_copy(update=changes)

    def at(self, step: str) -> Self:
        """The same state, waiting for the answer to another question."""
        return self.with_(step=step, ticked=(), misses=0)

    def remembering(self, before: "State") -> Self:
        """The same state, able to go back to the one before."""
        kept = (*before.past, before.with_(past=()))[-_REMEMBERED:]
        return self.with_(past=kept)


class Lost(StrEnum):
    """Why a file is not kept; each is told by a text of its own."""

    TOO_LARGE = "too_large"
    GONE = "gone"
    """The channel does not give it out any more."""
    WRONG_KIND = "wrong_kind"
    HARMFUL = "harmful"
    """The scanner found malicious software in it."""


@dataclass(frozen=True)
class Heard:
    """One message of the citizen, read."""

    kind: InboundKind
    understood: Understood
    """Of the words; of the empty text when there are none."""
    text: str = ""
    """The words as they were sent, however long."""
    key: str = ""
    """Of the pressed button, or the payload of a start."""
    serial: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    phone: str | None = None
    lost: Lost | None = None
    """A file was sent and is not kept."""
    at: dt.datetime | None = None
    """When it came in; None where time stands still."""


@dataclass(frozen=True)
class ComplaintView:
    """How far a complaint has come."""

    on: dt.date
    due: dt.date | None
    late: bool
    answered: bool
    department_due: dt.date | None = None
    """The Department of Justice has it, and owes an answer until the end of this day."""
    department_answered: bool = False


@dataclass(frozen=True)
class WishView:
    """What the citizen has wished about the provider last."""

    on: dt.date
    change: bool
    """For another one (Form 04), which has a limit."""
    answered: bool
    due: dt.date | None


@dataclass(frozen=True)
class Coming:
    """What the office does next, and by when."""

    kind: DeadlineKind
    day: dt.date
    late: bool


@dataclass(frozen=True)
class CaseView:
    """What the dialogue may know of the citizen's case."""

    id: str
    state: str
    office: str
    opened_on: dt.date
    outcome: str | None
    withdraw_asked: bool
    office_id: str = ""
    may_be_called: bool = False
    """A number was left, and not for messages only."""
    complaint: ComplaintView | None = None
    field: str | None = None
    provider_id: str | None = None
    provider: str | None = None
    """Who was appointed, by name: the list of providers is public."""
    wish: WishView | None = None
    may_undo: bool = False
    """It was taken back a short while ago, and that can be undone."""
    coming: Coming | None = None
    rate: tuple[Choice, ...] = ()
    """The stars to press, while the case has ended and was not rated."""


@dataclass(frozen=True)
class MeetingView:
    """The meeting that an office proposes, or that was agreed upon."""

    asked: Say
    """How it stands, with what may be answered now."""
    waits: bool
    """Times are proposed and not answered, and no officer has written since: a bare "2" means
    the second."""


class PaperView(BaseModel):
    """One paper that is waited for."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    """Empty where it must not be named on the citizen's screen."""
    state: PaperState
    issuer: str = ""
    """Who gives it out, where our list of papers knows it."""
    if_lost: str = ""


class PapersView(BaseModel):
    """The papers of a case that no officer has ticked off; one at least."""

    model_config = ConfigDict(frozen=True)

    case_id: str
    papers: tuple[PaperView, ...]
    unsorted: int = 0
    """Photos of which it was not said which paper they are."""
    asking: bool = False
    """That was asked a moment ago, and counts for what comes now too."""
    kept: Mapping[str, int] = {}
    """Photos of each paper, by its id."""
    due: dt.date | None = None
    """The last day for them; None: no limit runs."""

    @property
    def named(self) -> bool:
        """Whether the citizen was told any of the names."""
        return any(one.name for one in self.papers)

    def photos(self, paper: PaperView) -> int:
        """How many photos lie with a paper."""
        return self.kept.get(paper.id, 0)


@dataclass(frozen=True)
class Consented:
    """How one purpose stands: the last word on it."""

    purpose: Purpose
    given: bool
    on: dt.date
    mark: str
    """The first signs of the fingerprint of the words that were shown."""


@dataclass(frozen=True)
class MyData:
    """What is kept of this talk, by counts."""

    talk_days: int
    """Days after which a quiet talk without a case is erased."""
    messages: int = 0
    files: int = 0
    since: dt.date | None = None
    consents: tuple[Consented, ...] = ()


@dataclass(frozen=True)
class Receipt:
    """What was erased, as the citizen is told it."""

    number: int
    when: str
    messages: int
    files: int
    kept: tuple[str, ...]
    """`Kept`s."""
    channel: str
    until: str = ""
    """Until when the centre decides on the case; empty: there is none to decide on."""


@dataclass(frozen=True)
class Lookups:
    """What the dialogue may look at. Codes are drawn before the turn, so the turn stays pure."""

    today: dt.date
    law: LegalAidLaw
    library: Library
    search: Search
    gazetteer: Gazetteer
    province: Province
    blanks: Mapping[str, str]
    """The province's bodies and numbers, for texts and articles."""
    texts: Texts
    fresh_code: Callable[[], str]
    fresh_pin: Callable[[], str]
    my_case: CaseView | None = None
    able: frozenset[str] = frozenset()
    """Offices that have an officer who can receive; `staffing` counts instead of it."""
    staffing: Callable[[], Staffing | None] = lambda: None
    """What the offices can take in today, read when it is needed; None: only `able` is known."""
    answers_in: Callable[[str], Expected] = lambda _office: by_rule()
    """How long an office takes until it looks at a request, by its id."""
    meeting: MeetingView | None = None
    """Of that case."""
    roster: Callable[[], tuple[OfferedProvider, ...]] = tuple
    """Who may be wished for: the published list, read when it is needed."""
    papers: PapersView | None = None
    """Of that case, while any is waited for."""
    unnumbered: tuple[Choice, ...] = ()
    """The choices of the last thing that was said, when it came from the office's act and not
    from the dialogue: the end of a case with its stars, papers that are asked for."""
    my_data: Callable[[], MyData] = lambda: MyData(talk_days=0)
    """What is kept of this talk; looked up only when it is asked for."""
    shut: bool = False
    """Nothing of the case may be shown before its PIN was said: others may hold the phone."""
    takes_away: bool = False
    """Messages can be taken from the citizen's phone again."""
    may_trust: bool = False
    """The citizen may say that nobody else uses this phone."""
    asked_last: bool = False
    """The question of the state is the last thing that was said to the citizen; an officer has
    written nothing since."""


# --- wishes ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Agreed:
    """A consent, with the words that were shown."""

    purpose: Purpose
    shown: Line
    given: bool = True


@dataclass(frozen=True)
class OpenCase:
    """Open a case and route it; the citizen has agreed."""

    code: str
    pin: str
    office: str
    routing_rule: str
    routing_reason: str
    commune: str | None
    field: str | None
    urgent: bool
    danger: str | None
    law_version: str | None
    screening: str
    """JSON of the facts and the outcome, for the officer."""
    with_words: bool
    """Whether what was said so far goes along."""
    agreed: tuple[Agreed, ...]


@dataclass(frozen=True)
class AddToCase:
    """Add this message to a case of this talk."""

    text: str
    case_id: str


@dataclass(frozen=True)
class RaiseAlarm:
    """Put a case of this talk to the front: somebody is in danger now."""

    case_id: str
    danger: DangerKind


@dataclass(frozen=True)
class NoteContact:
    """Keep a safe phone number and the hours for calling, or that nobody is to call."""

    phone: str | None
    hours: str
    window: str | None
    """The choice of hours; None: they were told in words."""
    agreed: Agreed


@dataclass(frozen=True)
class AskCallBack:
    """Put the citizen on the list of those to be called."""

    case_id: str | None
    """None: the case opened last in this talk."""


@dataclass(frozen=True)
class FindCase:
    """Look for a case by code and PIN; the dialogue goes on with `status.found`."""

    code: str
    pin: str


@dataclass(frozen=True)
class OpenByPin:
    """Compare a PIN with the cases of this talk; the dialogue goes on with `unlocking.opened`."""

    pin: str


@dataclass(frozen=True)
class TrustPhone:
    """Whether this phone is nobody else's, as its citizen says."""

    own: bool


@dataclass(frozen=True)
class MoveCaseHere:
    """Answer a case through this talk from now on."""

    case_id: str


@dataclass(frozen=True)
class Withdraw:
    """Take the request back."""

    case_id: str


@dataclass(frozen=True)
class UndoWithdrawal:
    """Go on with a request that was taken back; the dialogue goes on with `status.kept`."""

    case_id: str


@dataclass(frozen=True)
class Complain:
    """Take a complaint; the dialogue goes on with `complaint.sent`."""

    case_id: str
    words: str
    kind: str
    """A `ComplaintKind`."""


@dataclass(frozen=True)
class Rate:
    """Keep the stars of a case that has ended; the dialogue goes on with `rating.rated`."""

    case_id: str
    stars: int


@dataclass(frozen=True)
class AddToRating:
    """Keep one more answer about a case that was rated."""

    case_id: str
    asked: str
    """An `Asked`, or `words`."""
    said: str


@dataclass(frozen=True)
class AnswerMeeting:
    """Take the answer to proposed times; the dialogue goes on with `meeting.answered`."""

    meeting_id: str
    said: str
    """The number of a time, `none` or `call`."""


@dataclass(frozen=True)
class ChooseProvider:
    """Send a wish about the provider; the dialogue goes on with `provider.sent`."""

    case_id: str
    change: bool
    provider_id: str | None
    """None: anybody else."""
    ground: str | None
    """A `ProviderGround`, where the citizen named one."""
    reason: str


@dataclass(frozen=True)
class KeepPhoto:
    """Keep the file of this message for the papers that are asked for."""

    case_id: str


@dataclass(frozen=True)
class AnswerPapers:
    """Take what was said of photos and papers; the dialogue goes on with `papers.answered`."""

    id: str
    """Of the paper, or of the case where no paper is meant."""
    said: str
    """`here` (the photos are this paper), `lack`, `other` (none of them), `undo`."""


@dataclass(frozen=True)
class AskToCorrect:
    """Put a correction on the centre's list; the dialogue goes on with `privacy.asked`."""

    case_id: str
    words: str


@dataclass(frozen=True)
class RevokeConsent:
    """Take back what was agreed to for one purpose; what rests on it stops at once."""

    case_id: str
    purpose: Purpose


@dataclass(frozen=True)
class TakeAwaySecrets:
    """Take messages with a code or a PIN from the phone, where the platform allows it."""


@dataclass(frozen=True)
class ForgetWords:
    """Keep nothing of what was just sent: it may show who denounces whom."""


@dataclass(frozen=True)
class DeleteTalk:
    """Erase everything that was said in this talk."""


@dataclass(frozen=True)
class ShowedArticle:
    """Count that an article was shown."""

    article_id: str


@dataclass(frozen=True)
class Voted:
    """Take what the citizen says of an article."""

    article_id: str
    helpful: bool


@dataclass(frozen=True)
class KeepQuestion:
    """Keep a question for the editors, masked: nothing answers it, or an article did not help."""

    text: str
    field: str | None
    article_id: str | None = None


Wish = (
    OpenCase
    | AddToCase
    | RaiseAlarm
    | NoteContact
    | AskCallBack
    | FindCase
    | OpenByPin
    | TrustPhone
    | MoveCaseHere
    | Withdraw
    | UndoWithdrawal
    | AnswerMeeting
    | Complain
    | Rate
    | AddToRating
    | ChooseProvider
    | KeepPhoto
    | AnswerPapers
    | AskToCorrect
    | RevokeConsent
    | TakeAwaySecrets
    | ForgetWords
    | DeleteTalk
    | ShowedArticle
    | Voted
    | KeepQuestion
)


@dataclass(frozen=True)
class Turn:
    """What comes of one message."""

    state: State
    says: tuple[Say, ...] = ()
    wishes: tuple[Wish, ...] = ()

    def then(self, other: "Turn") -> "Turn":
        """This turn's words and wishes, followed by another's."""
        return Turn(other.state, self.says + other.says, self.wishes + other.wishes)

    def before(self, *says: Say) -> "Turn":
        """The same turn with something said first."""
        return Turn(self.state, says + self.says, self.wishes)

    def led_by(self, *lines: Line) -> "Turn":
        """The same turn, its first message opening with these lines."""
        if not self.says:
            return self.before(Say(lines=lines))
        first, *rest = self.says
        led = first.model_copy(update={"lines": (*lines, *first.lines)})
        return Turn(self.state, (led, *rest), self.wishes)


def choice(key: str, label: str, /, **blanks: str) -> Choice:
    """A button whose label is a text of bot/texts."""
    return Choice(key=key, label=Line(key=label, blanks=blanks))


def ask(key: str, /, *choices: Choice, **blanks: str) -> Say:
    """A question of one text with its choices."""
    return Say(lines=(Line(key=key, blanks=blanks),), choices=choices)
