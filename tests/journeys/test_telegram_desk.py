"""The desk in a branch's Telegram group: real HTTP both ways, real databases."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from bot import conversations
from bot.channels.message import (
    Capabilities,
    ChannelName,
    FetchedFile,
    Inbound,
    Outbound,
    Receipt,
    Refused,
    RemoteFile,
    Sent,
)
from bot.channels.telegram import Telegram
from bot.channels.telegram_desk import GroupPacing, TelegramDesk
from bot.inbox import InboxRow
from bot.telegram_desk import words
from bot.telegram_desk.follow import catch_up, follow
from bot.turn import Rooms
from bot.worker import Worker, take_up_again
from cases import chat_groups, data_decisions, data_requests, queue, register, talking
from cases.chat_groups import ChatGroup, ChatTopic, CodeFor, Trouble
from cases.data_requests import Asked
from cases.life import CaseState, Outcome, RefusedError
from cases.model import Case
from cases.province import load_province
from cases.staff import Role, StaffMember
from cases.thread import Author, Note
from store.audit import AuditRow
from store.clock import SetClock
from store.files import media_type_of
from store.outbox import Delivery, Kind, OutboxRow
from store.session import Database, Session
from store.wakes import Topic
from tests.channels.bot_api import BotApi, Failure, Group, flood
from tests.channels.bot_api import Sent as Shown
from tests.desk.world import hire, open_case
from tests.photos import SMALL_JPEG

SECONDS = 30.0
GROUP = -1001
LAN, MINH, TAM, STRANGER = 501, 502, 503, 666
PHOTO = SMALL_JPEG + b"so do" * 40
PROVINCE = load_province("ca-mau")


T = TypeVar("T")


class Web:
    """The citizen's page: it takes everything, or answers as it is told to."""

    name = ChannelName.WEB
    capabilities = Capabilities(max_text=4096, buttons=True)

    def __init__(self) -> None:
        self.sent: list[Outbound] = []
        self.answers: list[Sent] = []

    def read(self, event: Any) -> Inbound | None:  # noqa: ARG002
        return None

    async def fetch(self, file: RemoteFile) -> FetchedFile | None:  # noqa: ARG002
        return None

    async def send(self, address: str, message: Outbound) -> Sent:  # noqa: ARG002
        answer = self.answers.pop(0) if self.answers else Receipt("w")
        if isinstance(answer, Receipt):
            self.sent.append(message)
        return answer


@dataclass
class Branch:
    """A branch with its group, its staff, and the whole of Tràm behind it."""

    api: BotApi
    database: Database
    group: Group
    web: Web
    staff: dict[str, str] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311

    async def until(self, looks: Callable[[], Any]) -> Any:
        async with asyncio.timeout(SECONDS):
            while not (found := looks()):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.api.changed(), 0.02)
            return found

    async def shown(self, containing: str, *, times: int = 1) -> Shown:
        """The newest message of the bot in the group that says this."""

        def look() -> list[Shown]:
            found = [one for one in self.api.sent(self.group.chat_id) if containing in one.text]
            return found if len(found) >= times else []

        found: list[Shown] = await self.until(look)
        return found[-1]

    async def answered(self, press_id: str) -> tuple[str, bool]:
        await self.until(lambda: press_id in self.api.answers)
        return self.api.answers[press_id]

    def texts(self) -> str:
        return "\n".join(one.text for one in self.api.sent(self.group.chat_id))

    def write(self, act: Callable[[Session], T]) -> T:
        """Something done elsewhere, which wakes everybody as a commit does."""
        done = self.database.transact_now(act)
        self.database.wakes.wake((Topic.DESK, Topic.OUTBOX))
        return done

    def opens(self, **more: Any) -> str:
        def act(session: Session) -> str:
            talk = conversations.find_or_create(session, ChannelName.WEB, "dân")
            return open_case(session, conversation_id=talk.id, **more)

        return self.write(act)

    def case(self, case_id: str) -> Case:
        return self.database.read_now(lambda session: session.get_one(Case, case_id))

    def by(self, name: str, session: Session) -> StaffMember:
        return session.get_one(StaffMember, self.staff[name])

    def does(self, name: str, act: Callable[..., Any], case_id: str, *more: Any) -> Any:
        """Something done on the web desk."""
        return self.write(lambda session: act(session, self.by(name, session), case_id, *more))

    def citizen_writes(self, case_id: str, text: str) -> None:
        self.write(
            lambda session: talking.citizen_wrote(session, session.get_one(Case, case_id), text)
        )

    def pressed(self, case_id: str, label: str) -> None:
        def act(session: Session) -> None:
            case = session.get_one(Case, case_id)
            word = talking.Word(Author.CITIZEN, label, case.opened_at, None, pressed=True)
            talking.add_entry(session, case, word)

        self.write(act)

    def thread(self, case_id: str) -> list[tuple[Author, str]]:
        def load(session: Session) -> list[tuple[Author, str]]:
            found = talking.thread(session, session.get_one(Case, case_id))
            return [(one.author, one.open(session.vault, "body") or "") for one in found]

        return self.database.read_now(load)

    def all(self, query: sa.Select[Any]) -> list[Any]:
        return self.database.read_now(lambda session: list(session.scalars(query)))

    def code(self, name: str, kind: CodeFor, office: str | None = None) -> str:
        return self.write(
            lambda session: chat_groups.new_code(
                session, self.by(name, session), kind, self.chance, office
            )
        )

    def knows(self, name: str, user_id: int) -> None:
        code = self.code(name, CodeFor.PERSON)
        self.write(lambda session: chat_groups.link_person(session, code, user_id))

    async def is_linked(self) -> None:
        code = self.code("hai", CodeFor.GROUP, "u-minh")
        self.group.writes(777, f"/lienket {code}")
        await self.shown(words.READY)

    async def topic(self, case_id: str) -> int:
        """The number of the thread of a case, once its buttons stand there."""
        number = self.case(case_id).number
        head = await self.shown(f"{words.topic_name(number)}\n")
        assert head.thread_id is not None
        return head.thread_id


