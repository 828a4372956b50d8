"""Which passwords are taken: long enough, and not one that a list of common ones would open.

How strong one is says `zxcvbn`: an estimate of how many guesses somebody needs who tries common
passwords, names, dates, rows of the keyboard and their usual disguises.
No outside service is asked. Where the operator keeps a list of breached passwords, they are
looked up in it too (`desk/breached.py`).
"""

import re
from collections.abc import Iterable

from zxcvbn import zxcvbn

from desk.breached import Breached
from knowledge.vietnamese import fold

SHORTEST, LONGEST = 12, 200
"""Letters; the longest keeps one try from costing more than others."""
_STRONG_ENOUGH = 3
"""Of zxcvbn's 0–4: at least 10⁸ guesses, which Argon2id and the brakes turn into years."""
_READ = 72
"""Letters that zxcvbn looks at: a weak beginning of that length makes no strong password."""
_OURS = ("tram", "camau", "trogiupphaply", "phaply", "tuphap", "matkhau", "chinhanh", "canbo")
"""Words that anybody would try first at the desk of a legal aid centre (OWASP ASVS 6.1.2)."""


def fault_of(
    password: str, about: Iterable[str] = (), breached: Breached | None = None
) -> str | None:
    """Why a password is not taken, to be shown to who chose it; nothing when it is.

    `about`: what is known of the person (user name, name, office), which others would guess.
    `breached`: the list of passwords that leaked elsewhere, where there is one; it reads the disk.
    """
    if len(password) < SHORTEST:
        return f"Mật khẩu cần ít nhất {SHORTEST} ký tự."
    words = {word for one in about for word in _words(one)}
    plain = fold(password)[:_READ]
    guessed = (password[:_READ], plain, plain.replace(" ", ""))
    if min(zxcvbn(one, user_inputs=[*_OURS, *sorted(words)])["score"] for one in guessed if one) < (
        _STRONG_ENOUGH
    ):
        return (
            "Mật khẩu này dễ đoán: giống mật khẩu nhiều người dùng, hoặc có tên bạn, tên nơi làm "
            "việc. Hãy ghép bốn, năm tiếng không liên quan, ví dụ một câu chỉ mình bạn nghĩ ra."
        )
    if breached is not None and breached.has(password):
        return (
            "Mật khẩu này đã bị lộ ở nơi khác trên mạng, kẻ xấu có danh sách. Hãy chọn câu khác, "
            "và đổi luôn ở nơi nào bạn từng dùng nó."
        )
    return None


def _words(text: str) -> Iterable[str]:
    folded = fold(text)
    yield re.sub(r"\W", "", folded)
    yield from re.findall(r"\w{3,}", folded)
