"""Where the data lie and which keys open them: what every command that reads them needs."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from store.clock import Clock, SystemClock
from store.crypto import Keyring, Vault
from store.session import Database

VAR = Path("var")


class StoreSettings(BaseSettings):
    """Read from the environment; a wrong value stops the program with its name and the reason."""

    model_config = SettingsConfigDict(env_prefix="TRAM_", frozen=True, env_ignore_empty=True)

    database_url: str = f"sqlite:///{VAR / 'tram.db'}"
    """Where the data lie: SQLite or `postgresql://…`."""
    key_file: Path = VAR / "keys.json"
    """The keys that seal personal data. Demo makes the file; keep it out of backups of the data."""
    backup_key_file: Path | None = None
    """The key of the backups, another one than those of `key_file`."""
    backup_key: SecretStr | None = None
    """The same as text, where there is no file for it."""
    audit_anchors: Path = VAR / "audit-anchors.jsonl"
    """Where the head of the audit's chain is written down, outside the database."""
    erasures: Path = VAR / "erasures.jsonl"
    """Where it is written down what was erased, outside the database, for after a restore."""


def open_database(settings: StoreSettings, clock: Clock | None = None) -> Database:
    """The database with its keys.

    Raises:
        KeyringError: the key file is missing or not whole.
        ValueError: the address is neither SQLite's nor PostgreSQL's.
    """
    vault = Vault(Keyring.from_file(settings.key_file))
    return Database(settings.database_url, vault, clock or SystemClock())
