"""How many orders there are of each kind: kept, not counted.

A million orders take a fifth of a second to count, and lists ask with every look. So the table of
orders keeps the numbers itself: triggers add to OrderCount what each statement changed, in its own
transaction, and adding up a few hundred of those rows takes less than a millisecond. Jobs add the
rows together (fold_order_counts) and look every night whether they are right (recount_orders).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db.models import Sum

from accounts.choices import Fulfilment
from orders.choices import OrderStatus
from orders.models import OrderCount


@dataclass(frozen=True, slots=True)
class Kind:
    """What orders of one number have in common."""

    status: str
    fulfilment: str
    has_problem: bool

    @property
    def is_own(self) -> bool:
        return self.fulfilment == Fulfilment.OWN


Counts: TypeAlias = dict[Kind, int]


def kept(accounts: Collection[int] | None = None) -> Counts:
    """Exactly how many orders there are of each kind, on these accounts or on all."""
    rows = OrderCount.objects.order_by()
    if accounts is not None:
        rows = rows.filter(account__in=accounts)
    summed = rows.values_list("status", "fulfilment", "has_problem").annotate(Sum("number"))
    return {
        Kind(status, fulfilment, has_problem): number
        for status, fulfilment, has_problem, number in summed
    }


def total(counts: Counts, belongs: Callable[[Kind], bool]) -> int:
    return sum(number for kind, number in counts.items() if belongs(kind))


def is_waiting(kind: Kind) -> bool:
    return kind.status == OrderStatus.NEW and kind.is_own


def waiting_new(user: Any = None) -> int:
    """For the navigation: orders that wait for somebody to accept them."""
    return total(kept(), is_waiting)
