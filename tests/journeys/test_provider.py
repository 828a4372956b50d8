"""Who helps: chosen from the published list, asked to be changed, answered by the office."""

from cases import providers, register, rights
from cases.clock import deadlines_in
from cases.life import ProviderGround
from cases.limits import DeadlineKind, Form
from cases.model import Case, WishKind
from cases.providers import Gender, ProviderEntry, ProviderKind, Publish
from cases.province import load_province
from cases.staff import Role, StaffMember
from store.session import Database, Session
from tests.cases.acting import hire
from tests.journeys.conftest import Citizen, labels, said
from tests.journeys.test_complaints_and_ratings import a_held_case
from tests.journeys.wording import is_said

PROVINCE = load_province("ca-mau")


def on_the_list(database: Database, *entries: ProviderEntry) -> list[str]:
    keeper = hire(database, "quan", Role.ADMIN, None)

    def write(session: Session) -> list[str]:
        return [providers.write_provider(session, keeper, entry).id for entry in entries]

    return database.transact_now(write)


LE = ProviderEntry("Trần Thị Lệ", ProviderKind.LAWYER, gender=Gender.FEMALE, languages=("vi", "km"))
SON = ProviderEntry(
    "Lý Văn Sơn",
    ProviderKind.OFFICER,
    gender=Gender.MALE,
    card_number="77",
    publishes=frozenset(Publish) - {Publish.CARD, Publish.GENDER},
)


def begun(database: Database, officer: StaffMember, case: Case, provider: str) -> None:
    def act(session: Session) -> None:
        register.accept(session, officer, case.id, PROVINCE, Form.REPRESENTATION)
        register.assign(session, officer, case.id, provider)

    database.transact_now(act)


def wish_of(database: Database, case: Case) -> tuple[WishKind, str | None, str]:
    def read(session: Session) -> tuple[WishKind, str | None, str]:
        found = rights.wishes_of(session, session.get_one(Case, case.id))[0]
        return found.kind, found.provider_id, found.open(session.vault, "reason") or ""

    return database.read_now(read)


async def test_somebody_is_chosen_from_the_list_by_what_it_publishes(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    le, _ = on_the_list(database, LE, SON)
    case = await a_held_case(citizen, officer, database)
    await citizen.writes("hồ sơ của tôi")

    (shown,) = await citizen.presses("Chọn người giúp")
    assert "Lý Văn Sơn: trợ giúp viên pháp lý" in shown.text
    assert "77" not in shown.text
    assert "nam" not in shown.text.split("Lý Văn Sơn")[1].split("\n")[0]
    (khmer,) = await citizen.presses("Nói được tiếng Khmer")
    assert "Lý Văn Sơn" not in khmer.text
    await citizen.presses("Trần Thị Lệ")
    sent = await citizen.presses("Gửi đề nghị")

    assert is_said("provider.sent", said(sent))
    assert wish_of(database, case) == (WishKind.CHOICE, le, "")
    assert is_said("provider.waits", said(await citizen.writes("hồ sơ của tôi")))


async def test_wanting_another_helper_opens_no_complaint_and_has_three_working_days(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    le, son = on_the_list(database, LE, SON)
    case = await a_held_case(citizen, officer, database)
    begun(database, officer, case, le)
    await citizen.reads()

    (asked,) = await citizen.writes("Tôi muốn đổi trợ giúp viên")
    assert is_said("provider.why", asked.text)
    await citizen.presses("Làm không tới nơi")
    (shown,) = await citizen.writes("Gọi ba lần không nghe máy")
    assert "Trần Thị Lệ" not in labels(shown)
    await citizen.presses("Lý Văn Sơn")
    sent = await citizen.presses("Gửi đề nghị")

    assert is_said("provider.sent_due", said(sent))
    assert wish_of(database, case) == (WishKind.CHANGE, son, "Gọi ba lần không nghe máy")
    limits = database.read_now(lambda s: deadlines_in(s, s.get_one(Case, case.id), PROVINCE))
    (limit,) = (one for one in limits if one.kind is DeadlineKind.CHANGE_PROVIDER)
    assert not limit.verified
    again = await citizen.writes("đổi luật sư khác")
    assert is_said("provider.waits_until", said(again))


async def test_a_wish_that_is_not_followed_is_answered_with_the_reason(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    le, _ = on_the_list(database, LE, SON)
    case = await a_held_case(citizen, officer, database)
    begun(database, officer, case, le)
    database.transact_now(
        lambda s: rights.ask_for_another_provider(
            s, s.get_one(Case, case.id), ProviderGround.NOT_EFFECTIVE, "Chậm"
        )
    )
    await citizen.reads()

    database.transact_now(
        lambda s: register.decline_wish(s, officer, case.id, "Phiên tòa là ngày mai.")
    )

    told = said(await citizen.reads())
    assert "Phiên tòa là ngày mai." in told
    limits = database.read_now(lambda s: deadlines_in(s, s.get_one(Case, case.id), PROVINCE))
    (limit,) = (one for one in limits if one.kind is DeadlineKind.CHANGE_PROVIDER)
    assert limit.met_at is not None
