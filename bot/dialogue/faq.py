"""Questions about the law: answered from reviewed text with its source, or honestly not."""

import re

from bot.dialogue.turn import (
    Heard,
    KeepQuestion,
    Lookups,
    ShowedArticle,
    State,
    Turn,
    Voted,
    ask,
    choice,
)
from bot.understanding.intents import Intent
from cases.speech import Choice, Line, Say, say
from knowledge.article import Article, FieldId
from knowledge.present import Presented, present
from knowledge.search import Found
from knowledge.vietnamese import fold

NEAREST = 3
_PAGE = 6
_KEPT = 300
"""Characters of a question that are remembered."""
_FEWEST_WORDS = 3
"""A question of fewer words tells the editors nothing."""
_LITTLE = 4
_SOME_FIELD = 0.3
"""Below this score so few words belong to no field of law."""
_NEAR = 0.05
"""The chance below which an article is nothing the citizen may have meant."""
_SURE = 0.75
"""The chance from which an article is offered beside a story that asked nothing."""

PERSON = choice("go:person", "menu.person")
SCREEN = choice("go:screen", "menu.screen")


def prompt(state: State, _heard: Heard, _lookups: Lookups) -> Turn:
    """Invite a question, or a field to look through."""
    fields = tuple(choice(f"f:{field}", f"field_button.{field}") for field in FieldId)
    return Turn(state.at("free").with_(opening=False), (ask("faq.prompt", *fields),))


def browse(state: State, key: str, lookups: Lookups) -> Turn | None:
    """The topics of one field, a page at a time; None for an unknown field. Key `f:land:2`."""
    _, name, *page = key.split(":")
    first = (int(page[0]) if page and page[0].isdecimal() else 0) * _PAGE
    if name not in {str(field) for field in FieldId}:
        return None
    ids = sorted(a.id for a in lookups.library.articles.values() if a.field == name)
    if first >= len(ids):
        return None
    shown = tuple(_title(article_id, lookups) for article_id in ids[first : first + _PAGE])
    if first + _PAGE < len(ids):
        shown += (choice(f"f:{name}:{first // _PAGE + 1}", "menu.more"),)
    words = lookups.texts.render(Line(key=f"field.{name}"), state.language)
    return Turn(state.at("free"), (ask("faq.field", *shown, field=words),))


def article(state: State, article_id: str, lookups: Lookups, *, more: bool = False) -> Turn | None:
    """Show one article; `more` shows its time limits and papers. None if there is no such one."""
    found = lookups.library.articles.get(article_id)
    if found is None:
        return None
    shown = present(found, lookups.library.laws, lookups.today, lookups.blanks)
    if more:
        lines = [Line(key="faq.title", blanks={"title": shown.title})]
        for heading, items in (
            ("faq.time_limits", shown.time_limits),
            ("faq.papers", shown.papers),
        ):
            if items:
                lines.append(Line(key=heading))
                lines += [Line(key="faq.item", blanks={"text": item}) for item in items]
        lines.append(Line(key="faq.source_list"))
        lines += [Line(key="faq.item", blanks={"text": source}) for source in shown.sources]
        return Turn(state.with_(topic=article_id), (Say(lines=tuple(lines)),))
    lines = [
        Line(key="faq.title", blanks={"title": shown.title}),
        Line(key="faq.answer", blanks={"text": shown.answer}),
        Line(key="faq.first_step", blanks={"text": shown.first_step}),
        Line(key="faq.where", blanks={"text": shown.where}),
        Line(key="faq.sources", blanks={"text": shown.cited}),
        Line(key="faq.notice", blanks={"text": " ".join(shown.notices)}),
    ]
    choices = (
        choice(f"d:{article_id}", "faq.details"),
        choice(f"v:{article_id}:y", "faq.helpful"),
        choice(f"v:{article_id}:n", "faq.unhelpful"),
        SCREEN,
        PERSON,
    )
    known = state.with_(topic=article_id, fields=(*state.fields, str(found.field))[:2])
    shown_once = ShowedArticle(article_id)
    return Turn(known, (Say(lines=tuple(lines), choices=choices),), (shown_once,))


def voted(state: State, key: str, lookups: Lookups) -> Turn | None:
    """Take a vote; key `v:land-01:y`. Who was not helped is offered something nearer, or a person.

    None if there is no such article.
    """
    _, article_id, said = key.split(":")
    found = lookups.library.articles.get(article_id)
    if found is None or said not in ("y", "n"):
        return None
    vote = Voted(article_id, helpful=said == "y")
    if vote.helpful:
        return Turn(state, (say("faq.voted"),), (vote,))
    asked = state.question if state.topic == article_id else None
    others: tuple[Choice, ...] = ()
    kept: tuple[KeepQuestion, ...] = ()
    if asked is not None:
        nearest = lookups.search.search(asked).answers
        others = tuple(_title(hit.id, lookups) for hit in nearest if hit.id != article_id)
        if not _was_in_danger(state):
            kept = (KeepQuestion(asked, str(found.field), article_id),)
    return Turn(state, (ask("faq.not_helped", *others[: NEAREST - 1], PERSON),), (vote, *kept))


