"""`python -m desk audit`: what an administrator runs to look the log over."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from desk.__main__ import main
from store import audit
from store.clock import SystemClock
from store.crypto import Keyring, Vault
from store.migrate import migrate
from store.session import Database, Session


@pytest.fixture
def act(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """An installation of its own, and a way to put statements or an act (none given) into it."""
    keys, url = tmp_path / "keys.json", f"sqlite:///{tmp_path / 'tram.db'}"
    Keyring.fresh().to_file(keys)
    monkeypatch.setenv("TRAM_DATABASE_URL", url)
    monkeypatch.setenv("TRAM_KEY_FILE", str(keys))
    monkeypatch.setenv("TRAM_AUDIT_ANCHORS", str(tmp_path / "anchors.jsonl"))

    def do(statement: str = "") -> None:
        database = Database(url, Vault(Keyring.from_file(keys)), SystemClock())

        def change(session: Session) -> None:
            if statement:
                session.execute(sa.text("DROP TRIGGER audit_no_delete"))
                session.execute(sa.text(statement))
            else:
                audit.note(session, "case.read", staff_id=None)

        migrate(database)
        database.transact_now(change)
        database.close_now()

    return do


def test_a_whole_log_is_said_to_be_whole(
    act: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    act()

    assert main(["audit", "verify"]) == 0
    assert capsys.readouterr().out.startswith("1 acts, every one as it was written")


def test_a_log_cut_off_is_told_and_fails(
    act: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    act()
    act()
    act("DELETE FROM audit WHERE id = 2")

    assert main(["audit", "verify"]) == 1
    assert "the end: acts are gone" in capsys.readouterr().out


def test_the_head_that_was_printed_is_an_anchor(
    act: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    act()
    main(["audit", "head"])
    anchor = tmp_path / "elsewhere.jsonl"
    anchor.write_text(capsys.readouterr().out)
    act()

    assert main(["audit", "verify", "--anchors", str(anchor)]) == 0
    assert "1 anchors hold" in capsys.readouterr().out


def test_missing_keys_are_told_without_a_trace(
    act: Callable[..., None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    act()
    monkeypatch.setenv("TRAM_KEY_FILE", "nowhere.json")

    assert main(["audit", "verify"]) == 2
    assert "nowhere.json" in capsys.readouterr().err
