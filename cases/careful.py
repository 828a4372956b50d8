"""Where whoever holds the phone may be whom the citizen fears: in danger, or a child who writes."""

from cases.model import Case
from cases.screened import child_writes
from store.session import Session


def needs_care(session: Session, case: Case) -> bool:
    """Whether nothing may light up that phone unasked, unless they said how to reach them."""
    if case.open(session.vault, "danger") is not None:
        return True
    return child_writes(case.open(session.vault, "screening"))
