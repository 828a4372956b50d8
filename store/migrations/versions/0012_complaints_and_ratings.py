"""What is complained of and who does not read it; what Form 11 asks beside the whole."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('complaints', sa.Column('kind', sa.String(40), nullable=True))
    op.execute(
        "ALTER TABLE complaints ADD COLUMN against_id VARCHAR(32) "
        "CONSTRAINT fk_complaints_against_id REFERENCES staff (id)"
    )
    op.add_column('ratings', sa.Column('attitude', sa.Integer(), nullable=True))
    op.add_column('ratings', sa.Column('responsibility', sa.Integer(), nullable=True))
    op.add_column('ratings', sa.Column('skill', sa.Integer(), nullable=True))
