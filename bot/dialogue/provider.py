"""Who helps: chosen from the published list, or asked to be changed (Law 11/2017/QH14, Art. 8.5).

The office appoints; what is sent from here is a wish that it answers (Form 04).
"""

import datetime as dt
import re

from bot.dialogue import welcome
from bot.dialogue.screening import written
from bot.dialogue.turn import (
    ChooseProvider,
    Heard,
    Lookups,
    State,
    Turn,
    WishView,
    ask,
    choice,
)
from bot.understanding.intents import Intent
from cases.life import ProviderGround
from cases.offered import OfferedProvider
from cases.speech import Choice, Line, Say, say
from knowledge.vietnamese import fold

GROUND = "provider.ground"
REASON = "provider.reason"
PICK = "provider.pick"
CONFIRM = "provider.confirm"

_STOP = choice("stop", "provider.stop")
_SEND = (choice("yes", "provider.send"), choice("again", "provider.pick_again"), _STOP)
_STATUS = choice("go:status", "menu.status")
GROUNDS = (
    ProviderGround.NOT_EFFECTIVE,
    ProviderGround.NOT_IMPARTIAL,
    ProviderGround.OTHER_SIDE,
    ProviderGround.FORBIDDEN_ACT,
)
"""Those of Art. 25 that a citizen can see; an officer knows of licences and bars."""
FILTERS = ("field", "female", "male", "khmer")
_PAGE = 4
_ANY = "any"
_HELPER = (
    r"(?:tro giup vien|luat su|tu van vien|cong tac vien|nguoi tro giup"
    r"|nguoi (?:dang )?giup(?: (?:toi|em|con|minh|tui))?"
    r"|nguoi lam(?: (?:viec|vu|ho so))?(?: nay)?(?! (?:chung|don|giay|an)\b))"
)
_WORDS = r"(?:\w+ ){0,3}?"
_WANTS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:doi|thay|thay doi|chon|lua chon)(?: lai| giup)? {_WORDS}{_HELPER}\b",
        rf"\b(?:xin|muon|can|cho|tim|kiem) {_WORDS}{_HELPER} (?:khac|nu|nam|gioi hon)\b",
        r"\b(?:doi|thay|chon) nguoi khac(?: (?:giup|lam|di|duoc|nha|cho toi)\b|$)",
        r"\bcho nguoi khac (?:giup|lam (?:vu|viec|ho so))\b",
        rf"\b(?:khong|hong|chang) (?:muon|chiu|ung|can) {_WORDS}{_HELPER} (?:nay|do|kia|nua)\b",
    )
)
"""To change, to choose, to ask for another one, or not to want this one any more."""
_NOT = re.compile(
    r"\b(?:dung|khoi|khong can|khong muon|khong phai|hong muon|chua muon)"
    r" (?:\w+ )?(?:doi|thay|chon|xin)\b"
    r"|\b(?:ben (?:kia|do|bi)|ho(?! so)|(?:ong|ba|anh|chi|co|chu) (?:ay|ta)"
    r"|chong|vo|hang xom|cong ty|bi don) (?:\w+ ){0,3}?(?:doi|thay|chon|muon|xin)\b"
)
"""Nobody is to be changed, or it is told of somebody else."""
_CALLED = r"(?:ong|ba|co|chu|anh|chi|cau|di|bac|luat su|tro giup vien)"
_CHANGES = r"(?:doi|thay|(?:khong|hong) (?:muon|chiu|ung))"
_FEW_WORDS = 16


def wants(heard: Heard, lookups: Lookups) -> bool:
    """ "Tôi muốn đổi trợ giúp viên", said of a request that is under way."""
    case = lookups.my_case
    if heard.key or case is None or case.state == "closed":
        return False
    words = " ".join(re.findall(r"\w+", fold(heard.understood.text)))
    if len(words.split()) > _FEW_WORDS or _NOT.search(words):
        return False
    patterns = (*_WANTS, *_of_name(case.provider))
    return any(pattern.search(words) for pattern in patterns)


