"""The tokens of a Zalo Official Account."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('zalo_tokens',
    sa.Column('app_id', sa.String(length=40), nullable=False),
    sa.Column('given', sa.Text(), nullable=False),
    sa.Column('access', sa.LargeBinary(), nullable=True),
    sa.Column('refresh', sa.LargeBinary(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('spending_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_zalo_tokens')),
    sa.UniqueConstraint('app_id', name=op.f('uq_zalo_tokens_app_id'))
    )
