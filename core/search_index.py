"""The trigram indexes that make `search_text__contains` quick, where PostgreSQL has pg_trgm.

They belong to SearchTextField and to no migration: where the extension is missing, searching is
right without them, and where it arrives later they are made at the next migrate.
"""

from collections.abc import Iterator

from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from core.fields import SearchTextField
from core.locks import hold_in_transaction

EXTENSION = "pg_trgm"


def ensure_search_indexes() -> list[str]:
    """Make what is missing; returns the names of the new indexes."""
    made: list[str] = []
    if not _has_trigrams():
        return made
    with transaction.atomic(), connection.cursor() as cursor:
        hold_in_transaction("search indexes")
        for table, column in _searched():
            name = f"{table}_{column}_trgm"[:63]
            if _exists(cursor, name) or not _exists(cursor, table):
                continue
            statement = sql.SQL("CREATE INDEX {} ON {} USING gin ({} gin_trgm_ops)")
            cursor.execute(statement.format(*map(sql.Identifier, (name, table, column))))
            made.append(name)
    return made


def _exists(cursor: CursorWrapper, relation: str) -> bool:
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [relation])
    return bool(cursor.fetchone()[0])


def _searched() -> Iterator[tuple[str, str]]:
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, SearchTextField):
                yield model._meta.db_table, str(field.column)


def _has_trigrams() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_available_extensions WHERE name = %s", [EXTENSION])
        if cursor.fetchone() is None:
            return False
        try:
            with transaction.atomic():
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        except DatabaseError:  # the database's owner has not allowed it
            return False
    return True
