"""Big append-only tables in parts, one for each month or day.

PostgreSQL keeps such a table as one name over many small tables. Old parts go in an instant and
leave no dead rows as a DELETE does, and a new row only touches the indexes of its own part.

A default part takes whatever has no part of its own, so that forgotten upkeep can never refuse a
row. `ensure()` makes the parts ahead of time, moves rows out of the default, and drops the old.

    AUDIT = PartitionedTable("core_auditentry", by="month")
    register(AUDIT)                                            # in AppConfig.ready()
    migrations.RunPython(converts(AUDIT), migrations.RunPython.noop)
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from psycopg import sql

from core.append_only import rewriting
from core.locks import hold_in_transaction


@dataclass(frozen=True)
class Part:
    """One part: its table, and the days it holds, the last one not included."""

    name: str
    start: date
    end: date


@dataclass(frozen=True)
class PartitionedTable:
    """How one table is cut: by which column, how fine, how far ahead, how long it is kept."""

    table: str
    by: Literal["month", "day"]
    column: str = "at"
    ahead: int = 3  # parts made before they are needed
    keep: timedelta | None = None  # None: for ever

    @property
    def default(self) -> str:
        return f"{self.table}_default"

    def part(self, day: date) -> Part:
        """The part that holds this day; parts are cut at midnight UTC."""
        if self.by == "day":
            return Part(f"{self.table}_p{day:%Y_%m_%d}", day, day + timedelta(days=1))
        first = day.replace(day=1)
        after = (first + timedelta(days=32)).replace(day=1)
        return Part(f"{self.table}_p{first:%Y_%m}", first, after)

    def part_called(self, name: str) -> Part | None:
        """The part whose table has this name; None for the default part and foreign names."""
        match = re.fullmatch(rf"{self.table}_p(\d{{4}})_(\d\d)(?:_(\d\d))?", name)
        if not match or (match[3] is None) != (self.by == "month"):
            return None
        return self.part(date(int(match[1]), int(match[2]), int(match[3] or 1)))


_registered: dict[str, PartitionedTable] = {}


def register(table: PartitionedTable) -> None:
    """Let the daily upkeep care for this table. Called from AppConfig.ready()."""
    _registered[table.table] = table


def registered() -> list[PartitionedTable]:
    return list(_registered.values())


def ensure_all(now: datetime | None = None) -> list[str]:
    """Care for every registered table; tells what was done."""
    return [change for table in registered() for change in ensure(table, now)]


def ensure(table: PartitionedTable, now: datetime | None = None) -> list[str]:
    """Make the parts of now and the near future, empty the default part, drop what is too old.

    Safe to repeat and to run on two hosts at once. A table that is not partitioned is left alone.
    """
    today = (now or timezone.now()).astimezone(UTC).date()
    with transaction.atomic(), connection.cursor() as cursor:
        hold_in_transaction("partitions", table.table)
        if not _is_partitioned(cursor, table.table):
            return []
        # While we wait behind a long reader, every writer waits behind us: rather try tomorrow. And
        # sooner than PostgreSQL looks for deadlocks (1 s), or it might end the writer instead.
        cursor.execute("SET LOCAL lock_timeout = '800ms'")
        have = _parts(cursor, table)
        stray = {part.name: part for part in _stray(cursor, table)}
        needed = stray | {part.name: part for part in _ahead(table, today)}
        made = [part for name, part in sorted(needed.items()) if name not in have]
        for part in made:
            _make(cursor, table, part, is_written=part.name in stray or part.start <= today)
        dropped = _drop_old(cursor, table, today)
    return [*(f"+ {part.name}" for part in made), *(f"- {name}" for name in dropped)]


def misplaced(table: PartitionedTable) -> int:
    """How many rows lie in the default part, because theirs was not made in time."""
    with connection.cursor() as cursor:
        cursor.execute(_sql("SELECT count(*) FROM {default}", table))
        return int(cursor.fetchone()[0])


def _sql(text: str, table: PartitionedTable, **more: sql.Composable) -> sql.Composed:
    """SQL in which {table}, {default} and {column} stand for those of this table."""
    return sql.SQL(text).format(
        table=sql.Identifier(table.table),
        default=sql.Identifier(table.default),
        column=sql.Identifier(table.column),
        **more,
    )


def _is_partitioned(cursor: CursorWrapper, name: str) -> bool:
    cursor.execute("SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass(%s)", [name])
    return bool(cursor.fetchone() == (True,))


def _parts(cursor: CursorWrapper, table: PartitionedTable) -> dict[str, Part]:
    cursor.execute(
        "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid"
        " WHERE inhparent = %s::regclass ORDER BY relname",
        [table.table],
    )
    found = (table.part_called(name) for (name,) in cursor.fetchall())
    return {part.name: part for part in found if part}


def _ahead(table: PartitionedTable, today: date) -> list[Part]:
    parts = [table.part(today)]
    while len(parts) <= table.ahead:
        parts.append(table.part(parts[-1].end))
    return parts


def _stray(cursor: CursorWrapper, table: PartitionedTable) -> list[Part]:
    """The parts that the rows in the default part should be in."""
    text = "SELECT DISTINCT (date_trunc({by}, {column} AT TIME ZONE 'UTC'))::date FROM {default}"
    cursor.execute(_sql(text, table, by=sql.Literal(table.by)))
    return [table.part(day) for (day,) in cursor.fetchall()]


def _make(cursor: CursorWrapper, table: PartitionedTable, part: Part, is_written: bool) -> None:
    """Build the part beside the table, fill it from the default part, then hang it in.

    Made in time, it locks the default part alone: those who write the rows of today do not wait.
    Where rows of this very part may be on their way into the default, all writers are held up for
    the moment, or PostgreSQL would refuse the row that was sent there just before.
    """
    names: dict[str, sql.Composable] = {
        "part": sql.Identifier(part.name),
        "start": sql.Literal(f"{part.start} 00:00:00+00"),
        "end": sql.Literal(f"{part.end} 00:00:00+00"),
    }
    steps = (
        # Needed for the last step anyway. Taken first, so that we give up before any work is done.
        "LOCK TABLE {default} IN ACCESS EXCLUSIVE MODE",
        "CREATE TABLE {part} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)",
        # Having checked each row here, PostgreSQL need not read them again to hang the part in.
        "ALTER TABLE {part} ADD CONSTRAINT bounds CHECK ({column} >= {start} AND {column} < {end})",
        "WITH moved AS (DELETE FROM {default} WHERE {column} >= {start} AND {column} < {end}"
        " RETURNING *) INSERT INTO {part} SELECT * FROM moved",
        "ALTER TABLE {table} ATTACH PARTITION {part} FOR VALUES FROM ({start}) TO ({end})",
        "ALTER TABLE {part} DROP CONSTRAINT bounds",
    )
    if is_written:
        cursor.execute(_sql("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE", table))
    with rewriting():  # moving a row is no change of it
        for step in steps:
            cursor.execute(_sql(step, table, **names))


def _drop_old(cursor: CursorWrapper, table: PartitionedTable, today: date) -> list[str]:
    if table.keep is None:
        return []
    old = [p.name for p in _parts(cursor, table).values() if p.end <= today - table.keep]
    for name in old:
        cursor.execute(_sql("DROP TABLE {part}", table, part=sql.Identifier(name)))
    return old


# --- Migrations -------------------------------------------------------------------------------


def converts(table: PartitionedTable) -> Callable[[Any, Any], None]:
    """For RunPython: cut a plain table that Django made into parts, with its rows and indexes.

    The primary key becomes (id, column), because PostgreSQL wants the column in it; to Django the
    key stays `id`, which its sequence keeps unique.
    """

    def forwards(apps: Any, schema_editor: Any) -> None:
        with schema_editor.connection.cursor() as cursor:
            if not _is_partitioned(cursor, table.table):
                _convert(cursor, table)
        ensure(table)

    return forwards


def _convert(cursor: CursorWrapper, table: PartitionedTable) -> None:
    indexes = _indexes(cursor, table.table)
    names: dict[str, sql.Composable] = {
        "whole": sql.Identifier(f"{table.table}_whole"),
        "sequence": sql.Identifier(f"{table.table}_id_seq"),
        "sequence_name": sql.Literal(f"{table.table}_id_seq"),
    }
    steps = (
        "ALTER TABLE {table} RENAME TO {whole}",
        "ALTER TABLE {whole} ALTER COLUMN id DROP IDENTITY",
        "CREATE TABLE {table} (LIKE {whole} INCLUDING DEFAULTS INCLUDING CONSTRAINTS"
        " INCLUDING STORAGE) PARTITION BY RANGE ({column})",
        # A plain sequence: identity columns came to partitioned tables only with PostgreSQL 17.
        "CREATE SEQUENCE {sequence} AS bigint OWNED BY {table}.id",
        "ALTER TABLE {table} ALTER COLUMN id SET DEFAULT nextval({sequence_name})",
        "CREATE TABLE {default} PARTITION OF {table} DEFAULT",
        "INSERT INTO {table} SELECT * FROM {whole}",
        "SELECT setval({sequence_name}, max(id)) FROM {whole} HAVING max(id) IS NOT NULL",
        "DROP TABLE {whole}",
        "ALTER TABLE {table} ADD PRIMARY KEY (id, {column})",
    )
    for step in steps:
        cursor.execute(_sql(step, table, **names))
    for definition in indexes:
        cursor.execute(definition)


def _indexes(cursor: CursorWrapper, table: str) -> list[str]:
    """How the indexes of a table are made, without that of its primary key."""
    cursor.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('f', 'u')",
        [table],
    )
    if lost := [name for (name,) in cursor.fetchall()]:
        raise ValueError(f"{table} has keys that parts cannot carry over: {', '.join(lost)}")
    cursor.execute(
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = %s::regclass AND NOT indisprimary",
        [table],
    )
    return [definition for (definition,) in cursor.fetchall()]
