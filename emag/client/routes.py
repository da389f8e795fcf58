"""Every address of the interface: which budget it draws on, what it may be asked, how it answers.

Paragraphs (§) are those of the reference of version 4.4.9 that MagFlow is built against.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PAGING = frozenset({"currentPage", "itemsPerPage"})


class Bucket(StrEnum):
    """The budgets that eMAG counts calls against (§7)."""

    ORDERS = "orders"
    REST = "rest"
    EAN = "ean"


@dataclass(frozen=True, slots=True)
class Route:
    """One resource and action.

    `safe` changes nothing over there. `filters` are the keys it understands: an unknown one is
    ignored by eMAG, which then answers more than was asked for. `is_scan` is read over and over in
    long runs of pages that look alike, so that the call log keeps only the beginning of each.
    """

    path: str
    bucket: Bucket = Bucket.REST
    method: str = "POST"
    safe: bool = False
    filters: frozenset[str] = frozenset()
    most_per_page: int = 100
    most_saved: int = 50
    is_at_root: bool = False  # beside /api-3, not below it
    is_scan: bool = False
    # A second budget that it may draw on: nobody says which one counts it.
    also: Bucket | None = None

    @property
    def resource(self) -> str:
        return self.path.replace("/{id}", "").rpartition("/")[0] or self.path.partition("/")[0]

    @property
    def action(self) -> str:
        return self.path.replace("/{id}", "").rpartition("/")[2]


def _read(path: str, *filters: str, **more: object) -> Route:
    return Route(path, safe=True, filters=PAGING | set(filters), **more)  # type: ignore[arg-type]


_ORDER_FILTERS = (
    "id", "createdAfter", "createdBefore", "modifiedAfter", "modifiedBefore", "status",
    "payment_mode_id", "is_complete", "type",
)  # fmt: skip
_OFFER_FILTERS = (
    "id", "status", "part_number", "part_number_key", "general_stock", "estimated_stock",
    "offer_validation_status", "validation_status", "translation_validation_status",
)  # fmt: skip
_RMA_FILTERS = (
    "id", "emag_id", "order_id", "product_id", "product_emag_id", "request_status", "date_start",
    "date_end", "type",
)  # fmt: skip
_LOCALITY_FILTERS = ("emag_id", "name", "modified")

# Orders (§21–26)
ORDER_READ = _read("order/read", *_ORDER_FILTERS, bucket=Bucket.ORDERS)
ORDER_COUNT = _read("order/count", *_ORDER_FILTERS, bucket=Bucket.ORDERS)
ORDER_ACKNOWLEDGE = Route("order/acknowledge/{id}", Bucket.ORDERS)
ORDER_UNLOCK_COURIER = Route("order/{id}/unlock-courier", Bucket.ORDERS)
ORDER_SAVE = Route("order/save", Bucket.ORDERS)
ATTACHMENTS_SAVE = Route("order/attachments/save", Bucket.ORDERS, also=Bucket.REST)
ATTACHMENTS_READ = _read(
    "order/attachments/read", "order_id", "order_type", bucket=Bucket.ORDERS, also=Bucket.REST
)
VOLUMETRY_READ = _read(
    "order/volumetry/read", "order_id", "type", "product_id", bucket=Bucket.ORDERS
)

# Products and offers (§12–20)
OFFER_READ = _read("product_offer/read", *_OFFER_FILTERS, is_scan=True)
OFFER_COUNT = _read("product_offer/count", *_OFFER_FILTERS)
PRODUCT_SAVE = Route("product_offer/save")
OFFER_SAVE = Route("offer/save")
OFFER_STOCK = Route("offer_stock/{id}", method="PATCH")
MEASUREMENTS_SAVE = Route("measurements/save")
FIND_BY_EANS = Route(
    "documentation/find_by_eans", Bucket.EAN, "GET", safe=True, filters=frozenset({"eans"})
)
CAMPAIGN_SAVE = Route("campaign_proposals/save")
SMART_DEALS = Route(
    "smart-deals-price-check", method="GET", safe=True, filters=frozenset({"productId"})
)

# What offers are described with (§10, §11)
CATEGORY_READ = _read(
    "category/read", "id", "valuesCurrentPage", "valuesPerPage", "language", is_scan=True
)
CATEGORY_COUNT = _read("category/count", "id")
VAT_READ = _read("vat/read")
HANDLING_TIME_READ = _read("handling_time/read")

# Shipping (§27, §28)
AWB_SAVE = Route("awb/save")
AWB_READ = _read("awb/read", "emag_id", "reservation_id")
AWB_PDF = Route(
    "awb/read_pdf", method="GET", safe=True, filters=frozenset({"emag_id", "awb_format"})
)
AWB_PDF_AT_ROOT = Route(
    "awb/read_pdf", method="GET", safe=True, filters=AWB_PDF.filters, is_at_root=True
)
AWB_ZPL = Route("awb/read_zpl", method="GET", safe=True, filters=frozenset({"emag_id"}))
PACKAGE_READ = _read("awb/package/read")
PACKAGE_SAVE = Route("awb/package/save")
COURIER_ACCOUNTS_READ = _read("courier_accounts/read")
LOCALITY_READ = _read("locality/read", *_LOCALITY_FILTERS, "region2", "country_code", is_scan=True)
LOCALITY_COUNT = _read("locality/count", *_LOCALITY_FILTERS)
ADDRESSES_READ = _read("addresses/read")

# Returns, invoices, messages (§29–31)
RMA_READ = _read("rma/read", *_RMA_FILTERS)
RMA_COUNT = _read("rma/count", *_RMA_FILTERS)
RMA_SAVE = Route("rma/save")
INVOICE_CATEGORIES = _read("invoice/categories")
INVOICE_READ = _read(
    "invoice/read", "category", "number", "date_start", "date_end", most_per_page=1000
)
CUSTOMER_INVOICE_READ = _read(
    "customer-invoice/read", "category", "order_id", "number", "date_start", "date_end",
    most_per_page=1000,
)  # fmt: skip
MESSAGE_READ = _read("message/read")
MESSAGE_COUNT = _read("message/count")
MESSAGE_SAVE = Route("message/save")

# Beside the interface (§19, §2)
COMMISSION = Route("api/v1/commission/estimate/{id}", method="GET", safe=True, is_at_root=True)
SEARCH_BY_EAN = Route(
    "api/v1/product/search-by-ean", method="GET", safe=True, filters=frozenset({"ean"}),
    is_at_root=True,
)  # fmt: skip
PUBLIC_IPS = Route("public-ips.json", method="GET", safe=True, is_at_root=True)

ROUTES: tuple[Route, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Route)
)
# The readings that may be repeated from the call log, by what they are called there.
SAFE = {(route.resource, route.action): route for route in ROUTES if route.safe}
