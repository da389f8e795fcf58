"""The orders before and after one, in the list that a person came from."""

from __future__ import annotations

from django.http import HttpRequest, QueryDict

from core import paging
from core.tabs import open_tab
from orders.filters import OrderFilter
from orders.models import Order
from orders.tables import OrderTable
from orders.tabs import PARTS


def neighbours(order: Order, query: QueryDict, request: HttpRequest) -> tuple[int | None, ...]:
    """Their primary keys; None at the ends. It costs two steps along an index, wherever it is.

    The order itself may have left the list: it was accepted, and the list is of new ones.
    """
    filters = OrderFilter(query, Order.objects.for_list(), request=request)
    tab = open_tab([part.tab(None) for part in PARTS], query)
    sort = query.get("sort") or (tab.sort if tab else "")
    rows = OrderTable(filters.qs, sort=sort).data.data
    itself = OrderTable(Order.objects.filter(pk=order.pk), sort=sort).data.data.get()
    found = paging.beside(rows, itself, hunt=filters.is_hunt)
    return tuple(one.pk if one else None for one in found)
