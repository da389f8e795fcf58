"""The figures of customers, brought up to date from their orders: set-based, some hundred at once.

Nothing here is part of an import. The import leaves a FigureNudge; the job takes it, counts the
orders of those customers again from the rows themselves, and writes what is different. A count
that is taken anew cannot drift, whatever arrives twice, late or out of order; what was missed all
the same is found at night by going through everybody, and told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Sum
from django.utils import timezone

from accounts.models import MarketplaceAccount
from core import live
from core.jobs import WAITING, enqueue
from core.money import q2, same_money
from core.setwise import execute_with_arrays, update_rows
from orders import blame, scoring
from orders.choices import CustomerTier
from orders.customers import keys as customer_keys
from orders.models import Customer, CustomerBase, FigureNudge, Order
from orders.models.customers import NEVER, RISKY_FROM
from orders.scoring import Figures
from orders.services.customer_rules import current_rules

# All that an import has to spare for its customers is one statement.
_NUDGE = f"""
    WITH nudge AS (
        INSERT INTO orders_figurenudge (account_id, orders, customers) VALUES (%s, %b, %b)),
    waiting AS ({WAITING})
    SELECT 'run', id FROM waiting
     UNION ALL
    SELECT 'blocked', o.id FROM orders_order o JOIN orders_customer c ON c.id = o.customer_id
     WHERE o.id = ANY(%b) AND c.blocked_at IS NOT NULL AND o.fulfilment = 'own'
       AND o.status IN ('new', 'on_hold') AND NOT 'blocked' = ANY(o.problems)
"""  # noqa: S608 - constants
JOB = "orders.count_customers"
PAGES = 20  # nudges taken at once: a nudge is a page of an import
CHUNK = 1_000  # customers the sweep looks at in one transaction
GROWN = 150  # per cent: then the yardstick of the score is taken anew, as every night

NOTHING = Figures(last_order_at=NEVER)
_KEPT = ("search_text", "match_keys", "loyalty", "risk", "tier")
_COLUMNS = (*Figures._fields, *_KEPT)
_WHO = ("external_id", "name", "company", "email", "phones", "tax_id")
COUNTERS = (*CustomerTier.values, "risky")

# A parcel that was not taken is a cancelled order with a code that says so; see orders.blame.
_COUNT = """
    SELECT o.customer_id,
           count(*),
           count(*) FILTER (WHERE o.status IN ('shipped', 'delivered')),
           count(*) FILTER (WHERE o.status = 'cancelled'),
           count(*) FILTER (WHERE o.status = 'cancelled' AND o.cancel_code = ANY(%b)),
           count(*) FILTER (WHERE o.status = 'cancelled' AND o.cancel_code = ANY(%b)),
           count(*) FILTER (WHERE o.status = 'returned'),
           count(*) FILTER (WHERE o.status IN ('shipped', 'delivered') AND EXISTS (
               SELECT FROM orders_orderline l WHERE l.order_id = o.id AND l.returned_quantity > 0)),
           count(*) FILTER (WHERE o.status IN ('shipped', 'delivered') AND o.payment = 'cod'),
           count(*) FILTER (WHERE o.status = 'cancelled' AND o.payment = 'cod'
                                  AND o.cancel_code = ANY(%b)),
           %s::text,
           coalesce(round(sum(o.total * money.worth) FILTER (
               WHERE o.status IN ('shipped', 'delivered')), 2), 0),
           min(o.ordered_at), max(o.ordered_at)
      FROM orders_order o
      LEFT JOIN unnest(%b::text[], %b::numeric[]) AS money (currency, worth) USING (currency)
     WHERE o.customer_id = ANY(%b)
     GROUP BY o.customer_id
