"""The Telegram groups of the branches, who is who in them, and the thread of each case."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chat_groups",
        sa.Column("office_id", sa.String(length=30), nullable=False),
        sa.Column("chat_id", sa.String(length=20), nullable=False),
        sa.Column("trouble", sa.String(length=40), nullable=True),
        sa.Column("shows_words", sa.Boolean(), nullable=False),
        sa.Column("deletes", sa.Boolean(), nullable=False),
        sa.Column("check_wanted", sa.Boolean(), nullable=False),
        sa.Column("seen_event", sa.BigInteger(), nullable=False),
        sa.Column("linked_by", sa.String(length=32), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["linked_by"], ["staff.id"], name=op.f("fk_chat_groups_linked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_groups")),
        sa.UniqueConstraint("chat_id", name=op.f("uq_chat_groups_chat_id")),
        sa.UniqueConstraint("office_id", name=op.f("uq_chat_groups_office_id")),
    )
    op.create_table(
        "chat_members",
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("user_index", sa.String(length=64), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_chat_members_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_members")),
        sa.UniqueConstraint("staff_id", name=op.f("uq_chat_members_staff_id")),
        sa.UniqueConstraint("user_index", name=op.f("uq_chat_members_user_index")),
    )
    op.create_table(
        "link_codes",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("code_index", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("office_id", sa.String(length=30), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_link_codes_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_codes")),
        sa.UniqueConstraint("code_index", name=op.f("uq_link_codes_code_index")),
    )
    op.create_index(op.f("ix_link_codes_staff_id"), "link_codes", ["staff_id"], unique=False)
    op.create_table(
        "chat_topics",
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("head_id", sa.BigInteger(), nullable=True),
        sa.Column("told", sa.String(length=200), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_chat_topics_case_id")),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["chat_groups.id"],
            name=op.f("fk_chat_topics_group_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_topics")),
        sa.UniqueConstraint("group_id", "case_id", name=op.f("uq_chat_topics_group_id_case_id")),
    )
    op.create_index(op.f("ix_chat_topics_case_id"), "chat_topics", ["case_id"], unique=False)
    op.create_table(
        "chat_told",
        sa.Column("topic_id", sa.String(length=32), nullable=False),
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["thread_entries.id"], name=op.f("fk_chat_told_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["chat_topics.id"], name=op.f("fk_chat_told_topic_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_told")),
        sa.UniqueConstraint("topic_id", "entry_id", "what", name=op.f("uq_chat_told_topic_id_entry_id_what")),
    )
