"""What the queries of every table share: an INSERT that can say ON CONFLICT."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from newsletter.database import Transaction


def insert_into(tx: Transaction, table: Any) -> Any:
    """An INSERT that can say ON CONFLICT, which both databases spell alike."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)
