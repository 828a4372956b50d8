"""`docs/eligibility.md`: every group with its dates, papers and sources, drawn from the data."""

from collections.abc import Iterable, Iterator

from eligibility.acceptance import AcceptanceRules
from eligibility.facts import FACTS, OLDEST, Fact, Kind
from eligibility.grounds import Dated, Ground, LegalAidLaw, Statute
from eligibility.wording import in_words

_HEAD = """\
# Who may have free legal aid, by date

Drawn from `eligibility/law/` by `python -m eligibility table`; a test keeps the two alike. Edit the
YAML, never this page. Tràm screens and informs; an officer of the centre decides.

- A fact nobody told is unknown, not no. A condition in doubt leads to an officer, not to no.
- "not verified": the wording of the law was not read, only a summary. The groups of 2027 and those
  of the 2006 act are of that kind.
- "outdated": a place where newer law has overtaken the circular on papers.
- Papers: each line is one way to prove the ground, with all papers on it; the names stand below.
  Without papers people are still received.
"""


def page(law: LegalAidLaw, rules: AcceptanceRules) -> str:
    """The whole page as Markdown."""
    return "\n".join(
        (
            _HEAD,
            *(line for statute in reversed(law.statutes) for line in _statute(statute)),
            *_papers(law),
            *_impossible(law),
            *_rules(rules),
            *_facts(),
        )
    )


def _statute(statute: Statute) -> Iterator[str]:
    yield f"## {statute.name} ({statute.id}), {_time(statute)}\n"
    for remark in statute.remarks:
        yield f"{_time(remark).capitalize()}: {remark.said} ({remark.source})\n"
    yield from _table(
        ("Group", "Who", "Condition", "Dates", "Article", "Papers", "Source"),
        (
            (
                f"`{ground.id}`",
                _who(ground),
                _condition(ground, statute),
                _time(ground),
                ground.citation,
                _ways(ground),
                ground.source,
            )
            for ground in statute.grounds
        ),
    )
    if statute.definitions:
        yield "### Definitions\n"
        yield from _table(
            ("Name", "Says", "Condition", "Dates", "Source"),
            (
                (f"`{d.name}`", d.said, in_words(d.when, {}), _time(d), d.source)
                for d in statute.definitions
            ),
        )
    if statute.scope:
        yield "### Scope\n"
        yield from _table(
            ("Rule", "Effect", "Told to the citizen", "Article"),
            ((f"`{rule.id}`", rule.effect, rule.said, rule.citation) for rule in statute.scope),
        )


def _who(ground: Ground) -> str:
    told = ground.said if ground.note is None else f"{ground.said}<br>{ground.note}"
    if ground.without_papers is not None:
        told += f"<br>Without papers: {ground.without_papers}"
    return _marked(told, ground.verified)


def _marked(said: str, verified: bool) -> str:
    return said if verified else f"{said}<br>**not verified**"


def _condition(ground: Ground, statute: Statute) -> str:
    """What the program goes by, so that a reader can hold it against the words beside it."""
    named = {definition.name: definition for definition in statute.definitions}
    return "<br>".join(in_words(part, named) for part in ground.conditions())


def _ways(ground: Ground) -> str:
    return "<br>".join(" + ".join(f"`{paper}`" for paper in bundle) for bundle in ground.papers)


def _papers(law: LegalAidLaw) -> Iterator[str]:
    yield "## Papers\n"
    yield "By Circular 08/2017/TT-BTP, Article 33, as amended by 03/2021/TT-BTP (from 2021-07-15)"
    yield "and 09/2022/TT-BTP (from 2023-01-01). Whoever lost a paper asks its issuer for another."
    yield ""
    yield from _table(
        ("Paper", "Name", "Issued by", "If lost", "Source", "Remarks"),
        (
            (
                f"`{paper.id}`",
                paper.name,
                paper.issued_by,
                paper.if_lost,
                paper.source,
                "<br>".join(
                    (
                        *(() if paper.verified else ("issuer **not verified**",)),
                        *((f"**outdated**: {paper.outdated}",) if paper.outdated else ()),
                    )
                ),
            )
            for paper in law.papers.values()
        ),
    )


def _impossible(law: LegalAidLaw) -> Iterator[str]:
    yield "## Answers that contradict each other\n"
    yield from _table(
        ("Rule", "Told to the citizen", "Source"),
        ((f"`{rule.id}`", rule.said, rule.source) for rule in law.impossible),
    )


def _rules(rules: AcceptanceRules) -> Iterator[str]:
    headings = {
        "for_others": "Who may ask for another",
        "accept_at_once": "Taken in at once, papers later",
        "refuse_request": "Refused in writing, by an officer only",
        "other_person_needed": "Another person of the centre must take it",
        "goes_on": "Goes on to the end",
        "elsewhere": "Who else helps",
    }
    yield "## For officers\n"
    for section, heading in headings.items():
        yield f"### {heading}\n"
        yield from _table(
            ("Rule", "Dates", "Article", "Source"),
            (
                (_marked(rule.said, rule.verified), _time(rule), rule.citation, rule.source)
                for rule in getattr(rules, section)
            ),
        )


def _facts() -> Iterator[str]:
    yield "## Facts\n"
    yield from _table(
        ("Fact", "Values", "Sensitive", "Meaning"),
        (
            (f"`{f.id}`", _values(f), "yes" if f.sensitive else "", f.description)
            for f in FACTS.values()
        ),
    )


def _values(fact: Fact) -> str:
    if fact.kind is Kind.WHOLE_NUMBER:
        return f"0 to {OLDEST}"
    return ", ".join(fact.options) or "yes, no"


def _time(entry: Dated) -> str:
    if entry.valid_to is None:
        return f"from {entry.valid_from}"
    return f"{entry.valid_from} to {entry.valid_to}"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield _row(heads)
    yield _row(tuple("---" for _ in heads))
    for row in rows:
        yield _row(row)
    yield ""


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
