"""claims and rates: who may send a delivery, and how fast the server wants them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "deliveries",
        sa.Column(
            "claim",
            sa.String(length=64),
            comment="the lease under which it is claimed; only its holder may send it",
        ),
    )
    op.drop_index("ix_deliveries_state_due", "deliveries")
    op.create_index("ix_deliveries_state_id", "deliveries", ["state", "id"])
    op.create_table(
        "rates",
        sa.Column(
            "name", sa.String(length=260), nullable=False, comment="the transport, or a recipient domain after an @"
        ),
        sa.Column("rate", sa.Float(), nullable=False, comment="mails a second, as learned from the server's answers"),
        sa.Column("tokens", sa.Float(), nullable=False, comment="mails that may go at once"),
        sa.Column("at", sa.String(length=32), nullable=False, comment="when both were true"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rates")),
    )
