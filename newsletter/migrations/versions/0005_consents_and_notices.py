"""consents, notices, allowances, erasures, received: people who come, choose and leave by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _people()
    _notices()
    op.create_table(
        "received",
        sa.Column(
            "message_id",
            sa.String(length=64),
            nullable=False,
            comment="hash of the Message-ID of a mail that was acted on",
        ),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_received")),
    )
    op.create_index(op.f("ix_received_at"), "received", ["at"])


def _people() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.Integer(), nullable=False, comment="in the order in which it was said"),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False, comment="asked · confirmed · withdrawn · returned"),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column(
            "how",
            sa.String(length=40),
            nullable=False,
            comment="web · mail · page · one-click · command · roster · complaint",
        ),
        sa.Column("origin", sa.Text(), nullable=False, comment="network address, or Message-ID of the mail"),
        sa.Column("wording", sa.Text(), nullable=False, comment="the exact text they were shown"),
        sa.Column("note", sa.String(length=500), nullable=False, comment="why they left, in their words"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_consents_subscriber_id_subscribers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_subscriber_id"), "consents", ["subscriber_id"])
    op.create_table(
        "allowances",
        sa.Column("name", sa.String(length=80), nullable=False, comment="its kind, and a salted hash of whose it is"),
        sa.Column("tokens", sa.Float(), nullable=False, comment="what may be done at once"),
        sa.Column("at", sa.String(length=32), nullable=False, comment="when that was true"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_allowances")),
    )
    op.create_index(op.f("ix_allowances_at"), "allowances", ["at"])
    op.create_table(
        "erasures",
        sa.Column(
            "hash", sa.String(length=64), nullable=False, comment="of the folded address, with this database's salt"
        ),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column(
            "suppressed",
            sa.String(length=40),
            nullable=False,
            comment="why the address was suppressed then, if it was",
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_erasures")),
    )


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False, comment="the Message-ID derives from it"),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="confirm · already · reply"),
        sa.Column(
            "address",
            sa.String(length=320),
            nullable=False,
            comment="this, the key, name and token go a day after it is settled",
        ),
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "token", sa.String(length=64), nullable=False, comment="the subscriber's; empty where it is nobody's"
        ),
        sa.Column("facts", sa.Text(), nullable=False, comment="what its words need; never a body"),
        sa.Column("in_reply_to", sa.String(length=998), nullable=False, comment="Message-ID of the mail it answers"),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("queued_at", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.String(length=32), nullable=False, comment="not before; later after a deferral"),
        sa.Column("expires_at", sa.String(length=32), nullable=False),
        sa.Column("changed_at", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column(
            "claim",
            sa.String(length=64),
            comment="the lease under which it is claimed; only its holder may send it",
        ),
        sa.Column("reply", sa.Text(), nullable=False, comment="the server's last words"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("key", name=op.f("uq_notices_key")),
    )
    op.create_index("ix_notices_state_due", "notices", ["state", "due_at"])
    op.create_index(op.f("ix_notices_address_key"), "notices", ["address_key"])
