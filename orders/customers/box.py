"""What the page of an order says of its customer: who, how to reach them, what came of the rest.

Their history is told to who may see customers; to anybody else the box says whom the order is for.

    Order.objects.select_related("customer").annotate(risky_from=RISKY_BOUND)
    box(order, user)        # no statement
    history(order, user)    # one statement, two where they are linked
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import PositiveSmallIntegerField, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.html import number
from core.registry import Person
from orders.models import Customer, Order, ScoringRules
from orders.models.customers import RISKY_FROM

LATEST = 5
PERMISSION = "orders.view_customer"

# From which risk on a customer is called risky: a value of a row that is read anyway.
RISKY_BOUND = Coalesce(
    Subquery(ScoringRules.objects.filter(pk=1).values("risky_from")[:1]),
    Value(RISKY_FROM, output_field=PositiveSmallIntegerField()),
)


@dataclass(frozen=True, slots=True)
class Chip:
    """A word on the customer with its colour: "7 orders, 0 returns"."""

    text: str
    tone: str
    icon: str


@dataclass(frozen=True, slots=True)
class Box:
    """The customer's part of an order's page; `chip` and the rest for who may see customers."""

    customer: Customer
    chip: Chip | None = None
    is_risky: bool = False

    @property
    def places(self) -> range:
        """How many of their other orders follow: room is kept, so that nothing moves."""
        return range(min(LATEST, self.customer.orders_count - 1) if self.chip else 0)

    @property
    def is_blocked(self) -> bool:
        return self.chip is not None and self.customer.is_blocked


@dataclass(frozen=True, slots=True)
class History:
    """What is known of the customer beside this order."""

    latest: Sequence[Order] = field(default_factory=list)  # their other orders, the newest first
    linked: Sequence[Customer] = field(default_factory=list)  # the same person elsewhere

    @property
    def blocked(self) -> Customer | None:
        """Whose block one must know of where they are linked."""
        return next((one for one in self.linked if one.is_blocked), None)


def box(order: Order, user: Person) -> Box:
    customer = order.customer
    if not user.has_perm(PERMISSION):
        return Box(customer)
    return Box(customer, chip(customer), customer.risk >= order.risky_from)  # type: ignore[attr-defined]


def history(order: Order, user: Person) -> History:
    if not user.has_perm(PERMISSION):
        return History()
    customer = order.customer
    linked: list[Customer] = []
    if customer.person_id is not None:
        them = Customer.objects.same_person(customer).exclude(pk=customer.pk)
        linked = list(them.select_related("account").order_by("-orders_count", "pk"))
    whose = [customer.pk, *(one.pk for one in linked)]
    others = Order.objects.filter(customer__in=whose).exclude(pk=order.pk)
    latest = others.select_related("account").only(*SHOWN).order_by("-ordered_at", "-pk")
    return History(list(latest[:LATEST]), linked)


# What a line of a short list of orders shows.
SHOWN = (
    "external_id", "status", "ordered_at", "total", "currency", "cancel_code", "cancel_text",
    "first_item", "lines_count", "customer_id", "account__country", "account__name",
    "account__platform",
)  # fmt: skip


def chip(customer: Customer) -> Chip:
    """In green where all is well, in amber where something came back."""
    n, back = customer.orders_count, customer.all_returned_count + customer.refused_count
    if n < 2 and not back:
        return Chip(_("first order"), "grey", "sparkles")
    orders = ngettext("%(n)s order", "%(n)s orders", n) % {"n": number(n)}
    returns = ngettext("%(n)s return", "%(n)s returns", customer.all_returned_count) % {
        "n": number(customer.all_returned_count)
    }
    parts = [orders, returns]
    if customer.refused_count:
        parts.append(_("%(n)s not taken") % {"n": number(customer.refused_count)})
    return Chip(", ".join(parts), "amber" if back else "green", "shopping-bag")
