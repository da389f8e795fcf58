from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import MarketplaceAccount
from core.fields import SearchTextField
from orders.choices import TIER_BADGES, CustomerTier

ZERO = Decimal("0.00")
COUNTED = Q(orders_count__gt=0)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # the last order of who has none, or is not counted yet
RISKY_FROM = 25  # until somebody says otherwise, see ScoringRules


class Person(models.Model):
    """One human being or firm whom several accounts know, because somebody said so."""

    created_at = models.DateTimeField(_("linked"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("person behind customers")
        verbose_name_plural = _("persons behind customers")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.pk)


class CustomerQuerySet(models.QuerySet["Customer"]):
    def locked(self) -> CustomerQuerySet:
        """The rows, locked in the one order everybody uses; orders of theirs may still arrive."""
        return self.select_for_update(of=("self",), no_key=True).order_by("pk")

    def counted(self) -> CustomerQuerySet:
        """Everybody whose figures are known: seconds after the first order. See the indexes."""
        return self.filter(COUNTED)

    def for_list(self) -> CustomerQuerySet:
        """What the list shows, without what only the customer's own page needs."""
        rules = apps.get_model("orders", "ScoringRules").objects.values("risky_from")
        bound = Coalesce(Subquery(rules), RISKY_FROM)
        listed = self.counted().select_related("account").only(*LISTED)
        return listed.annotate(risky_from=bound)

    def same_person(self, customer: Customer) -> CustomerQuerySet:
        """This customer and all that are linked with it."""
        if customer.person_id is None:
            return self.filter(pk=customer.pk)
        return self.filter(person=customer.person_id)


class Customer(models.Model):
    """Somebody who bought on one account, under the marketplace's number for them.

    The facts are those of the latest order; what an order said stands in its own addresses.
    """

    account = models.ForeignKey(
        MarketplaceAccount,
        on_delete=models.PROTECT,
        related_name="customers",
        db_index=False,  # the unique constraint begins with it
        verbose_name=_("account"),
    )
    external_id = models.CharField(_("customer number"), max_length=64)
    name = models.TextField(_("name"), blank=True)
    company = models.TextField(_("company"), blank=True)
    email = models.TextField(_("email"), blank=True)
    phones = ArrayField(models.TextField(), verbose_name=_("phones"), default=list, blank=True)
    gender = models.TextField(_("gender"), blank=True)
    is_company = models.BooleanField(_("is a company"), default=False)
    is_vat_payer = models.BooleanField(_("registered for VAT"), default=False)
    tax_id = models.TextField(_("tax number"), blank=True)
    trade_register = models.TextField(_("trade register"), blank=True)
    bank = models.TextField(_("bank"), blank=True)
    iban = models.TextField(_("IBAN"), blank=True)
    fax = models.TextField(_("fax"), blank=True)
    liable_person = models.TextField(_("liable person"), blank=True)
    catalogue_id = models.TextField(_("second number"), blank=True)
    read_at = models.DateTimeField(_("read"), default=timezone.now, editable=False)
    # --- Worked out from their orders, by services.customer_figures alone ------------------------
    orders_count = models.PositiveIntegerField(_("orders"), db_default=0)
    delivered_count = models.PositiveIntegerField(_("shipped"), db_default=0)
    cancelled_count = models.PositiveIntegerField(_("cancelled"), db_default=0)
    called_off_count = models.PositiveIntegerField(_("called off by the customer"), db_default=0)
    refused_count = models.PositiveIntegerField(_("not taken"), db_default=0)
    returned_count = models.PositiveIntegerField(_("returned"), db_default=0)
    partly_returned_count = models.PositiveIntegerField(_("returned in part"), db_default=0)
    cod_count = models.PositiveIntegerField(_("cash on delivery, shipped"), db_default=0)
    cod_refused_count = models.PositiveIntegerField(_("cash on delivery, not taken"), db_default=0)
    currency = models.CharField(_("currency"), max_length=3, blank=True, db_default="")
    revenue = models.DecimalField(_("revenue"), max_digits=14, decimal_places=2, db_default=ZERO)
    first_order_at = models.DateTimeField(_("first order"), null=True, blank=True)
    last_order_at = models.DateTimeField(_("last order"), db_default=NEVER)
    loyalty = models.PositiveSmallIntegerField(_("loyalty"), db_default=0)
    risk = models.PositiveSmallIntegerField(_("risk"), db_default=0)
    tier = models.CharField(
        _("tier"), max_length=12, choices=CustomerTier.choices, db_default=CustomerTier.STANDARD
    )
    search_text = SearchTextField(db_default="")
    # Phones, email and tax number in one way of writing: who else has one of them may be the same.
    match_keys = ArrayField(models.TextField(), default=list, blank=True, db_default=[])
    # --- Ours -------------------------------------------------------------------------------------
    person = models.ForeignKey(
        Person,
        on_delete=models.SET_NULL,
        related_name="customers",
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("person"),
    )
    blocked_at = models.DateTimeField(_("blocked"), null=True, blank=True)
    blocked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("blocked by"),
    )
    block_reason = models.TextField(_("why blocked"), blank=True, db_default="")
    forgotten_at = models.DateTimeField(_("personal data erased"), null=True, blank=True)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        default_permissions = ()
        ordering = ("name", "pk")
        constraints = (
            models.UniqueConstraint(fields=("account", "external_id"), name="customer_external_id"),
            models.CheckConstraint(
                condition=Q(loyalty__lte=100, risk__lte=100), name="customer_scores_to_100"
            ),
            models.CheckConstraint(
                condition=Q(blocked_at__isnull=True) | ~Q(block_reason=""),
                name="customer_block_has_reason",
            ),
        )
        # A customer enters the indexes of the list when the figures are there, not with the import:
        # they are partial, and the list asks for counted customers only. The first one is whole,
        # since a search walks it without asking for more.
        indexes = (
            models.Index(fields=["last_order_at", "id"], name="customer_last"),
            models.Index(fields=["orders_count", "id"], condition=COUNTED, name="customer_orders"),
            models.Index(
                fields=["currency", "revenue", "id"], condition=COUNTED, name="customer_revenue"
            ),
            models.Index(fields=["loyalty", "id"], condition=COUNTED, name="customer_loyalty"),
            models.Index(fields=["risk", "id"], condition=COUNTED, name="customer_risk"),
            models.Index(
                fields=["tier", "last_order_at", "id"], condition=COUNTED, name="customer_tier"
            ),
            models.Index(
                fields=["last_order_at", "id"],
                condition=Q(blocked_at__isnull=False),
                name="customer_blocked",
            ),
            models.Index(
                fields=["person"], condition=Q(person__isnull=False), name="customer_person"
            ),
            GinIndex(fields=["match_keys"], condition=COUNTED, name="customer_match"),
        )

    def __str__(self) -> str:
        return self.name or self.company or self.external_id

    def get_absolute_url(self) -> str:
        return reverse("orders:customer_detail", args=[self.pk])

    @property
    def badge(self) -> tuple[str, str]:
        """Tone and icon of the tier."""
        return TIER_BADGES[self.tier]

    @property
    def is_blocked(self) -> bool:
        return self.blocked_at is not None

    @property
    def is_forgotten(self) -> bool:
        """Nobody knows who this was; whoever orders again after that is known again."""
        return self.forgotten_at is not None and self.last_order_at <= self.forgotten_at

    @property
    def all_returned_count(self) -> int:
        """Orders that came back, whole or in part."""
        return self.returned_count + self.partly_returned_count


# What the list reads; the rest is a matter of the customer's own page.
LISTED = (
    "account__name", "account__country", "account__platform", "external_id", "name", "company",
    "is_company", "email", "phones", "tax_id", "orders_count", "delivered_count",
    "cancelled_count", "refused_count", "returned_count", "partly_returned_count", "currency",
    "revenue", "first_order_at", "last_order_at", "loyalty", "risk", "tier", "person_id",
    "blocked_at", "block_reason", "forgotten_at",
)  # fmt: skip


class NotSamePerson(models.Model):
    """Somebody's word that two customers who share a phone or the like are not one person."""

    one = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    other = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(_("said"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("not the same person")
        verbose_name_plural = _("not the same persons")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=("one", "other"), name="not_same_person_once"),
            models.CheckConstraint(condition=Q(one__lt=F("other")), name="not_same_person_sorted"),
        )

    def __str__(self) -> str:
        return f"{self.one_id} ≠ {self.other_id}"
