"""Wrong PINs are counted by where they come from (table `brakes`), no longer in the case."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("cases", "locked_until")
    op.drop_column("cases", "wrong_pins")
