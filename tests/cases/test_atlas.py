"""The province in use: the folder seeds it, the desk edits it, what does not fit is refused."""

from functools import partial
from pathlib import Path

import pytest

from cases import atlas as atlases
from cases.atlas import AREA, DAY, OFFICE, Atlas, UnfitError, body_of, change, seed_province
from cases.calendar import calendar_of
from cases.province import Area, DayOff, FaultKind, Office, OfficeState, Province, load_province
from cases.routing import route
from store import documents
from store.datafile import Entry
from store.documents import ConflictError
from store.session import Database, Session

FOLDER = load_province(Path(__file__).parent.parent / "provinces" / "an-giang-nho")
ADMIN = "a" * 32


def opened(database: Database, folder: Province = FOLDER) -> Atlas:
    database.transact_now(lambda session: seed_province(session, folder))
    atlas = Atlas(folder)
    atlas.refresh_now(database)
    return atlas


def put(
    session: Session, atlas: Atlas, kind: str, key: str, entry: Entry, over: int | None = 1
) -> None:
    change(
        session,
        atlas,
        lambda: documents.put(session, kind, key, body_of(entry), by=ADMIN, over=over),
    )


def edit(
    database: Database, atlas: Atlas, kind: str, key: str, entry: Entry, over: int | None = 1
) -> None:
    database.transact_now(lambda session: put(session, atlas, kind, key, entry, over))


def area(office: str) -> Area:
    return Area(office=office, verified=True, basis="Quyết định thử")


def branch(**changes: object) -> Office:
    return FOLDER.office("an-minh").model_copy(update=changes)


def test_what_nobody_edited_is_the_folder_itself(database: Database) -> None:
    atlas = opened(database)

    assert atlas.current == FOLDER


def test_a_second_start_changes_nothing(database: Database) -> None:
    opened(database)

    assert database.transact_now(lambda session: seed_province(session, FOLDER)) == 0


def test_every_process_sees_a_moved_commune(database: Database) -> None:
    here, there = opened(database), opened(database)

    edit(database, here, AREA, "91003", area("centre"))
    for one in (here, there):
        one.refresh_now(database)

    assert route("91003", here.current).office == "centre"
    assert route("91003", there.current).office == "centre"
    assert route("91002", there.current).office == "an-minh"


def test_a_commune_that_nobody_would_serve_is_refused_and_nothing_is_half_done(
    database: Database,
) -> None:
    atlas = opened(database)

    def both(session: Session) -> None:
        put(session, atlas, AREA, "91002", area("centre"))
        change(session, atlas, lambda: documents.retire(session, AREA, "91003", by=ADMIN))

    with pytest.raises(UnfitError) as caught:
        database.transact_now(both)

    assert [fault.kind for fault in caught.value.faults] == [FaultKind.UNSERVED]
    assert "xã Vân Khánh" in str(caught.value)
    atlas.refresh_now(database)
    assert atlas.current == FOLDER


def test_an_office_that_is_not_there_serves_nobody(database: Database) -> None:
    atlas = opened(database)

    with pytest.raises(UnfitError, match="no office here"):
        edit(database, atlas, AREA, "91003", area("chua-co"))


def test_the_centre_cannot_be_closed(database: Database) -> None:
    atlas = opened(database)
    closed = FOLDER.centre.model_copy(update={"state": OfficeState.CLOSED})

    with pytest.raises(UnfitError, match="kind centre"):
        edit(database, atlas, OFFICE, "centre", closed)


def test_a_closed_branch_is_never_routed_to(database: Database) -> None:
    atlas = opened(database)

    edit(database, atlas, OFFICE, "an-minh", branch(state=OfficeState.CLOSED))
    atlas.refresh_now(database)

    assert route("91003", atlas.current).office == "centre"


