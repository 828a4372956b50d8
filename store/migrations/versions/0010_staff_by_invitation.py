"""Staff by invitation, their leave, languages and fields."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ('languages', 'specialisms'):
        op.add_column('staff', sa.Column(name, sa.JSON(), server_default='[]', nullable=False))
    op.create_table('leave',
    sa.Column('staff_id', sa.String(length=32), nullable=False),
    sa.Column('first_day', sa.Date(), nullable=False),
    sa.Column('last_day', sa.Date(), nullable=False),
    sa.Column('set_by', sa.String(length=32), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['set_by'], ['staff.id'], name=op.f('fk_leave_set_by')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_leave_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_leave'))
    )
    op.create_index(op.f('ix_leave_staff_id'), 'leave', ['staff_id'], unique=False)
    op.create_table('invitations',
    sa.Column('staff_id', sa.String(length=32), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('made_by', sa.String(length=32), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['made_by'], ['staff.id'], name=op.f('fk_invitations_made_by')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_invitations_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitations')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_invitations_token_hash'))
    )
    op.create_index(op.f('ix_invitations_staff_id'), 'invitations', ['staff_id'], unique=False)
