"""Laws and articles edited on the desk, and what citizens make of them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('article_views',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('article_id', sa.String(length=40), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'article_id', name=op.f('pk_article_views'))
    )
    op.create_table('article_votes',
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('article_id', sa.String(length=40), nullable=False),
    sa.Column('helpful', sa.Boolean(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('conversation_id', 'article_id', name=op.f('pk_article_votes'))
    )
    op.create_index(op.f('ix_article_votes_at'), 'article_votes', ['at'], unique=False)
    op.create_table('document_marks',
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('kind', name=op.f('pk_document_marks'))
    )
    op.create_table('documents',
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('key', sa.String(length=60), nullable=False),
    sa.Column('edited', sa.Boolean(), nullable=False),
    sa.Column('retired', sa.Boolean(), nullable=False),
    sa.Column('file_hash', sa.String(length=64), nullable=True),
    sa.Column('file_body', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('kind', 'key', name=op.f('pk_documents'))
    )
    op.create_table('open_questions',
    sa.Column('text', sa.LargeBinary(), nullable=False),
    sa.Column('why', sa.String(40), nullable=False),
    sa.Column('article_id', sa.String(length=40), nullable=True),
    sa.Column('field', sa.String(length=20), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('handled', sa.String(40), nullable=True),
    sa.Column('handled_by', sa.String(length=32), nullable=True),
    sa.Column('handled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('led_to', sa.String(length=40), nullable=True),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_open_questions'))
    )
    op.create_index(op.f('ix_open_questions_article_id'), 'open_questions', ['article_id'], unique=False)
    op.create_index(op.f('ix_open_questions_at'), 'open_questions', ['at'], unique=False)
    op.create_table('presence',
    sa.Column('subject', sa.String(length=80), nullable=False),
    sa.Column('staff_id', sa.String(length=32), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('subject', 'staff_id', name=op.f('pk_presence'))
    )
    op.create_table('document_versions',
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('key', sa.String(length=60), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('stage', sa.String(40), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('based_on', sa.Integer(), nullable=True),
    sa.Column('writers', sa.Text(), nullable=False),
    sa.Column('reviewer_id', sa.String(length=32), nullable=True),
    sa.Column('remark', sa.String(length=2000), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['kind', 'key'], ['documents.kind', 'documents.key'], name=op.f('fk_document_versions_kind_key')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_document_versions')),
    sa.UniqueConstraint('kind', 'key', 'number', name=op.f('uq_document_versions_kind_key_number'))
    )
    op.create_index('ix_document_versions_one_open', 'document_versions', ['kind', 'key'], unique=True, sqlite_where=sa.text("stage IN ('draft', 'in_review', 'approved')"), postgresql_where=sa.text("stage IN ('draft', 'in_review', 'approved')"))
    op.create_index('ix_document_versions_one_published', 'document_versions', ['kind', 'key'], unique=True, sqlite_where=sa.text("stage = 'published'"), postgresql_where=sa.text("stage = 'published'"))
