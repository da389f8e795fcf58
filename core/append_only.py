"""Tables whose rows are written once: the database refuses to change or delete them.

The rule holds for every program and for the shell, not only for code that remembers it. The one way
around it is `rewriting()`, for retention and for erasing personal data; it says so in the code.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

FUNCTION = """
    CREATE OR REPLACE FUNCTION magflow_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('magflow.rewriting', true) IS DISTINCT FROM 'on' THEN
            RAISE EXCEPTION '% is append-only: a row cannot be changed by %', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$
"""
TRIGGER = "magflow_append_only"
# For each row, not for each statement: only so does it also guard the parts of a partitioned table.
CREATE = sql.SQL(
    "CREATE TRIGGER {trigger} BEFORE UPDATE OR DELETE ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION magflow_refuse_change()"
)


def protect(cursor: CursorWrapper, table: str) -> None:
    """Make a table append-only; for migrations. Parts that it gets later are guarded too."""
    cursor.execute(FUNCTION)
    names = {"trigger": sql.Identifier(TRIGGER), "table": sql.Identifier(table)}
    cursor.execute(sql.SQL("DROP TRIGGER IF EXISTS {trigger} ON {table}").format(**names))
    cursor.execute(CREATE.format(**names))


@contextmanager
def rewriting() -> Iterator[None]:
    """Inside, rows of append-only tables may be changed, in one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL magflow.rewriting = 'on'")
        yield
        cursor.execute("SET LOCAL magflow.rewriting = 'off'")


def unguarded(table: str) -> list[str]:
    """The table and those of its parts where the guard is missing or switched off."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relid::regclass::text FROM pg_partition_tree(%s)"
            " WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = relid"
            "                   AND tgname = %s AND tgenabled IN ('O', 'A'))",
            [table, TRIGGER],
        )
        return [name for (name,) in cursor.fetchall()]
