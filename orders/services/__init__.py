"""What may be done to orders. Nothing else writes them."""

from orders.services.accepting import accept_new_orders, accept_order, record_acceptance
from orders.services.importing import ImportReport, OrdersRefused, import_orders

__all__ = [
    "ImportReport",
    "OrdersRefused",
    "accept_new_orders",
    "accept_order",
    "import_orders",
    "record_acceptance",
]
