"""Who gives legal aid: the published list (Law 11/2017/QH14, Art. 10 clause 2 and Art. 17).

The list is public, so nothing of it is sealed; but each entry says which of its fields may be
shown, and citizens only ever see a `OfferedProvider`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases.offered import OfferedProvider
from cases.staff import Role, StaffMember
from store import audit
from store.base import Row
from store.session import Session


class ProviderKind(StrEnum):
    """Who may give legal aid (Art. 17 clause 1)."""

    OFFICER = "officer"
    """Trợ giúp viên pháp lý."""
    LAWYER = "lawyer"
    CONSULTANT = "consultant"
    """Tư vấn viên pháp luật."""
    COLLABORATOR = "collaborator"
    """Cộng tác viên trợ giúp pháp lý."""


class Gender(StrEnum):
    """As the list states it: some citizens will speak to a woman only."""

    FEMALE = "female"
    MALE = "male"


class Publish(StrEnum):
    """A field of the list that may be withheld. Name and kind are always published."""

    FIELDS = "fields"
    LANGUAGES = "languages"
    GENDER = "gender"
    AREA = "area"
    CARD = "card"


class Provider(Row):
    """One person of the list."""

    __tablename__ = "providers"

    name: Mapped[str] = mapped_column(sa.String(100))
    kind: Mapped[ProviderKind]
    office_id: Mapped[str | None] = mapped_column(sa.String(30), index=True)
    """The office they work at or for; None: the whole province."""
    area: Mapped[str | None] = mapped_column(sa.String(200))
    card_number: Mapped[str | None] = mapped_column(sa.String(40))
    gender: Mapped[Gender | None]
    fields: Mapped[list[str]] = mapped_column(sa.JSON())
    languages: Mapped[list[str]] = mapped_column(sa.JSON())
    publishes: Mapped[list[str]] = mapped_column(sa.JSON())
    """Values of `Publish`: the fields shown to citizens."""
    staff_id: Mapped[str | None] = mapped_column(sa.ForeignKey(StaffMember.id))
    """Their account of the desk, when they have one."""
    active: Mapped[bool] = mapped_column(default=True)


@dataclass(frozen=True, slots=True)
class ProviderEntry:
    """What the list says of one person, as it is written or edited on the desk."""

    name: str
    kind: ProviderKind
    office_id: str | None = None
    area: str | None = None
    card_number: str | None = None
    gender: Gender | None = None
    fields: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("vi",)
    publishes: frozenset[Publish] = frozenset(Publish)
    staff_id: str | None = None


class NotAllowedError(Exception):
    """This staff member may not edit the list."""


def write_provider(
    session: Session, staff: StaffMember, entry: ProviderEntry, provider_id: str | None = None
) -> Provider:
    """Add somebody to the list, or write an entry anew.

    Raises:
        NotAllowedError: only the centre and admins keep the list.
        LookupError: there is no such entry.
    """
    _keeper(staff)
    if provider_id is None:
        provider = Provider()
        session.add(provider)
    else:
        provider = _the_provider(session, provider_id)
    provider.name, provider.kind = entry.name, entry.kind
    provider.office_id, provider.area = entry.office_id, entry.area
    provider.card_number, provider.gender = entry.card_number, entry.gender
    provider.fields, provider.languages = list(entry.fields), list(entry.languages)
    provider.publishes = sorted(entry.publishes)
    provider.staff_id = entry.staff_id
    session.flush()
    audit.note(session, "provider.write", staff_id=staff.id, subject=provider.id)
    return provider


def set_active(session: Session, staff: StaffMember, provider_id: str, *, active: bool) -> Provider:
    """Take somebody off the list, or put them back; their cases keep them until changed.

    Raises:
        NotAllowedError, LookupError: as `write_provider`.
    """
    _keeper(staff)
    provider = _the_provider(session, provider_id)
    provider.active = active
    act = "provider.back" if active else "provider.retire"
    audit.note(session, act, staff_id=staff.id, subject=provider.id)
    return provider


def _keeper(staff: StaffMember) -> None:
    if staff.role not in (Role.CENTRE, Role.ADMIN):
        raise NotAllowedError


def _the_provider(session: Session, provider_id: str) -> Provider:
    provider = session.get(Provider, provider_id)
    if provider is None:
        raise LookupError(provider_id)
    return provider


def listed(session: Session, office_id: str | None = None) -> Sequence[Provider]:
    """The providers of today, by name; of one office: with those of the whole province."""
    query = sa.select(Provider).where(Provider.active).order_by(Provider.name, Provider.id)
    if office_id is not None:
        query = query.where(sa.or_(Provider.office_id == office_id, Provider.office_id.is_(None)))
    return session.scalars(query).all()


def published(provider: Provider) -> OfferedProvider:
    """What a citizen may see of a provider."""
    shown = set(provider.publishes)
    return OfferedProvider(
        id=provider.id,
        name=provider.name,
        kind=provider.kind,
        office_id=provider.office_id,
        area=provider.area if Publish.AREA in shown else None,
        card_number=provider.card_number if Publish.CARD in shown else None,
        gender=provider.gender if Publish.GENDER in shown else None,
        fields=tuple(provider.fields) if Publish.FIELDS in shown else (),
        languages=tuple(provider.languages) if Publish.LANGUAGES in shown else (),
    )
