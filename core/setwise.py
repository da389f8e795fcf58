"""Writing many rows in few statements: COPY for new ones, one UPDATE for changed ones.

An import of a hundred orders writes a thousand rows. As model instances that costs more than all
the rest of the import; as plain tuples it costs what PostgreSQL needs. Names of tables and columns
come from the models, values in the order of `columns`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from psycopg import Cursor, sql

Row = Sequence[Any]


def copy_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows; any conflict refuses all of them. Lists become arrays."""
    statement, lists_at = _copy(model, tuple(columns))
    with connection.wrap_database_errors, connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            write = copy.write_row
            for row in rows:
                write(_with_empty_arrays(row, lists_at) if lists_at else row)


@cache
def _copy(model: type[models.Model], columns: tuple[str, ...]) -> tuple[str, list[int]]:
    """The statement, and where its arrays stand; the same few are asked for page after page."""
    lists_at = [
        i for i, name in enumerate(columns) if isinstance(model._meta.get_field(name), ArrayField)
    ]
    table = connection.ops.quote_name(model._meta.db_table)
    return (
        f"COPY {table} ({', '.join(map(connection.ops.quote_name, columns))}) FROM STDIN",
        lists_at,
    )


def _with_empty_arrays(row: Row, at: Sequence[int]) -> Row:
    """An empty list, which most are, written out: the general way takes longer than the row."""
    cells = list(row)
    for i in at:
        if cells[i] == []:
            cells[i] = "{}"
    return cells


def update_rows(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    where: str = "",
) -> list[int]:
    """Give rows new values; the first column is "id". Returns the keys of those that took them.

    `where` is a further condition: `old` is the stored row, `new` the values that would replace it.
    """
    if not rows:
        return []
    given = [name for name in columns if name != "id"]
    statement = sql.SQL(
        "UPDATE {table} AS old SET ({columns}) = ROW({values})"
        " FROM json_populate_recordset(NULL::{table}, %s::json) AS new"
        " WHERE old.id = new.id {condition} RETURNING old.id"
    ).format(
        table=sql.Identifier(model._meta.db_table),
        columns=_names(given),
        values=sql.SQL(", ").join(sql.SQL("new.{}").format(sql.Identifier(n)) for n in given),
        condition=sql.SQL(f"AND ({where})") if where else sql.SQL(""),
    )
    text = json.dumps([dict(zip(columns, row, strict=True)) for row in rows], default=_plain)
    with connection.cursor() as cursor:
        cursor.execute(statement, [text])
        return [pk for (pk,) in cursor.fetchall()]


def execute_with_arrays(statement: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run a statement whose parameters are long arrays; returns its rows, if it has any.

    Django writes values into the text of a statement, an array letter by letter. Here they travel
    beside it, those of %b in PostgreSQL's own form: for a page of texts a tenth of the work.
    """
    connection.ensure_connection()
    database: Any = connection  # what wraps and counts Django's own cursors has no public name
    with database._prepare_cursor(Cursor(database.connection)) as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else []


def next_ids(*wanted: tuple[type[models.Model], int]) -> list[list[int]]:
    """Keys for rows that are going to be copied, so that others can already point to them."""
    # OFFSET 0 keeps the planner from looking the sequence up again for every key.
    parts = sql.SQL(", ").join(
        sql.SQL(
            "ARRAY(SELECT nextval(keys) FROM generate_series(1, {}),"
            " (SELECT pg_get_serial_sequence({}, 'id')::regclass AS keys OFFSET 0) AS of_table)"
        ).format(sql.Literal(number), sql.Literal(model._meta.db_table))
        for model, number in wanted
    )
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT {}").format(parts))
        return list(cursor.fetchone())


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return "\\x" + bytes(value).hex()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
