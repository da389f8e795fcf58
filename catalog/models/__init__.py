from catalog.models.history import PriceChange, StockChange
from catalog.models.offers import Offer, OfferQuerySet
from catalog.models.products import Barcode, Product, ProductImage

__all__ = [
    "Barcode",
    "Offer",
    "OfferQuerySet",
    "PriceChange",
    "Product",
    "ProductImage",
    "StockChange",
]
