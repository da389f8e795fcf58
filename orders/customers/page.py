"""What the page of one customer shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Q, Sum
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import paging
from core.html import number
from core.models import AuditEntry
from core.money import q2
from orders import scoring
from orders.choices import OPEN, LineStatus, OrderStatus
from orders.customers.box import SHOWN
from orders.customers.matches import suggestions
from orders.models import Customer, CustomerBase, Order, OrderAddress, OrderLine, OrderNote
from orders.models import OrderQuerySet as Orders
from orders.scoring import Figures, Score, Term
from orders.services.customer_rules import current_rules

PER_PAGE = 15
MOST_ADDRESSES, MOST_PRODUCTS, MOST_NOTES = 6, 8, 8
# What they bought and where it went is read from their latest orders: few people have more.
LATEST_ORDERS = 500
SOLD = (OrderStatus.SHIPPED, OrderStatus.DELIVERED)


@dataclass(frozen=True, slots=True)
class Money:
    """What came of the orders in one currency."""

    currency: str
    orders: int
    revenue: Decimal
    shipped: int
    under_way: Decimal
    cancelled: Decimal
    returned: Decimal

    @property
    def basket(self) -> Decimal | None:
        return q2(self.revenue / self.shipped) if self.shipped else None


@dataclass(frozen=True, slots=True)
class ShownTerm:
    """One term of a score in words: what is counted, and the points it adds."""

    label: str
    reckoning: str
    points: Decimal
    most: Decimal


def context_of(customer: Customer, *, everywhere: bool, at: str = "") -> Mapping[str, object]:
    """Everything of the page; `everywhere`: with the history of who is linked."""
    linked = _linked(customer)
    whose = [customer.pk, *(one.pk for one in linked)] if everywhere else [customer.pk]
    orders = Order.objects.filter(customer__in=whose)
    latest = orders.order_by("-ordered_at", "-pk").values("pk")[:LATEST_ORDERS]
    money = money_of(orders)
    return {
        "customer": customer,
        "badge": customer.badge,
        "linked": linked,
        "everywhere": everywhere and bool(linked),
        "blocked_elsewhere": [one for one in linked if one.is_blocked],
        "money": money,
        "all_orders": sum(one.orders for one in money),
        "orders": orders_page(orders, at),
        "open_count": sum(1 for _pk in orders.filter(status__in=OPEN).values("pk")[:100]),
        "addresses": _addresses(latest),
        "products": _products(latest),
        "notes": _notes(latest),
        "matches": suggestions(customer),
        "history": history_of(customer),
        **scores_of(customer),
    }


def _linked(customer: Customer) -> list[Customer]:
    if customer.person_id is None:
        return []
    them = Customer.objects.same_person(customer).exclude(pk=customer.pk)
    return list(them.select_related("account").order_by("-orders_count", "pk"))


def orders_page(orders: Orders, at: str) -> paging.Page:
    """One page of their orders, the newest first, found by key."""
    shown = orders.select_related("account").only(*SHOWN).order_by("-ordered_at", "-pk")
    return paging.read(shown, size=PER_PAGE, at=at)


def money_of(orders: Orders) -> list[Money]:
    """Currency by currency: nothing is added up that is not the same money."""

    def sum_of(*statuses: str) -> Any:
        return Sum("total", filter=Q(status__in=statuses), default=Decimal(0))

    sums = {
        "orders": Count("pk"),
        "revenue": sum_of(*SOLD),
        "shipped": Count("pk", filter=Q(status__in=SOLD)),
        "under_way": sum_of(*OPEN),
        "cancelled": sum_of(OrderStatus.CANCELLED),
        "returned": sum_of(OrderStatus.RETURNED),
    }
    rows: Iterable[Any] = orders.order_by().values("currency").annotate(**sums)
    return sorted((Money(**row) for row in rows), key=lambda money: -money.orders)


def _addresses(latest: Any) -> Sequence[Mapping[str, Any]]:
    """Each address once, with how often it was used and when last."""
    used = OrderAddress.objects.filter(order__in=latest).exclude(street="", city="")
    what = ("name", "phone", "street", "postal_code", "city", "county", "country")
    found = used.values(*what).annotate(
        n=Count("order", distinct=True), at=Max("order__ordered_at")
    )
    return list(found.order_by("-at", *what)[:MOST_ADDRESSES])


def _products(latest: Any) -> Sequence[Mapping[str, Any]]:
    """What they buy most, without what was cancelled or came back whole."""
    lines = OrderLine.objects.filter(order__in=latest, status=LineStatus.ACTIVE, quantity__gt=0)
    lines = lines.exclude(order__status__in=(OrderStatus.CANCELLED, OrderStatus.RETURNED))
    found = (
        lines.order_by()
        .values("sku")
        .annotate(product=Max("name"), pieces=Sum("quantity"), orders=Count("order", distinct=True))
    )
    return list(found.order_by("-pieces", "sku")[:MOST_PRODUCTS])


def _notes(latest: Any) -> list[OrderNote]:
    notes = OrderNote.objects.filter(order__in=latest).select_related("order")
    return list(notes.only("text", "author_name", "written_at", "order__external_id")[:MOST_NOTES])


def history_of(customer: Customer) -> Sequence[AuditEntry]:
    """What people did about this customer, the latest first."""
    entries = AuditEntry.objects.filter(
        subject_type=Customer._meta.label_lower, subject_id=customer.pk
    )
    return list(entries.order_by("-at", "-pk")[:10])


# --- Scores -----------------------------------------------------------------------------------


def scores_of(customer: Customer) -> Mapping[str, object]:
    """Both scores, taken apart. They are worked out here as the job does, from what is kept."""
    rules = current_rules()
    base = CustomerBase.objects.filter(pk=customer.account_id).first()
    average = base.average_in(customer.currency) if base else Decimal(0)
    figures = Figures(*(getattr(customer, name) for name in Figures._fields))
    loyalty = scoring.loyalty(figures, average, rules, timezone.now())
    risk = scoring.risk(figures, rules)
    return {
        "loyalty": loyalty.points,
        "loyalty_terms": _shown(loyalty, customer.currency),
        "risk": risk.points,
        "risk_terms": _shown(risk, customer.currency),
        "is_risky": risk.points >= rules.risky_from,
        "rules": rules,
    }


_LABELS: Mapping[str, str | Promise] = {
    "orders": gettext_lazy("How often they buy"),
    "recency": gettext_lazy("How lately"),
    "revenue": gettext_lazy("How much"),
    "kept": gettext_lazy("Keeping what they order"),
    "refused": gettext_lazy("Parcels not taken"),
    "cod_refused": gettext_lazy("Cash on delivery not taken"),
    "returns": gettext_lazy("Returns"),
    "called_off": gettext_lazy("Called off"),
}
_RECKONINGS: Mapping[str, str | Promise] = {
    "orders": gettext_lazy("%(counted)s shipped of %(of)s for full points"),
    "recency": gettext_lazy("%(counted)s of %(of)s months have passed"),
    "revenue": gettext_lazy("%(counted)s of %(of)s %(currency)s for full points"),
    "kept": gettext_lazy("%(counted)s kept of %(of)s"),
}
_SHARE = gettext_lazy("%(counted)s ÷ (%(known)s + %(credit)s)")


def _shown(score: Score, currency: str) -> list[ShownTerm]:
    weights = sum(term.weight for term in score.terms) or 1
    return [
        ShownTerm(
            str(_LABELS[term.name]),
            _reckoning(term, currency),
            score.points_of(term),
            (Decimal(100 * term.weight) / weights).quantize(Decimal("0.1")),
        )
        for term in score.terms
    ]


def _reckoning(term: Term, currency: str) -> str:
    if term.name in _RECKONINGS:
        if not term.of:
            return _("nothing to go by yet")
        words = _RECKONINGS[term.name]
    else:
        words = _SHARE
    return str(words) % {
        "counted": number(term.counted),
        "of": number(term.of),
        "known": number(term.of - scoring.CREDIT),
        "credit": number(scoring.CREDIT),
        "currency": currency,
    }