@asynccontextmanager
async def running(
    api: BotApi, database: Database, rooms: Rooms, web: Web, *, following: bool = True
) -> AsyncIterator[Worker]:
    async with AsyncExitStack() as stack:
        telegram = Telegram(api.token, api.url, seconds_per_chat=0.0, first_pause=0.02)
        await stack.enter_async_context(telegram)
        desk = TelegramDesk(telegram, per_minute=1000)
        channels: Any = {
            ChannelName.TELEGRAM: telegram,
            ChannelName.TELEGRAM_DESK: desk,
            ChannelName.WEB: web,
        }
        worker = Worker(database, rooms, channels)
        working = asyncio.create_task(worker.run())
        tasks = [asyncio.create_task(telegram.poll(database))]
        if following:
            tasks.append(asyncio.create_task(follow(database)))
        try:
            yield worker
        finally:
            worker.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(working, *tasks, return_exceptions=True)


@pytest.fixture
async def branch(database: Database, rooms: Rooms) -> AsyncIterator[Branch]:
    async with BotApi() as api:
        made = Branch(api, database, api.group(GROUP), Web())

        def fill(session: Session) -> None:
            for name, role, office in (
                ("lan", Role.OFFICER, "u-minh"),
                ("minh", Role.OFFICER, "u-minh"),
                ("hai", Role.HEAD, "u-minh"),
                ("tam", Role.OFFICER, "nam-can"),
            ):
                made.staff[name] = hire(session, name, role, office)

        database.transact_now(fill)
        for name, user_id in (("lan", LAN), ("minh", MINH), ("tam", TAM)):
            made.knows(name, user_id)
        async with running(api, database, rooms, made.web):
            yield made


# --- linking --------------------------------------------------------------------------------------


async def test_a_group_is_linked_by_a_code_that_is_good_once(branch: Branch) -> None:
    code = branch.code("hai", CodeFor.GROUP, "u-minh")
    branch.group.writes(777, f"/lienket {code}")
    await branch.shown(words.READY)

    other = branch.api.group(-1002)
    other.writes(777, f"/lienket {code}")
    await branch.until(lambda: any(words.BAD_CODE in m.text for m in branch.api.sent(-1002)))
    assert [one.chat_id for one in branch.all(sa.select(ChatGroup))] == [str(GROUP)]


async def test_a_code_that_is_too_old_links_nothing(branch: Branch, clock: SetClock) -> None:
    code = branch.code("hai", CodeFor.GROUP, "u-minh")
    clock.forward(chat_groups.CODE_LASTS)

    branch.group.writes(777, f"/lienket {code}")

    await branch.shown(words.BAD_CODE)
    assert branch.all(sa.select(ChatGroup)) == []


