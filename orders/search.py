"""What Ctrl+K finds of orders."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from core import hunting, paging
from core.filters import SEARCH_FROM
from core.html import money
from core.registry import Hit, register_search
from core.text import fold
from orders.models import Order
from orders.searching import found_by

MOST = 6


def find_orders(user: Any, text: str) -> Sequence[Hit]:
    """Orders by what `search_text` holds: number, phone, names, products…; the latest first."""
    words = fold(text).split()
    if not user.has_perm("orders.view_order") or max(map(len, words), default=0) < SEARCH_FROM:
        return ()
    matching = Order.objects.filter(found_by(text))
    hunter = hunting.hunter(matching)
    found = paging.read(matching.for_list(), size=MOST, hunter=hunter).records
    return [
        Hit(
            order.external_id,
            order.get_absolute_url(),
            "shopping-cart",
            _("Order"),
            f"{order.customer_name} · {order.get_status_display()} ·"
            f" {_plain(money(order.total, order.currency))}",
        )
        for order in found
    ]


def _plain(html: str) -> str:
    return html.replace('<span class="cur">', "").replace("</span>", "")


def register() -> None:
    register_search(find_orders)