def answer(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """Answer what was typed: an article, two or three to choose from, or "I don't know"."""
    text = heard.understood.text
    found = _found(heard, lookups)
    topic = lookups.library.articles.get(state.topic) if state.topic is not None else None
    state = state.with_(question=text[:_KEPT])
    if topic is not None and _goes_on(found, heard) and not _answers_within(found, topic):
        return _follow_up(state, topic, heard, lookups)
    answers = tuple(hit for hit in found.answers if not _of_the_living(hit.id, heard, lookups))
    nearest = tuple(hit.id for hit in answers[:NEAREST])
    if found.ambiguous and state.topic in nearest and topic is not None:
        return _follow_up(state, topic, heard, lookups)  # more is told of what was just answered
    if not found.abstained and not found.ambiguous and nearest:
        shown = article(state, nearest[0], lookups)
        if shown is not None:
            return _with_what_is_unsaid(shown, nearest[0], heard, lookups)
    likely = {hit.id for hit in answers if hit.score >= _NEAR}
    titles = tuple(_title(article_id, lookups) for article_id in nearest if article_id in likely)
    if found.ambiguous and titles:
        return Turn(state, (ask("faq.which", *titles, PERSON),))
    if heard.understood.intent is Intent.OUT_OF_SCOPE:
        return Turn(state, (ask("faq.out_of_scope", PERSON, choice("go:ask", "menu.ask")),))
    if _says_too_little(found, text):
        return Turn(state, (ask("faq.tell_more", PERSON, SCREEN),))
    kept = _kept(state, heard, str(found.field[0].id))
    if not titles:
        return Turn(state, (ask("faq.unknown_plain", PERSON),), kept)
    return Turn(state, (ask("faq.unknown", *titles, PERSON),), kept)


def _of_the_living(article_id: str, heard: Heard, lookups: Lookups) -> bool:
    """Whether an article is about a divorce, and the husband or wife spoken of is dead."""
    words = fold(heard.understood.normalised)
    return "ly hon" in fold(lookups.library.articles[article_id].title) and (
        _WIDOWED.search(words) is not None
    )


_WIDOWED = re.compile(
    r"\b(?:chong|vo|ong xa|ba xa)(?: (?:toi|tui|em|minh|con|chau))? "
    r"(?:da |vua |moi |bi benh |benh )*(?:mat|chet|qua doi)\b"
    r"(?! (?:viec|dat|xe|giay|tien|trom|tich|so|ghe|ngu|lien|nha|suc|het|do|tay|chan|mat|\d))"
)


def _with_what_is_unsaid(turn: Turn, article_id: str, heard: Heard, lookups: Lookups) -> Turn:
    """ "Có bị phạt không?" under an article that tells of no fine: said, and not left open."""
    if _ASKS_OF_A_FINE.search(fold(heard.understood.normalised)) is None:
        return turn
    found = lookups.library.articles[article_id]
    said = " ".join((found.title, found.answer, found.first_step, *found.time_limits))
    if _TELLS_OF_A_FINE.search(fold(said)) is not None:
        return turn
    first, *rest = turn.says
    told = first.model_copy(update={"lines": (*first.lines, Line(key="faq.fine_unsaid"))})
    return Turn(turn.state, (told, *rest), turn.wishes)


_ASKS_OF_A_FINE = re.compile(
    r"\b(?:bi |co |dong |nop )*phat (?:tien |vi pham |hanh chinh )?"
    r"(?:gi |bao nhieu|nhieu|khong|ko|k|sao|tu|nang)|\bbi phat\b"
)
_TELLS_OF_A_FINE = re.compile(r"\b(?:phat|muc phat)\b")


def _says_too_little(found: Found, text: str) -> bool:
    """ "Giúp tôi với": there is nothing in it to look for, so nothing is offered by chance."""
    words = fold(text).strip(" .!?").split()
    telling = [word for word in words if word not in _OF_ANY_QUESTION]
    little = len(words) <= _LITTLE or len(telling) <= 1
    return found.abstained and little and found.field[0].score < _SOME_FIELD


_OF_ANY_QUESTION = frozenset(
    ["gio", "bay", "toi", "tui", "em", "minh", "con", "chau", "phai", "lam", "sao", "gi",
     "biet", "khong", "ko", "nua", "thi", "vay", "ai", "nao", "day", "roi", "duoc", "the"]
)  # fmt: skip


def _answers_within(found: Found, topic: Article) -> bool:
    """Whether another article of the same field answers what was asked in addition."""
    if found.abstained or found.ambiguous or not found.answers:
        return False
    first = found.answers[0].id
    return first != topic.id and first.rpartition("-")[0] == topic.field


def _goes_on(found: Found, heard: Heard) -> bool:
    """ "Rồi mất bao lâu?" right after an article is about that article, without saying so."""
    if heard.understood.follow_up:
        return True
    words = heard.understood.text.split()
    asks = heard.understood.intent is Intent.QUESTION and found.abstained
    vague = found.field[0].score < _SOME_FIELD or _piece(heard) is not None
    return asks and len(words) <= _FEW and vague


def _follow_up(state: State, topic: Article, heard: Heard, lookups: Lookups) -> Turn:
    """ "Còn nếu có con nhỏ thì sao?" stays in the topic: the piece of the article it asks for, what
    answers it there, what is near, or a person.
    """
    shown = present(topic, lookups.library.laws, lookups.today, lookups.blanks)
    details = (choice(f"d:{topic.id}", "faq.details"),)
    pieces = _pieces(_piece(heard), shown)
    if pieces:
        lines = (Line(key="faq.title", blanks={"title": shown.title}), *pieces)
        return Turn(state, (Say(lines=lines, choices=(*details, PERSON, SCREEN)),))
    subject = re.split(r"[:;,?]", topic.short)[0]
    found = lookups.search.search(f"{subject}, {heard.understood.text}")
    near = [hit for hit in found.answers if hit.id.rpartition("-")[0] == topic.field]
    first = near[0].id if near and not found.abstained and not found.ambiguous else topic.id
    if first != topic.id:
        turn = article(state, first, lookups)
        if turn is not None:
            return turn.led_by(Line(key="faq.still", blanks={"subject": subject}))
    titles = tuple(_title(hit.id, lookups) for hit in near if hit.id != topic.id)[: NEAREST - 1]
    if titles and found.ambiguous:
        return Turn(state, (ask("faq.still_which", *titles, *details, PERSON, subject=subject),))
    kept = _kept(state, heard, str(topic.field))
    asked = ask("faq.follow_up", *details, *titles, PERSON, title=shown.title)
    return Turn(state, (asked,), kept)


_FEW = 7
_PIECES = {
    "where": re.compile(r"\b(o dau|toi dau|den dau|cho nao|noi nao|gap ai|hoi ai)\b"),
    "papers": re.compile(r"\b(giay to|giay gi|ho so|can gi|don gi|nop gi)\b"),
    "time_limits": re.compile(
        r"\b(bao lau|may thang|may ngay|may nam|thoi han|han chot|khi nao)\b"
    ),
}


def _piece(heard: Heard) -> str | None:
    """The piece of an article a short question asks for: where to go, which papers, how long."""
    words = fold(heard.understood.text)
    if len(words.split()) > _FEW:
        return None
    return next((piece for piece, asks in _PIECES.items() if asks.search(words)), None)


def _pieces(piece: str | None, shown: Presented) -> tuple[Line, ...]:
    """That piece in words; nothing if the article does not say."""
    match piece:
        case "where":
            return (Line(key="faq.where", blanks={"text": shown.where}),)
        case "papers" if shown.papers:
            items = shown.papers
        case "time_limits" if shown.time_limits:
            items = shown.time_limits
        case _:
            return ()
    listed = (Line(key="faq.item", blanks={"text": item}) for item in items)
    return (Line(key=f"faq.{piece}"), *listed)


def _kept(state: State, heard: Heard, field: str) -> tuple[KeepQuestion, ...]:
    """The question for the editors; never from a talk in which somebody is in danger."""
    in_danger = _was_in_danger(state) or heard.understood.danger is not None
    if in_danger or len(heard.understood.text.split()) < _FEWEST_WORDS:
        return ()
    return (KeepQuestion(heard.understood.text[:_KEPT], field),)


def _was_in_danger(state: State) -> bool:
    return state.danger is not None or bool(state.warned)


def _found(heard: Heard, lookups: Lookups) -> Found:
    return lookups.search.search(heard.understood.text, guess=heard.understood.guess)


def answers(heard: Heard, lookups: Lookups) -> bool:
    """Whether there is an article that answers what was typed."""
    found = _found(heard, lookups)
    return not found.abstained and bool(found.answers)


def with_article(says: tuple[Say, ...], heard: Heard, lookups: Lookups) -> tuple[Say, ...]:
    """For a story: the last of these messages, with the article that goes with it if one does."""
    found = _found(heard, lookups)
    doubtful = not found.answers or found.answers[0].score < _SURE
    if found.abstained or not found.answers or (doubtful and not heard.understood.asks):
        return says
    offered = ask("faq.story", _title(found.answers[0].id, lookups))
    if not says:
        return (offered,)
    *others, last = says
    choices = (*last.choices, *offered.choices)
    update = {"lines": (*last.lines, *offered.lines), "choices": choices}
    return (*others, last.model_copy(update=update))


def _title(article_id: str, lookups: Lookups) -> Choice:
    return choice(
        f"a:{article_id}", "faq.article", short=lookups.library.articles[article_id].short
    )


def thanks(state: State) -> Turn:
    return Turn(state, (say("welcome.thanks"),))