async def test_a_group_without_threads_is_told_so_and_the_code_stays_good(branch: Branch) -> None:
    branch.group.forum = False
    code = branch.code("hai", CodeFor.GROUP, "u-minh")
    branch.group.writes(777, f"/lienket {code}")
    await branch.shown(words.NO_FORUM)

    branch.group.forum = True
    branch.group.writes(777, f"/lienket {code}")
    await branch.shown(words.READY)


async def test_a_missing_right_is_told_and_mended_without_a_new_code(branch: Branch) -> None:
    branch.group.admin = False
    code = branch.code("hai", CodeFor.GROUP, "u-minh")
    branch.group.writes(777, f"/lienket {code}")
    await branch.shown(words.trouble(Trouble.NO_RIGHTS))
    case_id = branch.opens()

    branch.group.gives_rights(admin=True)

    await branch.topic(case_id)
    assert [one.trouble for one in branch.all(sa.select(ChatGroup))] == [None]


async def test_a_person_is_known_by_a_code_in_the_private_chat_and_no_talk_begins(
    branch: Branch,
) -> None:
    hai = branch.api.citizen(504)
    hai.writes(f"/toi {branch.code('hai', CodeFor.PERSON)}")
    await hai.hears("Cán bộ Hai", SECONDS)
    hai.writes("/toi 00000-00000")
    await hai.hears(words.BAD_CODE, SECONDS)

    whose = branch.database.transact_now(lambda s: chat_groups.whose(s, 504))
    assert whose is not None
    assert whose.username == "hai"
    assert len(branch.api.sent(504)) == 2  # the citizens' assistant said nothing


async def test_what_is_said_in_a_group_that_nobody_linked_is_not_even_kept(branch: Branch) -> None:
    update = branch.api.group(-1009).writes(STRANGER, "chuyện riêng")
    branch.group.writes(777, "/lienket")
    await branch.shown(words.HOW_TO_LINK)

    assert update["chat"]["id"] == -1009
    assert len(branch.all(sa.select(InboxRow))) == 1


# --- a request ------------------------------------------------------------------------------------


async def test_a_notice_tells_nothing_personal_and_a_claim_brings_the_citizens_words(
    branch: Branch,
) -> None:
    await branch.is_linked()
    case_id = branch.opens(words=("CHIM-HOÀNG-YẾN", "bị lấn đất"), urgent=True)
    branch.pressed(case_id, "Đồng ý gửi")
    await branch.topic(case_id)
    for secret in ("CHIM-HOÀNG-YẾN", "đất", "Nguyễn Phích"):
        assert secret not in branch.texts()
        assert secret not in " ".join(branch.group.topics.values())
    assert "KHẨN" in branch.texts()

    (press,) = branch.group.presses(LAN, words.CLAIM)

    told = await branch.shown("CHIM-HOÀNG-YẾN")
    assert "bị lấn đất" in told.text
    assert "Đồng ý gửi" not in branch.texts()  # a button is no word of theirs
    assert told.protected
    assert told.thread_id == await branch.topic(case_id)
    assert await branch.answered(press) == ("Bạn đã nhận hồ sơ này.", False)
    assert branch.case(case_id).holder_id == branch.staff["lan"]
    assert "0912345678" not in branch.texts()


async def test_one_of_two_who_press_at_the_same_time_wins_and_the_other_is_told_who(
    branch: Branch,
) -> None:
    await branch.is_linked()
    case_id = branch.opens()
    await branch.topic(case_id)

    (first,) = branch.group.presses(LAN, words.CLAIM)
    (second,) = branch.group.presses(MINH, words.CLAIM)

    answers = [await branch.answered(first), await branch.answered(second)]
    lost = [text for text, alert in answers if alert]
    assert len(lost) == 1
    holder = "Lan" if branch.case(case_id).holder_id == branch.staff["lan"] else "Minh"
    assert lost == [f"Cán bộ {holder} đã nhận hồ sơ này rồi."]