def _of_name(provider: str | None) -> tuple[re.Pattern[str], ...]:
    """ "Đổi chị Lệ", "không muốn ông Sơn làm nữa": whoever was appointed, by the given name."""
    if not provider:
        return ()
    given = re.escape(fold(provider).split()[-1])
    return (re.compile(rf"\b{_CHANGES} {_WORDS}{_CALLED} {_WORDS}{given}\b"),)


def begin(state: State, _heard: Heard, lookups: Lookups) -> Turn:
    """Choose somebody, or say why another one is wanted; a wish that waits is told instead."""
    case = lookups.my_case
    if case is None or case.state == "closed":
        return welcome.again(state).before(say("provider.no_case"))
    if case.wish is not None and not case.wish.answered and case.wish.change:
        return welcome.again(state).before(Say(lines=standing(case.wish)))
    fresh = state.with_(about="", set_aside="", picks=(), picked=None, page=0)
    if case.provider:
        return Turn(fresh.at(GROUND), (_ask_ground(lookups),))
    return _picking(fresh, lookups)


def standing(wish: WishView) -> tuple[Line, ...]:
    """What became of a wish, as the status tells it."""
    day = written(wish.on)
    if wish.answered:
        return ()
    if wish.due is None:
        return (Line(key="provider.waits", blanks={"day": day}),)
    return (Line(key="provider.waits_until", blanks={"day": day, "due": written(wish.due)}),)


def _ask_ground(lookups: Lookups) -> Say:
    grounds = tuple(choice(one, f"provider.ground_{one}") for one in GROUNDS)
    named = lookups.my_case.provider if lookups.my_case else ""
    return ask(
        "provider.why", *grounds, choice("other", "provider.ground_other"), _STOP, name=named or ""
    )


# --- the list -----------------------------------------------------------------------------------


def _fits(one: OfferedProvider, picks: tuple[str, ...], field: str | None) -> bool:
    return (
        ("female" not in picks or one.gender == "female")
        and ("male" not in picks or one.gender == "male")
        and ("khmer" not in picks or "km" in one.languages)
        and ("field" not in picks or field in one.fields)
    )


def _offered(lookups: Lookups) -> tuple[OfferedProvider, ...]:
    """The published list without who helps already; those of the field first, then the near."""
    case = lookups.my_case
    found = [one for one in lookups.roster() if case is None or one.id != case.provider_id]
    if case is None:
        return tuple(found)
    return tuple(
        sorted(
            found,
            key=lambda one: (case.field not in one.fields, one.office_id != case.office_id),
        )
    )


def _picking(state: State, lookups: Lookups) -> Turn:
    return Turn(state.at(PICK), (_list(state, lookups),))


def _list(state: State, lookups: Lookups) -> Say:
    field = lookups.my_case.field if lookups.my_case else None
    everybody = _offered(lookups)
    if not everybody:
        return ask("provider.nobody", choice(_ANY, "provider.any"), _STOP)
    fitting = [one for one in everybody if _fits(one, state.picks, field)]
    first = state.page * _PAGE
    shown = fitting[first : first + _PAGE]
    lines = [Line(key="provider.list" if shown else "provider.none_fits")]
    lines += [_described(one, lookups, state.language) for one in shown]
    buttons: list[Choice] = [choice(one.id, "provider.name", name=one.name) for one in shown]
    if len(fitting) > first + _PAGE:
        buttons.append(choice("more", "menu.more"))
    for name in FILTERS:
        narrower = [one for one in fitting if _fits(one, (name,), field)]
        if name not in state.picks and 0 < len(narrower) < len(fitting):
            buttons.append(choice(name, f"provider.only_{name}"))
    if state.picks:
        buttons.append(choice("everybody", "provider.everybody"))
    return Say(lines=tuple(lines), choices=(*buttons, choice(_ANY, "provider.any"), _STOP))


def _described(one: OfferedProvider, lookups: Lookups, language: str) -> Line:
    """Only what the list publishes."""

    def words(key: str) -> str:
        return lookups.texts.render(Line(key=key), language)

    about = [words(f"provider.kind.{one.kind}")]
    if one.gender:
        about.append(words(f"provider.gender.{one.gender}"))
    if one.fields:
        about.append(", ".join(words(f"field.{field}") for field in one.fields))
    spoken = [words(f"language.{tongue}") for tongue in one.languages if tongue != "vi"]
    about += spoken
    if one.office_id:
        about.append(lookups.province.label_of(one.office_id))
    if one.area:
        about.append(one.area)
    if one.card_number:
        card = Line(key="provider.card", blanks={"number": one.card_number})
        about.append(lookups.texts.render(card, language))
    return Line(key="provider.item", blanks={"name": one.name, "about": " · ".join(about)})


