"""The second factor: codes of an app, passkeys, codes on paper, and what asks for them."""

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass, field

import cbor2
import httpx
import pyotp
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url

from desk import factors
from desk.auth import FRESH, HALF, StaffSession
from desk.factors import Authenticator, PaperCode, Passkey, Policy, Relying
from store.audit import AuditRow
from store.clock import SetClock
from store.session import Database
from tests.desk.world import ADDRESS, MINUTE, PASSWORD, Browser, World

STEP = dt.timedelta(seconds=30)
RELYING = Relying.at(ADDRESS)


@pytest.fixture
def strict(database: Database) -> World:
    """The desk as in production."""
    return World(database, policy=Policy(required=True, relying=RELYING))


@pytest.fixture
def free(database: Database) -> World:
    """The desk as in the demo."""
    return World(database, policy=Policy(relying=RELYING))


def now_of(world: World) -> dt.datetime:
    return world.database.clock.now()


async def enrol(browser: Browser) -> pyotp.TOTP:
    """Put the desk into an app, without confirming it yet."""
    await browser.press("/desk/security/app")
    page = (await browser.get("/desk/security/app")).text
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found is not None
    return pyotp.TOTP(found.group(1).replace(" ", ""))


async def with_app(world: World, username: str) -> tuple[Browser, pyotp.TOTP, list[str]]:
    """Somebody who signed in, and has just put the desk into an app."""
    browser = world.browser()
    await browser.sign_in(username)
    app = await enrol(browser)
    answer = await browser.press("/desk/security/app/confirm", code=app.at(now_of(world)))
    assert answer.status_code == 200, answer.text
    return browser, app, re.findall(r"<code>([a-z0-9-]{14})</code>", answer.text)


async def test_where_it_is_required_a_password_leads_to_enrolling_and_nowhere_else(
    strict: World,
) -> None:
    browser = strict.browser()

    answer = await browser.sign_in("lan")

    assert answer.headers["location"] == "/desk/security"
    assert (await browser.get("/desk/security")).status_code == 200
    for path in ("/desk/", "/desk/queue", "/desk/search?q=a", "/desk/password", "/desk/second"):
        elsewhere = await browser.get(path)
        assert (elsewhere.status_code, elsewhere.headers["location"]) == (303, "/desk/security")
    assert (await browser.press("/desk/security/paper")).headers["location"] == "/desk/security"


async def test_an_app_counts_only_after_a_code_of_it(strict: World) -> None:
    browser = strict.browser()
    await browser.sign_in("lan")
    app = await enrol(browser)

    wrong = await browser.press("/desk/security/app/confirm", code="000000")
    still_out = await browser.get("/desk/queue")
    right = await browser.press("/desk/security/app/confirm", code=app.at(now_of(strict)))

    assert wrong.status_code == 422
    assert still_out.status_code == 303
    assert right.status_code == 200
    assert (await browser.get("/desk/queue")).status_code == 200


async def test_the_secret_is_sealed_and_the_codes_on_paper_are_fingerprints(strict: World) -> None:
    _, app, paper = await with_app(strict, "lan")

    kept = strict.database.read_now(lambda session: session.scalars(sa.select(Authenticator)).one())
    hashed = strict.database.read_now(
        lambda session: session.scalars(sa.select(PaperCode.code_hash)).all()
    )

    assert app.secret.encode() not in kept.secret
    assert len(paper) == len(hashed) == factors.PAPER_CODES
    assert not set(paper) & set(hashed)
    assert hashlib.sha256(paper[0].encode()).hexdigest() not in hashed


async def half_in(world: World, username: str = "lan") -> Browser:
    """Somebody who has given the password and owes the second factor."""
    browser = world.browser()
    answer = await browser.sign_in(username)
    assert answer.headers["location"].startswith("/desk/second?next=")
    return browser


async def test_a_password_alone_opens_nothing_for_whoever_has_an_app(free: World) -> None:
    await with_app(free, "lan")

    browser = await half_in(free)

    for path in ("/desk/", "/desk/queue", "/desk/events", "/desk/security", "/desk/security/app"):
        answer = await browser.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/desk/second"), path
    for path in ("/desk/security/app", "/desk/security/key/options", "/desk/security/remove"):
        answer = await browser.press(path, factor="app")
        assert answer.headers["location"].startswith("/desk/second"), path


