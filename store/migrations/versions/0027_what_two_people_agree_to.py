"""Two people also give the roles that see every case or make accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "recoveries",
        sa.Column("what", sa.String(length=40), server_default="reset", nullable=False),
    )
    op.add_column("recoveries", sa.Column("role", sa.String(length=40), nullable=True))
    op.add_column("recoveries", sa.Column("office_id", sa.String(length=30), nullable=True))
