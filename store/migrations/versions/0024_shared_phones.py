"""Cases stay shut on a phone that may be shared: when one was opened, and what waits behind it."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("case_open_at", sa.DateTime(timezone=True)))
    op.add_column(
        "conversations",
        sa.Column("own_phone", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("outbox", sa.Column("case_id", sa.String(length=32), nullable=True))
    op.create_index("ix_outbox_case_id", "outbox", ["case_id"])
    op.add_column("cases", sa.Column("pin_alone", sa.String(length=64), nullable=True))
