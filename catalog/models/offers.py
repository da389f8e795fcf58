from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.choices import Fulfilment
from accounts.models import MarketplaceAccount, User
from catalog.choices import SETTABLE, OfferStatus
from catalog.models.products import Product
from core.fields import SearchTextField
from core.paging import bounded


class OfferQuerySet(models.QuerySet["Offer"]):
    def locked(self) -> OfferQuerySet:
        return self.select_for_update(of=("self",)).order_by("pk")

    def for_list(self) -> OfferQuerySet:
        """Without the long texts that no column shows."""
        return self.select_related("account").defer("url", "search_text")

    def what_waits(self) -> dict[str, int]:
        """How many offers need a look, by what is the matter with them."""
        return bounded(
            {
                "blocked": self.blocked(),
                "out_of_stock": self.out_of_stock(),
                "beaten": self.beaten(),
            }
        )

    def blocked(self) -> OfferQuerySet:
        return self.filter(Offer.BLOCKED)

    def out_of_stock(self) -> OfferQuerySet:
        return self.filter(Offer.OUT_OF_STOCK)

    def beaten(self) -> OfferQuerySet:
        return self.filter(Offer.BEATEN)

    def waiting(self) -> OfferQuerySet:
        return self.filter(Offer.WAITING)


class Offer(models.Model):
    """A product as it is offered on one account: what the marketplace says, and what we want.

    Prices are net. `price`, `stock` and `status` are what the marketplace has, as far as we know;
    `wanted_*` is what it has been asked to have and has not confirmed yet.
    """

    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="offers", verbose_name=_("product")
    )
    account = models.ForeignKey(
        MarketplaceAccount,
        on_delete=models.PROTECT,
        related_name="offers",
        verbose_name=_("account"),
    )
    external_id = models.CharField(_("number there"), max_length=64)
    # --- What the marketplace says --------------------------------------------------------
    name = models.CharField(_("name"), max_length=500)
    sku = models.CharField(_("SKU"), max_length=64, blank=True)
    brand = models.CharField(_("brand"), max_length=255, blank=True)
    catalogue_key = models.CharField(_("catalogue key"), max_length=64, blank=True)
    barcodes = models.TextField(_("barcodes"), blank=True)  # separated by spaces
    category_external_id = models.CharField(_("category there"), max_length=64, blank=True)
    url = models.CharField(_("page"), max_length=2048, blank=True)
    image_url = models.CharField(_("picture"), max_length=2048, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    price = models.DecimalField(_("price"), max_digits=14, decimal_places=4)
    price_before = models.DecimalField(
        _("crossed-out price"), max_digits=14, decimal_places=4, null=True, blank=True
    )
    price_min = models.DecimalField(
        _("lowest price"), max_digits=14, decimal_places=4, null=True, blank=True
    )
    price_max = models.DecimalField(
        _("highest price"), max_digits=14, decimal_places=4, null=True, blank=True
    )
    vat_rate = models.DecimalField(
        _("VAT rate"), max_digits=5, decimal_places=4, null=True, blank=True
    )
    stock = models.PositiveIntegerField(_("stock"), default=0)
    stock_free = models.IntegerField(_("free stock"), null=True, blank=True)
    handling_days = models.IntegerField(_("days to ship"), null=True, blank=True)
    warranty_months = models.IntegerField(_("warranty, months"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=OfferStatus.choices)
    remote_status = models.CharField(_("status there"), max_length=64, blank=True)
    is_sellable = models.BooleanField(_("can be bought"), default=False)
    validation_status = models.CharField(_("validation"), max_length=64, blank=True)
    validation_text = models.CharField(_("validation, in words"), max_length=255, blank=True)
    problems = models.TextField(_("problems"), blank=True)  # one in a line
    owns_content = models.BooleanField(_("content is ours"), null=True, blank=True)
    rank = models.PositiveIntegerField(_("rank"), null=True, blank=True)
    rivals = models.PositiveIntegerField(_("sellers"), null=True, blank=True)
    best_price = models.DecimalField(
        _("best price there"), max_digits=14, decimal_places=4, null=True, blank=True
    )
    read_at = models.DateTimeField(_("read"))
    # --- What we want ---------------------------------------------------------------------
    wanted_price = models.DecimalField(
        _("wanted price"), max_digits=14, decimal_places=4, null=True, blank=True
    )
    wanted_stock = models.PositiveIntegerField(_("wanted stock"), null=True, blank=True)
    wanted_status = models.CharField(
        _("wanted status"), max_length=10, choices=OfferStatus.choices, blank=True
    )
    wanted_at = models.DateTimeField(_("wanted since"), null=True, blank=True)
    wanted_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("wanted by"),
    )
    pushed_at = models.DateTimeField(_("last sent"), null=True, blank=True)
    # --- Ours -----------------------------------------------------------------------------
    created_at = models.DateTimeField(_("first seen"), default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    search_text = SearchTextField(
        sources=("name", "sku", "brand", "catalogue_key", "barcodes", "external_id")
    )

    # Meant to sell, in stock, and yet nobody can buy it.
    BLOCKED: ClassVar = Q(status=OfferStatus.ACTIVE, is_sellable=False, stock__gt=0)
    OUT_OF_STOCK: ClassVar = Q(status=OfferStatus.ACTIVE, is_sellable=False, stock=0)
    # Can be bought, but the marketplace's buy button sells somebody else's.
    BEATEN: ClassVar = Q(is_sellable=True, rank__gt=1)
    # A wish of ours has not reached the marketplace yet.
    WAITING: ClassVar = Q(wanted_at__isnull=False)

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(fields=("account", "external_id"), name="offer_external_id"),
            models.CheckConstraint(condition=Q(price__gte=0), name="offer_price"),
            models.CheckConstraint(
                condition=Q(wanted_price__isnull=True) | Q(wanted_price__gt=0),
                name="offer_wanted_price",
            ),
            models.CheckConstraint(
                condition=Q(wanted_at__isnull=False)
                | Q(wanted_price__isnull=True, wanted_stock__isnull=True, wanted_status=""),
                name="offer_wanted_at",
            ),
        )
        indexes = (
            # The tabs of the list, each of which is a small part of all offers.
            models.Index(
                F("id").desc(),
                condition=Q(status=OfferStatus.ACTIVE, is_sellable=False),
                name="offer_not_sellable",
            ),
            models.Index(
                F("id").desc(), condition=Q(is_sellable=True, rank__gt=1), name="offer_beaten"
            ),
            models.Index(
                F("id").desc(), condition=Q(wanted_at__isnull=False), name="offer_waiting"
            ),
        )

    def __str__(self) -> str:
        return self.sku or self.name or self.external_id

    def get_absolute_url(self) -> str:
        return reverse("catalog:offer_detail", args=[self.pk])

    @property
    def problem_list(self) -> list[str]:
        return self.problems.splitlines()

    @property
    def barcode_list(self) -> list[str]:
        return self.barcodes.split()

    @property
    def is_stock_ours(self) -> bool:
        """Whether stock and status are ours to set: not where the marketplace keeps the goods."""
        return self.account.fulfilment == Fulfilment.OWN

    @property
    def settable_statuses(self) -> tuple[OfferStatus, ...]:
        return () if self.status == OfferStatus.ENDED or not self.is_stock_ours else SETTABLE

    @property
    def price_to_be(self) -> Decimal:
        return self.price if self.wanted_price is None else self.wanted_price

    @property
    def stock_to_be(self) -> int:
        return self.stock if self.wanted_stock is None else self.wanted_stock

    @property
    def status_to_be(self) -> str:
        return self.wanted_status or self.status
