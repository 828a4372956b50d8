"""The settings, from the environment. Every one is described in docs/settings.md."""

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from store.settings import StoreSettings


class Environment(StrEnum):
    DEMO = "demo"
    PRODUCTION = "production"


class Settings(StoreSettings):
    """Read once at start-up; a wrong value stops the program with its name and the reason."""

    environment: Environment = Environment.DEMO
    """`demo` makes accounts and keys by itself; `production` demands its own."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = Field(8000, ge=0, le=65535)
    """The port to listen on."""
    public_url: str | None = None
    """How the internet reaches this server, such as `https://tram.example.vn`."""
    province: str = "ca-mau"
    """A folder of `provinces/`, or the path of one's own."""
    today: dt.date | None = None
    """Demo only: the pretended day for law and ages; stamps and deadlines never obey it."""
    demo_password: SecretStr | None = None
    """Demo only: one password for all demo accounts instead of random ones."""
    telegram_token: SecretStr | None = None
    """The bot's token; without it Telegram is off."""
    telegram_api_url: str = "https://api.telegram.org"
    """The Bot API, or a server that behaves like it."""
    telegram_webhook_secret: SecretStr | None = None
    """With `TRAM_PUBLIC_URL`: Telegram calls `/webhook/telegram` with it. Without: polling."""
    zalo_oa_app_id: str | None = None
    """The app that belongs to the Zalo Official Account; without it the account is off."""
    zalo_oa_app_secret: SecretStr | None = None
    """The app's secret key, with which its tokens are renewed."""
    zalo_oa_webhook_secret: SecretStr | None = None
    """The account's secret key, with which Zalo signs what it posts to `/webhook/zalo-oa`."""
    zalo_oa_refresh_token: SecretStr | None = None
    """The first refresh token; later ones lie in the database."""
    zalo_oa_api_url: str = "https://openapi.zalo.me"
    """Zalo's OpenAPI, or a server that behaves like it."""
    zalo_oa_oauth_url: str = "https://oauth.zaloapp.com"
    """Where the tokens are renewed."""
    zalo_bot_token: SecretStr | None = None
    """The token of a bot of the Zalo Bot Platform; without it that is off."""
    zalo_bot_api_url: str = "https://bot-api.zaloplatforms.com"
    """The Zalo Bot Platform, or a server that behaves like it."""
    zalo_bot_webhook_secret: SecretStr | None = None
    """With `TRAM_PUBLIC_URL`: Zalo calls `/webhook/zalo-bot` with it. Without: polling."""
    drain_seconds: float = Field(0.0, ge=0, le=300)
    """After the signal to end: so long not ready, but still serving, for a balancer to notice."""
    metrics_token: SecretStr | None = None
    """With it `/metrics` answers whoever sends it; without, this machine only."""
    alert_telegram_chat: str | None = Field(None, pattern=r"^-?[0-9]{1,20}$")
    """The Telegram chat that is told when something of the running is wrong."""
    keep_days: int = Field(30, ge=7, le=3650)
    """Days that what was answered, sent or shown stays in the technical tables."""
    clamav: str | None = Field(None, pattern=r"^(unix:/.+|tcp:.+:[0-9]{1,5})$")
    """The ClamAV daemon that looks at every file; with it nothing unscanned is opened."""
    breached_passwords: Path | None = None
    """A list of breached passwords (SHA-1, ordered by hash) in which new ones are looked up."""
    exit_url: str = "https://www.google.com/search?q=thoi+tiet+ca+mau"
    """Where the web page's quick exit leads."""

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.environment is Environment.PRODUCTION:
            for name in ("today", "demo_password"):
                if getattr(self, name) is not None:
                    raise ValueError(f"TRAM_{name.upper()} is for the demo only")
        if self.public_url is not None and urlsplit(self.public_url).scheme not in (
            "http",
            "https",
        ):
            raise ValueError("TRAM_PUBLIC_URL begins with https://")
        return self

    @property
    def webhook_url(self) -> str | None:
        """Where Telegram shall call, or None for polling."""
        if self.public_url is None or self.telegram_webhook_secret is None:
            return None
        return self.public_url.rstrip("/") + "/webhook/telegram"

    @property
    def behind_https(self) -> bool:
        return self.public_url is not None and self.public_url.startswith("https://")
