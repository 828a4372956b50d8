"""Cases opened outside one's scope, for an hour, with a reason."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('glass',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('staff_id', sa.String(length=32), nullable=False),
    sa.Column('reason', sa.LargeBinary(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('opened_by', sa.String(length=32), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.String(length=32), nullable=True),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_glass_case_id')),
    sa.ForeignKeyConstraint(['ended_by'], ['staff.id'], name=op.f('fk_glass_ended_by')),
    sa.ForeignKeyConstraint(['opened_by'], ['staff.id'], name=op.f('fk_glass_opened_by')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_glass_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_glass'))
    )
    op.create_index(op.f('ix_glass_case_id'), 'glass', ['case_id'], unique=False)
    op.create_index(op.f('ix_glass_staff_id'), 'glass', ['staff_id'], unique=False)
