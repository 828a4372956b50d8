"""An account that one admin made sees no case until a leader has said who it is."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "staff",
        sa.Column("unconfirmed", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
