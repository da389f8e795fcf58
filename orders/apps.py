from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = _("Orders")

    def ready(self) -> None:
        from accounts import holdings
        from core import live, preferences, registry
        from orders import (
            actions,
            export_source,
            happenings,
            panels,
            places,
            receivers,
            search,
            tag_actions,
        )
        from orders.customers import search as customer_search
        from orders.models import Order

        receivers.connect()
        actions.register()
        tag_actions.register()
        holdings.register("orders", lambda pk: Order.objects.filter(account=pk).exists())
        export_source.register()
        happenings.register()
        panels.register()
        search.register()
        customer_search.register()
        live.register_topic("orders", "orders.view_order")
        live.register_topic("tags", "orders.view_order")
        live.register_topic("mentions", "orders.view_order")
        live.register_topic("customers", "orders.view_customer")
        preferences.register("figures", "shown", "hidden")  # sales figures above the list
        registry.register_verbs(VERBS)
        places.register()


VERBS = {
    "customer.blocked": _("Customer blocked"),
    "customer.unblocked": _("Block of a customer lifted"),
    "customer.linked": _("Customers linked"),
    "customer.unlinked": _("Link of a customer taken away"),
    "customer.match_rejected": _("Customers told apart"),
    "customer.forgotten": _("Personal data of a customer erased"),
    "scoring.changed": _("Scoring of customers changed"),
    "tag.created": _("Tag added"),
    "tag.changed": _("Tag changed"),
    "tag.removed": _("Tag removed"),
    "order.tagged": _("Tags changed"),
    "order.shipment_noted": _("Parcel noted"),
    "order.invoice_noted": _("Invoice noted"),
    "order.imported": _("Order arrived"),
    "order.changed": _("Order changed at the marketplace"),
    "order.accept_requested": _("Acceptance asked for"),
    "order.accepted": _("Order accepted"),
    "order.refresh_requested": _("Reading again asked for"),
    "order.move_requested": _("Next status asked for"),
    "order.moved": _("Order moved"),
    "order.followed": _("Status of the marketplace taken over"),
    "order.cancel_requested": _("Cancellation asked for"),
    "order.restore_requested": _("Undoing asked for"),
    "order.return_requested": _("Return asked for"),
    "order.edit_requested": _("Other quantities asked for"),
    "order.storno_requested": _("Storno of pieces asked for"),
    "order.note_written": _("Note written"),
    "order.note_corrected": _("Note corrected"),
    "order.note_removed": _("Note removed"),
    "order.held": _("Order put on hold"),
    "order.released": _("Order released"),
    "order.document_added": _("Document added"),
    "order.document_revoked": _("Link of a document ended"),
    "order.document_attached": _("Document attached at the marketplace"),
    "order.document_fetched": _("Document fetched by its public link"),
}
