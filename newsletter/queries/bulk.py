"""What the queries of every table share: an INSERT that can say ON CONFLICT, and many rows in one statement."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import (
    JSON,
    BindParameter,
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
    bindparam,
    column,
    func,
    literal,
    select,
    true,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from newsletter.database import Transaction


def insert_into(tx: Transaction, table: Any) -> Any:
    """An INSERT that can say ON CONFLICT, which both databases spell alike."""
    return insert_for(tx.dialect.name, table)


def insert_for(dialect: str, table: Any) -> Any:
    """The same for a statement that is made once."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def execute_compiled(tx: Transaction, compiled: SQLCompiler, **values: str) -> None:
    """Execute a statement that was compiled once; for those that SQLAlchemy would compile again each time."""
    told = compiled.construct_params(values) or {}
    tx.exec_driver_sql(str(compiled), tuple(told[name] for name in compiled.positiontup or ()))


def given(tx: Transaction, columns: Sequence[Column[Any]], rows: Iterable[Sequence[Any]]) -> FromClause:
    """Rows as a table to join with or insert from: `given(tx, [table.c.id, table.c.state], [(1, "queued")])`.

    They travel as one JSON parameter: a parameter each would cost more than the statement, most of all on PostgreSQL.
    Values are texts, numbers and None, as the database keeps them.
    """
    return _table(tx.dialect.name, columns, literal(packed(tx.dialect.name, columns, rows), String()))


def given_as(dialect: str, columns: Sequence[Column[Any]], name: str) -> FromClause:
    """The same for a statement that is made once and executed many times: its parameter `name` takes what is `packed`.

    To make a statement costs ten times what it costs to execute it for a few rows.
    """
    return _table(dialect, columns, bindparam(name, type_=String()))


def packed(dialect: str, columns: Sequence[Column[Any]], rows: Iterable[Sequence[Any]]) -> str:
    """Rows as the parameter of `given_as`."""
    if dialect == "postgresql":
        # As objects: the server reads each of them once, an array again for each of its elements.
        names = [each.name for each in columns]
        return json.dumps([dict(zip(names, row, strict=True)) for row in rows], ensure_ascii=False)
    return json.dumps([list(row) for row in rows], ensure_ascii=False)


def _table(dialect: str, columns: Sequence[Column[Any]], sent: BindParameter[str]) -> FromClause:
    if dialect == "postgresql":
        records = func.json_to_recordset(sql_cast(sent, JSON))
        typed = [column(each.name, _stored(each)) for each in columns]
        return records.table_valued(*typed, name="given").render_derived(with_types=True)
    value = _elements(dialect, sent)
    read = [func.json_extract(value, f"$[{place}]").label(each.name) for place, each in enumerate(columns)]
    return select(*read).subquery("given")


def instant(at: datetime) -> str:
    """An instant among given values, as the schema's `Instant` writes it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def ids(tx: Transaction, numbers: Iterable[int]) -> Select[tuple[int]]:
    """Numbers for an IN, however many, as one parameter."""
    return _ids(tx.dialect.name, literal(packed_ids(numbers), String()))


def ids_as(dialect: str, name: str) -> Select[tuple[int]]:
    """The same for a statement that is made once: its parameter `name` takes `packed_ids`."""
    return _ids(dialect, bindparam(name, type_=String()))


def packed_ids(numbers: Iterable[int]) -> str:
    """Numbers as the parameter of `ids_as`; in order, so that two who lock the same rows do so in the same order."""
    return json.dumps(sorted(numbers))


def _ids(dialect: str, sent: BindParameter[str]) -> Select[tuple[int]]:
    value = _elements(dialect, sent)
    return select(sql_cast(sql_cast(value, String), Integer) if dialect == "postgresql" else value)


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


def _elements(dialect: str, sent: BindParameter[str]) -> Any:
    """The column of the elements of a JSON array."""
    each = func.json_array_elements(sql_cast(sent, JSON)) if dialect == "postgresql" else func.json_each(sent)
    return each.table_valued("value", name="each_row").c.value


def _stored(each: Column[Any]) -> TypeEngine[Any]:
    """The type under which PostgreSQL keeps a column's values."""
    kinds = (Integer, Float, Boolean, Date)
    return next((kind() for kind in kinds if isinstance(each.type, kind)), Text())