async def test_a_code_lets_in_once_and_with_a_new_token(free: World, clock: SetClock) -> None:
    _, app, _ = await with_app(free, "lan")
    clock.forward(2 * STEP)
    first, second = await half_in(free), await half_in(free)
    planted, code = first.cookies["tram_desk"], app.at(now_of(free))

    right = await first.press("/desk/second", code=code, next="/desk/meetings")
    again = await second.press("/desk/second", code=code)

    assert (right.status_code, right.headers["location"]) == (303, "/desk/meetings")
    assert again.status_code == 401
    assert first.cookies["tram_desk"] != planted
    thief = free.browser()
    thief.cookies.set("tram_desk", planted)
    assert (await thief.get("/desk/queue")).headers["location"].startswith("/desk/sign-in")


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 303), (0, 303), (1, 303), (2, 401)])
async def test_a_clock_may_be_one_step_off(
    free: World, clock: SetClock, steps: int, status: int
) -> None:
    _, app, _ = await with_app(free, "lan")
    clock.forward(10 * STEP)
    browser = await half_in(free)

    answer = await browser.press("/desk/second", code=app.at(now_of(free) + steps * STEP))

    assert answer.status_code == status


async def test_a_code_of_an_older_step_counts_no_more_after_a_newer_one(
    free: World, clock: SetClock
) -> None:
    _, app, _ = await with_app(free, "lan")
    clock.forward(10 * STEP)
    older, newer = app.at(now_of(free) - STEP), app.at(now_of(free))
    await (await half_in(free)).press("/desk/second", code=newer)

    answer = await (await half_in(free)).press("/desk/second", code=older)

    assert answer.status_code == 401


async def test_the_code_that_confirmed_the_app_does_not_sign_in(free: World) -> None:
    _, app, _ = await with_app(free, "lan")

    answer = await (await half_in(free)).press("/desk/second", code=app.at(now_of(free)))

    assert answer.status_code == 401


async def test_a_code_on_paper_works_once_also_typed_in_capitals(free: World) -> None:
    _, _, paper = await with_app(free, "lan")
    first, second = await half_in(free), await half_in(free)

    assert (await first.press("/desk/second", code=paper[0].upper())).status_code == 303
    assert (await second.press("/desk/second", code=paper[0])).status_code == 401
    assert "Còn 9 mã" in (await first.get("/desk/security")).text


async def test_new_codes_on_paper_end_the_old_ones(free: World) -> None:
    browser, _, old = await with_app(free, "lan")

    await browser.press("/desk/security/paper")

    assert (await (await half_in(free)).press("/desk/second", code=old[0])).status_code == 401


async def test_codes_of_somebody_else_do_not_fit(free: World) -> None:
    _, _, theirs = await with_app(free, "minh")
    await with_app(free, "lan")

    assert (await (await half_in(free)).press("/desk/second", code=theirs[0])).status_code == 401


async def test_guessing_codes_is_slowed_down_for_the_account_and_said_in_the_same_words(
    free: World, clock: SetClock
) -> None:
    _, app, _ = await with_app(free, "lan")
    clock.forward(10 * STEP)
    browser = await half_in(free)

    wrong = [await browser.press("/desk/second", code=f"{number:06}") for number in range(5)]
    paper = await browser.press("/desk/second", code="abcd-efgh-jkmn")
    right = await (await half_in(free)).press("/desk/second", code=app.at(now_of(free)))

    assert {answer.status_code for answer in wrong} == {401}
    assert len({answer.text for answer in wrong}) == 1
    assert paper.status_code == right.status_code == 429
    failed = sa.select(AuditRow.id).where(AuditRow.act == "staff.factor_failed")
    assert free.count(failed) == 5


async def test_half_a_session_ends_after_ten_minutes(free: World, clock: SetClock) -> None:
    _, app, _ = await with_app(free, "lan")
    browser = await half_in(free)

    clock.forward(HALF + STEP)

    answer = await browser.press("/desk/second", code=app.at(now_of(free)))
    assert answer.status_code == 401
    assert "đăng nhập lại" in answer.text


async def test_a_new_factor_and_one_taken_away_end_every_other_session(free: World) -> None:
    elsewhere = await free.signed_in("lan")
    browser, _, paper = await with_app(free, "lan")
    assert (await elsewhere.get("/desk/queue")).headers["location"].startswith("/desk/sign-in")
    elsewhere = await half_in(free)
    await elsewhere.press("/desk/second", code=paper[0])
    assert (await elsewhere.get("/desk/queue")).status_code == 200

    await browser.press("/desk/security/remove", factor="app")

    assert (await elsewhere.get("/desk/queue")).status_code == 303
    assert (await browser.get("/desk/queue")).status_code == 200
    assert free.count(sa.select(PaperCode.id)) == 0


