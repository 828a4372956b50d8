"""Which version of a text was agreed to: texts are edited on the desk."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('consents', sa.Column('wording_version', sa.Integer(), nullable=True))
