"""Sales figures of any selection of orders: revenue, number, average, by day, top products.

Revenue is what customers pay for orders that were neither cancelled nor returned as a whole; those
stand apart, as they do in the figures of a customer. Currencies stand side by side and are never
added. Days are those of the company's zone.

Nothing is kept: the figures are those of the orders as they are. Each question gets two seconds, so
a selection that is too broad for now is told, not waited for (core.bounded).
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Case, Count, F, Max, Q, QuerySet, Sum, Value, When
from django.db.models.functions import TruncDate
from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from core import bounded, export_sources
from core.export_menu import with_days
from core.filters import BETWEEN, BaseFilterSet, days_of
from core.filters import When as WhenFilter
from core.money import HUNDRED, q2
from orders.choices import LineStatus, OrderStatus
from orders.models import Order, OrderLine

PAGE = "orders.order_list"
WHEN = "ordered_at"
MILLISECONDS = 2_000
TOP = 8
DAYS_UP_TO, WEEKS_UP_TO = 92, 731
LONGEST_WEEK = 7
# Outside of these a span is no question: nothing to compare with, and a chart of empty years.
EARLIEST, LATEST = date(2000, 1, 1), timedelta(days=366)
ZERO = Decimal("0.00")
APART = Q(status__in=(OrderStatus.CANCELLED, OrderStatus.RETURNED))


@dataclass
class Sums:
    """Orders of one currency: how many and how much, and apart what was cancelled or came back."""

    orders: int = 0
    revenue: Decimal = ZERO
    cancelled: int = 0
    cancelled_value: Decimal = ZERO
    returned: int = 0
    returned_value: Decimal = ZERO

    @property
    def average(self) -> Decimal | None:
        return q2(self.revenue / self.orders) if self.orders else None

    def add(self, apart: str, count: int, value: Decimal) -> None:
        """Add orders; `apart` is the status that keeps them out of what was sold, or empty."""
        if apart == OrderStatus.CANCELLED:
            self.cancelled += count
            self.cancelled_value += value
        elif apart == OrderStatus.RETURNED:
            self.returned += count
            self.returned_value += value
        else:
            self.orders += count
            self.revenue += value


@dataclass(frozen=True)
class Bucket:
    """One bar of the chart: a day, or the week or month that begins with it."""

    first: date
    last: date
    orders: int
    revenue: Decimal

    @property
    def is_month(self) -> bool:
        return (self.last - self.first).days >= LONGEST_WEEK


@dataclass
class Figures:
    """What one currency sold, compared with the same length of time before."""

    currency: str
    sums: Sums = field(default_factory=Sums)
    before: Sums | None = None
    days: dict[date, Sums] = field(default_factory=dict)

    def change(self, now: Decimal | int, then: Decimal | int) -> int | None:
        """In per cent, rounded; None where there was nothing before."""
        return int(((Decimal(now) - then) * HUNDRED / then).to_integral_value()) if then else None

    @property
    def revenue_change(self) -> int | None:
        return self.change(self.sums.revenue, self.before.revenue) if self.before else None

    @property
    def orders_change(self) -> int | None:
        return self.change(self.sums.orders, self.before.orders) if self.before else None


@dataclass(frozen=True)
class Product:
    sku: str
    name: str
    pieces: int
    value: Decimal


@dataclass(frozen=True)
class Span:
    """The days a selection asks for; `is_running` where today is one of them."""

    first: date
    last: date
    is_running: bool

    @property
    def before(self) -> tuple[date, date]:
        """Just as long, just before: whole months before whole months."""
        if months := _whole_months(self.first, self.last):
            first = self.first
            for _month in range(months):
                first = (first - timedelta(days=1)).replace(day=1)
            return first, self.first - timedelta(days=1)
        length = (self.last - self.first).days + 1
        return self.first - timedelta(days=length), self.first - timedelta(days=1)


def _whole_months(first: date, last: date) -> int:
    if first.day != 1 or last.day != calendar.monthrange(last.year, last.month)[1]:
        return 0
    return (last.year - first.year) * 12 + last.month - first.month + 1


# --- What is selected -------------------------------------------------------------------------


def selection(query: QueryDict, user: User) -> BaseFilterSet:
    """The orders that the list shows for this query."""
    return export_sources.get(PAGE).filters(query, user)


def span_of(query: QueryDict) -> Span | None:
    """The days that the list is filtered by; None where it has no two ends."""
    today = timezone.localdate()
    try:
        if word := query.get(WHEN):
            value = word if word in WhenFilter.PRESETS else date.fromisoformat(word)
            first, last = days_of(value, today)
        else:
            low, _dots, high = query.get(f"{WHEN}__{BETWEEN}", "").partition("..")
            first, last = date.fromisoformat(low), date.fromisoformat(high)
    except ValueError:
        return None
    # A year that is being typed is one of long ago: 0002, 0020, 0202.
    if not EARLIEST <= first <= last <= today + LATEST:
        return None
    return Span(first, last, is_running=first <= today <= last)


def question(query: QueryDict) -> str:
    """The part of a query that decides which orders are meant, in one spelling."""
    names = sorted(name for name in query if name not in {"page", "sort", "view"})
    return repr([(name, sorted(query.getlist(name))) for name in names])


# --- Adding up --------------------------------------------------------------------------------


def figures(query: QueryDict, user: User) -> list[Figures]:
    """The figures of each currency, the one with most orders first."""
    found: dict[str, Figures] = {}
    for currency, apart, day, count, value in _by_day(selection(query, user).qs):
        one = found.setdefault(currency, Figures(currency))
        one.sums.add(apart, count, value)
        one.days.setdefault(day, Sums()).add(apart, count, value)
    if span := span_of(query):
        for one in found.values():
            one.before = Sums()
        for currency, apart, count, value in _before(query, user, span):
            if currency in found:
                found[currency].before.add(apart, count, value)  # type: ignore[union-attr]
    return sorted(found.values(), key=lambda one: (-one.sums.orders, one.currency))


def _summed(orders: QuerySet[Order], *by: str) -> Iterator[tuple[Any, ...]]:
    grouped = orders.order_by().annotate(
        apart=Case(When(APART, then=F("status")), default=Value(""))
    )
    summed = grouped.values_list("currency", "apart", *by).annotate(
        number=Count("pk"), value=Sum("total")
    )
    with bounded.work(milliseconds=MILLISECONDS):
        return iter(list(summed))


def _by_day(orders: QuerySet[Order]) -> Iterator[tuple[Any, ...]]:
    zone = ZoneInfo(settings.TIME_ZONE)
    return _summed(orders.annotate(day=TruncDate("ordered_at", tzinfo=zone)), "day")


def _before(query: QueryDict, user: User, span: Span) -> Iterator[tuple[Any, ...]]:
    """A period that still runs is compared with as much of the one before it."""
    first, last = span.before
    earlier = with_days(query, WHEN, first.isoformat(), last.isoformat())
    orders = selection(earlier, user).qs
    if span.is_running:
        shift = span.first - first
        same_hour = (timezone.localtime().replace(tzinfo=None) - shift).replace(fold=0)
        orders = orders.filter(ordered_at__lt=timezone.make_aware(same_hour))
    return _summed(orders)


def top_products(query: QueryDict, user: User, currency: str) -> list[Product]:
    """What brought most, before discounts; what was cancelled or came back brings nothing."""
    orders = selection(query, user).qs.filter(currency=currency).exclude(APART)
    lines = OrderLine.objects.filter(
        status=LineStatus.ACTIVE, order__in=orders.order_by().values("pk")
    )
    # A product without a number of ours is told apart by its name.
    called = Case(When(sku="", then=F("name")), default=F("sku"))
    best = (
        lines.order_by()
        .annotate(called=called)
        .values("called")
        .annotate(of=Max("sku"), named=Max("name"), pieces=Sum("quantity"), value=Sum("gross"))
        .order_by("-value", "called")[:TOP]
    )
    with bounded.work(milliseconds=MILLISECONDS):
        return [Product(row["of"], row["named"], row["pieces"], row["value"]) for row in best]


# --- The chart --------------------------------------------------------------------------------


def buckets(one: Figures, span: Span | None) -> list[Bucket]:
    """Every day from first to last, with those without an order; weeks or months of a long time."""
    if not one.days and span is None:
        return []
    # A person far away asks for days of their own zone: both ends may reach into a day more.
    first, last = min(one.days, default=date.max), max(one.days, default=date.min)
    if span:
        ends = min(span.last, timezone.localdate()) if span.is_running else span.last
        first, last = min(first, span.first), max(last, ends)
    found = []
    for start, end in _steps(first, last):
        inside = [one.days[day] for day in _days(start, end) if day in one.days]
        orders, revenue = sum(s.orders for s in inside), sum((s.revenue for s in inside), ZERO)
        found.append(Bucket(start, end, orders, revenue))
    return found


def _steps(first: date, last: date) -> Iterator[tuple[date, date]]:
    length = (last - first).days + 1
    start = first
    while start <= last:
        if length <= DAYS_UP_TO:
            end = start
        elif length <= WEEKS_UP_TO:
            end = start + timedelta(days=6 - start.weekday())
        else:
            end = start.replace(day=calendar.monthrange(start.year, start.month)[1])
        yield start, min(end, last)
        start = end + timedelta(days=1)


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
