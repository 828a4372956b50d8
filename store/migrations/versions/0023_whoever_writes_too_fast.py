"""When somebody was last told that they write faster than anybody reads."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "conversations", sa.Column("slowed_at", sa.DateTime(timezone=True), nullable=True)
    )
