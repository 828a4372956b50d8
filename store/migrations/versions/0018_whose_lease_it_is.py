"""Who has a message or a talk in hand: what a dead process held is free at once."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('outbox', sa.Column('leased_by', sa.String(32), nullable=True))
    op.add_column('conversations', sa.Column('busy_by', sa.String(32), nullable=True))