"""


@dataclass(slots=True)
class Recount:
    """What a recount found: who is different now, and whose figures were wrong until then."""

    changed: list[int] = field(default_factory=list)
    repaired: list[int] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)  # an import holds them: later


def nudge(
    account: MarketplaceAccount, orders: Sequence[int], customers: Sequence[int] = ()
) -> list[int]:
    """Have the customers of these orders counted again soon after this transaction.

    `customers` are further ones, such as whom an order belonged to before. Returns those of the
    orders that wait and whose customer is blocked: the same statement answers that.
    """
    own, key = list(orders), str(account.pk)
    found = execute_with_arrays(_NUDGE, [account.pk, own, list(customers), JOB, key, own])
    if not any(what == "run" for what, _pk in found):
        enqueue(JOB, key=key)
    return [pk for what, pk in found if what == "blocked"]


def take_nudges(account: MarketplaceAccount) -> Recount | None:
    """Count the customers of the next few pages that came in; None where nothing waits."""
    with transaction.atomic():
        nudges = list(
            FigureNudge.objects.filter(account=account)
            .select_for_update(skip_locked=True)
            .order_by("pk")[:PAGES]
        )
        if not nudges:
            return None
        orders = {pk for nudge in nudges for pk in nudge.orders}
        customers = {pk for nudge in nudges for pk in nudge.customers}
        customers.update(
            Order.objects.filter(pk__in=orders).values_list("customer", flat=True).distinct()
        )
        FigureNudge.objects.filter(pk__in=[nudge.pk for nudge in nudges]).delete()
        found = recount(account, customers)
        if found.skipped:
            FigureNudge.objects.create(account=account, customers=found.skipped)
        return found


@transaction.atomic
def recount(account: MarketplaceAccount, pks: Iterable[int]) -> Recount:
    """Work the figures and scores of these customers out anew, and write what is different."""
    pks = sorted(set(pks))
    base = _locked_base(account)
    rules, now, average = current_rules(), timezone.now(), base.average_in(account.currency)
    found = Recount()
    stored = _stored(pks)
    counted = _counted(account, list(stored))
    written: list[tuple[Any, ...]] = []
    moved: Counter[str] = Counter()
    for pk, (who, before) in stored.items():
        figures = counted.get(pk, NOTHING)
        loyalty = scoring.loyalty(figures, average, rules, now).points
        risk = scoring.risk(figures, rules).points
        words = customer_keys.search_words(*who) if figures.orders_count else ""
        _number, _name, _company, email, phones, tax_id = who
        after = (
            *figures, words, customer_keys.match_keys(email, phones, tax_id),
            loyalty, risk, scoring.tier(loyalty, rules),
        )  # fmt: skip
        if after == before:
            continue
        written.append((pk, *after))
        found.changed.append(pk)
        if after[:_UNTIL_SCORES] != before[:_UNTIL_SCORES]:
            found.repaired.append(pk)
        moved.update(_counters(after, rules))
        moved.subtract(_counters(before, rules))
    update_rows(Customer, ("id", *_COLUMNS), written)
    _count_on(base, moved)
    if missing := set(pks) - stored.keys():
        there = Customer.objects.filter(pk__in=missing).order_by("pk")
        found.skipped = list(there.values_list("pk", flat=True))
    if found.changed:
        live.touch("customers", *found.changed)
    return found


_UNTIL_SCORES = _COLUMNS.index("loyalty")
_TIER, _RISK = _COLUMNS.index("tier"), _COLUMNS.index("risk")


def _stored(pks: Sequence[int]) -> dict[int, tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """Who they are and what is kept of them, locked: those that an import holds are left out.

    So an import never waits for us in the middle of its own locks, nor we for it.
    """
    columns = ", ".join((*_WHO, *_COLUMNS))
    rows = execute_with_arrays(
        f"SELECT id, {columns} FROM orders_customer WHERE id = ANY(%b)"  # noqa: S608 - constants
        " ORDER BY id FOR NO KEY UPDATE SKIP LOCKED",
        [list(pks)],
    )
    cut = 1 + len(_WHO)
    return {row[0]: (tuple(row[1:cut]), tuple(row[cut:])) for row in rows}


def _counted(account: MarketplaceAccount, pks: Sequence[int]) -> dict[int, Figures]:
    whose, money = blame.of(account.platform), same_money(account.currency)
    called_off, refused = list(whose.called_off), list(whose.refused)
    rows = execute_with_arrays(
        _COUNT,
        [
            called_off, refused, refused, account.currency, list(money), list(money.values()),
            list(pks),
        ],
    )  # fmt: skip
    return {pk: Figures(*figures) for pk, *figures in rows}


# --- What they come to together ---------------------------------------------------------------


def _locked_base(account: MarketplaceAccount) -> CustomerBase:
    """The row of the account, held to the end: figures of one account are written one by one."""
    CustomerBase.objects.bulk_create([CustomerBase(account=account)], ignore_conflicts=True)
    return CustomerBase.objects.select_for_update().get(pk=account.pk)


def _counters(kept: Sequence[Any], rules: scoring.Rules) -> list[str]:
    """The tabs a customer is counted on."""
    if not kept[0]:  # without orders nobody is listed
        return []
    return [kept[_TIER], *(["risky"] if kept[_RISK] >= rules.risky_from else [])]


def _count_on(base: CustomerBase, moved: Counter[str]) -> None:
    for name, number in moved.items():
        setattr(base, name, max(getattr(base, name) + number, 0))
    base.save()


def has_outgrown_its_yardstick(account: MarketplaceAccount) -> bool:
    """Whether everybody had better be scored anew: so many came since, or the money is another."""
    base = CustomerBase.objects.filter(pk=account.pk).first()
    if base is None:
        return False
    if base.measured_on and base.currency != account.currency:
        return True
    total = sum(getattr(base, name) for name in CustomerTier.values)
    return total * 100 >= max(base.measured_on, 1) * GROWN or (total > 0 and not base.measured_on)


def _average_revenue(account: MarketplaceAccount) -> Decimal:
    """Also of those who are not counted yet in the currency that the account has now."""
    customers = Customer.objects.counted().filter(account=account, revenue__gt=0).order_by()
    worth, revenue, number = same_money(account.currency), Decimal(0), 0
    sums = customers.values_list("currency").annotate(Sum("revenue"), Count("pk"))
    for currency, total, n in sums:
        if currency in worth:
            revenue, number = revenue + total * worth[currency], number + n
    return q2(revenue / number) if number else Decimal(0)


@dataclass(frozen=True, slots=True)
class Tabs:
    """How many customers stand on each tab of the list."""

    tiers: dict[str, int]
    risky: int
    risky_from: int
    blocked: int


def count_tabs() -> Tabs:
    """One statement for all tabs: the tiers are kept, and the blocked are few."""
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in COUNTERS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {sums}, (SELECT risky_from FROM orders_scoringrules WHERE id = 1),"  # noqa: S608
            " (SELECT count(*) FROM orders_customer"
            "   WHERE blocked_at IS NOT NULL AND orders_count > 0) FROM orders_customerbase"
        )
        *tiers, risky, risky_from, blocked = cursor.fetchone()
    counted = dict(zip(CustomerTier.values, tiers, strict=True))
    return Tabs(counted, risky, risky_from or RISKY_FROM, blocked)


@transaction.atomic
def measure(account: MarketplaceAccount) -> dict[str, tuple[int, int]]:
    """Take the yardstick and the counts of an account anew; returns the counts that were wrong."""
    base = _locked_base(account)
    rules = current_rules()
    customers = Customer.objects.counted().filter(account=account)
    tiers = dict(customers.order_by().values_list("tier").annotate(n=Count("pk")))
    counted = {name: tiers.get(name, 0) for name in CustomerTier.values}
    counted["risky"] = customers.filter(risk__gte=rules.risky_from).count()
    wrong = {
        name: (getattr(base, name), number)
        for name, number in counted.items()
        if getattr(base, name) != number
    }
    for name, number in counted.items():
        setattr(base, name, number)
    base.average_revenue, base.currency = _average_revenue(account), account.currency
    base.measured_on = sum(tiers.values())
    base.save()
    return wrong


def next_customers(account: MarketplaceAccount, after: int) -> list[int]:
    """The next to be gone through, by primary key."""
    rest = Customer.objects.filter(account=account, pk__gt=after).order_by("pk")
    return list(rest.values_list("pk", flat=True)[:CHUNK])
