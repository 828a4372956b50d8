"""The settings: what they accept, and that the page about them tells of each."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from pydantic import SecretStr, ValidationError

from bot.settings import Settings

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "settings.md"


class Row(NamedTuple):
    """One setting as the page tells of it."""

    name: str
    default: str
    meaning: str
    example: str


def rows() -> list[Row]:
    """The table of the page."""
    found = []
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `TRAM_"):
            name, default, meaning, example = cells
            found.append(Row(name.strip("`"), default, meaning, example.strip("`")))
    return found


def plain(value: object) -> str:
    """A default as the page writes it."""
    return "not set" if value is None else f"`{value}`"


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TRAM_{name.upper()}", raising=False)


def test_the_page_tells_of_every_setting_in_their_order() -> None:
    assert [row.name for row in rows()] == [f"TRAM_{n.upper()}" for n in Settings.model_fields]


def test_the_page_tells_the_true_default_of_each() -> None:
    defaults = {
        f"TRAM_{name.upper()}": plain(field.default)
        for name, field in Settings.model_fields.items()
    }

    assert {row.name: row.default for row in rows()} == defaults


def test_the_page_says_what_each_is_for() -> None:
    for row in rows():
        assert len(row.meaning) > 20, row.name


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.name)
def test_the_example_of_each_is_accepted_and_is_another_than_the_default(
    row: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(row.name, row.example)

    value = getattr(Settings(), row.name.removeprefix("TRAM_").lower())

    told = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    assert told == row.example
    assert f"`{told}`" != row.default


def test_no_other_setting_is_read_anywhere() -> None:
    told = {row.name for row in rows()}
    for room in ("bot", "cases", "desk", "eligibility", "knowledge", "store", "deploy"):
        for file in (ROOT / room).rglob("*"):
            if file.suffix in {".py", ".service", ".env", ".yml", ".yaml", ".conf", ".html"}:
                named = set(re.findall(r"\bTRAM_[A-Z][A-Z_]*[A-Z]\b", file.read_text("utf-8")))
                assert named <= told, file


def test_an_empty_value_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAM_TELEGRAM_TOKEN", "")
    monkeypatch.setenv("TRAM_PORT", "")

    assert Settings().telegram_token is None
    assert Settings().port == 8000


def test_secrets_do_not_show_when_the_settings_are_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secrets = [
        *("TELEGRAM_TOKEN", "TELEGRAM_WEBHOOK_SECRET", "DEMO_PASSWORD"),
        *("ZALO_OA_APP_SECRET", "ZALO_OA_WEBHOOK_SECRET", "ZALO_OA_REFRESH_TOKEN"),
        *("ZALO_BOT_TOKEN", "ZALO_BOT_WEBHOOK_SECRET", "BACKUP_KEY", "METRICS_TOKEN"),
    ]
    for name in secrets:
        monkeypatch.setenv(f"TRAM_{name}", "dung-noi-ai")

    assert "dung-noi-ai" not in repr(Settings())


@pytest.mark.parametrize(
    ("public_url", "secret", "webhook"),
    [
        (None, None, None),
        ("https://tram.example.vn", None, None),
        (None, "s3cret", None),
        ("https://tram.example.vn/", "s3cret", "https://tram.example.vn/webhook/telegram"),
    ],
)
def test_telegram_calls_us_only_with_an_address_and_a_secret(
    monkeypatch: pytest.MonkeyPatch,
    public_url: str | None,
    secret: str | None,
    webhook: str | None,
) -> None:
    for name, value in (("PUBLIC_URL", public_url), ("TELEGRAM_WEBHOOK_SECRET", secret)):
        if value is not None:
            monkeypatch.setenv(f"TRAM_{name}", value)

    assert Settings().webhook_url == webhook


@pytest.mark.parametrize("name", ["TODAY", "DEMO_PASSWORD"])
def test_what_is_for_the_demo_is_refused_in_production(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("TRAM_ENVIRONMENT", "production")
    monkeypatch.setenv(f"TRAM_{name}", "2027-01-01")

    with pytest.raises(ValidationError, match=f"TRAM_{name} is for the demo only"):
        Settings()


def test_settings_cannot_be_changed_once_they_are_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]
