"""Requests taken in at the desk, consents heard there, and who asked to be called."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('consents') as consents:
        consents.alter_column('conversation_id', existing_type=sa.String(length=32), nullable=True)
        consents.add_column(sa.Column('manner', sa.String(length=40), nullable=True))
        consents.add_column(sa.Column('staff_id', sa.String(length=32), nullable=True))
    op.create_table('intakes',
    sa.Column('staff_id', sa.String(length=32), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('case_id', sa.String(length=32), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_intakes_case_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_intakes_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_intakes'))
    )
    op.create_index(op.f('ix_intakes_staff_id'), 'intakes', ['staff_id'], unique=False)
    op.create_table('callbacks',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_by', sa.String(length=32), nullable=True),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['asked_by'], ['staff.id'], name=op.f('fk_callbacks_asked_by')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_callbacks_case_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_callbacks'))
    )
    op.create_index(op.f('ix_callbacks_case_id'), 'callbacks', ['case_id'], unique=False)
    op.create_index('ix_callbacks_due', 'callbacks', ['ended_at', 'next_at'], unique=False)
    op.create_index('ix_callbacks_one_open', 'callbacks', ['case_id'], unique=True,
    sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
    op.create_table('call_tries',
    sa.Column('callback_id', sa.String(length=32), nullable=False),
    sa.Column('staff_id', sa.String(length=32), nullable=False),
    sa.Column('outcome', sa.String(length=40), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['callback_id'], ['callbacks.id'], name=op.f('fk_call_tries_callback_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_call_tries_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call_tries'))
    )
    op.create_index(op.f('ix_call_tries_callback_id'), 'call_tries', ['callback_id'], unique=False)
