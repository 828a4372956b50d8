"""What the scanner for malicious software said of each file."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "files", sa.Column("scan", sa.String(length=40), server_default="unasked", nullable=False)
    )
    op.create_index(op.f("ix_files_scan"), "files", ["scan"], unique=False)
