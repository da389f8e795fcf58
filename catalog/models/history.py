from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from catalog.models.offers import Offer


class Change(models.Model):
    """What an offer had and what it has now; nobody in `by` means that it came by a reading."""

    at = models.DateTimeField(_("when"), default=timezone.now)
    by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who"),
    )

    class Meta:
        abstract = True


class PriceChange(Change):
    """The price of an offer at the marketplace became another one."""

    offer = models.ForeignKey(
        Offer, on_delete=models.CASCADE, related_name="price_changes", verbose_name=_("offer")
    )
    before = models.DecimalField(_("before"), max_digits=14, decimal_places=4)
    after = models.DecimalField(_("after"), max_digits=14, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)

    class Meta:
        verbose_name = _("price change")
        verbose_name_plural = _("price changes")
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"


class StockChange(Change):
    """The stock that an offer shows at the marketplace became another one."""

    offer = models.ForeignKey(
        Offer, on_delete=models.CASCADE, related_name="stock_changes", verbose_name=_("offer")
    )
    before = models.PositiveIntegerField(_("before"))
    after = models.PositiveIntegerField(_("after"))

    class Meta:
        verbose_name = _("stock change")
        verbose_name_plural = _("stock changes")
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"