async def test_a_claim_on_the_web_desk_and_one_in_the_group_make_one_holder(
    branch: Branch,
) -> None:
    await branch.is_linked()
    for _ in range(5):
        case_id = branch.opens()
        await branch.topic(case_id)
        (press,) = branch.group.presses(LAN, words.CLAIM)
        try:
            await asyncio.to_thread(branch.does, "minh", queue.claim, case_id, "U Minh")
            won_on_the_web = True
        except RefusedError:
            won_on_the_web = False

        _, alert = await branch.answered(press)
        assert alert is won_on_the_web
        holder = branch.staff["minh" if won_on_the_web else "lan"]
        assert branch.case(case_id).holder_id == holder
        claims = sa.select(AuditRow).where(
            AuditRow.act == "case.claim", AuditRow.subject == case_id
        )
        assert len(branch.all(claims)) == 1


async def test_a_reply_in_the_thread_reaches_the_citizen_and_a_note_never_does(
    branch: Branch,
) -> None:
    await branch.is_linked()
    case_id = branch.opens()
    thread = await branch.topic(case_id)
    branch.group.presses(LAN, words.CLAIM)
    await branch.shown("Cán bộ Lan đang giữ", times=2)

    branch.group.writes(LAN, "Chị đem sổ đỏ theo nha.", thread)
    branch.group.writes(LAN, "// chồng chị này hay gọi", thread)
    branch.group.writes(LAN, "/note@tram_test_bot nhớ hỏi lại", thread)
    branch.group.writes(LAN, "/nte gõ nhầm", thread)
    branch.group.writes(LAN, "Ghi chú: quên gạch chéo", thread)
    branch.group.writes(LAN, "@minh giúp chị này với", thread)
    await branch.shown(words.NOTED, times=2)
    await branch.shown(words.HOW_TO_REPLY)
    await branch.shown(words.MEANT_FOR_US, times=2)
    branch.citizen_writes(case_id, "Dạ em tới liền")
    await branch.shown("Dạ em tới liền")

    said = [text for author, text in branch.thread(case_id) if author is Author.STAFF]
    assert said == ["Chị đem sổ đỏ theo nha."]
    assert any("Chị đem sổ đỏ theo nha." in one.text for one in branch.web.sent)
    everything = "".join(one.text for one in branch.web.sent)
    for secret in ("hay gọi", "hỏi lại", "gõ nhầm", "gạch chéo", "giúp chị"):
        assert secret not in everything
    assert len(branch.all(sa.select(Note))) == 2
    assert branch.texts().count("Chị đem sổ đỏ") == 0  # it stands there already


async def test_a_duplicated_update_says_it_once(branch: Branch) -> None:
    await branch.is_linked()
    case_id = branch.opens()
    thread = await branch.topic(case_id)
    branch.group.presses(LAN, words.CLAIM, times=3)
    await branch.shown("Cán bộ Lan đang giữ", times=2)

    message = branch.group.writes(LAN, "Chào chị.", thread)
    for _ in range(3):
        branch.api.add({"message": message})  # the same message in another update
    branch.citizen_writes(case_id, "xong")
    await branch.shown("xong")
    branch.group.writes(LAN, "// hết", thread)
    await branch.shown(words.NOTED)

    assert [t for a, t in branch.thread(case_id) if a is Author.STAFF] == ["Chào chị."]


async def test_what_was_answered_on_the_web_desk_shows_in_the_thread(branch: Branch) -> None:
    await branch.is_linked()
    case_id = branch.opens()
    await branch.topic(case_id)
    branch.does("lan", queue.claim, case_id, "U Minh")

    branch.does("lan", talking.reply, case_id, "Trả lời từ web", "U Minh")

    shown = await branch.shown("Trả lời từ web")
    assert "Cán bộ Lan (bàn làm việc web)" in shown.text


async def test_photos_go_both_ways_through_the_sealed_store(branch: Branch) -> None:
    await branch.is_linked()
    case_id = branch.opens(photo=PHOTO)
    thread = await branch.topic(case_id)
    branch.group.presses(LAN, words.CLAIM)
    await branch.until(
        lambda: [one for one in branch.api.sent(GROUP) if one.content and one.protected]
    )
    (shown,) = [one.content for one in branch.api.sent(GROUP) if one.content and one.protected]
    assert shown.startswith(b"\xff\xd8\xff")
    assert b"so do" not in shown  # drawn anew: of the file itself nothing goes to a group

    branch.group.sends_photo(LAN, PHOTO + b"NOI-CHUP", thread, "Mẫu đơn đây chị")

    await branch.until(lambda: [o for o in branch.web.sent if o.file is not None])
    (got,) = [one for one in branch.web.sent if one.file is not None]
    assert got.file is not None
    assert media_type_of(got.file.content) == "image/jpeg"
    assert b"NOI-CHUP" not in got.file.content  # drawn anew, as what the web desk sends
    assert "Mẫu đơn đây chị" in got.text
    branch.group.sends_photo(LAN, b"MZ\x90", thread)
    await branch.shown(words.FILE_REFUSED)