async def test_the_last_factor_stays_where_one_is_required(strict: World) -> None:
    browser, _, _ = await with_app(strict, "lan")

    answer = await browser.press("/desk/security/remove", factor="app")

    assert answer.status_code == 409
    assert "cuối cùng" in answer.text


async def test_another_phone_takes_over_only_when_it_is_confirmed(
    free: World, clock: SetClock
) -> None:
    browser, old, _ = await with_app(free, "lan")
    clock.forward(2 * STEP)
    new = await enrol(browser)

    by_old = await (await half_in(free)).press("/desk/second", code=old.at(now_of(free)))
    await browser.press("/desk/security/app/confirm", code=new.at(now_of(free)))
    clock.forward(2 * STEP)
    by_old_later = await (await half_in(free)).press("/desk/second", code=old.at(now_of(free)))
    by_new = await (await half_in(free)).press("/desk/second", code=new.at(now_of(free)))

    assert (by_old.status_code, by_old_later.status_code, by_new.status_code) == (303, 401, 303)


# --- proving it again ---------------------------------------------------------------------------


async def test_after_ten_minutes_what_matters_asks_again_and_nothing_is_done(
    free: World, clock: SetClock
) -> None:
    browser, app, paper = await with_app(free, "lan")
    clock.forward(FRESH)

    asked = await browser.press("/desk/security/paper")
    by_script = await browser.press("/desk/security/paper", True)
    reading = await browser.get("/desk/queue")
    proved = await browser.press("/desk/second", code=app.at(now_of(free)), next="/desk/security")

    assert asked.headers["location"].startswith("/desk/second?next=")
    assert by_script.headers["hx-redirect"].startswith("/desk/second?next=")
    assert reading.status_code == 200
    assert proved.headers["location"] == "/desk/security"
    assert (await browser.press("/desk/security/paper")).status_code == 200
    assert (await (await half_in(free)).press("/desk/second", code=paper[0])).status_code == 401


async def test_who_has_no_second_factor_gives_the_password_again(
    free: World, clock: SetClock
) -> None:
    browser = await free.signed_in("lan")
    clock.forward(FRESH)
    assert (await browser.get("/desk/password")).headers["location"].startswith("/desk/second")

    wrong = await browser.press("/desk/second", code="sai rồi", next="/desk/password")
    right = await browser.press("/desk/second", code=PASSWORD, next="/desk/password")

    assert (wrong.status_code, right.status_code) == (401, 303)
    assert (await browser.get("/desk/password")).status_code == 200


# --- passkeys, by a key made of software --------------------------------------------------------


@dataclass
class SoftKey:
    """An authenticator as the specification describes it; what it says can be bent."""

    origin: str = ADDRESS
    rp_id: str = "tram.test"
    verifies: bool = True
    counter: int = 0
    secret: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    id: bytes = b"a key of a test"

    def _client(self, kind: str, challenge: str) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(told).encode()

    def _head(self, flags: int) -> bytes:
        self.counter += 1
        flags |= 0x01 | (0x04 if self.verifies else 0)
        rp = hashlib.sha256(self.rp_id.encode()).digest()
        return rp + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _said(self, **response: bytes) -> str:
        named = bytes_to_base64url(self.id)
        parts = {name: bytes_to_base64url(value) for name, value in response.items()}
        return json.dumps(
            {
                "id": named,
                "rawId": named,
                "type": "public-key",
                "response": parts,
                "clientExtensionResults": {},
            }
        )

    def make(self, options: dict[str, object]) -> str:
        point = self.secret.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (point.x, point.y))
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        data = self._head(0x40) + bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        return self._said(
            clientDataJSON=self._client("webauthn.create", str(options["challenge"])),
            attestationObject=cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data}),
        )

    def sign(self, options: dict[str, object]) -> str:
        client = self._client("webauthn.get", str(options["challenge"]))
        head = self._head(0)
        signed = head + hashlib.sha256(client).digest()
        return self._said(
            clientDataJSON=client,
            authenticatorData=head,
            signature=self.secret.sign(signed, ec.ECDSA(hashes.SHA256())),
        )


async def give_key(browser: Browser, key: SoftKey, name: str = "USB") -> httpx.Response:
    options = (await browser.press("/desk/security/key/options")).json()
    return await browser.press("/desk/security/key", credential=key.make(options), name=name)


async def sign_with(browser: Browser, key: SoftKey) -> httpx.Response:
    options = (await browser.press("/desk/second/options")).json()
    return await browser.press("/desk/second/key", credential=key.sign(options))


