"""Vietnamese as people type it on a phone: without marks, in raw Telex, in shorthand.

Everything that reads a citizen's words goes through `normalise`, so that "toi bi danh",
"tooi bij ddanhs", "tui bị đánh" and the same in decomposed Unicode meet the same article,
the same commune, the same danger word. Pure: no state but what is computed at import.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from store.datafile import Entry, load

SHORTHAND = Path(__file__).parent / "data" / "shorthand.yaml"

_GRAVE, _ACUTE, _HOOK, _TILDE, _DOT = "\u0300", "\u0301", "\u0309", "\u0303", "\u0323"
_MARKS = frozenset(f"{_GRAVE}{_ACUTE}{_HOOK}{_TILDE}{_DOT}\u0302\u0306\u031b")
_TONE_KEYS = {"f": _GRAVE, "s": _ACUTE, "r": _HOOK, "x": _TILDE, "j": _DOT}
_TONES = frozenset(_TONE_KEYS.values())

_WORD = re.compile(r"[^\W\d_]+|\d+")
_SPACES = re.compile(r"\s+")
_LONG_DRAWN = re.compile(r"([^\W\d_])\1{2,}")
_TELEX = re.compile(r"[^\W\d_][sfrxjw]|^w|aa|ee|oo|dd|[aeo].*[aeo]|^d.*d")


# --- writing -------------------------------------------------------------------------------


def clean(text: str) -> str:
    """NFC, single spaces, no control, format, private or half characters."""
    composed = unicodedata.normalize("NFC", text)
    if composed.isprintable():
        return _SPACES.sub(" ", composed).strip()
    kept = []
    for char in composed:
        match unicodedata.category(char):
            case "Cc" | "Zs" | "Zl" | "Zp":
                kept.append(" ")
            case "Cf" | "Cs" | "Co" | "Cn":
                continue
            case _:
                kept.append(char)
    return _SPACES.sub(" ", "".join(kept)).strip()


@cache
def _unmarked_letters() -> dict[int, str]:
    letters = {ord("đ"): "d", ord("Đ"): "d"}
    for code in (*range(0xC0, 0x250), *range(0x1EA0, 0x1F00)):
        decomposed = unicodedata.normalize("NFD", chr(code))
        if len(decomposed) > 1 and all(mark in _MARKS for mark in decomposed[1:]):
            letters[code] = decomposed[0].lower()
    return letters


def fold(text: str) -> str:
    """Lower case without Vietnamese marks: `Đường` and its decomposed form both give `duong`.

    Marks of other scripts stay: without its vowel signs a Khmer word would be another word.
    """
    plain = unicodedata.normalize("NFC", text).translate(_unmarked_letters()).lower()
    if plain.isascii():
        return plain
    return "".join(char for char in plain if char not in _MARKS)


def syllables(text: str) -> tuple[str, ...]:
    """The syllables and numbers of a text in lower case, marks kept, punctuation dropped."""
    return tuple(_WORD.findall(unicodedata.normalize("NFC", text).lower()))


def has_diacritics(text: str) -> bool:
    """Whether at least one letter carries a Vietnamese mark."""
    composed = unicodedata.normalize("NFC", text)
    letters = _unmarked_letters()
    return any(ord(char) in letters for char in composed if ord(char) > 127)


# --- the syllables that exist ----------------------------------------------------------------

_FRONT = "b ch d đ h kh l m n nh p ph r s t th tr v x"
_RIMES = """
a e ê i o ô ơ u ư y ia ua ưa ai ay ây ao au âu eo êu iu iêu yêu oi ôi ơi ui ưi uôi ươi ưu ươu
oa oe oai oay oao oeo uê uơ uy uya uyu uây
am ăm âm em êm im om ôm ơm um ưm iêm yêm uôm ươm oam oăm
an ăn ân en ên in on ôn ơn un iên yên uôn ươn oan oăn oen uân uyên uyn
ang ăng âng eng ong ông ung ưng iêng uông ương oang oăng uâng
anh ênh inh oanh uênh uynh
ap ăp âp ep êp ip op ôp ơp up iêp ươp oap oăp uyp
at ăt ât et êt it ot ôt ơt ut ưt iêt yêt uôt ươt oat oăt oet uât uyêt uyt
ac ăc âc ec oc ôc uc ưc iêc uôc ươc oac oăc ach êch ich oach uêch uych
"""
_AFTER_QU = """
a e ê y ơ ai ay ây ao au eo êu ơi an ăn ân en ên in yên ang ăng âng anh ênh ynh inh am ăm
at ăt ât et êt it yt yêt ac ăc ach êch ich ôc yp
"""
_AFTER_G_I = "i in iêng iêt iên iêm iêc"
_NO_TONE = ""


def _onsets(rime: str) -> list[str]:
    """The beginnings a rime can have, as the spelling rules allow."""
    onsets = ["", *_FRONT.split()]
    onsets += ["k", "gh", "ngh"] if rime[0] in "eêiy" else ["c", "g", "ng"]
    if rime[0] not in "iy":
        onsets.append("gi")
    return onsets


def _tone_place(rime: str) -> int:
    """Which letter of a rime carries the tone (`hòa`, `hoàn`, `khuỷu`: the usual southern way)."""
    marked = [place for place, letter in enumerate(rime) if letter in "ăâêôơư"]
    if marked:
        return marked[-1]
    vowels = len(rime) - len(rime.lstrip("aeiouy"))
    if vowels < len(rime):
        return vowels - 1
    return 1 if vowels == 3 else 0


@cache
def _tone_places() -> dict[str, int]:
    """Every toneless syllable with the place of its tone."""
    places: dict[str, int] = {}
    for rime in _RIMES.split():
        for onset in _onsets(rime):
            places.setdefault(onset + rime, len(onset) + _tone_place(rime))
    for rime in _AFTER_QU.split():
        places["qu" + rime] = 2 + _tone_place(rime)
    for rime in _AFTER_G_I.split():
        places["g" + rime] = 1 + _tone_place(rime)
    return places


@cache
def _bare_syllables() -> frozenset[str]:
    return frozenset(fold(syllable) for syllable in _tone_places())


def _split_tone(word: str) -> tuple[str, str]:
    """`hoà` → (`hoa`, grave); a word with two tones keeps both, and is no syllable."""
    decomposed = unicodedata.normalize("NFD", word)
    tones = [char for char in decomposed if char in _TONES]
    if len(tones) != 1:
        return word, _NO_TONE
    plain = "".join(char for char in decomposed if char not in _TONES)
    return unicodedata.normalize("NFC", plain), tones[0]


def _spell(toneless: str, tone: str) -> str | None:
    """The syllable as it is written, or None when Vietnamese has no such syllable."""
    place = _tone_places().get(toneless)
    stopped = toneless.endswith(("c", "ch", "p", "t"))
    if place is None or (stopped and tone not in (_ACUTE, _DOT)):
        return None
    return unicodedata.normalize("NFC", toneless[: place + 1] + tone + toneless[place + 1 :])


def is_syllable(word: str) -> bool:
    """Whether a word, with or without its marks, can be a Vietnamese syllable."""
    lower = unicodedata.normalize("NFC", word).lower()
    if lower.isascii():
        return lower in _bare_syllables()
    return _spell(*_split_tone(lower)) is not None


# --- Telex -----------------------------------------------------------------------------------


@lru_cache(maxsize=65_536)
def telex(word: str) -> str | None:
    """The syllable that raw Telex keystrokes stand for, or None when they stand for none.

    `ddanhs` and `ddasnh` give `đánh`. A word that is a syllable as it stands is left alone.
    """
    if word in _bare_syllables() or not _TELEX.search(word):
        return None
    toneless, tone = _split_tone(word)
    letters: list[str] = []
    typed_tone = _NO_TONE
    for key in toneless:
        if key in _TONE_KEYS and any(letter in "aăâeêioôơuưy" for letter in letters):
            if tone or typed_tone:
                return None
            typed_tone = _TONE_KEYS[key]
        elif key == "w":
            _horn(letters)
        elif key in "aeo" and key in letters:
            letters[letters.index(key)] = {"a": "â", "e": "ê", "o": "ô"}[key]
        elif key == "d" and letters[:1] == ["d"]:
            letters[0] = "đ"
        else:
            letters.append(key)
    joined = "".join(letters)
    for guess in (
        joined,
        joined.replace("uơ", "ươ").replace("ưo", "ươ"),
        joined.replace("ươ", "uơ"),
    ):
        spelled = _spell(guess, tone or typed_tone)
        if spelled is None and not (tone or typed_tone) and guess in _tone_places():
            spelled = guess  # "dduwowc": the tone was forgotten, the word is clear
        if spelled is not None:
            return spelled if spelled != word else None
    return None


def _horn(letters: list[str]) -> None:
    """What the key w does: uo → ươ, ua → ưa, o → ơ, a → ă, u → ư; by itself it is ư."""
    joined = "".join(letters)
    if "uo" in joined and not joined.startswith("quo"):
        place = joined.index("uo")
        letters[place : place + 2] = ["ư", "ơ"]
    elif "ua" in joined and not joined.startswith("qua"):
        letters[joined.index("ua")] = "ư"
    else:
        for place in range(len(letters) - 1, -1, -1):
            if letters[place] in "oau":
                letters[place] = {"o": "ơ", "a": "ă", "u": "ư"}[letters[place]]
                return
        letters.append("ư")


# --- shorthand -------------------------------------------------------------------------------


class Shorthand(Entry):
    """What people write for short, and English words that look like Telex."""

    always: dict[str, str]
    """Not words of their own: expanded wherever they stand."""
    before: dict[str, dict[str, str]]
    """short → next folded syllable → meaning; `*` stands for any other, `$` for a number before."""
    english: frozenset[str]


@cache
def _shorthand() -> Shorthand:
    return load(SHORTHAND, Shorthand)


# --- all together ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Normalised:
    """A message made readable for a machine."""

    accented: str
    """Lower case, Telex decoded, shorthand written out, each tone in its usual place."""
    folded: str
    """The same without marks."""
    accented_syllables: tuple[str, ...]
    syllables: tuple[str, ...]
    """Folded; as many as `accented_syllables`, in the same order."""
    has_diacritics: bool
    """Whether the writer set marks, by keyboard or by Telex."""


def normalise(text: str) -> Normalised:
    """Read a message as it was meant; what can't be read stays as it was typed."""
    lower = clean(unicodedata.normalize("NFKC", text)).lower()
    lower = _LONG_DRAWN.sub(r"\1", lower)
    matches = list(_WORD.finditer(lower))
    words = [match.group() for match in matches]
    decoded = [None if word in _shorthand().always else telex(word) for word in words]
    sure = sum(
        1
        for word, meant in zip(words, decoded, strict=True)
        if meant is not None and word not in _shorthand().english
    )
    for place, meant in enumerate(decoded):
        if meant is not None and (sure >= 2 or words[place] not in _shorthand().english):
            words[place] = meant
    meant_words = [_written_out(words, place) or _usual(word) for place, word in enumerate(words)]
    pieces: list[str] = []
    end = 0
    for match, meant_word in zip(matches, meant_words, strict=True):
        gap = lower[end : match.start()]
        # "20tr" is a number and a word: what replaces either must not run into the other
        pieces += [gap or (" " if pieces and meant_word != match.group() else ""), meant_word]
        end = match.end()
    accented = "".join(pieces) + lower[end:]
    spoken = tuple(_WORD.findall(accented))
    return Normalised(
        accented=accented,
        folded=fold(accented),
        accented_syllables=spoken,
        syllables=tuple(map(_folded_word, spoken)),
        has_diacritics=has_diacritics(lower) or sure >= 2,
    )


def _written_out(words: list[str], place: int) -> str | None:
    word = words[place]
    if "dd" in word:
        word = word.replace("dd", "đ")  # "sddt" is "sđt" in Telex
    always = _shorthand().always.get(word)
    if always is not None:
        return always
    meanings = _shorthand().before.get(word)
    if meanings is None:
        return None
    if place and words[place - 1].isdigit():
        return meanings.get("$")
    following = fold(words[place + 1]) if place + 1 < len(words) else ""
    return meanings.get(following, meanings.get("*"))


@lru_cache(maxsize=65_536)
def _folded_word(word: str) -> str:
    return fold(word)


@lru_cache(maxsize=65_536)
def _usual(word: str) -> str:
    """The same word with its tone in the usual place."""
    if word.isascii():
        return word
    toneless, tone = _split_tone(word)
    return (_spell(toneless, tone) if tone else None) or word
