"""What a citizen pressed is told apart from what they told: it stands in no paper."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "thread_entries",
        sa.Column("pressed", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
