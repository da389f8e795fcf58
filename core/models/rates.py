import datetime
from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ExchangeRateQuerySet(models.QuerySet["ExchangeRate"]):
    def known_on(self, currency: str, day: datetime.date) -> "ExchangeRateQuerySet":
        """Those published on or before that day, the latest first."""
        return self.filter(currency=currency, on__lte=day).order_by("-on")


class ExchangeRate(models.Model):
    """How many lei the National Bank of Romania gave for one unit of a currency on a day."""

    on = models.DateField(_("date"))
    currency = models.CharField(_("currency"), max_length=3)
    rate = models.DecimalField(_("lei for one"), max_digits=16, decimal_places=8)
    read_at = models.DateTimeField(_("read"), default=timezone.now, editable=False)

    objects = ExchangeRateQuerySet.as_manager()

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        default_permissions = ("view",)
        ordering = ("-on", "currency")
        constraints = (
            models.UniqueConstraint(fields=["currency", "on"], name="exchange_rate_day"),
            models.CheckConstraint(condition=Q(rate__gt=Decimal(0)), name="exchange_rate_positive"),
        )

    def __str__(self) -> str:
        return f"1 {self.currency} = {self.rate.normalize():f} RON ({self.on})"
