"""The page about how the running stands: what is wrong in words, and nothing of any person."""

import datetime as dt

from bot.channels.zalo_tokens import ZaloTokens
from store import outbox
from store.base import new_id
from store.incidents import Incident, IncidentKind
from store.marks import MarkName, set_mark
from store.processes import ProcessRole, beat
from store.session import Session
from tests.desk.world import World


async def test_an_admin_sees_each_channel_the_processes_and_the_last_backup(world: World) -> None:
    def live(session: Session) -> None:
        now = session.clock.now()
        ends = now + dt.timedelta(hours=20, minutes=5)
        row = ZaloTokens(app_id="1", given="", next_try_at=now, expires_at=ends, failures=0)
        row.seal(session.vault, "refresh", "bí mật")
        session.add(row)
        beat(session, new_id(), ProcessRole.WORKER, "0.1.0")
        set_mark(session, MarkName.BACKUP, "night.backup: 12 rows, 3456 bytes")
        refused_id = outbox.put(
            session,
            conversation_id=new_id(),
            channel="zalo_oa",
            kind=outbox.Kind.SAY,
            body="chị Bảy bị đánh",
        )
        refused = session.get_one(outbox.OutboxRow, refused_id)
        refused.state, refused.ended_at, refused.reason = outbox.Delivery.REFUSED, now, "-230"
        session.add(
            Incident(kind=IncidentKind.OUTBOX_AGES, subject="zalo_oa", detail="", began_at=now)
        )

    world.database.transact_now(live)
    quan = await world.signed_in("quan")
    page = (await quan.get("/desk/status")).text

    assert "mã truy cập còn 20 giờ; -230: 1" in page
    assert "Xử lý và gửi tin" in page
    assert "night.backup" in page
    assert "Tin gửi bà con qua Zalo OA bị chậm" in page
    assert "chị Bảy" not in page
    assert "bí mật" not in page


async def test_it_says_when_nobody_works_and_nothing_was_ever_backed_up(world: World) -> None:
    quan = await world.signed_in("quan")
    page = (await quan.get("/desk/status")).text

    assert "Không tiến trình nào đang xử lý và gửi tin." in page
    assert "chưa lần nào" in page
    assert "Chưa có ai nhận yêu cầu ở:" in page
