"""The words of the assistant as they ship: whole sentences keyed by step, one file per language.

What a language lacks is listed in `pending.toml` and said in Vietnamese instead. Staff edit the
texts on the desk; the files seed the database (`cases/wordbook.py`).
"""

from functools import cache
from pathlib import Path
from types import MappingProxyType

from cases.wording import FALLBACK, LANGUAGES, About, Texts, blanks_of, read, read_about
from store.datafile import DataFileError

_FOLDER = Path(__file__).parent


@cache
def load_texts(folder: Path = _FOLDER) -> Texts:
    """Every language's texts, checked against the Vietnamese ones.

    Raises:
        DataFileError: a language has a key or a blank that Vietnamese does not have.
    """
    by_language = {language: read(folder / f"{language}.toml") for language in LANGUAGES}
    vietnamese = by_language[FALLBACK]
    for language, texts in by_language.items():
        for key, text in texts.items():
            path = folder / f"{language}.toml"
            if key not in vietnamese:
                raise DataFileError(path, None, f"{key}: Vietnamese has no such text")
            if blanks_of(text) != blanks_of(vietnamese[key]):
                raise DataFileError(path, None, f"{key}: its blanks differ from the Vietnamese")
    return Texts(MappingProxyType(by_language))


@cache
def load_about(folder: Path = _FOLDER) -> About:
    """What the tables of texts are, and which texts need care.

    Raises:
        DataFileError: the file can't be used.
    """
    return read_about(folder / "about.toml")
