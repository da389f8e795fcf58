from __future__ import annotations

from decimal import Decimal
from hashlib import blake2b

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.choices import Fulfilment
from accounts.models import MarketplaceAccount
from core.fields import SearchTextField
from orders.choices import (
    OPEN,
    STATUS_BADGES,
    DeliveryMode,
    OrderStatus,
    PaymentMethod,
    Problem,
    RemoteState,
)
from orders.models.customers import Customer

ZERO = Decimal("0.00")


class OrderQuerySet(models.QuerySet["Order"]):
    def locked(self) -> OrderQuerySet:
        """The rows, locked in the one order everybody uses."""
        return self.select_for_update(of=("self",)).order_by("pk")

    def for_list(self) -> OrderQuerySet:
        """What the list shows, without what only the order's own page needs."""
        return self.select_related("account").defer("search_text", "digest", "customer_note")

    def new(self) -> OrderQuerySet:
        """What waits for somebody to accept it."""
        return self.filter(status=OrderStatus.NEW, fulfilment=Fulfilment.OWN)

    def problems(self) -> OrderQuerySet:
        """What a person should look at."""
        return self.filter(has_problem=True)


class Order(models.Model):
    """One order of a customer on one account: what the marketplace last said, and where we stand.

    Facts of the marketplace are written by orders.services.import_orders() alone. `status`,
    `problems` and what stands below "Ours" belong to us.
    """

    account = models.ForeignKey(
        MarketplaceAccount,
        on_delete=models.PROTECT,
        related_name="orders",
        db_index=False,  # the unique constraint begins with it
        verbose_name=_("account"),
    )
    fulfilment = models.CharField(_("who ships"), max_length=12, choices=Fulfilment.choices)
    external_id = models.CharField(_("order number"), max_length=64)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="orders",
        db_index=False,  # order_customer begins with it
        verbose_name=_("customer"),
    )
    # --- What the marketplace says --------------------------------------------------------------
    remote_status = models.TextField(_("marketplace status"))
    remote_state = models.CharField(_("status there"), max_length=12, choices=RemoteState.choices)
    read_at = models.DateTimeField(_("read"), editable=False)
    ordered_at = models.DateTimeField(_("ordered"))
    changed_at = models.DateTimeField(_("changed there"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    is_complete = models.BooleanField(_("complete"), default=True)
    parent_external_id = models.TextField(_("part of order"), blank=True)
    seller_name = models.TextField(_("seller"), blank=True)
    finalized_at = models.DateTimeField(_("finalised"), null=True, blank=True)
    ship_by = models.DateTimeField(_("hand over by"), null=True, blank=True)
    is_late = models.BooleanField(_("late for the marketplace"), default=False)
    payment = models.CharField(
        _("payment"), max_length=12, choices=PaymentMethod.choices, blank=True
    )
    payment_detail = models.TextField(_("payment, in their words"), blank=True)
    is_paid = models.BooleanField(_("paid"), default=False)
    paid_by_card = models.DecimalField(
        _("paid by card"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    paid_on_delivery = models.DecimalField(
        _("paid on delivery"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    refunded = models.DecimalField(_("refunded"), max_digits=14, decimal_places=2, default=ZERO)
    refund_status = models.TextField(_("refund"), blank=True)
    shipping_price = models.DecimalField(
        _("shipping price"), max_digits=14, decimal_places=2, default=ZERO
    )
    delivery = models.CharField(
        _("delivery"), max_length=12, choices=DeliveryMode.choices, blank=True
    )
    delivery_detail = models.TextField(_("delivery, in their words"), blank=True)
    delivery_payment = models.TextField(_("payment of the delivery"), blank=True)
    locker_id = models.TextField(_("locker number"), blank=True)
    locker_name = models.TextField(_("locker"), blank=True)
    locker_eligible = models.BooleanField(_("fits a locker"), null=True, blank=True)
    courier_office_id = models.TextField(_("courier office"), blank=True)
    # NULL: any courier account will do. A list: one of these. Empty: none may be used.
    courier_accounts = ArrayField(
        models.TextField(), verbose_name=_("courier accounts"), null=True, blank=True
    )
    is_weekend_delivery = models.BooleanField(_("weekend delivery"), default=False)
    cancel_code = models.CharField(_("cancellation reason"), max_length=32, blank=True)
    cancel_text = models.TextField(_("cancellation, in their words"), blank=True)
    cancel_requested = models.TextField(_("customer asks to cancel"), blank=True)
    is_storno = models.BooleanField(_("storno"), default=False)
    has_editable_lines = models.BooleanField(_("lines may change"), null=True, blank=True)
    is_loyal = models.BooleanField(_("subscriber"), default=False)
    customer_note = models.TextField(_("note of the customer"), blank=True)
    flags = ArrayField(models.TextField(), verbose_name=_("flags"), default=list, blank=True)
    remarks = ArrayField(models.TextField(), verbose_name=_("remarks"), default=list, blank=True)
    # --- Worked out from it ---------------------------------------------------------------------
    products_total = models.DecimalField(_("products"), max_digits=14, decimal_places=2)
    vouchers_total = models.DecimalField(_("vouchers"), max_digits=14, decimal_places=2)
    shipping_total = models.DecimalField(_("shipping"), max_digits=14, decimal_places=2)
    fees_total = models.DecimalField(_("deposits"), max_digits=14, decimal_places=2)
    total = models.DecimalField(_("customer pays"), max_digits=14, decimal_places=2)
    customer_name = models.TextField(_("customer"), blank=True)
    city = models.TextField(_("town"), blank=True)
    first_item = models.TextField(_("items"), blank=True)
    lines_count = models.PositiveIntegerField(_("lines"), default=0)
    pieces = models.PositiveIntegerField(_("pieces"), default=0)
    digest = models.BinaryField(max_length=16, editable=False)  # of the facts: same, nothing new
    search_text = SearchTextField()  # written by import_orders(); nothing else changes its sources
    # --- Ours -------------------------------------------------------------------------------------
    status = models.CharField(_("status"), max_length=12, choices=OrderStatus.choices)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True, editable=False)
    problems = ArrayField(
        models.CharField(max_length=20, choices=Problem.choices),
        verbose_name=_("problems"),
        default=list,
        blank=True,
    )
    has_problem = models.BooleanField(_("needs a look"), default=False)
    imported_at = models.DateTimeField(_("first seen"), default=timezone.now, editable=False)
    # Where an order on hold comes from and goes back to, and why it waits.
    held_from = models.CharField(
        _("held from"), max_length=12, choices=OrderStatus.choices, blank=True, db_default=""
    )
    hold_reason = models.TextField(_("why on hold"), blank=True, db_default="")
    tags = ArrayField(
        models.TextField(), verbose_name=_("tags"), default=list, blank=True, db_default=[]
    )
    # --- What apps above found out; see services.note_shipment and note_invoice ------------------
    courier = models.TextField(_("courier"), blank=True, db_default="")
    awb = models.TextField(_("AWB"), blank=True, db_default="")
    shipped_at = models.DateTimeField(_("shipped"), null=True, blank=True)
    invoice_number = models.TextField(_("invoice"), blank=True, db_default="")
    invoiced_at = models.DateTimeField(_("invoiced"), null=True, blank=True)
    papers_text = SearchTextField(_("papers"), db_default="")  # AWB and invoice number
    # --- Worked out by the database ---------------------------------------------------------------
    # Until when the parcel must be handed over, as long as it still must: what lists sort by.
    due_at = models.GeneratedField(
        expression=models.Case(
            models.When(Q(status__in=sorted(OPEN), fulfilment=Fulfilment.OWN), then="ship_by")
        ),
        output_field=models.DateTimeField(null=True),
        db_persist=True,
        verbose_name=_("hand over by"),
    )

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        default_permissions = ("view",)
        permissions = (
            ("accept_order", _("Can accept orders")),
            ("refresh_order", _("Can read orders again from the marketplace")),
        )
        ordering = ("-ordered_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("account", "fulfilment", "external_id"), name="order_external_id"
            ),
            models.CheckConstraint(
                condition=Q(status__in=OrderStatus.values), name="order_status_known"
            ),
            models.CheckConstraint(
                condition=Q(problems=[], has_problem=False)
                | (~Q(problems=[]) & Q(has_problem=True)),
                name="order_problem_told",
            ),
        )
        # Every sort of the list ends in the primary key. Tabs of open orders are small parts of a
        # table that grows for ever, so their indexes are partial: they cost nothing once an order
        # is closed, and counting a tab reads only its own entries.
        indexes = (
            # What it includes is what sales figures add up: they never touch the rows themselves.
            models.Index(
                fields=["ordered_at", "id"],
                include=["currency", "status", "total", "account", "fulfilment"],
                name="order_ordered_at",
            ),
            models.Index(fields=["total", "id"], name="order_total"),
            models.Index(fields=["status", "ordered_at", "id"], name="order_status"),
            models.Index(fields=["external_id", "id"], name="order_number"),
            models.Index(fields=["customer", "ordered_at", "id"], name="order_customer"),
            models.Index(
                fields=["due_at", "id"], condition=Q(due_at__isnull=False), name="order_due_at"
            ),
            models.Index(
                fields=["status", "due_at", "id"],
                condition=Q(due_at__isnull=False),
                name="order_status_due_at",
            ),
            models.Index(
                fields=["account", "status", "ordered_at", "id"],
                condition=Q(status__in=sorted(OPEN)),
                name="order_account_open",
            ),
            models.Index(
                fields=["ordered_at", "id"], condition=Q(has_problem=True), name="order_problem"
            ),
            # What few orders have when they come in: these cost an import nothing.
            models.Index(
                fields=["cancel_code", "ordered_at", "id"],
                condition=~Q(cancel_code=""),
                name="order_cancel_code",
            ),
            models.Index(
                fields=["courier", "ordered_at", "id"],
                condition=~Q(courier=""),
                name="order_courier",
            ),
            models.Index(
                fields=["shipped_at", "id"],
                condition=Q(shipped_at__isnull=False),
                name="order_shipped_at",
            ),
            GinIndex(fields=["tags"], condition=~Q(tags=[]), name="order_tags"),
        )

    def __str__(self) -> str:
        return self.external_id

    def get_absolute_url(self) -> str:
        return reverse("orders:order_detail", args=[self.pk])

    @property
    def badge(self) -> tuple[str, str]:
        return STATUS_BADGES[self.status]

    @property
    def is_ours_to_ship(self) -> bool:
        return self.fulfilment == Fulfilment.OWN

    @property
    def stamp(self) -> str:
        """Changes whenever something does that a person may have looked at before deciding."""
        seen = (
            self.status,
            self.problems,
            self.tags,
            self.hold_reason,
            self.awb,
            self.invoice_number,
        )
        return blake2b(bytes(self.digest) + repr(seen).encode(), digest_size=8).hexdigest()

    def refresh_problems(self, problems: set[str]) -> None:
        """Set what a person should look at, in one order, with the column lists filter by."""
        self.problems = [p for p in Problem.values if p in problems]
        self.has_problem = bool(self.problems)
