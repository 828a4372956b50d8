"""The list of who gives legal aid, kept on the desk."""

import pytest
import sqlalchemy as sa

from cases.providers import Provider, published
from tests.desk.test_access import routes_of
from tests.desk.world import STAFF, World

KEEPERS = {"trung", "quan"}
ROUTES = {
    ("GET", "/providers"),
    ("POST", "/providers"),
    ("POST", "/providers/{provider_id}/active"),
}
LAN = {"name": "Lê Thị Lan", "kind": "lawyer", "card": "LS-77", "gender": "female"}


def the_one(world: World) -> Provider:
    return world.database.read_now(lambda session: session.scalars(sa.select(Provider)).one())


@pytest.mark.parametrize("username", sorted(STAFF))
async def test_only_the_centre_and_admins_keep_the_list(world: World, username: str) -> None:
    assert {one for one in routes_of(world) if one[1].startswith("/providers")} == ROUTES
    quan, browser = await world.signed_in("quan"), await world.signed_in(username)
    await quan.press("/desk/providers", **LAN)
    path = f"/desk/providers/{the_one(world).id}/active"

    answers = (
        await browser.get("/desk/providers"),
        await browser.press("/desk/providers", **LAN),
        await browser.press(path, active="true"),
    )

    for answer in answers:
        assert (answer.status_code == 404) is (username not in KEEPERS)
        assert answer.status_code < 500


async def test_what_is_not_published_stays_at_the_desk(world: World) -> None:
    quan = await world.signed_in("quan")

    await quan.press("/desk/providers", **LAN, publishes="gender")

    shown = published(the_one(world))
    assert (shown.name, shown.gender, shown.card_number) == ("Lê Thị Lan", "female", None)
    assert "LS-77" in (await quan.get("/desk/providers")).text


async def test_an_entry_that_somebody_else_changed_is_not_overwritten(world: World) -> None:
    quan = await world.signed_in("quan")
    await quan.press("/desk/providers", **LAN)

    answer = await quan.press(
        "/desk/providers", **LAN | {"card": "LS-78"}, id=the_one(world).id, seen="cũ"
    )

    assert answer.status_code == 409
    assert the_one(world).card_number == "LS-77"
