"""How people look for a customer, on the list and with Ctrl+K."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.filters import SEARCH_FROM, Search
from core.html import number
from core.registry import Hit, register_search
from core.text import fold
from orders.models import Customer
from orders.phones import searched_digits

MOST = 6


def found_by(text: str) -> Q:
    """Every word occurs, or the whole is a phone number, or a part of one, in any writing."""
    condition = Q()
    for word in fold(text).split():
        condition &= Q(search_text__contains=word)
    if digits := searched_digits(text):
        condition |= Q(search_text__contains=digits)
    return condition


class CustomerSearch(Search):
    """The search field of the list of customers."""

    def condition(self, value: str) -> Q:
        return found_by(value)


def find_customers(user: Any, text: str) -> Sequence[Hit]:
    """Customers by name, company, phone, email, tax number or the marketplace's number."""
    words = fold(text).split()
    if not user.has_perm("orders.view_customer") or max(map(len, words), default=0) < SEARCH_FROM:
        return ()
    found = Customer.objects.for_list().filter(found_by(text)).order_by("-last_order_at", "-pk")
    return [
        Hit(
            str(customer),
            customer.get_absolute_url(),
            "ban" if customer.is_blocked else "user",
            _("Customer"),
            f"{customer.account.name} · {_orders(customer)}",
        )
        for customer in found[:MOST]
    ]


def _orders(customer: Customer) -> str:
    n = customer.orders_count
    return ngettext("%(n)s order", "%(n)s orders", n) % {"n": number(n)}


def register() -> None:
    register_search(find_customers)
