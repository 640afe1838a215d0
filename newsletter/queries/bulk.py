"""What the queries of every table share: an INSERT that can say ON CONFLICT, and many rows in one statement."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import JSON, Column, Integer, Select, String, Subquery, cast, func, literal, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.database import Transaction


def insert_into(tx: Transaction, table: Any) -> Any:
    """An INSERT that can say ON CONFLICT, which both databases spell alike."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)


def given(tx: Transaction, columns: Sequence[Column[Any]], rows: Iterable[Sequence[Any]]) -> Subquery:
    """Rows as a table to join with or insert from: `given(tx, [table.c.id, table.c.state], [(1, "queued")])`.

    They travel as one JSON parameter: a parameter each would cost more than the statement, most of all on PostgreSQL.
    Values are texts, numbers and None, as the database keeps them.
    """
    value, element = _elements(tx, json.dumps([list(row) for row in rows], ensure_ascii=False))
    named = []
    for place, column in enumerate(columns):
        found = element(value, place)
        if tx.dialect.name == "postgresql" and isinstance(column.type, Integer):
            found = cast(found, Integer())
        named.append(found.label(column.name))
    return select(*named).subquery("given")


def ids(tx: Transaction, numbers: Iterable[int]) -> Select[tuple[int]]:
    """Numbers for an IN, however many, as one parameter."""
    value, _ = _elements(tx, json.dumps(sorted(numbers)))
    return select(cast(cast(value, String), Integer) if tx.dialect.name == "postgresql" else value)


def _elements(tx: Transaction, text: str) -> tuple[Any, Any]:
    """The column of the elements of a JSON array, and how an element's own elements are read."""
    if tx.dialect.name == "postgresql":
        each = func.json_array_elements(cast(literal(text, String()), JSON)).table_valued("value", name="each_row")
        return each.c.value, lambda value, place: value.op("->>")(literal_column(str(place)))
    each = func.json_each(literal(text, String())).table_valued("value", name="each_row")
    return each.c.value, lambda value, place: func.json_extract(value, f"$[{place}]")
