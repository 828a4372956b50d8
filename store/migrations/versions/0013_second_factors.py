"""Second factors of the staff, and when a session was last proved."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('staff_sessions', sa.Column('proved_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('staff_sessions', sa.Column('challenge', sa.String(length=100), nullable=True))
    op.create_table('authenticators',
    sa.Column('staff_id', sa.String(length=32), nullable=False),
    sa.Column('secret', sa.LargeBinary(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_step', sa.BigInteger(), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_authenticators_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_authenticators'))
    )
    op.create_index(op.f('ix_authenticators_staff_id'), 'authenticators', ['staff_id'], unique=False)
    op.create_table('passkeys',
    sa.Column('staff_id', sa.String(length=32), nullable=False),
    sa.Column('name', sa.LargeBinary(), nullable=False),
    sa.Column('credential_id', sa.String(length=1400), nullable=False),
    sa.Column('public_key', sa.Text(), nullable=False),
    sa.Column('sign_count', sa.BigInteger(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_passkeys_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_passkeys')),
    sa.UniqueConstraint('credential_id', name=op.f('uq_passkeys_credential_id'))
    )
    op.create_index(op.f('ix_passkeys_staff_id'), 'passkeys', ['staff_id'], unique=False)
    op.create_table('recovery_codes',
    sa.Column('staff_id', sa.String(length=32), nullable=False),
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_recovery_codes_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery_codes'))
    )
    op.create_index(op.f('ix_recovery_codes_staff_id'), 'recovery_codes', ['staff_id'], unique=False)
