"""The life of a case: the register, transfers, parties, providers, alerts, complaints."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _new_tables()
    _cases()


def _cases() -> None:
    """Both databases change a check by its name, so the table of cases is never copied."""
    op.add_column('cases', sa.Column('withdraw_reason', sa.LargeBinary(), nullable=True))
    op.add_column('cases', sa.Column('queued_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('cases', sa.Column('in_custody', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('cases', sa.Column('form', sa.String(40), nullable=True))
    op.add_column('cases', sa.Column('complex', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('cases', sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('cases', sa.Column('accepted_because', sa.String(40), nullable=True))
    op.add_column('cases', sa.Column('papers_asked_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('cases', sa.Column('papers_given_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('cases', sa.Column('papers_missing', sa.LargeBinary(), nullable=True))
    op.add_column('cases', sa.Column('longer_for_papers', sa.Boolean(), nullable=True))
    op.add_column('cases', sa.Column('assigned_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('cases', sa.Column('begun_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('cases', sa.Column('advice_given_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('cases', sa.Column('offered_to', sa.String(length=30), nullable=True))
    op.add_column('cases', sa.Column('joined_into', sa.String(length=32), nullable=True))
    op.add_column('cases', sa.Column('snoozed_until', sa.DateTime(timezone=True), nullable=True))
    op.add_column('cases', sa.Column('next_look_at', sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "ALTER TABLE cases ADD COLUMN provider_id VARCHAR(32) "
        "CONSTRAINT fk_cases_provider_id REFERENCES providers (id)"
    )
    op.create_index(op.f('ix_cases_joined_into'), 'cases', ['joined_into'], unique=False)
    op.create_index(op.f('ix_cases_next_look_at'), 'cases', ['next_look_at'], unique=False)
    op.create_index(op.f('ix_cases_offered_to'), 'cases', ['offered_to'], unique=False)
    op.create_index(op.f('ix_cases_provider_id'), 'cases', ['provider_id'], unique=False)
    op.execute("ALTER TABLE cases DROP CONSTRAINT ck_cases_claimed_has_holder")
    op.execute(
        "ALTER TABLE cases ADD CONSTRAINT ck_cases_held_has_holder CHECK "
        "((state IN ('claimed', 'accepted', 'in_progress')) = (holder_id IS NOT NULL)"
        " OR state = 'closed')"
    )
    op.execute(
        "ALTER TABLE cases ADD CONSTRAINT ck_cases_accepted_is_registered CHECK "
        "(accepted_at IS NOT NULL OR state NOT IN ('accepted', 'in_progress'))"
    )
    # Whatever was open before is looked at by the clock once, as if it had just moved
    op.execute("UPDATE cases SET next_look_at = opened_at WHERE state <> 'closed'")


def _new_tables() -> None:
    op.create_table('duty',
    sa.Column('office_id', sa.String(length=30), nullable=False),
    sa.Column('staff_id', sa.String(length=32), nullable=False),
    sa.Column('from_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('to_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_duty_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_duty'))
    )
    op.create_index(op.f('ix_duty_office_id'), 'duty', ['office_id'], unique=False)
    op.create_table('providers',
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('kind', sa.String(40), nullable=False),
    sa.Column('office_id', sa.String(length=30), nullable=True),
    sa.Column('area', sa.String(length=200), nullable=True),
    sa.Column('card_number', sa.String(length=40), nullable=True),
    sa.Column('gender', sa.String(40), nullable=True),
    sa.Column('fields', sa.JSON(), nullable=False),
    sa.Column('languages', sa.JSON(), nullable=False),
    sa.Column('publishes', sa.JSON(), nullable=False),
    sa.Column('staff_id', sa.String(length=32), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_providers_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_providers'))
    )
    op.create_index(op.f('ix_providers_office_id'), 'providers', ['office_id'], unique=False)
    op.create_table('alerts',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('step', sa.String(40), nullable=False),
    sa.Column('role', sa.String(40), nullable=False),
    sa.Column('staff_id', sa.String(length=32), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('over_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_alerts_case_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_alerts_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alerts'))
    )
    op.create_index('ix_alerts_case', 'alerts', ['case_id', 'over_at'], unique=False)
    op.create_index('ix_alerts_ringing', 'alerts', ['role', 'over_at', 'at'], unique=False)
    op.create_index(op.f('ix_alerts_staff_id'), 'alerts', ['staff_id'], unique=False)
    op.create_table('assignments',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('provider_id', sa.String(length=32), nullable=False),
    sa.Column('assigned_by', sa.String(length=32), nullable=False),
    sa.Column('from_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('to_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ground', sa.String(40), nullable=True),
    sa.Column('reason', sa.LargeBinary(), nullable=True),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['assigned_by'], ['staff.id'], name=op.f('fk_assignments_assigned_by')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_assignments_case_id')),
    sa.ForeignKeyConstraint(['provider_id'], ['providers.id'], name=op.f('fk_assignments_provider_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assignments'))
    )
    op.create_index(op.f('ix_assignments_case_id'), 'assignments', ['case_id'], unique=False)
    op.create_index(op.f('ix_assignments_provider_id'), 'assignments', ['provider_id'], unique=False)
    op.create_table('complaints',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('about', sa.LargeBinary(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answer', sa.LargeBinary(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_by', sa.String(length=32), nullable=True),
    sa.Column('to_department_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('department_answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['answered_by'], ['staff.id'], name=op.f('fk_complaints_answered_by')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_complaints_case_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_complaints'))
    )
    op.create_index(op.f('ix_complaints_case_id'), 'complaints', ['case_id'], unique=False)
    op.create_table('conflict_decisions',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('other_case_id', sa.String(length=32), nullable=False),
    sa.Column('verdict', sa.String(40), nullable=False),
    sa.Column('reason', sa.LargeBinary(), nullable=False),
    sa.Column('staff_id', sa.String(length=32), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_conflict_decisions_case_id')),
    sa.ForeignKeyConstraint(['other_case_id'], ['cases.id'], name=op.f('fk_conflict_decisions_other_case_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_conflict_decisions_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_conflict_decisions'))
    )
    op.create_index(op.f('ix_conflict_decisions_case_id'), 'conflict_decisions', ['case_id'], unique=False)
    op.create_table('parties',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('role', sa.String(40), nullable=False),
    sa.Column('name', sa.LargeBinary(), nullable=False),
    sa.Column('name_index', sa.String(length=64), nullable=False),
    sa.Column('id_number', sa.LargeBinary(), nullable=True),
    sa.Column('id_index', sa.String(length=64), nullable=True),
    sa.Column('phone', sa.LargeBinary(), nullable=True),
    sa.Column('phone_index', sa.String(length=64), nullable=True),
    sa.Column('added_by', sa.String(length=32), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['added_by'], ['staff.id'], name=op.f('fk_parties_added_by')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_parties_case_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_parties'))
    )
    op.create_index(op.f('ix_parties_case_id'), 'parties', ['case_id'], unique=False)
    op.create_index(op.f('ix_parties_id_index'), 'parties', ['id_index'], unique=False)
    op.create_index(op.f('ix_parties_name_index'), 'parties', ['name_index'], unique=False)
    op.create_index(op.f('ix_parties_phone_index'), 'parties', ['phone_index'], unique=False)
    op.create_table('pauses',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('staff_id', sa.String(length=32), nullable=False),
    sa.Column('reason', sa.LargeBinary(), nullable=False),
    sa.Column('from_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('to_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_pauses_case_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_pauses_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pauses'))
    )
    op.create_index(op.f('ix_pauses_case_id'), 'pauses', ['case_id'], unique=False)
    op.create_table('provider_wishes',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('kind', sa.String(40), nullable=False),
    sa.Column('provider_id', sa.String(length=32), nullable=True),
    sa.Column('ground', sa.String(40), nullable=True),
    sa.Column('reason', sa.LargeBinary(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_by', sa.String(length=32), nullable=True),
    sa.Column('granted', sa.Boolean(), nullable=True),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['answered_by'], ['staff.id'], name=op.f('fk_provider_wishes_answered_by')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_provider_wishes_case_id')),
    sa.ForeignKeyConstraint(['provider_id'], ['providers.id'], name=op.f('fk_provider_wishes_provider_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_provider_wishes'))
    )
    op.create_index(op.f('ix_provider_wishes_case_id'), 'provider_wishes', ['case_id'], unique=False)
    op.create_table('ratings',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('stars', sa.Integer(), nullable=False),
    sa.Column('words', sa.LargeBinary(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_ratings_case_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ratings'))
    )
    op.create_index(op.f('ix_ratings_case_id'), 'ratings', ['case_id'], unique=False)
    op.create_table('refusals',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('staff_id', sa.String(length=32), nullable=False),
    sa.Column('ground', sa.String(40), nullable=False),
    sa.Column('wording', sa.LargeBinary(), nullable=False),
    sa.Column('accepted', sa.Boolean(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_refusals_case_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_refusals_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refusals'))
    )
    op.create_index(op.f('ix_refusals_case_id'), 'refusals', ['case_id'], unique=False)
    op.create_table('register_entries',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('office', sa.String(length=12), nullable=False),
    sa.Column('form', sa.String(40), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('entered_by', sa.String(length=32), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_register_entries_case_id')),
    sa.ForeignKeyConstraint(['entered_by'], ['staff.id'], name=op.f('fk_register_entries_entered_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_register_entries')),
    sa.UniqueConstraint('case_id', name=op.f('uq_register_entries_case_id')),
    sa.UniqueConstraint('code', name=op.f('uq_register_entries_code')),
    sa.UniqueConstraint('office', 'form', 'year', 'number', name=op.f('uq_register_entries_office_form_year_number'))
    )
    op.create_table('relations',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('provider_id', sa.String(length=32), nullable=False),
    sa.Column('why', sa.LargeBinary(), nullable=False),
    sa.Column('declared_by', sa.String(length=32), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_relations_case_id')),
    sa.ForeignKeyConstraint(['declared_by'], ['staff.id'], name=op.f('fk_relations_declared_by')),
    sa.ForeignKeyConstraint(['provider_id'], ['providers.id'], name=op.f('fk_relations_provider_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_relations')),
    sa.UniqueConstraint('case_id', 'provider_id', name=op.f('uq_relations_case_id_provider_id'))
    )
    op.create_table('transfers',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('from_office', sa.String(length=30), nullable=False),
    sa.Column('to_office', sa.String(length=30), nullable=False),
    sa.Column('state', sa.String(40), nullable=False),
    sa.Column('reason', sa.LargeBinary(), nullable=True),
    sa.Column('answer', sa.LargeBinary(), nullable=True),
    sa.Column('offered_by', sa.String(length=32), nullable=False),
    sa.Column('offered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.String(length=32), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_transfers_case_id')),
    sa.ForeignKeyConstraint(['decided_by'], ['staff.id'], name=op.f('fk_transfers_decided_by')),
    sa.ForeignKeyConstraint(['offered_by'], ['staff.id'], name=op.f('fk_transfers_offered_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_transfers'))
    )
    op.create_index(op.f('ix_transfers_case_id'), 'transfers', ['case_id'], unique=False)
    op.create_index(op.f('ix_transfers_from_office'), 'transfers', ['from_office'], unique=False)
    op.create_index('ix_transfers_one_open', 'transfers', ['case_id'], unique=True, sqlite_where=sa.text("state = 'offered'"), postgresql_where=sa.text("state = 'offered'"))