# --- answers ------------------------------------------------------------------------------------


def ask_again(state: State, lookups: Lookups) -> Say:
    match state.step:
        case "provider.ground":
            return _ask_ground(lookups)
        case "provider.reason":
            return ask("provider.reason", _STOP)
        case "provider.pick":
            return _list(state, lookups)
        case "provider.confirm":
            return _confirm(state, lookups)
        case other:
            raise AssertionError(other)


def answer(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    """Why, in their own words; whom; and whether it goes off."""
    if heard.key == "stop":
        return welcome.again(_forgotten(state)).before(say("provider.stopped"))
    match state.step:
        case "provider.ground" if heard.key in {*GROUNDS, "other"}:
            about = "" if heard.key == "other" else heard.key
            return Turn(state.at(REASON).with_(about=about), (ask("provider.reason", _STOP),))
        case "provider.ground" | "provider.reason" if not heard.key and heard.text.strip():
            return _picking(state.with_(set_aside=heard.text.strip()), lookups)
        case "provider.pick":
            return _picked(state, heard, lookups)
        case "provider.confirm":
            return _confirmed(state, heard, lookups)
        case _:
            return None


def _picked(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    match heard.key:
        case "more":
            return _picking(state.with_(page=state.page + 1), lookups)
        case "everybody":
            return _picking(state.with_(picks=(), page=0), lookups)
        case key if key in FILTERS:
            return _picking(state.with_(picks=(*state.picks, key), page=0), lookups)
        case "any" if lookups.my_case is not None and not lookups.my_case.provider:
            return welcome.again(_forgotten(state)).before(say("provider.any_done"))
        case "any":
            chosen = state.at(CONFIRM).with_(picked=None)
            return Turn(chosen, (_confirm(chosen, lookups),))
        case key if key in {one.id for one in _offered(lookups)}:
            chosen = state.at(CONFIRM).with_(picked=key)
            return Turn(chosen, (_confirm(chosen, lookups),))
        case _:
            return None


def _confirm(state: State, lookups: Lookups) -> Say:
    chosen = next((one for one in _offered(lookups) if one.id == state.picked), None)
    lines = [Line(key="provider.confirm")]
    if state.set_aside:
        lines.append(Line(key="provider.your_reason", blanks={"words": state.set_aside[:600]}))
    if chosen is not None:
        lines += [Line(key="provider.wished"), _described(chosen, lookups, state.language)]
    else:
        lines.append(Line(key="provider.anybody"))
    lines.append(Line(key="provider.office_decides"))
    return Say(lines=tuple(lines), choices=_SEND)


def _confirmed(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    intent = None if heard.key else heard.understood.intent
    if heard.key == "again":
        return _picking(state.with_(page=0), lookups)
    if intent is Intent.NO:
        return welcome.again(_forgotten(state)).before(say("provider.stopped"))
    case = lookups.my_case
    if heard.key != "yes" and intent is not Intent.YES:
        return None
    if case is None:
        return welcome.again(_forgotten(state)).before(say("provider.no_case"))
    wish = ChooseProvider(
        case.id,
        change=bool(case.provider),
        provider_id=state.picked,
        ground=state.about or None,
        reason=state.set_aside,
    )
    return Turn(_forgotten(state).at("free"), (), (wish,))


def _forgotten(state: State) -> State:
    return state.with_(about="", set_aside="", picks=(), picked=None, page=0)


def sent(state: State, due: dt.date | None, refused: str | None) -> Turn:
    """It is with the office, and until when it is answered."""
    if refused is not None:
        return Turn(state, (ask("provider.refused", _STATUS),))
    lines = [Line(key="provider.sent")]
    if due is not None:
        lines.append(Line(key="provider.sent_due", blanks={"due": written(due)}))
    return Turn(state, (Say(lines=tuple(lines), choices=(_STATUS,)),))
