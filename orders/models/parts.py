"""What hangs on an order beside its lines."""

from __future__ import annotations

from urllib.parse import quote_plus

from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.choices import AddressKind, AttachmentKind, VoucherPayer, VoucherScope
from orders.models.lines import LineDeposit, OrderLine
from orders.models.orders import Order

MAP = "https://www.google.com/maps/search/?api=1&query="


class OrderAddress(models.Model):
    """Where to bill or to ship one order, copied as it stood there."""

    order = models.ForeignKey(
        Order,
        on_delete=models.CASCADE,
        related_name="addresses",
        db_index=False,
        verbose_name=_("order"),
    )
    kind = models.CharField(_("kind"), max_length=8, choices=AddressKind.choices)
    name = models.TextField(_("name"), blank=True)
    phone = models.TextField(_("phone"), blank=True)
    country = models.TextField(_("country"), blank=True)
    county = models.TextField(_("county"), blank=True)
    city = models.TextField(_("town"), blank=True)
    street = models.TextField(_("street"), blank=True)
    postal_code = models.TextField(_("postal code"), blank=True)
    locality_external_id = models.TextField(_("locality number"), blank=True)

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=("order", "kind"), name="order_address_kind"),
        )

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.street, self.city, self.county, self.postal_code)))

    @property
    def place(self) -> str:
        """ "700001 Iași, RO"; a county only where it is not the town itself."""
        town = " ".join(filter(None, (self.postal_code, self.city)))
        county = "" if self.county == self.city else self.county
        return ", ".join(filter(None, (town, county, self.country)))

    @property
    def as_text(self) -> str:
        """As it is written on a parcel, and copied."""
        return "\n".join(filter(None, (self.name, self.street, self.place, self.phone)))

    @property
    def map_url(self) -> str:
        where = ", ".join(filter(None, (self.street, self.place)))
        return f"{MAP}{quote_plus(where)}" if where else ""

    def is_like(self, other: OrderAddress) -> bool:
        """Most people are billed where they live."""
        return self.as_text == other.as_text


class OrderVoucher(models.Model):
    """A discount of an order, or the share of one that falls on a line, a deposit or shipping.

    Shares add up to the discounts of the whole order: only one of the two levels may be summed.
    Amounts are negative, as the marketplace states them.
    """

    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="vouchers", verbose_name=_("order")
    )
    line = models.ForeignKey(
        OrderLine,
        on_delete=models.CASCADE,
        related_name="vouchers",
        null=True,
        blank=True,
        verbose_name=_("order line"),
    )
    deposit = models.ForeignKey(
        LineDeposit,
        on_delete=models.CASCADE,
        related_name="vouchers",
        null=True,
        blank=True,
        verbose_name=_("deposit"),
    )
    scope = models.CharField(_("falls on"), max_length=8, choices=VoucherScope.choices)
    position = models.PositiveSmallIntegerField(_("position"))
    external_id = models.CharField(_("voucher number"), max_length=64, blank=True)
    name = models.TextField(_("voucher"), blank=True)
    net = models.DecimalField(_("net"), max_digits=14, decimal_places=4)
    vat = models.DecimalField(_("VAT"), max_digits=14, decimal_places=4)
    vat_rate = models.DecimalField(
        _("VAT rate"), max_digits=6, decimal_places=4, null=True, blank=True
    )
    paid_by = models.CharField(
        _("paid by"), max_length=12, choices=VoucherPayer.choices, blank=True
    )
    issued_on = models.DateField(_("issued"), null=True, blank=True)

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        default_permissions = ()
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return self.name or self.external_id


class OrderAttachment(models.Model):
    """A document that hangs on an order, or on one of its lines, at the marketplace."""

    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="attachments", verbose_name=_("order")
    )
    line = models.ForeignKey(
        OrderLine,
        on_delete=models.CASCADE,
        related_name="attachments",
        null=True,
        blank=True,
        verbose_name=_("order line"),
    )
    position = models.PositiveSmallIntegerField(_("position"))
    name = models.TextField(_("name"), blank=True)
    url = models.TextField(_("address"))
    kind = models.CharField(_("kind"), max_length=12, choices=AttachmentKind.choices, blank=True)
    remote_kind = models.TextField(_("marketplace kind"), blank=True)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        default_permissions = ()
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return self.name or self.url


class OrderProforma(models.Model):
    """A pro-forma invoice of an order that the customer pays by bank transfer."""

    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="proformas", verbose_name=_("order")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    external_id = models.CharField(_("number there"), max_length=64, blank=True)
    number = models.TextField(_("number"), blank=True)
    net = models.DecimalField(_("net"), max_digits=14, decimal_places=4, null=True, blank=True)
    gross = models.DecimalField(_("gross"), max_digits=14, decimal_places=2, null=True, blank=True)
    is_paid = models.BooleanField(_("paid"), null=True, blank=True)
    issued_at = models.DateTimeField(_("issued"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)

    class Meta:
        verbose_name = _("pro-forma invoice")
        verbose_name_plural = _("pro-forma invoices")
        default_permissions = ()
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return self.number or self.external_id
