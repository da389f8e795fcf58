"""How many orders wait in each tab, in one statement that stays quick whatever lies behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from core.paging import EXACT_UP_TO
from orders.models import Order


def waiting_new(user: Any = None) -> int:
    """For the navigation: orders that wait for somebody to accept them."""
    return bounded({"new": Order.objects.new()})["new"]


def bounded(querysets: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
    """The size of each, counted no further than a list counts its own rows."""
    parts, params = [], []
    for queryset in querysets.values():
        limited = queryset.order_by().values("pk")[: EXACT_UP_TO + 1]
        statement, values = limited.query.get_compiler(using=connection.alias).as_sql()
        parts.append(f"(SELECT count(*) FROM ({statement}) AS counted)")  # noqa: S608 - Django's own SQL
        params += values
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", params)
        return dict(zip(querysets, cursor.fetchone(), strict=True))
