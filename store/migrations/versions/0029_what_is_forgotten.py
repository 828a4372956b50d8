"""A case says when it was forgotten, and reasons written down can be forgotten with it."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    forgotten = {
        "pauses": "reason",
        "refusals": "wording",
        "complaints": "about",
        "glass": "reason",
    }
    for table, column in forgotten.items():
        with op.batch_alter_table(table) as changed:
            changed.alter_column(column, existing_type=sa.LargeBinary(), nullable=True)
