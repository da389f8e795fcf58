"""What PostgreSQL knows about the size of things without counting them."""

from __future__ import annotations

import json
import time
from typing import Any

from django.db import connection, models

# Autovacuum keeps the statistics of a partitioned table's parts, not those of the whole.
ESTIMATE = """
    SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint AS estimate FROM pg_class
    WHERE relkind = 'r' AND (oid = %(table)s::regclass OR oid IN
        (SELECT inhrelid FROM pg_inherits WHERE inhparent = %(table)s::regclass))
"""
_known_sizes: dict[str, tuple[float, int]] = {}
SIZE_IS_KNOWN_FOR = 60.0  # seconds; a table does not become large from one minute to the next


def forget_sizes() -> None:
    """After a table has grown at once, as in a test or a benchmark."""
    _known_sizes.clear()


def rows_of(table: str) -> int:
    """About how many rows a table has, asked at most once a minute."""
    known = _known_sizes.get(table)
    if known is not None and time.monotonic() - known[0] < SIZE_IS_KNOWN_FOR:
        return known[1]
    with connection.cursor() as cursor:
        cursor.execute(ESTIMATE, {"table": connection.ops.quote_name(table)})
        [rows] = cursor.fetchone()
    _known_sizes[table] = (time.monotonic(), rows)
    return int(rows)


def planned_rows(queryset: models.QuerySet[Any]) -> int:
    """About how many rows match, as a plan says."""
    plan = queryset.order_by().values("pk").explain(format="json")
    # Where nothing can match, as for a filter that is gone, Django asks and explains nothing.
    return int(json.loads(plan)[0]["Plan"]["Plan Rows"]) if plan else 0