async def test_words_that_did_not_arrive_are_told_with_what_to_do(branch: Branch) -> None:
    await branch.is_linked()
    case_id = branch.opens()
    thread = await branch.topic(case_id)
    branch.group.presses(LAN, words.CLAIM)
    await branch.shown("Cán bộ Lan đang giữ", times=2)
    await branch.until(lambda: branch.web.sent)

    branch.web.answers = [Refused("window closed")]
    branch.group.writes(LAN, "Chị còn đó không?", thread)

    await branch.shown("cửa sổ Zalo đã đóng")


async def test_an_edited_message_is_told_to_change_nothing(branch: Branch) -> None:
    await branch.is_linked()
    case_id = branch.opens()
    thread = await branch.topic(case_id)
    branch.group.presses(LAN, words.CLAIM)
    await branch.shown("Cán bộ Lan đang giữ", times=2)
    message = branch.group.writes(LAN, "Mai chị lên nha", thread)

    branch.group.edits(message, "Mốt chị lên nha")

    await branch.shown(words.EDITED)
    assert [t for a, t in branch.thread(case_id) if a is Author.STAFF] == ["Mai chị lên nha"]


async def test_of_a_case_in_which_danger_was_told_no_word_stands_in_the_group(
    branch: Branch,
) -> None:
    await branch.is_linked()
    case_id = branch.opens(words=("CHIM-HOÀNG-YẾN",), urgent=True, danger="violence")
    thread = await branch.topic(case_id)
    branch.group.presses(LAN, words.CLAIM)
    await branch.shown(words.SENSITIVE)

    branch.group.writes(LAN, "Chị trốn ở đâu?", thread)

    await branch.shown(words.SENSITIVE_REPLY)
    assert "CHIM-HOÀNG-YẾN" not in branch.texts()
    assert [a for a, _ in branch.thread(case_id)] == [Author.CITIZEN]


async def test_a_danger_that_is_told_later_takes_the_words_out_of_the_group(
    branch: Branch,
) -> None:
    await branch.is_linked()
    case_id = branch.opens(words=("CHIM-HOÀNG-YẾN",))
    thread = await branch.topic(case_id)
    branch.group.presses(LAN, words.CLAIM)
    await branch.shown("CHIM-HOÀNG-YẾN")

    branch.write(
        lambda s: talking.danger_told(s, s.get_one(Case, case_id), "violence"),
    )

    await branch.shown(words.SENSITIVE)
    await branch.until(lambda: thread not in branch.group.topics)
    assert "CHIM-HOÀNG-YẾN" not in branch.texts()
    assert len(branch.group.topics) == 1


# --- who may not ----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [STRANGER, TAM])
async def test_whoever_is_not_of_the_branch_changes_nothing_and_it_is_audited(
    branch: Branch, who: int
) -> None:
    await branch.is_linked()
    case_id = branch.opens()
    thread = await branch.topic(case_id)
    refusal = words.STRANGER if who == STRANGER else words.NOT_YOURS

    (press,) = branch.group.presses(who, words.CLAIM)
    branch.group.writes(who, "Để tôi trả lời", thread)

    assert await branch.answered(press) == (refusal[:200], True)
    await branch.shown(refusal)
    case = branch.case(case_id)
    assert (case.state, case.holder_id) == (CaseState.WAITING, None)
    assert [a for a, _ in branch.thread(case_id)] == [Author.CITIZEN]
    refused = branch.all(sa.select(AuditRow).where(AuditRow.act == "telegram.refused"))
    assert [one.subject for one in refused] == [case_id, case_id]


async def test_a_closed_account_may_do_nothing_from_that_moment(branch: Branch) -> None:
    await branch.is_linked()
    case_id = branch.opens()
    thread = await branch.topic(case_id)
    branch.group.presses(LAN, words.CLAIM)
    await branch.shown("Cán bộ Lan đang giữ", times=2)

    def shut(session: Session) -> None:
        branch.by("lan", session).active = False

    branch.write(shut)
    branch.group.writes(LAN, "Tôi vẫn còn đây", thread)

    await branch.shown(words.STRANGER)
    assert [a for a, _ in branch.thread(case_id)] == [Author.CITIZEN]


