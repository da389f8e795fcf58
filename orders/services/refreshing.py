"""Having an order read again."""

from django.db import transaction

from accounts.models import User
from core import audit
from orders import refresh, rules
from orders.models import Order


@transaction.atomic
def read_again(order: Order, *, by: User | None) -> None:
    """Have the marketplace asked for the order as it is now; its answer comes in on its own."""
    order = Order.objects.select_related("account").get(pk=order.pk)
    rules.check(order, "refresh")
    refresh.read_again(order, by)
    audit.record("order.refresh_requested", order, by=by)
