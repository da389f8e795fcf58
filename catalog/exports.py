"""The export "offers" for operators and scripts: one row an offer. See docs/exports.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from catalog.filters import OfferFilter
from catalog.models import Offer
from core.export import stream
from core.filter_text import matching

NAME = "offers"
# Column → where it comes from. The names and their order are promised: add at the end only.
_PATHS = {
    "account": "account__name",
    "external_id": "external_id",
    "sku": "sku",
    "part_number_key": "catalogue_key",
    "eans": "barcodes",  # separated by spaces
    "currency": "currency",
    "price": "price",
    "price_before": "price_before",
    "price_min": "price_min",
    "price_max": "price_max",
    "vat_rate": "vat_rate",
    "stock": "stock",
    "stock_free": "stock_free",
    "status": "status",
    "remote_status": "remote_status",
    "is_sellable": "is_sellable",
    "validation_status": "validation_status",
    "rank": "rank",
}
COLUMNS = tuple(_PATHS)


def rows(filter: str = "") -> Iterator[Sequence[Any]]:
    """Every matching offer, by account, as COLUMNS says. BadFilter for a filter that is none."""
    found = matching(OfferFilter, filter, Offer.objects.order_by("account__name", "pk"))
    return stream(found, _PATHS.values())