def test_two_people_never_overwrite_each_other(database: Database) -> None:
    atlas = opened(database)
    edit(database, atlas, OFFICE, "an-minh", branch(name="Chi nhánh số 3"))

    with pytest.raises(ConflictError):
        edit(database, atlas, OFFICE, "an-minh", branch(name="Chi nhánh số 4"))

    atlas.refresh_now(database)
    assert atlas.current.office("an-minh").name == "Chi nhánh số 3"


def test_a_new_office_can_serve_at_once(database: Database) -> None:
    atlas = opened(database)
    new = branch(id="moi", name="Chi nhánh mới", register_code="CN9")

    edit(database, atlas, OFFICE, "moi", new, over=None)
    edit(database, atlas, AREA, "91003", area("moi"))
    atlas.refresh_now(database)

    assert route("91003", atlas.current).office == "moi"


def test_an_upgrade_changes_what_nobody_edited_and_lists_the_rest_as_differing(
    database: Database,
) -> None:
    atlas = opened(database)
    edit(database, atlas, OFFICE, "an-minh", branch(name="Chi nhánh An Minh"))
    offices = tuple(
        one.model_copy(update={"name": f"{one.name} (bản mới)"}) for one in FOLDER.offices
    )

    upgraded = opened(database, FOLDER.having(offices=offices))

    assert upgraded.current.centre.name.endswith("(bản mới)")
    assert upgraded.current.office("an-minh").name == "Chi nhánh An Minh"
    differing = database.read_now(lambda session: documents.differences(session, OFFICE))
    assert [document.key for document in differing] == ["an-minh"]


def test_an_old_version_can_be_brought_back(database: Database) -> None:
    atlas = opened(database)
    edit(database, atlas, OFFICE, "an-minh", branch(name="Chi nhánh An Minh"))

    database.transact_now(
        partial(documents.restore, kind=OFFICE, key="an-minh", number=1, by=ADMIN, over=2)
    )
    atlas.refresh_now(database)

    assert atlas.current.office("an-minh") == FOLDER.office("an-minh")
    history = database.read_now(lambda session: documents.history(session, OFFICE, "an-minh"))
    assert [(one.number, one.written_by) for one in history] == [
        (3, (ADMIN,)), (2, (ADMIN,)), (1, ()),
    ]  # fmt: skip


def test_a_holiday_written_on_the_desk_moves_the_deadlines(database: Database) -> None:
    atlas = opened(database)
    day = DayOff.model_validate({"day": "2026-11-24", "name": "Ngày Văn hóa Việt Nam"})

    edit(database, atlas, DAY, "2026-11-24", day, over=None)
    atlas.refresh_now(database)

    assert calendar_of(atlas.current, "centre").why_off(day.day) == "Ngày Văn hóa Việt Nam"
    assert calendar_of(FOLDER, "centre").why_off(day.day) is None


def test_a_day_of_a_year_that_is_not_complete_is_refused(database: Database) -> None:
    atlas = opened(database)
    day = DayOff.model_validate({"day": "2031-01-01", "name": "Tết Dương lịch"})

    with pytest.raises(UnfitError, match="2031 is not under years"):
        edit(database, atlas, DAY, "2031-01-01", day, over=None)


def test_what_does_not_fit_after_an_upgrade_leaves_the_folder_in_use_and_can_be_mended(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    atlas = opened(database)
    edit(database, atlas, OFFICE, "an-minh", branch(register_code="CN7"))
    clash = FOLDER.centre.model_copy(update={"register_code": "CN7"})
    folder = FOLDER.having(offices=(clash, FOLDER.office("an-minh")))

    upgraded = opened(database, folder)

    assert upgraded.current == folder
    assert "CN7 stands here twice" in caplog.text
    edit(database, upgraded, OFFICE, "an-minh", branch(register_code="CN8"), over=2)
    upgraded.refresh_now(database)
    assert upgraded.current.office("an-minh").register_code == "CN8"


def test_the_kinds_fit_the_column_they_are_kept_in() -> None:
    assert max(map(len, atlases.KINDS)) <= 12
    assert set(atlases.KINDS) == set(atlases.FORMS)
