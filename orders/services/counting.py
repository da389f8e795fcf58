"""The upkeep of the kept numbers of orders: see orders.counts."""

from __future__ import annotations

import logging

from django.db import connection

from orders.models import OrderCount

log = logging.getLogger(__name__)

FEW = 200  # rows that are added up as quickly as one

# What is deleted is what is added: whoever reads sees all of the old rows or the new ones. Rows
# that are not committed yet are in neither, and stay.
FOLD = """
    WITH gone AS (DELETE FROM orders_ordercount RETURNING *)
    INSERT INTO orders_ordercount (account_id, fulfilment, status, has_problem, number)
    SELECT account_id, fulfilment, status, has_problem, sum(number) FROM gone
    GROUP BY 1, 2, 3, 4 HAVING sum(number) <> 0
"""
# One statement sees one state of both tables, so the difference is right whatever goes on.
RECOUNT = """
    INSERT INTO orders_ordercount (account_id, fulfilment, status, has_problem, number)
    SELECT account_id, fulfilment, status, has_problem, sum(number) FROM (
        SELECT account_id, fulfilment, status, has_problem, count(*) AS number
        FROM orders_order GROUP BY 1, 2, 3, 4
        UNION ALL
        SELECT account_id, fulfilment, status, has_problem, -sum(number)
        FROM orders_ordercount GROUP BY 1, 2, 3, 4
    ) apart
    GROUP BY 1, 2, 3, 4 HAVING sum(number) <> 0
    RETURNING account_id, fulfilment, status, has_problem, number
"""


def fold_counts(*, keep: int = FEW) -> int:
    """Add the rows of each kind together, where there are more than `keep`; returns how many."""
    number = OrderCount.objects.count()
    if number <= keep:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(FOLD)
    return number


def recount() -> list[tuple[int, str, str, bool, int]]:
    """Count all orders and set right what was kept wrongly; returns (kind…, difference)."""
    with connection.cursor() as cursor:
        cursor.execute(RECOUNT)
        found: list[tuple[int, str, str, bool, int]] = cursor.fetchall()
    for account, fulfilment, status, has_problem, number in found:
        log.error(
            "Kept number of orders was wrong by %+d: account %s, %s, %s, problem %s",
            number, account, fulfilment, status, has_problem,
        )  # fmt: skip
    return found