async def test_who_does_not_hold_the_case_is_told_so(branch: Branch) -> None:
    await branch.is_linked()
    case_id = branch.opens()
    thread = await branch.topic(case_id)
    branch.group.writes(MINH, "Chào chị", thread)
    await branch.shown(words.refusal("not_claimed"))
    branch.group.presses(LAN, words.CLAIM)
    await branch.shown("Cán bộ Lan đang giữ", times=2)

    branch.group.writes(MINH, "Chào chị", thread)

    await branch.shown(words.refusal("not_holder"))
    assert [a for a, _ in branch.thread(case_id)] == [Author.CITIZEN]


async def test_an_anonymous_administrator_is_nobody(branch: Branch) -> None:
    await branch.is_linked()
    case_id = branch.opens()
    thread = await branch.topic(case_id)
    branch.group.presses(LAN, words.CLAIM)
    await branch.shown("Cán bộ Lan đang giữ", times=2)

    branch.group.writes(LAN, "Chào chị", thread, sender_chat={"id": GROUP, "type": "supergroup"})

    await branch.shown(words.ANONYMOUS)
    assert [a for a, _ in branch.thread(case_id)] == [Author.CITIZEN]


# --- moves ----------------------------------------------------------------------------------------


async def test_a_case_is_closed_by_three_presses_and_its_thread_with_it(branch: Branch) -> None:
    await branch.is_linked()
    case_id = branch.opens()
    thread = await branch.topic(case_id)
    branch.group.presses(LAN, words.CLAIM)
    await branch.shown("Cán bộ Lan đang giữ", times=2)

    branch.group.presses(LAN, words.CLOSE)
    await branch.shown("Kết thúc với kết quả nào?")
    branch.group.presses(LAN, "Đã tư vấn")
    await branch.shown("Kết thúc hồ sơ: Đã tư vấn?")
    assert branch.case(case_id).state is CaseState.CLAIMED
    (press,) = branch.group.presses(MINH, words.YES)
    assert (await branch.answered(press))[1]
    assert branch.case(case_id).state is CaseState.CLAIMED
    branch.group.presses(LAN, words.YES)

    await branch.until(lambda: thread in branch.group.closed)
    assert branch.case(case_id).state is CaseState.CLOSED


async def test_the_thread_of_an_ended_case_is_deleted_where_the_branch_wants_it(
    branch: Branch,
) -> None:
    await branch.is_linked()
    branch.write(
        lambda s: chat_groups.set_group(
            s, branch.by("hai", s), "u-minh", shows_words=True, deletes=True
        )
    )
    case_id = branch.opens()
    thread = await branch.topic(case_id)
    branch.does("lan", queue.claim, case_id, "U Minh")

    branch.does("lan", register.close, case_id, Outcome.ADVISED)

    await branch.until(lambda: thread not in branch.group.topics)


async def test_the_thread_of_a_forgotten_case_is_deleted_whatever_the_branch_keeps(
    branch: Branch,
) -> None:
    await branch.is_linked()
    case_id = branch.opens()
    thread = await branch.topic(case_id)
    branch.does("lan", queue.claim, case_id, "U Minh")
    branch.does("lan", register.close, case_id, Outcome.ADVISED)
    await branch.until(lambda: thread in branch.group.closed)
    assert thread in branch.group.topics

    def forget(session: Session) -> None:
        asked = data_requests.ask(session, session.get_one(Case, case_id), Asked.ERASE)
        centre = session.get_one(StaffMember, hire(session, "trung", Role.CENTRE, "centre"))
        data_decisions.decide(session, centre, asked.id, granted=True)

    branch.write(forget)

    await branch.until(lambda: thread not in branch.group.topics)


