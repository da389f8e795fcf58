"""What the worker does for the catalogue."""

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import PriceChange, StockChange
from core.jobs import Run, job

# Stock moves with every sale; prices are what people look back at.
STOCK_IS_KEPT = dt.timedelta(days=90)
PRICES_ARE_KEPT = dt.timedelta(days=730)


@job(title=_("Remove old price and stock changes"), at="03:45")
def remove_changes(run: Run) -> None:
    """What an offer once cost and had in stock, after its time."""
    now = timezone.now()
    stocks, _by_model = StockChange.objects.filter(at__lt=now - STOCK_IS_KEPT).delete()
    prices, _by_model = PriceChange.objects.filter(at__lt=now - PRICES_ARE_KEPT).delete()
    run.count("removed", stocks + prices)
