"""A document tells at which mark it changed, so that a process reads only what it does not hold."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "documents", sa.Column("changed", sa.Integer(), server_default="0", nullable=False)
    )
    op.create_index("ix_documents_kind_changed", "documents", ["kind", "changed"])
