"""bounces: the soft ones are counted."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bounces",
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False, comment="days with a soft bounce; one more at most a day"),
        sa.Column(
            "at",
            sa.String(length=32),
            nullable=False,
            comment="when it was last counted; too long ago, and it starts again",
        ),
        sa.Column("detail", sa.Text(), nullable=False, comment="the server's last words"),
        sa.PrimaryKeyConstraint("address_key", name=op.f("pk_bounces")),
    )
