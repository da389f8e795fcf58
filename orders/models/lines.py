from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.choices import LineStatus
from orders.models.orders import Order


class OrderLine(models.Model):
    """One product of an order. A line that the marketplace no longer lists is cancelled, not gone.

    Prices are net, for one piece. `quantity` is what remains after returns.
    """

    order = models.ForeignKey(
        Order,
        on_delete=models.CASCADE,
        related_name="lines",
        db_index=False,  # the unique constraint begins with it
        verbose_name=_("order"),
    )
    external_id = models.CharField(_("line number"), max_length=64)
    position = models.PositiveSmallIntegerField(_("position"))
    offer_external_id = models.CharField(_("product number"), max_length=64, blank=True)
    name = models.TextField(_("product"), blank=True)
    sku = models.TextField(_("SKU"), blank=True)
    quantity = models.PositiveIntegerField(_("quantity"))
    initial_quantity = models.PositiveIntegerField(_("ordered"), null=True, blank=True)
    returned_quantity = models.PositiveIntegerField(_("returned"), default=0)
    price = models.DecimalField(_("net price"), max_digits=14, decimal_places=4)
    price_before = models.DecimalField(
        _("price before"), max_digits=14, decimal_places=4, null=True, blank=True
    )
    vat_rate = models.DecimalField(_("VAT rate"), max_digits=6, decimal_places=4)  # 0.21
    currency = models.CharField(_("currency"), max_length=3)
    gross = models.DecimalField(
        _("value"), max_digits=14, decimal_places=2
    )  # of them all, with VAT
    status = models.CharField(
        _("status"), max_length=12, choices=LineStatus.choices, default=LineStatus.ACTIVE
    )
    vanished_at = models.DateTimeField(_("no longer listed since"), null=True, blank=True)
    is_reverse_charge = models.BooleanField(_("reverse charge"), default=False)
    catalogue_number = models.TextField(_("catalogue number"), blank=True)
    catalogue_key = models.TextField(_("catalogue key"), blank=True)
    serial_numbers = models.TextField(_("serial numbers"), blank=True)
    campaign = models.TextField(_("campaign"), blank=True)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        default_permissions = ()
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(fields=("order", "external_id"), name="order_line_external_id"),
        )
        indexes = (models.Index(fields=["sku"], name="order_line_sku"),)

    def __str__(self) -> str:
        return self.sku or self.name or self.external_id

    @property
    def vat_percent(self) -> Decimal:
        return (self.vat_rate * 100).normalize()


class LineDeposit(models.Model):
    """A recycling or packaging deposit that is charged with a line."""

    line = models.ForeignKey(
        OrderLine,
        on_delete=models.CASCADE,
        related_name="deposits",
        db_index=False,
        verbose_name=_("order line"),
    )
    position = models.PositiveSmallIntegerField(_("position"))
    name = models.TextField(_("deposit"), blank=True)
    quantity = models.PositiveIntegerField(_("quantity"))
    price = models.DecimalField(_("net price"), max_digits=14, decimal_places=4)
    vat_rate = models.DecimalField(_("VAT rate"), max_digits=6, decimal_places=4)
    gross = models.DecimalField(_("value"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("deposit")
        verbose_name_plural = _("deposits")
        default_permissions = ()
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(fields=("line", "position"), name="line_deposit_position"),
        )

    def __str__(self) -> str:
        return self.name
