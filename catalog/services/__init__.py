"""Everything that changes products and offers."""

from catalog.services.changing import change_offer, record_push, withdraw_change
from catalog.services.importing import ImportReport, import_offers
from catalog.services.looking import record_reading, stock_known

__all__ = [
    "ImportReport",
    "change_offer",
    "import_offers",
    "record_push",
    "record_reading",
    "stock_known",
    "withdraw_change",
]
