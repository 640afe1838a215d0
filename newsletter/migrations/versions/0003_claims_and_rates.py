"""claims, rates and marks: who may send a delivery, how fast the server wants them, and which database this is."""

import hashlib
import secrets
from datetime import UTC, datetime

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
    marks = op.create_table(
        "marks",
        sa.Column(
            "name",
            sa.String(length=80),
            nullable=False,
            comment="database; restored, again: with a random part",
        ),
        sa.Column(
            "value",
            sa.String(length=64),
            nullable=False,
            comment="who this database is; the newest edition it had then",
        ),
        sa.Column(
            "at",
            sa.String(length=32),
            nullable=False,
            comment="until when mail may have been sent that no row knows",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_marks")),
    )
    # Of a database with readers the same whenever it is migrated: a copy from before this version is known by it too.
    first = op.get_bind().execute(sa.text("SELECT token FROM subscribers ORDER BY id LIMIT 1")).scalar()
    who = secrets.token_hex(16) if first is None else hashlib.sha256(f"database/{first}".encode()).hexdigest()[:32]
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    op.bulk_insert(marks, [{"name": "database", "value": who, "at": now}])
