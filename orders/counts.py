"""How many orders wait, for the navigation."""

from typing import Any

from core.paging import bounded
from orders.models import Order


def waiting_new(user: Any = None) -> int:
    """For the navigation: orders that wait for somebody to accept them."""
    return bounded({"new": Order.objects.new()})["new"]
