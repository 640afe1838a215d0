"""the first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "editions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.Column("composed_at", sa.String(length=32), nullable=False),
        sa.Column("papers", sa.Integer(), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editions")),
        sa.UniqueConstraint("day", "sample", name=op.f("uq_editions_day")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("host", sa.String(length=200), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("until", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "listings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False, comment="hash of all entries with their figures"),
        sa.Column("fingerprint", sa.String(length=64), nullable=False, comment="hash of the sorted paper keys"),
        sa.Column("word", sa.String(length=10), nullable=False),
        sa.Column("captured_at", sa.String(length=32), nullable=False, comment="when this content was first seen"),
        sa.Column("seen_at", sa.String(length=32), nullable=False, comment="when it was last seen unchanged"),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("stated", sa.Integer(), nullable=True),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listings")),
        sa.UniqueConstraint("source", "name", "day", "content", name=op.f("uq_listings_source")),
    )
    op.create_table(
        "papers",
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("arxiv_id", sa.String(length=40), nullable=True, comment="may become known after the key was given"),
        sa.Column("title_key", sa.String(length=400), nullable=False, comment="joins a paper without id to its id"),
        sa.Column("facts", sa.Text(), nullable=False, comment="the Paper with the merged facts of every source"),
        sa.Column("first_listed", sa.Date(), nullable=False),
        sa.Column("standing", sa.String(length=10), nullable=False, comment="new: waits for an edition; old; composed"),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_papers")),
    )
    with op.batch_alter_table("papers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_papers_arxiv_id"), ["arxiv_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_papers_first_listed"), ["first_listed"], unique=False)
        batch_op.create_index(batch_op.f("ix_papers_standing"), ["standing"], unique=False)
        batch_op.create_index(batch_op.f("ix_papers_title_key"), ["title_key"], unique=False)

    op.create_table(
        "runs",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("started_at", sa.String(length=32), nullable=False),
        sa.Column("finished_at", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False, comment="running · finished · failed · abandoned"),
        sa.Column("report", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_runs")),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False, comment="as it is mailed"),
        sa.Column("address_key", sa.String(length=320), nullable=False, comment="folded: one person, one address"),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False, comment="opaque, for links and the return path"),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False, comment="local hour from which the digest is due"),
        sa.Column("cadence", sa.String(length=10), nullable=False, comment="daily · weekdays · weekly"),
        sa.Column("weekday", sa.Integer(), nullable=False, comment="0 is Monday; used by weekly"),
        sa.Column("paused_until", sa.Date(), nullable=True),
        sa.Column(
            "preferences", sa.Text(), nullable=False, comment="interests, topics followed and limits, as declared"
        ),
        sa.Column("origin", sa.String(length=10), nullable=False, comment="roster · web · mail"),
        sa.Column("cursor", sa.Integer(), nullable=False, comment="id of the last edition served"),
        sa.Column(
            "served_at",
            sa.String(length=32),
            nullable=True,
            comment="when a digest was last queued, or nothing matched",
        ),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers")),
        sa.UniqueConstraint("address_key", name=op.f("uq_subscribers_address_key")),
        sa.UniqueConstraint("token", name=op.f("uq_subscribers_token")),
    )
    op.create_table(
        "suppressions",
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False, comment="bounce · complaint · refused · operator"),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("address_key", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "topics",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "declaration", sa.Text(), nullable=False, comment="label, keywords, categories, authors, seeds, text, mute"
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_topics")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False, comment="the Message-ID derives from it"),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False, comment="the edition it reaches"),
        sa.Column(
            "after", sa.Integer(), nullable=False, comment="the subscriber's cursor before it: given back if it expires"
        ),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="paper keys, reasons and figures; never a body"),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("queued_at", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.String(length=32), nullable=False, comment="not before; later after a deferral"),
        sa.Column("expires_at", sa.String(length=32), nullable=False),
        sa.Column("changed_at", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False, comment="the run that queued it"),
        sa.Column("run", sa.String(length=64), nullable=True, comment="the run that claimed it last"),
        sa.Column("reply", sa.Text(), nullable=False, comment="the server's last words"),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_deliveries_edition_id_editions")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_deliveries_subscriber_id_subscribers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("key", name=op.f("uq_deliveries_key")),
        sa.UniqueConstraint("subscriber_id", "edition_id", name=op.f("uq_deliveries_subscriber_id")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deliveries_made_by"), ["made_by"], unique=False)
        batch_op.create_index("ix_deliveries_state_due", ["state", "due_at"], unique=False)

    op.create_table(
        "edition_papers",
        sa.Column(
            "paper_key", sa.String(length=400), nullable=False, comment="primary: a paper is in exactly one edition"
        ),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.Integer(), nullable=False, comment="position of its topic"),
        sa.Column("place", sa.Integer(), nullable=False, comment="place within the topic, most central first"),
        sa.Column("facts", sa.Text(), nullable=False, comment="the Paper as it was when the edition was frozen"),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name=op.f("fk_edition_papers_edition_id_editions"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("paper_key", name=op.f("pk_edition_papers")),
    )
    with op.batch_alter_table("edition_papers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_edition_papers_edition_id"), ["edition_id"], unique=False)

    op.create_table(
        "edition_topics",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name=op.f("fk_edition_topics_edition_id_editions"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "position", name=op.f("pk_edition_topics")),
    )
    op.create_table(
        "entries",
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("paper_key", sa.String(length=400), nullable=False),
        sa.Column("announcement", sa.String(length=14), nullable=False),
        sa.Column("upvotes", sa.Integer(), nullable=True),
        sa.Column("comments", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listings.id"], name=op.f("fk_entries_listing_id_listings"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("listing_id", "rank", name=op.f("pk_entries")),
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entries_paper_key"), ["paper_key"], unique=False)

    op.create_table(
        "skips",
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=14), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_skips_subscriber_id_subscribers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subscriber_id", "day", name=op.f("pk_skips")),
    )
    op.create_table(
        "subscriptions",
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=14), nullable=False, comment="pending · active · unsubscribed"),
        sa.Column("changed_at", sa.String(length=32), nullable=False),
        sa.Column("how", sa.String(length=40), nullable=False, comment="roster · one-click · page · mail · command"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_subscriptions_subscriber_id_subscribers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscriber_id", name=op.f("pk_subscriptions")),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscriptions_state"), ["state"], unique=False)

    op.create_table(
        "attempts",
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.String(length=32), nullable=False),
        sa.Column("finished_at", sa.String(length=32), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("phase", sa.String(length=10), nullable=True),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("enhanced", sa.String(length=12), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_attempts_delivery_id_deliveries"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_attempts")),
    )
