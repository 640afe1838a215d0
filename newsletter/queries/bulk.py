"""What the queries of every table share: an INSERT that can say ON CONFLICT, and many rows in one statement."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Float,
    FromClause,
    Integer,
    Select,
    String,
    Table,
    Text,
    column,
    func,
    literal,
    select,
    true,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from newsletter.database import Transaction


def insert_into(tx: Transaction, table: Any) -> Any:
    """An INSERT that can say ON CONFLICT, which both databases spell alike."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)


def given(tx: Transaction, columns: Sequence[Column[Any]], rows: Iterable[Sequence[Any]]) -> FromClause:
    """Rows as a table to join with or insert from: `given(tx, [table.c.id, table.c.state], [(1, "queued")])`.

    They travel as one JSON parameter: a parameter each would cost more than the statement, most of all on PostgreSQL.
    Values are texts, numbers and None, as the database keeps them.
    """
    names = [each.name for each in columns]
    if tx.dialect.name == "postgresql":
        # As objects: the server reads each of them once, an array again for each of its elements.
        objects = json.dumps([dict(zip(names, row, strict=True)) for row in rows], ensure_ascii=False)
        records = func.json_to_recordset(sql_cast(literal(objects, String()), JSON))
        typed = [column(each.name, _stored(each)) for each in columns]
        return records.table_valued(*typed, name="given").render_derived(with_types=True)
    value = _elements(tx, json.dumps([list(row) for row in rows], ensure_ascii=False))
    read = [func.json_extract(value, f"$[{place}]").label(name) for place, name in enumerate(names)]
    return select(*read).subquery("given")


def instant(at: datetime) -> str:
    """An instant among given values, as the schema's `Instant` writes it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def ids(tx: Transaction, numbers: Iterable[int]) -> Select[tuple[int]]:
    """Numbers for an IN, however many, as one parameter."""
    value = _elements(tx, json.dumps(sorted(numbers)))
    return select(sql_cast(sql_cast(value, String), Integer) if tx.dialect.name == "postgresql" else value)


def texts(tx: Transaction, words: Iterable[str]) -> Select[tuple[str]]:
    """Texts for an IN, however many, as one parameter."""
    words_given = given(tx, [Column("word", Text)], [(word,) for word in sorted(words)])
    return select(words_given.c.word)


def insert_new(
    tx: Transaction,
    table: Table,
    columns: Sequence[Column[Any]],
    rows: Sequence[Sequence[Any]],
    *,
    same: Mapping[str, Any],
    told: Column[Any],
) -> frozenset[Any]:
    """Insert the rows that break no rule of the database, leave out the others, and tell one column of those inserted.

    `same` are the columns in which all rows are alike. Values are as `given` takes them.
    """
    names = [*(each.name for each in columns), *same]
    if tx.dialect.name == "postgresql":
        rows_given = given(tx, columns, rows)
        alike = (literal(value, _stored(table.c[name])) for name, value in same.items())
        wide = insert_into(tx, table).from_select(names, select(*rows_given.c, *alike).where(true()))
        return frozenset(tx.scalars(wide.on_conflict_do_nothing().returning(told)))
    # A wide row costs SQLite less as its own parameters than out of JSON. Nobody else writes while this transaction is
    # open, and ids grow: what is above the last one is ours.
    last = tx.scalar(select(func.max(table.c.id))) or 0
    one = insert_into(tx, table).on_conflict_do_nothing().compile(dialect=tx.dialect, column_keys=names)
    places = [names.index(name) for name in cast("list[str]", one.positiontup)]
    ready = [(*row, *same.values()) for row in rows]
    tx.exec_driver_sql(str(one), [tuple(row[place] for place in places) for row in ready])
    return frozenset(tx.scalars(select(told).where(table.c.id > last)))


def _elements(tx: Transaction, text: str) -> Any:
    """The column of the elements of a JSON array."""
    sent = literal(text, String())
    on_postgresql = tx.dialect.name == "postgresql"
    each = func.json_array_elements(sql_cast(sent, JSON)) if on_postgresql else func.json_each(sent)
    return each.table_valued("value", name="each_row").c.value


def _stored(each: Column[Any]) -> TypeEngine[Any]:
    """The type under which PostgreSQL keeps a column's values."""
    kinds = (Integer, Float, Boolean, Date)
    return next((kind() for kind in kinds if isinstance(each.type, kind)), Text())