async def test_a_transfer_is_asked_for_answered_in_the_other_group_and_leaves_no_word_behind(
    branch: Branch,
) -> None:
    await branch.is_linked()
    head = branch.database.transact_now(lambda s: hire(s, "nam", Role.HEAD, "nam-can"))
    branch.staff["nam"] = head
    other = branch.api.group(-1002)
    other.writes(777, f"/lienket {branch.code('nam', CodeFor.GROUP, 'nam-can')}")
    await branch.until(lambda: any(m.text == words.READY for m in branch.api.sent(-1002)))
    case_id = branch.opens(words=("CHIM-HOÀNG-YẾN",))
    thread = await branch.topic(case_id)
    branch.group.presses(LAN, words.CLAIM)
    await branch.shown("CHIM-HOÀNG-YẾN")

    branch.group.presses(LAN, words.TRANSFER)
    await branch.shown("Xin chuyển đến nơi nào?")
    branch.group.presses(LAN, PROVINCE.office("nam-can").name)
    await branch.shown("Vì sao?")
    branch.group.presses(LAN, words.TRANSFER_REASONS[0])
    await branch.until(
        lambda: any(label == words.TAKE for m in branch.api.sent(-1002) for label in m.buttons)
    )
    assert "CHIM-HOÀNG-YẾN" not in str(branch.api.sent(-1002))
    other.presses(TAM, words.TAKE)

    await branch.until(lambda: thread not in branch.group.topics)
    case = branch.case(case_id)
    assert (case.office_id, case.state) == ("nam-can", CaseState.WAITING)
    assert "CHIM-HOÀNG-YẾN" not in branch.texts()


async def test_urgent_and_back_to_the_queue_by_buttons(branch: Branch) -> None:
    await branch.is_linked()
    case_id = branch.opens()
    await branch.topic(case_id)
    branch.group.presses(LAN, words.URGENT)
    await branch.shown("🔴 KHẨN")
    branch.group.presses(LAN, words.CLAIM)
    await branch.shown("Cán bộ Lan đang giữ", times=2)

    branch.group.presses(LAN, words.GIVE_BACK)
    await branch.shown("Trả hồ sơ về hàng chờ của chi nhánh?")
    branch.group.presses(LAN, words.YES)

    await branch.shown("Đã trả hồ sơ về hàng chờ.")
    assert branch.case(case_id).state is CaseState.WAITING


async def test_a_forged_or_old_button_does_nothing(branch: Branch) -> None:
    await branch.is_linked()
    case_id = branch.opens()
    await branch.topic(case_id)
    shown = branch.api.sent(GROUP)[-1]

    for data in ("0.claim.999", "0.claim", "0.nothing.1", "0.close.1.refused.yes", "0.claim.1e9"):
        press = branch.group.presses_data(LAN, data, shown)
        await branch.answered(press)

    assert branch.case(case_id).state is CaseState.WAITING


# --- bad days -------------------------------------------------------------------------------------


async def test_a_group_that_moved_goes_on_under_its_new_number(branch: Branch) -> None:
    await branch.is_linked()
    case_id = branch.opens(words=("CHIM-HOÀNG-YẾN",))
    await branch.topic(case_id)
    branch.group.presses(LAN, words.CLAIM)
    await branch.shown("CHIM-HOÀNG-YẾN")

    branch.group = branch.group.moves(-2002)

    await branch.shown("CHIM-HOÀNG-YẾN")
    assert [one.chat_id for one in branch.all(sa.select(ChatGroup))] == ["-2002"]


async def test_a_move_that_is_only_told_by_a_refusal_is_followed_too(branch: Branch) -> None:
    await branch.is_linked()
    new = branch.api.group(-2002)
    branch.group.moved_to = -2002

    case_id = branch.opens()
    branch.group = new

    await branch.topic(case_id)


async def test_a_thread_that_somebody_deleted_comes_again_with_all_it_held(
    branch: Branch,
) -> None:
    await branch.is_linked()
    case_id = branch.opens(words=("CHIM-HOÀNG-YẾN",))
    thread = await branch.topic(case_id)
    branch.group.presses(LAN, words.CLAIM)
    await branch.shown("CHIM-HOÀNG-YẾN")
    del branch.group.topics[thread]

    branch.citizen_writes(case_id, "còn ai không")

    await branch.shown("còn ai không")
    assert list(branch.group.topics) != [thread]
    await branch.shown("CHIM-HOÀNG-YẾN", times=2)


async def test_out_of_the_group_nothing_is_lost_and_the_desk_knows(branch: Branch) -> None:
    await branch.is_linked()
    branch.group.throws_out()
    await branch.until(
        lambda: [one.trouble for one in branch.all(sa.select(ChatGroup))] == [Trouble.GONE]
    )
    case_id = branch.opens()
    assert branch.case(case_id).state is CaseState.WAITING

    branch.group.inside = True
    branch.group.gives_rights(admin=True)

    await branch.topic(case_id)


