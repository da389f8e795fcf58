from orders.models.customers import Customer
from orders.models.lines import LineDeposit, OrderLine
from orders.models.orders import Order, OrderQuerySet
from orders.models.parts import OrderAddress, OrderAttachment, OrderProforma, OrderVoucher

__all__ = [
    "Customer",
    "LineDeposit",
    "Order",
    "OrderAddress",
    "OrderAttachment",
    "OrderLine",
    "OrderProforma",
    "OrderQuerySet",
    "OrderVoucher",
]
