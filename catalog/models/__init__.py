from catalog.models.history import PriceChange, StockChange
from catalog.models.offers import Offer, OfferQuerySet
from catalog.models.products import Barcode, Product, ProductImage
from catalog.models.readings import OfferReading

__all__ = [
    "Barcode",
    "Offer",
    "OfferQuerySet",
    "OfferReading",
    "PriceChange",
    "Product",
    "ProductImage",
    "StockChange",
]
