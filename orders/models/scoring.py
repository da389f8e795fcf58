"""How customers are scored, and what is kept so that it need not be counted again and again."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import MarketplaceAccount
from core.money import q2, same_money
from orders.models.customers import RISKY_FROM


def _number(label: object, default: int, low: int, high: int) -> models.PositiveSmallIntegerField:  # type: ignore[type-arg]
    return models.PositiveSmallIntegerField(
        label,  # type: ignore[arg-type]
        default=default,
        validators=[MinValueValidator(low), MaxValueValidator(high)],
    )


def _weight(label: object, default: int) -> models.PositiveSmallIntegerField:  # type: ignore[type-arg]
    return _number(label, default, 0, 100)


class ScoringRules(models.Model):
    """The one row that says how customers are scored. The formula is in orders.scoring."""

    weight_orders = _weight(_("weight of how often they buy"), 35)
    weight_recency = _weight(_("weight of how lately"), 25)
    weight_revenue = _weight(_("weight of how much"), 25)
    weight_kept = _weight(_("weight of keeping what they order"), 15)
    full_at_orders = _number(_("orders for full points"), 10, 1, 1000)
    recency_months = _number(_("months until nothing is left"), 12, 1, 120)
    full_at_revenue = _number(_("times the average revenue for full points"), 5, 1, 1000)
    weight_refused = _weight(_("weight of parcels not taken"), 40)
    weight_cod_refused = _weight(_("weight of cash on delivery not taken"), 25)
    weight_returns = _weight(_("weight of returns"), 20)
    weight_called_off = _weight(_("weight of orders called off"), 15)
    gold_from = _number(_("gold from"), 70, 1, 100)
    silver_from = _number(_("silver from"), 50, 1, 100)
    bronze_from = _number(_("bronze from"), 30, 1, 100)
    risky_from = _number(_("risky from"), RISKY_FROM, 1, 100)
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("scoring of customers")
        verbose_name_plural = _("scoring of customers")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(condition=Q(pk=1), name="scoring_rules_one_row"),
            models.CheckConstraint(
                condition=Q(gold_from__gt=models.F("silver_from"))
                & Q(silver_from__gt=models.F("bronze_from")),
                name="scoring_rules_tiers_in_order",
            ),
        )

    def __str__(self) -> str:
        return str(_("Scoring of customers"))


class CustomerBase(models.Model):
    """What the customers of one account come to together: the yardstick of the score, and counts.

    Written with the figures themselves (services.customer_figures), so that a tab need not count.
    """

    account = models.OneToOneField(
        MarketplaceAccount,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="customer_base",
        verbose_name=_("account"),
    )
    average_revenue = models.DecimalField(  # of those who brought any
        _("average revenue"), max_digits=14, decimal_places=2, default=Decimal(0)
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)  # of the average
    measured_on = models.PositiveIntegerField(_("customers it was measured on"), default=0)
    gold = models.PositiveIntegerField(default=0)
    silver = models.PositiveIntegerField(default=0)
    bronze = models.PositiveIntegerField(default=0)
    standard = models.PositiveIntegerField(default=0)
    risky = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("customers of an account")
        verbose_name_plural = _("customers of accounts")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.account_id)

    def average_in(self, currency: str) -> Decimal:
        """The average revenue in this currency; 0 where it was measured in other money."""
        return q2(self.average_revenue * same_money(currency).get(self.currency, 0))


class FigureNudge(models.Model):
    """Orders that arrived or changed, whose customers' figures are to be brought up to date.

    Written in the transaction of the change, deleted in that of the figures: none is ever lost.
    """

    account = models.ForeignKey(MarketplaceAccount, on_delete=models.CASCADE, related_name="+")
    orders = ArrayField(models.BigIntegerField(), default=list)
    customers = ArrayField(models.BigIntegerField(), default=list, db_default=[])

    class Meta:
        verbose_name = _("orders to be counted")
        verbose_name_plural = _("orders to be counted")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.pk)
