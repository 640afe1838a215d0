"""search: the words of every paper of an edition, and those of the editions that exist."""

import json

import sqlalchemy as sa
from alembic import op

from newsletter import encoding
from newsletter.asking import findable
from newsletter.models import Paper
from newsletter.queries.search import add_all

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SQLITE = """
CREATE VIRTUAL TABLE search USING fts5(
    paper_key UNINDEXED, title, authors, topics, abstract, tokenize = "ascii tokenchars '.,'"
)
"""
# A paper may be of no edition for a moment, while a backup comes back; it is not found then.
_POSTGRESQL = "CREATE TABLE search (paper_key varchar(400) CONSTRAINT pk_search PRIMARY KEY, words tsvector NOT NULL)"


def upgrade() -> None:
    tx = op.get_bind()
    if tx.dialect.name == "postgresql":
        op.execute(_POSTGRESQL)
        op.execute("CREATE INDEX ix_search_words ON search USING gin (words)")
    else:
        op.execute(_SQLITE)
    frozen = sa.text(
        "SELECT edition_papers.facts, edition_topics.label FROM edition_papers JOIN edition_topics"
        " ON edition_topics.edition_id = edition_papers.edition_id AND edition_topics.position = edition_papers.topic"
        " WHERE edition_papers.edition_id = :edition ORDER BY edition_papers.topic, edition_papers.place"
    )
    # One edition at a time: the papers of years would fill the memory.
    for edition in tx.scalars(sa.text("SELECT id FROM editions ORDER BY id")).all():
        rows = tx.execute(frozen, {"edition": edition}).all()
        add_all(tx, (findable(encoding.load(Paper, json.loads(row.facts)), row.label) for row in rows))
