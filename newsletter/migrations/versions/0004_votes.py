"""votes: more and less of a paper, and muted topics."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_CURRENT = {
    "uq_votes_paper": "undone_at IS NULL AND what <> 'mute_topic'",
    "uq_votes_topic": "undone_at IS NULL AND what = 'mute_topic'",
}


def upgrade() -> None:
    op.create_table(
        "votes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=12), nullable=False, comment="more · less · mute_topic"),
        sa.Column("about", sa.String(length=400), nullable=False, comment="key of the paper, or label of the topic"),
        sa.Column("edition_id", sa.Integer(), comment="where it was read"),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("how", sa.String(length=10), nullable=False, comment="mail · page · command"),
        sa.Column(
            "undone_at",
            sa.String(length=32),
            comment="when it was undone, or another took its place; none: it counts",
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_votes_subscriber_id_subscribers"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name=op.f("fk_votes_edition_id_editions"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_votes")),
    )
    op.create_index(op.f("ix_votes_subscriber_id"), "votes", ["subscriber_id"])
    for name, condition in _CURRENT.items():
        op.create_index(
            name,
            "votes",
            ["subscriber_id", "about"],
            unique=True,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )
