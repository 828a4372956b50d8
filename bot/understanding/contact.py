"""Words about how somebody may be reached, or that they cannot go on writing now. Pure."""

import re

from knowledge.vietnamese import fold

_NOT = r"(?:khong|ko|k|hong|hok|hem|dung|khoi|cam)"
_HANDS_OVER = re.compile(
    r"\b(?:sdt|so dien thoai|dien thoai|so dt|dt|so may|so zalo|zalo|so (?:cua )?(?:toi|tui|em)"
    r"|goi (?:cho |qua |vao |toi |lai )*(?:so|may))\b"
)
_WISH = re.compile(
    rf"\b{_NOT} (?:co |ai |bao gio |duoc )*(?:goi|dien|nhan tin|nhan|lien he|lien lac|alo)\b"
    r".{0,24}\b(?:nha|may nay|so nay|may do|so do|chong|vo|ba|ma|me|cha|tia|ong|gia dinh)\b"
)
_NEVER_CALLED = re.compile(
    rf"\b{_NOT} (?:co |ai |bao gio |can bo |duoc )*(?:goi|alo)\b"
    r"(?! (?:la|ten|do|nhu|cap cuu|cong an|113|115))"
)
_CLAUSE = re.compile(r"[^,.;!?\n]+")
_CALL_ME = re.compile(
    r"\bgoi (?:dien )?(?:lai )?cho (?:toi|tui|em|minh|chi|anh|con|chau|me|ma)\b"
    r"|\bgoi (?:dien )?lai (?:giup|gium|dum )?(?:toi|tui|em|minh|con|chau)\b"
    r"|\b(?:can bo|luat su|ai do|nguoi) (?:nao )?goi (?:dien )?(?:lai|cho)\b"
)
_NUMBER_FIRST = re.compile(r"\W*\+?\d[\d .\-]{7,}\d\W.*\b(?:goi|alo|dien|nhan tin|lien lac)\b")
_NOT_CALLED = re.compile(rf"\b{_NOT} (?:ai |can bo |thay |co )*goi\b|\bchua .*goi\b|\bmoi goi\b")
_NO_NUMBER = re.compile(
    rf"\b{_NOT} (?:co |nho |xai |dung |thuoc |biet |con )+(?:\w+ )?"
    r"(?:so|sdt|dt|so dt|dien thoai|so dien thoai|may)\b"
)
_LONGEST = 14
"""Words; a longer message tells more than a number."""
_CANNOT = re.compile(
    r"\b(?:gio|bay gio|luc nay|hien gio|o day|dang) (?:\w+ ){0,2}khong tien\b"
    r"(?! (?:thue|tra|muon|mua|dong|nop|bac|de|di|lo|an|xai|hoc|chua|cho))"
    r"|\bkhong tien (?:nhan|noi|nghe|go|viet|tra loi)\b"
    r"|\b(?:gio|bay gio|luc nay) (?:\w+ ){0,2}khong (?:nhan|noi|go) (?:tiep )?duoc\b"
)
_COMES = re.compile(
    r"\b(?:ong|ong xa|ba|chong|ba|cha|tia|duong|no|anh ay|anh|han|cha|thang do)"
    r" (?:toi |tui |em |ay |do |nha |chau )?(?:sap|gan|dang|moi|vua|sua soan) (?:di )?ve\b"
    r"|\b(?:ong|chong|ba|cha|duong|no|han) (?:toi |tui |em |ay )?ve (?:toi|roi|den)\b"
    r"|\b(?:ong|chong|ba|cha|duong|no|han) (?:toi |tui |em |ay )?"
    r"(?:dang )?(?:ngoi|dung|nam|o) (?:canh|ke ben|sat ben|sau lung|ngay day)\b"
)


def hands_over(text: str, phone: str | None) -> bool:
    """Whether a short message gives a number or says where not to call, and is no story."""
    words = fold(text)
    if phone is not None and _NUMBER_FIRST.match(words) and len(words.split()) <= 2 * _LONGEST:
        return True
    if len(words.split()) > _LONGEST:
        return False
    named = phone is not None and (_HANDS_OVER.search(words) is not None or not _letters(words))
    return named or _WISH.search(words) is not None


def not_to_be_called(text: str) -> str:
    """The part of a message that asks not to be called, as it was said; empty when none does."""
    for clause in _CLAUSE.findall(text):
        if _NEVER_CALLED.search(fold(clause)):
            return str(clause).strip()
    return ""


def has_no_number(text: str) -> bool:
    """ "Tui không nhớ số", "hổng có điện thoại": asked for a number, they have none to give."""
    words = fold(text)
    return len(words.split()) <= _LONGEST and _NO_NUMBER.search(words) is not None


def tells_more(text: str) -> bool:
    """Whether such a message tells a trouble besides."""
    rest = _HANDS_OVER.sub(" ", _WISH.sub(" ", fold(text)))
    return len(_letters(rest)) > _A_NAME


_A_NAME = 4
"""Words; "con gái tôi" says whose number it is."""


def _letters(words: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", words)


def wants_a_call(text: str) -> bool:
    """ "Gọi lại cho tôi", "nhờ cán bộ gọi lại"."""
    words = fold(text)
    if len(words.split()) > _LONGEST or _NOT_CALLED.search(words):
        return False
    return _CALL_ME.search(words) is not None


def cannot_go_on(normalised: str, *, afraid: bool) -> bool:
    """Whether somebody cannot write now: "giờ tôi không tiện".

    `afraid`: danger was told. Then that somebody comes home means it too, "ổng sắp về".
    """
    words = fold(normalised)
    sure = "không tiện" in normalised and _CANNOT.search(words) is not None
    return sure or (afraid and any(one.search(words) for one in (_CANNOT, _COMES)))
