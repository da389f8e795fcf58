from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = _("Orders")

    def ready(self) -> None:
        from accounts import holdings
        from core import live, registry
        from orders import actions, counts, panels, search
        from orders.models import Order

        actions.register()
        holdings.register("orders", lambda pk: Order.objects.filter(account=pk).exists())
        panels.register()
        search.register()
        live.register_topic("orders", "orders.view_order")
        registry.register_verbs(VERBS)
        registry.register_nav(
            registry.NavItem(
                _("Orders"), "shopping-cart", "orders:order_list", "orders.view_order",
                order=10, counter=counts.waiting_new, topic="orders", key="o",
            )
        )  # fmt: skip


VERBS = {
    "order.imported": _("Order arrived"),
    "order.changed": _("Order changed at the marketplace"),
    "order.accept_requested": _("Acceptance asked for"),
    "order.accepted": _("Order accepted"),
    "order.refresh_requested": _("Order read again"),
}