async def test_an_unlinked_group_hears_nothing_more(branch: Branch) -> None:
    await branch.is_linked()
    case_id = branch.opens()
    thread = await branch.topic(case_id)
    branch.write(lambda s: chat_groups.unlink_group(s, branch.by("hai", s), "u-minh"))
    before = len(branch.api.sent(GROUP))

    branch.group.writes(LAN, "có ai không", thread)
    second = branch.opens(words=("CHIM-HOÀNG-YẾN",))
    branch.group.writes(777, "/lienket")
    await branch.shown(words.HOW_TO_LINK)

    assert len(branch.api.sent(GROUP)) == before + 1
    assert branch.case(second).state is CaseState.WAITING
    assert branch.all(sa.select(ChatTopic)) == []


async def test_a_group_asked_to_wait_waits_and_no_other_does(branch: Branch) -> None:
    await branch.is_linked()
    branch.api.fails("createForumTopic", flood(3600, GROUP))
    branch.opens()
    await branch.until(lambda: branch.api.called("createForumTopic"))
    lan = branch.api.citizen(1001)

    lan.starts()

    await lan.hears(seconds=SECONDS)
    waits = sa.select(OutboxRow).where(
        OutboxRow.state == Delivery.WAITING, OutboxRow.kind == Kind.POST
    )
    assert {row.reason for row in branch.all(waits)} >= {"asked to wait"}
    assert branch.group.topics == {}


# --- made once ------------------------------------------------------------------------------------


async def test_a_thread_whose_making_was_never_confirmed_is_found_again_not_made_twice(
    branch: Branch,
) -> None:
    await branch.is_linked()
    branch.api.fails("createForumTopic", Failure(after=True))  # made, and the answer is lost

    case_id = branch.opens()

    await branch.topic(case_id)
    assert len(branch.group.topics) == 1


async def test_a_process_killed_between_the_making_and_the_commit_leaves_one_thread(
    database: Database, rooms: Rooms, clock: SetClock
) -> None:
    async with BotApi() as api:
        branch = Branch(api, database, api.group(GROUP), Web())
        for name, role in (("hai", Role.HEAD), ("lan", Role.OFFICER)):
            branch.staff[name] = database.transact_now(
                partial(hire, username=name, role=role, office_id="u-minh")
            )
        branch.knows("lan", LAN)
        async with running(api, database, rooms, branch.web):
            await branch.is_linked()

        branch.group.silent = True
        case_id = branch.opens()
        database.transact_now(catch_up)
        async with Telegram(api.token, api.url) as telegram:
            dying = Worker(
                database,
                rooms,
                {ChannelName.TELEGRAM_DESK: TelegramDesk(telegram)},
            )
            (parcel,) = await dying._lease({ChannelName.TELEGRAM_DESK: 1})
            await TelegramDesk(telegram).send(parcel.address, parcel.message)
        # killed here: nothing was written down; Telegram's own update comes after the restart
        (thread,) = branch.group.topics
        branch.api.add({"message": branch.group.made(thread)})
        database.transact_now(take_up_again)

        async with running(api, database, rooms, branch.web):
            assert await branch.topic(case_id) == thread
        assert list(branch.group.topics) == [thread]


async def test_a_second_thread_that_was_made_after_all_is_taken_away(branch: Branch) -> None:
    await branch.is_linked()
    case_id = branch.opens()
    thread = await branch.topic(case_id)

    orphan = branch.api.new_message_id()
    branch.group.topics[orphan] = words.topic_name(branch.case(case_id).number)
    branch.api.add({"message": branch.group.made(orphan)})

    await branch.until(lambda: orphan not in branch.group.topics)
    assert list(branch.group.topics) == [thread]


def test_a_group_gets_twenty_posts_a_minute_and_the_next_one_waits_its_time() -> None:
    pacing = GroupPacing()

    assert [pacing.wait("-1", float(second)) for second in range(20)] == [0.0] * 20
    assert pacing.wait("-1", 20.0) == 40.0
    assert pacing.wait("-2", 20.0) == 0.0
    assert pacing.wait("-1", 60.0) == 0.0
    pacing.hold("-1", 61.0, 30.0)
    assert pacing.wait("-1", 70.0) == 21.0
