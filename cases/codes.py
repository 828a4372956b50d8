"""The citizen's key to a case, a code to find it and a PIN to open it; phone numbers. Pure."""

import datetime as dt
import random
import re

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 10
PIN_LENGTH = 6

_MISREAD = str.maketrans("ILOU", "110V")

FREE_TRIES = 3
FIRST_WAIT = dt.timedelta(minutes=1)
LONGEST_WAIT = dt.timedelta(hours=12)


def fresh_code(source: random.Random) -> str:
    """A new code; `source` must be `random.SystemRandom` outside tests."""
    return "".join(source.choice(CROCKFORD) for _ in range(CODE_LENGTH))


def fresh_pin(source: random.Random) -> str:
    """A new PIN of six digits."""
    return "".join(source.choice("0123456789") for _ in range(PIN_LENGTH))


def spaced(code: str) -> str:
    """The code as it is told, in two halves that are easy to copy: `7KQ2M-4XN8P`."""
    return f"{code[:5]}-{code[5:]}"


def read_code(text: str) -> str | None:
    """The code in what a citizen typed, with the letters that are easily misread put right."""
    bare = re.sub(r"[\s\-–—.]", "", text).upper().translate(_MISREAD)
    return bare if re.fullmatch(f"[{CROCKFORD}]{{{CODE_LENGTH}}}", bare) else None


def read_pin(text: str) -> str | None:
    """The PIN in what a citizen typed."""
    bare = re.sub(r"[\s\-.]", "", text)
    return bare if re.fullmatch(r"[0-9]{6}", bare) else None


def read_phone(text: str) -> str | None:
    """The Vietnamese number that is all of a text, as 0xxxxxxxxx (ten or eleven digits)."""
    digits = re.sub(r"\D", "", text)
    if digits.startswith("84"):
        digits = "0" + digits[2:].removeprefix("0")
    return digits if re.fullmatch(r"0[35789]\d{8}|02\d{8,9}", digits) else None
