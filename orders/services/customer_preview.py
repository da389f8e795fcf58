"""What other rules would do to the customers there are, before anybody saves them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from core.setwise import execute_with_arrays
from orders import scoring
from orders.choices import CustomerTier
from orders.models import CustomerBase, ScoringRules
from orders.scoring import Figures

SAMPLE = 20_000  # customers; beyond that a sample says it closely enough, and at once
_COLUMNS = ", ".join(Figures._fields)


@dataclass(frozen=True, slots=True)
class Preview:
    """How many customers would be in another tier; about so many where they are sampled."""

    customers: int
    moved: int
    tiers: dict[str, int]
    risky: int
    is_estimate: bool


def preview(rules: ScoringRules) -> Preview:
    """Score everybody by these rules without keeping it. At most SAMPLE of them are looked at."""
    bases = {base.account_id: base for base in CustomerBase.objects.all()}
    total = sum(_total(base) for base in bases.values())
    sample = ""
    if total > SAMPLE:  # some pages of the table, the same ones every time
        share = max(Decimal(100 * SAMPLE) / total, Decimal("0.01")).quantize(Decimal("0.01"))
        sample = f"TABLESAMPLE SYSTEM ({share}) REPEATABLE (1)"
    rows = execute_with_arrays(
        f"SELECT account_id, tier, {_COLUMNS} FROM orders_customer {sample}"  # noqa: S608
        " WHERE orders_count > 0",
        [],
    )
    now = timezone.now()
    tiers = dict.fromkeys(CustomerTier.values, 0)
    moved = risky = 0
    for account_id, before, *figures in rows:
        base = bases.get(account_id)
        counted = Figures(*figures)
        average = base.average_in(counted.currency) if base else Decimal(0)
        after = scoring.tier(scoring.loyalty(counted, average, rules, now).points, rules)
        tiers[after] += 1
        moved += after != before
        risky += scoring.risk(counted, rules).points >= rules.risky_from
    if not sample or not rows:
        return Preview(len(rows), moved, tiers, risky, is_estimate=False)

    def scaled(number: int) -> int:
        return number * total // len(rows)

    return Preview(
        total, scaled(moved), {name: scaled(n) for name, n in tiers.items()}, scaled(risky),
        is_estimate=True,
    )  # fmt: skip


def _total(base: CustomerBase) -> int:
    return sum(getattr(base, name) for name in CustomerTier.values)
