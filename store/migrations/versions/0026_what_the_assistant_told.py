"""What the assistant told the citizen for the office, kept with the case."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('told',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('said', sa.LargeBinary(), nullable=False),
    sa.Column('outbox_id', sa.String(length=32), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_told_case_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_told'))
    )
    op.create_index(op.f('ix_told_case_id'), 'told', ['case_id'], unique=False)
    op.create_index(op.f('ix_told_outbox_id'), 'told', ['outbox_id'], unique=False)
