"""The two scores of a customer: loyalty and risk, each from 0 to 100. Pure: no Django, no database.

A score is the weighted mean of four shares. Shares are whole thousandths, so that the same customer
has the same score on every machine; points are what a share adds to the score.

Loyalty                share                                                    full at
    orders             shipped ÷ full_at_orders                                 10 orders
    recency            1 − months since the last order ÷ recency_months         this month
    revenue            revenue ÷ (full_at_revenue × the account's average)      5 × the average
    kept               kept ÷ settled orders (kept, returned, refused, called off)   nothing undone

Risk
    refused            parcels not taken ÷ (shipped + not taken + 2)
    cod_refused        the same of cash on delivery alone
    returns            returned, whole or in part ÷ (shipped + returned + 2)
    called_off         called off by the customer ÷ (shipped + called off + 2)

The two that are added are good orders on credit: one mishap condemns nobody, the second tells.
What we or the courier spoilt counts nowhere. A month is thirty days, so that few scores change from
one day to the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, Protocol

MONTH = timedelta(days=30)
WHOLE = 1000  # a full share
CREDIT = 2  # good orders that everybody has to begin with


class Figures(NamedTuple):
    """What is counted of a customer's orders; the columns of Customer, in this order."""

    orders_count: int = 0
    delivered_count: int = 0
    cancelled_count: int = 0
    called_off_count: int = 0
    refused_count: int = 0
    returned_count: int = 0
    partly_returned_count: int = 0
    cod_count: int = 0
    cod_refused_count: int = 0
    currency: str = ""
    revenue: Decimal = Decimal(0)
    first_order_at: datetime | None = None
    last_order_at: datetime | None = None


class Rules(Protocol):
    """Weights and bounds: the columns of models.ScoringRules."""

    weight_orders: int
    weight_recency: int
    weight_revenue: int
    weight_kept: int
    full_at_orders: int
    recency_months: int
    full_at_revenue: int
    weight_refused: int
    weight_cod_refused: int
    weight_returns: int
    weight_called_off: int
    gold_from: int
    silver_from: int
    bronze_from: int
    risky_from: int


class Term(NamedTuple):
    """One share of a score: what it counts, out of how much, and its weight."""

    name: str
    share: int  # of WHOLE
    weight: int
    counted: int | Decimal = 0
    of: int | Decimal = 0


class Score(NamedTuple):
    points: int  # 0 to 100
    terms: tuple[Term, ...]

    def points_of(self, term: Term) -> Decimal:
        """What a term adds, to one place; together they make the score before rounding."""
        weights = sum(one.weight for one in self.terms) or 1
        exact = Decimal(term.share * term.weight) / (weights * 10)
        return exact.quantize(Decimal("0.1"))


def loyalty(figures: Figures, average: Decimal, rules: Rules, now: datetime) -> Score:
    """How much this customer is worth keeping.

    `average` is the revenue of an average customer of the account, 0 where there is none yet.
    """
    shipped = figures.delivered_count
    undone = figures.returned_count + figures.refused_count + figures.called_off_count
    settled, kept = shipped + undone, shipped - figures.partly_returned_count
    months = months_since(figures.last_order_at, now)
    passed = rules.recency_months if months is None else min(months, rules.recency_months)
    full_revenue = average * rules.full_at_revenue
    return _score(
        Term("orders", _share(shipped, rules.full_at_orders), rules.weight_orders,
             shipped, rules.full_at_orders),
        Term("recency", _share(rules.recency_months - passed, rules.recency_months),
             rules.weight_recency, passed, rules.recency_months),
        Term("revenue", _share(figures.revenue, full_revenue), rules.weight_revenue,
             figures.revenue, full_revenue),
        Term("kept", _share(kept, settled), rules.weight_kept, kept, settled),
    )  # fmt: skip


def risk(figures: Figures, rules: Rules) -> Score:
    """How likely an order of this customer comes to nothing."""
    shipped, cod = figures.delivered_count, figures.cod_count
    returned = figures.returned_count + figures.partly_returned_count
    counted = (
        ("refused", figures.refused_count, shipped + figures.refused_count, rules.weight_refused),
        ("cod_refused", figures.cod_refused_count, cod + figures.cod_refused_count,
         rules.weight_cod_refused),
        ("returns", returned, shipped + figures.returned_count, rules.weight_returns),
        ("called_off", figures.called_off_count, shipped + figures.called_off_count,
         rules.weight_called_off),
    )  # fmt: skip
    return _score(
        *(Term(name, _share(n, of + CREDIT), w, n, of + CREDIT) for name, n, of, w in counted)
    )


def tier(points: int, rules: Rules) -> str:
    """The tier that a loyalty earns: choices.CustomerTier."""
    if points >= rules.gold_from:
        return "gold"
    if points >= rules.silver_from:
        return "silver"
    return "bronze" if points >= rules.bronze_from else "standard"


def months_since(moment: datetime | None, now: datetime) -> int | None:
    """Whole months of thirty days; none where nothing was ordered.

    >>> from datetime import UTC
    >>> months_since(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))
    2
    """
    return None if moment is None else max((now - moment) // MONTH, 0)


def _share(part: int | Decimal, whole: int | Decimal) -> int:
    """Thousandths, never more than all of them; nothing of nothing is nothing."""
    if whole <= 0 or part <= 0:
        return 0
    return min(int(part * WHOLE // whole), WHOLE)


def _score(*terms: Term) -> Score:
    return Score(_mean(terms), terms)


def _mean(terms: Iterable[Term]) -> int:
    """The weighted mean as points of 100, halves up; without any weight there is no score."""
    points = weights = 0
    for term in terms:
        points += term.share * term.weight
        weights += term.weight
    return (2 * points + 10 * weights) // (20 * weights) if weights else 0
