"""The floor of the list of orders: the same fifty rows in the plainest hand-written template."""

from django.template import Context, Engine

from orders.items import ITEMS
from orders.models import Order

TEMPLATE = Engine().from_string(
    """<!doctype html><html><head><title>Orders</title></head><body><table>
<thead><tr><th>Order</th><th>Account</th><th>Customer</th><th>Items</th><th>Pcs</th><th>Status</th>
<th>Hand over by</th><th>Courier</th><th>Customer pays</th></tr></thead><tbody>
{% for order in orders %}<tr><td><a href="/orders/{{ order.pk }}/">{{ order.external_id }}</a>
<div>{{ order.ordered_at|date:"Y-m-d H:i" }}</div></td>
<td>{{ order.account.country }} {{ order.account.name }}
<div>{{ order.get_fulfilment_display }}</div></td>
<td title="{{ order.customer_name }}">{{ order.customer_name }}<div>{{ order.city }}
{% for tag in order.tags %}<b>{{ tag }}</b>{% endfor %}</div></td>
<td title="{{ order.items }}">{{ order.first_item }}<div>+{{ order.lines_count }}</div></td>
<td>{{ order.pieces }}</td><td>{{ order.get_status_display }} {{ order.cancel_code }}</td>
<td>{{ order.due_at|date:"Y-m-d H:i" }}</td>
<td>{{ order.get_delivery_display }} {{ order.locker_name }}<div>{{ order.awb }}</div></td>
<td>{{ order.total }} {{ order.currency }}
<div>{{ order.get_payment_display }}</div></td></tr>{% endfor %}
</tbody></table></body></html>"""
)


def page() -> bytes:
    orders = Order.objects.for_list().annotate(items=ITEMS).order_by("-ordered_at", "-pk")[:50]
    return TEMPLATE.render(Context({"orders": orders})).encode()
