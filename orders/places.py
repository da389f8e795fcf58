"""Where orders stand in the navigation, in Ctrl+K and on the page of keys."""

from django.utils.translation import gettext_lazy as _

from core.registry import (
    Command,
    NavItem,
    Shortcut,
    register_command,
    register_nav,
    register_shortcut,
)
from orders import counts
from orders.services import noting

KEYS = (
    ("J", _("Next order of the list")),
    ("K", _("Previous order of the list")),
    ("M", _("Write a note")),
    ("Ctrl+Enter", _("Send the note")),
)


def register() -> None:
    register_nav(
        NavItem(
            _("Orders"), "shopping-cart", "orders:order_list", "orders.view_order",
            order=10, counter=counts.waiting_new, topic="orders", key="o",
        )
    )  # fmt: skip
    register_nav(
        NavItem(
            _("Customers"), "users-group", "orders:customer_list", "orders.view_customer",
            order=15, key="u",
        )
    )  # fmt: skip
    register_nav(
        NavItem(
            _("Mentions of you"), "bell", "orders:mention_list", "orders.view_order",
            section="top", counter=noting.unread_mentions, is_ones_own=True,
            topic="mentions", key="m",
        )
    )  # fmt: skip
    register_command(
        Command(
            "scoring", _("Scoring of customers"), "orders:scoring_edit", "adjustments",
            "orders.change_scoring", keywords=_("loyalty risk tier"),
        )
    )  # fmt: skip
    register_command(
        Command(
            "tags", _("Tags of orders"), "orders:tag_list", "tags", "orders.change_tag",
            keywords=_("label mark"),
        )
    )  # fmt: skip
    for order, (key, label) in enumerate(KEYS):
        register_shortcut(Shortcut(key, label, _("On an order"), 50 + order))
