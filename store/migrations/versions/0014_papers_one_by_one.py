"""The papers of a case one by one, with the photos that came for each."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('cases', sa.Column('papers_sent_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        'cases', sa.Column('papers_asked_again_at', sa.DateTime(timezone=True), nullable=True)
    )
    op.create_table('case_papers',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('name', sa.LargeBinary(), nullable=False),
    sa.Column('named', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(40), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lacking_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.String(length=32), nullable=True),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_case_papers_case_id')),
    sa.ForeignKeyConstraint(['decided_by'], ['staff.id'], name=op.f('fk_case_papers_decided_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_papers'))
    )
    op.create_index(op.f('ix_case_papers_case_id'), 'case_papers', ['case_id'], unique=False)
    op.create_table('paper_files',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('paper_id', sa.String(length=32), nullable=True),
    sa.Column('file_id', sa.String(length=32), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sorted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_paper_files_case_id')),
    sa.ForeignKeyConstraint(['file_id'], ['files.id'], name=op.f('fk_paper_files_file_id')),
    sa.ForeignKeyConstraint(['paper_id'], ['case_papers.id'], name=op.f('fk_paper_files_paper_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_paper_files'))
    )
    op.create_index(op.f('ix_paper_files_case_id'), 'paper_files', ['case_id'], unique=False)
    op.create_index(op.f('ix_paper_files_paper_id'), 'paper_files', ['paper_id'], unique=False)
