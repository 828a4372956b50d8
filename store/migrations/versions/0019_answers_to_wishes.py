"""Why a wish about the provider was not granted."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('provider_wishes', sa.Column('answer', sa.LargeBinary(), nullable=True))