async def with_key(world: World, username: str = "lan") -> tuple[Browser, SoftKey]:
    browser, key = world.browser(), SoftKey()
    await browser.sign_in(username)
    answer = await give_key(browser, key)
    assert answer.status_code == 200, answer.text
    return browser, key


async def test_a_key_is_a_second_factor_and_has_a_name(strict: World) -> None:
    browser, key = await with_key(strict)
    assert "USB" in (await browser.get("/desk/security")).text

    other = await half_in(strict)
    answer = await sign_with(other, key)

    assert answer.status_code == 303
    assert (await other.get("/desk/queue")).status_code == 200


@pytest.mark.parametrize(
    "bent",
    [
        {"origin": "http://tram.test.evil.vn"},
        {"rp_id": "evil.vn"},
        {"verifies": False},
        {"counter": 0},
        {"secret": ec.generate_private_key(ec.SECP256R1())},
        {"id": b"a key of nobody"},
    ],
    ids=lambda bent: next(iter(bent)),
)
async def test_a_key_that_says_anything_else_is_refused(
    strict: World, bent: dict[str, object]
) -> None:
    _, key = await with_key(strict)
    vars(key).update(bent)
    browser = await half_in(strict)

    answer = await sign_with(browser, key)

    assert answer.status_code == 401
    assert (await browser.get("/desk/queue")).status_code == 303


@pytest.mark.parametrize(
    "bent", [{"origin": "http://evil.vn"}, {"rp_id": "evil.vn"}, {"verifies": False}]
)
async def test_a_key_made_for_elsewhere_or_without_its_person_is_not_taken(
    strict: World, bent: dict[str, object]
) -> None:
    browser, key = strict.browser(), SoftKey()
    await browser.sign_in("lan")
    vars(key).update(bent)

    answer = await give_key(browser, key)

    assert answer.status_code == 409
    assert strict.count(sa.select(Passkey.id)) == 0


async def test_an_answer_counts_once_and_in_the_session_that_asked(strict: World) -> None:
    _, key = await with_key(strict)
    one, other = await half_in(strict), await half_in(strict)
    options = (await one.press("/desk/second/options")).json()
    await other.press("/desk/second/options")
    credential = key.sign(options)

    elsewhere = await other.press("/desk/second/key", credential=credential)
    here = await one.press("/desk/second/key", credential=credential)
    again = await one.press("/desk/second/key", credential=credential)

    assert (elsewhere.status_code, here.status_code, again.status_code) == (401, 303, 401)


async def test_a_wrong_answer_spends_the_challenge(strict: World) -> None:
    _, key = await with_key(strict)
    browser = await half_in(strict)
    options = (await browser.press("/desk/second/options")).json()

    await browser.press("/desk/second/key", credential="{}")
    answer = await browser.press("/desk/second/key", credential=key.sign(options))

    assert answer.status_code == 401
    kept = sa.select(StaffSession.challenge).where(StaffSession.challenge.is_not(None))
    assert strict.count(kept) == 0


async def test_a_key_of_one_account_is_not_taken_for_another(strict: World) -> None:
    _, key = await with_key(strict, "lan")
    minh = strict.browser()
    await minh.sign_in("minh")

    assert (await give_key(minh, key)).status_code == 409


# --- one's own sessions -------------------------------------------------------------------------


async def test_one_sees_where_one_is_signed_in_and_ends_it(free: World) -> None:
    here, elsewhere = await free.signed_in("lan"), await free.signed_in("lan")
    page = (await here.get("/desk/security")).text
    assert page.count("làm việc gần nhất") == 2

    await here.press("/desk/security/sessions/end", which="others")

    assert (await elsewhere.get("/desk/queue")).status_code == 303
    assert (await here.get("/desk/queue")).status_code == 200


async def test_nobody_ends_a_session_of_somebody_else(free: World) -> None:
    lan, minh = await free.signed_in("lan"), await free.signed_in("minh")
    query = sa.select(StaffSession.id).where(StaffSession.staff_id == free.ids["minh"])
    theirs = free.database.read_now(lambda session: session.scalars(query).one())

    await lan.press("/desk/security/sessions/end", which=theirs)

    assert (await minh.get("/desk/queue")).status_code == 200


async def test_fifteen_minutes_of_nothing_end_a_proved_session_too(
    free: World, clock: SetClock
) -> None:
    browser, _, _ = await with_app(free, "lan")

    clock.forward(15 * MINUTE + STEP)

    assert (await browser.get("/desk/queue")).headers["location"].startswith("/desk/sign-in")
