"""What may be done to orders. Nothing else writes them."""

from orders.services.accepting import (
    accept_in_stock,
    accept_new_orders,
    accept_order,
    record_acceptance,
)
from orders.services.customer_blocking import block_customer, unblock_customer
from orders.services.customer_forgetting import forget_customer
from orders.services.customer_linking import link_customers, reject_match, unlink_customer
from orders.services.documents import attach_document, record_attachment, revoke_document
from orders.services.editing import edit_lines, storno_lines
from orders.services.holding import hold_order, release_order
from orders.services.importing import ImportReport, OrdersRefused, import_orders
from orders.services.moving import (
    cancel_order,
    follow_marketplace,
    move_order,
    record_move,
    restore_order,
    return_order,
)
from orders.services.noting_papers import note_invoice, note_shipment
from orders.services.refreshing import read_again
from orders.services.tagging import (
    change_tag,
    create_tag,
    remove_tag,
    retag_order,
    tag_order,
    untag_order,
)

__all__ = [
    "ImportReport",
    "OrdersRefused",
    "accept_in_stock",
    "accept_new_orders",
    "accept_order",
    "attach_document",
    "block_customer",
    "cancel_order",
    "change_tag",
    "create_tag",
    "edit_lines",
    "follow_marketplace",
    "forget_customer",
    "hold_order",
    "import_orders",
    "link_customers",
    "move_order",
    "note_invoice",
    "note_shipment",
    "read_again",
    "record_acceptance",
    "record_attachment",
    "record_move",
    "reject_match",
    "release_order",
    "remove_tag",
    "restore_order",
    "retag_order",
    "return_order",
    "revoke_document",
    "storno_lines",
    "tag_order",
    "unblock_customer",
    "unlink_customer",
    "untag_order",
]
