"""What a marketplace tells us of an offer, in words that fit any marketplace. No Django here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class OfferIn:
    """One product as it is offered on one account, as read at `read_at`.

    Prices are net, for one piece. None means that the marketplace said nothing of it.
    """

    external_id: str
    read_at: datetime
    name: str
    sku: str  # the seller's own part number
    currency: str
    price: Decimal
    status: str  # choices.OfferStatus
    remote_status: str  # the marketplace's own word for it
    price_before: Decimal | None = None  # the crossed-out one
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    vat_rate: Decimal | None = None  # 0.21
    catalogue_key: str = ""  # the product's key in the marketplace's catalogue
    barcodes: tuple[str, ...] = ()
    brand: str = ""
    category_external_id: str = ""
    url: str = ""
    images: tuple[str, ...] = ()  # the main one first
    stock: int = 0
    stock_free: int | None = None  # without what unaccepted orders hold
    handling_days: int | None = None
    warranty_months: int | None = None
    is_sellable: bool = False
    # Why it cannot be bought there now, in the marketplace's words; empty when it can.
    validation_status: str = ""  # the marketplace's code
    validation_text: str = ""
    problems: tuple[str, ...] = ()
    owns_content: bool | None = None
    rank: int | None = None  # among all who sell the product; 1 wins the buy button
    rivals: int | None = None
    best_price: Decimal | None = None
