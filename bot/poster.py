"""A poster with the ways into a talk that knows where it begins. Pure.

What a poster carries is `c<commune>_<spot>`: as Telegram's start payload, in the web page's
address, or typed on Zalo. `bot.dialogue.welcome` reads it.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from cases.province import Commune, Province
from cases.typeset import FORMS, breakable, clean, qr_svg, typeset
from knowledge.vietnamese import fold

_LONGEST_SPOT = 24
"""Letters; it has to be typed on a phone."""
_SPOT = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TELEGRAM_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{4,31}")
_LONGEST_PLACE = 80
_QR_ALONE, _QR_BESIDE = 76, 62
"""Millimetres: one code by itself, or two side by side."""
_MARGIN = 0
"""Squares: the white paper around a code is quiet enough."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How a talk can be begun; a poster needs at least one."""

    telegram: str | None = None
    """The bot's name, with or without @."""
    web: str | None = None
    """The public address of this server."""
    zalo: str | None = None
    """The name of the account, as people look for it."""


def spot_of(place: str, commune: Commune) -> str:
    """A short name of the spot; the commune's own name is left out, the code tells it already.

    `UBND xã Đá Bạc` in the commune Đá Bạc is `ubnd`.
    """
    words = _plain(place)
    names = (_plain(commune.full_name), _plain(commune.name))
    found = next((name for name in names if f"-{name}-" in f"-{words}-"), None)
    if found is not None:
        words = f"-{words}-".replace(f"-{found}-", "-").strip("-") or words
    short = words[: _LONGEST_SPOT + 1]
    return short if len(short) <= _LONGEST_SPOT else short[:_LONGEST_SPOT].rpartition("-")[0]


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")


def payload_of(commune: Commune, spot: str) -> str:
    """What the codes carry: `c32104_ubnd`."""
    return f"c{commune.code}_{spot}"


def typed_of(commune: Commune, spot: str) -> str:
    """The same, as it is typed: `C32104 UBND`."""
    return f"C{commune.code} {spot.upper()}"


def render_poster(
    province: Province, commune: Commune, place: str, ways: Ways, spot: str | None = None
) -> bytes:
    """The poster as PDF, one A4 page.

    Raises:
        ValueError: the place, the spot or a way in can't be used; says which and why.
    """
    place = " ".join(clean(place).split())
    if not place or len(place) > _LONGEST_PLACE:
        raise ValueError(f"the place has 1 to {_LONGEST_PLACE} letters")
    spot = spot_of(place, commune) if spot is None else spot.lower()
    if not _SPOT.fullmatch(spot) or len(spot) > _LONGEST_SPOT:
        raise ValueError(
            f"the spot has 1 to {_LONGEST_SPOT} plain letters, digits and hyphens, not {spot!r}"
        )
    codes = _codes(ways, payload_of(commune, spot))
    zalo = " ".join(clean(ways.zalo or "").split())
    if not codes and not zalo:
        raise ValueError("a poster needs a way in: Telegram, the web address or Zalo")
    return typeset(
        (FORMS / "poster.typ").read_text("utf-8"),
        {
            "centre": province.about.centre,
            "place": breakable(place),
            "ways": codes,
            "size": _QR_ALONE if len(codes) == 1 else _QR_BESIDE,
            "zalo": breakable(zalo),
            "typed": typed_of(commune, spot),
            "numbers": _numbers(province),
        },
    )


def _codes(ways: Ways, payload: str) -> list[dict[str, str]]:
    codes = []
    if ways.telegram:
        name = ways.telegram.removeprefix("@")
        if not _TELEGRAM_NAME.fullmatch(name):
            raise ValueError(f"{ways.telegram!r} is no name of a Telegram bot")
        link = f"https://t.me/{name}?start={payload}"
        told = "cần có Telegram"
        codes.append(
            {"title": "Telegram", "note": told, "qr": qr_svg(link, _MARGIN), "shown": f"@{name}"}
        )
    if ways.web:
        address = urlsplit(ways.web)
        if address.scheme not in ("http", "https") or not address.netloc:
            raise ValueError(f"{ways.web!r} is no address: it begins with https://")
        link = f"{ways.web.rstrip('/')}/?start={payload}"
        told = "không cần tài khoản"
        codes.append(
            {
                "title": "Trang web",
                "note": told,
                "qr": qr_svg(link, _MARGIN),
                "shown": address.netloc,
            }
        )
    return codes


def _numbers(province: Province) -> list[dict[str, str]]:
    """Only what was verified: a poster hangs for years."""
    numbers = [
        {
            "number": one.number,
            "name": one.name,
            "note": ", ".join((*(("miễn phí",) if one.free else ()), one.hours)),
        }
        for one in province.hotlines
        if one.verified
    ]
    phone = province.centre.phone
    if phone.verified and not phone.sample:
        numbers.append({"number": phone.value, "name": province.about.centre, "note": ""})
    return numbers
