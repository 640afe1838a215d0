"""Every table on one page (SQLAlchemy Core, SQLite and PostgreSQL), but `search`: see `queries/search.py`."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """A UTC-aware datetime, stored as ISO 8601 text of fixed width: it sorts and reads alike on both databases."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: every instant in Paperboy is aware")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """JSON as text with sorted keys: the same value is the same bytes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else json.loads(value)


def _where(condition: str) -> dict[str, Any]:
    """An index's condition, for both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


# ---- papers in -----------------------------------------------------------------------------------------------------

listings = Table(
    "listings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String(40), nullable=False),
    Column("name", String(80), nullable=False),
    Column("day", Date, nullable=False),
    Column("content", String(64), nullable=False, comment="hash of all entries with their figures"),
    Column("fingerprint", String(64), nullable=False, comment="hash of the sorted paper keys"),
    Column("word", String(10), nullable=False),
    Column("captured_at", Instant, nullable=False, comment="when this content was first seen"),
    Column("seen_at", Instant, nullable=False, comment="when it was last seen unchanged"),
    Column("entries", Integer, nullable=False),
    Column("stated", Integer),
    Column("sample", Boolean, nullable=False),
    UniqueConstraint("source", "name", "day", "content"),
)

papers = Table(
    "papers",
    metadata,
    Column("key", String(400), primary_key=True),
    Column("arxiv_id", String(40), index=True, comment="may become known after the key was given"),
    Column("title_key", String(400), nullable=False, index=True, comment="joins a paper without id to its id"),
    Column("facts", Json, nullable=False, comment="the Paper with the merged facts of every source"),
    Column("first_listed", Date, nullable=False, index=True),
    Column("standing", String(10), nullable=False, index=True, comment="new: waits for an edition; old; composed"),
    Column("sample", Boolean, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    Column("listing_id", Integer, ForeignKey("listings.id", ondelete="CASCADE"), primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("paper_key", String(400), nullable=False, index=True),
    Column("announcement", String(14), nullable=False),
    Column("upvotes", Integer),
    Column("comments", Integer),
)

editions = Table(
    "editions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("day", Date, nullable=False),
    Column("sample", Boolean, nullable=False),
    Column("composed_at", Instant, nullable=False),
    Column("papers", Integer, nullable=False),
    Column("remarks", Json, nullable=False),
    UniqueConstraint("day", "sample"),
)

edition_topics = Table(
    "edition_topics",
    metadata,
    Column("edition_id", Integer, ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("key", String(120), nullable=False),
    Column("label", String(200), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("terms", Json, nullable=False),
)

edition_papers = Table(
    "edition_papers",
    metadata,
    Column("paper_key", String(400), primary_key=True, comment="primary: a paper is in exactly one edition"),
    Column("edition_id", Integer, ForeignKey("editions.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("topic", Integer, nullable=False, comment="position of its topic"),
    Column("place", Integer, nullable=False, comment="place within the topic, most central first"),
    Column("facts", Json, nullable=False, comment="the Paper as it was when the edition was frozen"),
)

# ---- people --------------------------------------------------------------------------------------------------------

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("address", String(320), nullable=False, comment="as it is mailed"),
    Column("address_key", String(320), nullable=False, unique=True, comment="folded: one person, one address"),
    Column("name", String(200), nullable=False),
    Column("token", String(64), nullable=False, unique=True, comment="opaque, for links and the return path"),
    Column("zone", String(64), nullable=False),
    Column("hour", Integer, nullable=False, comment="local hour from which the digest is due"),
    Column("cadence", String(10), nullable=False, comment="daily · weekdays · weekly"),
    Column("weekday", Integer, nullable=False, comment="0 is Monday; used by weekly"),
    Column("paused_until", Date),
    Column("preferences", Json, nullable=False, comment="interests, topics followed and limits, as declared"),
    Column("origin", String(10), nullable=False, comment="roster · web · mail"),
    Column("cursor", Integer, nullable=False, comment="id of the last edition served"),
    Column("served_at", Instant, comment="when a digest was last queued, or nothing matched"),
    Column("created_at", Instant, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("subscriber_id", Integer, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
    Column("state", String(14), nullable=False, index=True, comment="pending · active · unsubscribed"),
    Column("changed_at", Instant, nullable=False),
    Column("how", String(40), nullable=False, comment="roster · one-click · page · mail · command"),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("address_key", String(320), primary_key=True),
    Column("reason", String(40), nullable=False, comment="bounce · complaint · refused · operator"),
    Column("detail", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

bounces = Table(
    "bounces",
    metadata,
    Column("address_key", String(320), primary_key=True),
    Column("score", Integer, nullable=False, comment="days with a soft bounce; one more at most a day"),
    Column("at", Instant, nullable=False, comment="when it was last counted; too long ago, and it starts again"),
    Column("detail", Text, nullable=False, comment="the server's last words"),
)

topics = Table(
    "topics",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("declaration", Json, nullable=False, comment="label, keywords, categories, authors, seeds, text, mute"),
)

votes = Table(
    "votes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscriber_id", Integer, ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("what", String(12), nullable=False, comment="more · less · mute_topic"),
    Column("about", String(400), nullable=False, comment="key of the paper, or label of the topic"),
    Column("edition_id", Integer, ForeignKey("editions.id", ondelete="SET NULL"), comment="where it was read"),
    Column("at", Instant, nullable=False),
    Column("how", String(10), nullable=False, comment="mail · page · command"),
    Column("undone_at", Instant, comment="when it was undone, or another took its place; none: it counts"),
    # One vote of a reader counts for a paper, and one for a topic; what they voted before stays to be read.
    Index(
        "uq_votes_paper", "subscriber_id", "about", unique=True, **_where("undone_at IS NULL AND what <> 'mute_topic'")
    ),
    Index(
        "uq_votes_topic", "subscriber_id", "about", unique=True, **_where("undone_at IS NULL AND what = 'mute_topic'")
    ),
)

consents = Table(
    "consents",
    metadata,
    Column("id", Integer, primary_key=True, comment="in the order in which it was said"),
    Column("subscriber_id", Integer, ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("what", String(10), nullable=False, comment="asked · confirmed · withdrawn · returned"),
    Column("at", Instant, nullable=False),
    Column("how", String(40), nullable=False, comment="web · mail · page · one-click · command · roster · complaint"),
    Column("origin", Text, nullable=False, comment="network address, or Message-ID of the mail"),
    Column("wording", Text, nullable=False, comment="the exact text they were shown"),
    Column("note", String(500), nullable=False, comment="why they left, in their words"),
)

allowances = Table(
    "allowances",
    metadata,
    Column("name", String(80), primary_key=True, comment="its kind, and a salted hash of whose it is"),
    Column("tokens", Float, nullable=False, comment="what may be done at once"),
    Column("at", Instant, nullable=False, index=True, comment="when that was true"),
)

erasures = Table(
    "erasures",
    metadata,
    Column("hash", String(64), primary_key=True, comment="of the folded address, with this database's salt"),
    Column("at", Instant, nullable=False),
    Column("suppressed", String(40), nullable=False, comment="why the address was suppressed then, if it was"),
)

received = Table(
    "received",
    metadata,
    Column("message_id", String(64), primary_key=True, comment="hash of the Message-ID of a mail that was acted on"),
    Column("at", Instant, nullable=False, index=True),
)

# ---- delivery ------------------------------------------------------------------------------------------------------

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(64), nullable=False, unique=True, comment="the Message-ID derives from it"),
    Column("subscriber_id", Integer, ForeignKey("subscribers.id"), nullable=False),
    Column("edition_id", Integer, ForeignKey("editions.id"), nullable=False, comment="the edition it reaches"),
    Column("after", Integer, nullable=False, comment="the subscriber's cursor before it: given back if it expires"),
    Column("address", String(320), nullable=False),
    Column("name", String(200), nullable=False),
    Column("token", String(64), nullable=False),
    Column("digest", Json, nullable=False, comment="paper keys, reasons and figures; never a body"),
    Column("state", String(12), nullable=False),
    Column("queued_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False, comment="not before; later after a deferral"),
    Column("expires_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("made_by", String(64), nullable=False, index=True, comment="the run that queued it"),
    Column("run", String(64), comment="the run that claimed it last"),  # began or settled it
    Column("claim", String(64), comment="the lease under which it is claimed; only its holder may send it"),
    Column("reply", Text, nullable=False, comment="the server's last words"),
    UniqueConstraint("subscriber_id", "edition_id"),
    Index("ix_deliveries_state_id", "state", "id"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", Integer, ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("run", String(64), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("outcome", String(12)),
    Column("phase", String(10)),
    Column("code", Integer),
    Column("enhanced", String(12)),
    Column("reply", Text),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(64), nullable=False, unique=True, comment="the Message-ID derives from it"),
    Column("kind", String(20), nullable=False, comment="confirm · already · reply"),
    Column(
        "address", String(320), nullable=False, comment="this, the key, name and token go a day after it is settled"
    ),
    Column("address_key", String(320), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("token", String(64), nullable=False, comment="the subscriber's; empty where it is nobody's"),
    Column("facts", Json, nullable=False, comment="what its words need; never a body"),
    Column("in_reply_to", String(998), nullable=False, comment="Message-ID of the mail it answers"),
    Column("state", String(12), nullable=False),
    Column("queued_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False, comment="not before; later after a deferral"),
    Column("expires_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claim", String(64), comment="the lease under which it is claimed; only its holder may send it"),
    Column("reply", Text, nullable=False, comment="the server's last words"),
    Index("ix_notices_state_due", "state", "due_at"),
)

rates = Table(
    "rates",
    metadata,
    Column("name", String(260), primary_key=True, comment="the transport, or a recipient domain after an @"),
    Column("rate", Float, nullable=False, comment="mails a second, as learned from the server's answers"),
    Column("tokens", Float, nullable=False, comment="mails that may go at once"),
    Column("at", Instant, nullable=False, comment="when both were true"),
)

skips = Table(
    "skips",
    metadata,
    Column("subscriber_id", Integer, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("reason", String(14), nullable=False),
    Column("at", Instant, nullable=False),
)

marks = Table(
    "marks",
    metadata,
    Column("name", String(80), primary_key=True, comment="database; restored, again: with a random part"),
    Column("value", String(64), nullable=False, comment="who this database is; the newest edition it had then"),
    Column("at", Instant, nullable=False, comment="until when mail may have been sent that no row knows"),
)

# ---- runs ----------------------------------------------------------------------------------------------------------

runs = Table(
    "runs",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("day", Date, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("state", String(10), nullable=False, comment="running · finished · failed · abandoned"),
    Column("report", Json),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("host", String(200), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("until", Instant, nullable=False),
)
