"""The boxes that the page of an order has of its own."""

from orders.models import Order
from outbox import panels as sent_to_the_marketplace


def register() -> None:
    sent_to_the_marketplace.register_for("orders.order_detail", Order)
