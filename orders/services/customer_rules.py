"""The rules by which customers are scored: one row, changed by owners, its history in the trail."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import MarketplaceAccount, User
from core import audit, live
from core.errors import RuleViolation, StaleData
from core.jobs import enqueue
from core.models import JobRun
from core.models.jobs import JobTrigger
from orders.models import ScoringRules

_NO_RULES = {"id", "version", "changed_at"}
NAMES = tuple(f.name for f in ScoringRules._meta.fields if f.name not in _NO_RULES)
SWEEP = "orders.sweep_customers"


def current_rules() -> ScoringRules:
    """The rules that hold now; those the application comes with until somebody changes them."""
    return ScoringRules.objects.filter(pk=1).first() or ScoringRules(pk=1)


@transaction.atomic
def change_rules(*, by: User | None, version: int | None = None, **numbers: int) -> ScoringRules:
    """Score by other numbers from now on; everybody is scored anew by a job."""
    ScoringRules.objects.bulk_create([ScoringRules(pk=1)], ignore_conflicts=True)
    rules = ScoringRules.objects.select_for_update().get(pk=1)
    if version is not None and rules.version != version:
        raise StaleData(
            _("Somebody changed the scoring in the meantime. Look at it and try again.")
        )
    before = {name: getattr(rules, name) for name in NAMES}
    for name, number in numbers.items():
        setattr(rules, name, number)
    check_rules(rules)
    changes = audit.changed(before, {name: getattr(rules, name) for name in NAMES})
    if not changes:
        return rules
    rules.version += 1
    rules.changed_at = timezone.now()
    rules.save()
    audit.record("scoring.changed", rules, by=by, changes=changes)
    score_everybody(by=by)
    live.touch("customers")
    return rules


def check_rules(rules: ScoringRules) -> None:
    """Raise RuleViolation where nobody could be scored by these numbers."""
    loyalty = ("weight_orders", "weight_recency", "weight_revenue", "weight_kept")
    risk = ("weight_refused", "weight_cod_refused", "weight_returns", "weight_called_off")
    if not all(any(getattr(rules, name) for name in names) for names in (loyalty, risk)):
        raise RuleViolation(_("Give at least one weight of each score a number above zero."))
    if not rules.gold_from > rules.silver_from > rules.bronze_from:
        raise RuleViolation(_("Gold must begin above silver, and silver above bronze."))


def score_everybody(*, by: User | None) -> list[JobRun]:
    """Have the customers of every account counted and scored anew."""
    accounts = MarketplaceAccount.objects.filter(customers__isnull=False).distinct().order_by("pk")
    return [
        enqueue(SWEEP, key=str(pk), by=by, trigger=JobTrigger.PERSON)
        for pk in accounts.values_list("pk", flat=True)
    ]
