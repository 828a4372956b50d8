"""The groups of Article 7 that a case was screened for, so that cases can be counted by them.

They lie in the sealed screening, because they may name HIV, violence, trafficking or an
accusation. They are not copied into a column of their own: whoever steals the database would know
who is ill. They are opened here, in the process that holds the keys, and kept in its memory only,
by the head of the sealed value, which is another one at every sealing.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from cases.memory import Memory
from cases.model import Case
from eligibility.grounds import GroupId
from store.crypto import SealError, Vault
from store.session import Session

log = logging.getLogger(__name__)

_groups: Memory[bytes, tuple[str, ...]] = Memory(100_000)
_HEAD = 17
"""Bytes before the sealed text: the format, the key and the nonce."""
_MANY = 500
"""Ids in one query."""


def groups_of(
    session: Session, heads: Iterable[tuple[str, bytes | None]]
) -> Mapping[str, tuple[str, ...]]:
    """The groups that the screening named, by case, from ids and the heads of what is sealed."""
    found: dict[str, tuple[str, ...]] = {}
    unknown: list[str] = []
    for case_id, head in heads:
        if head is None:
            found[case_id] = ()
        elif (known := _groups.get(bytes(head))) is not None:
            found[case_id] = known
        else:
            unknown.append(case_id)
    for some in in_parts(unknown):
        query = sa.select(Case.id, Case.screening).where(Case.id.in_(some))
        for case_id, sealed in session.execute(query):
            found[case_id] = _groups_told(session.vault, case_id, sealed) if sealed else ()
            if sealed:
                _groups.put(bytes(sealed[:_HEAD]), found[case_id])
    return found


def head_of_screening() -> sa.ColumnElement[bytes]:
    """What `groups_of` knows a screening by."""
    return sa.func.substr(Case.screening, 1, _HEAD, type_=sa.LargeBinary())


def _groups_told(vault: Vault, case_id: str, sealed: bytes) -> tuple[str, ...]:
    try:
        told = json.loads(vault.open(Case.__tablename__, "screening", case_id, sealed))
    except (SealError, ValueError) as problem:
        # One case that can't be read must not keep all the others from being counted
        log.error("case %s can't be counted by group: %s", case_id, type(problem).__name__)  # noqa: TRY400
        return ()
    grounds = told.get("grounds") if isinstance(told, dict) else None
    named = {str(one.get("id")) for one in grounds or () if isinstance(one, dict)}
    return tuple(group for group in GroupId if group in named)


def in_parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    """Ids in runs that are few enough for one query."""
    return (ids[start : start + _MANY] for start in range(0, len(ids), _MANY))
