"""Erasing a customer's personal data: everything that must go is here, in one place.

What was sold, when, for how much and with which VAT stays, and so do the figures. Copies elsewhere
are erased by who made them: see events.customer_forgotten.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from core import audit, live
from core.audit import HIDDEN
from core.errors import RuleViolation
from core.setwise import update_rows
from core.text import fold
from orders import events
from orders.choices import OPEN, AttachmentKind
from orders.models import (
    Customer,
    DocumentVisit,
    NotSamePerson,
    Order,
    OrderAddress,
    OrderAttachment,
    OrderDocument,
    OrderLine,
    OrderNote,
    OrderQuerySet,
)
from orders.services.customer_blocking import hold_imports
from orders.services.customer_linking import unlink_customer
from orders.services.documents import revoke_document
from orders.services.rows import LONGEST_SEARCH

_TEXTS = (
    "name", "company", "email", "gender", "tax_id", "trade_register", "bank", "iban", "fax",
    "liable_person", "catalogue_id", "search_text",
)  # fmt: skip
_OF_ORDERS = (
    "customer_name", "city", "customer_note", "cancel_requested", "cancel_text", "locker_id",
    "locker_name", "courier_office_id", "hold_reason",
)  # fmt: skip
_OF_ADDRESSES = (
    "name", "phone", "county", "city", "street", "postal_code", "locality_external_id",
)  # fmt: skip


@transaction.atomic
def forget_customer(customer: Customer, *, reason: str, by: User | None) -> None:
    """Erase who this customer is: in the row itself, on their orders, addresses, notes, documents.

    The marketplace's number stays, so that what it still says of these orders finds its place, and
    so does a block. Invoices stay, as the law wants it; no public link leads to them any more.
    Refused while an order is under way: the parcel needs its address.
    """
    reason = reason.strip()
    if not reason:
        raise RuleViolation(_("Say why: the trail keeps the reason, and nothing else of it."))
    hold_imports([customer.account_id])  # what one has read already must not be written after us
    customer = Customer.objects.locked().select_related("account").get(pk=customer.pk)
    orders = Order.objects.filter(customer=customer)
    if under_way := orders.filter(status__in=OPEN).count():
        raise RuleViolation(
            ngettext(
                "%(n)d order is still under way and needs its address. Finish or cancel it first.",
                "%(n)d orders are still under way and need their addresses."
                " Finish or cancel them first.",
                under_way,
            )
            % {"n": under_way}
        )
    unlink_customer(customer, by=by)
    NotSamePerson.objects.filter(one=customer).delete()
    NotSamePerson.objects.filter(other=customer).delete()
    _forget_orders(orders)
    _forget_documents(orders, by)
    erased = {**dict.fromkeys(_TEXTS, ""), "phones": [], "match_keys": []}
    Customer.objects.filter(pk=customer.pk).update(**erased, forgotten_at=timezone.now())
    audit.record("customer.forgotten", customer, by=by, note=reason, label=customer.external_id)
    keys = list(orders.values_list("fulfilment", "external_id"))
    events.customer_forgotten.send(Customer, account=customer.account, orders=keys)
    live.touch("customers", customer.pk)
    live.touch("orders", *orders.values_list("pk", flat=True))


def _forget_orders(orders: OrderQuerySet) -> None:
    own = list(orders.locked().values_list("pk", "external_id"))
    pks = [pk for pk, _number in own]
    sold: dict[int, list[str]] = defaultdict(list)
    lines = OrderLine.objects.filter(order__in=pks).order_by("position", "pk")
    for pk, sku, name in lines.values_list("order", "sku", "name"):
        sold[pk] += (sku, name)
    update_rows(
        Order,
        ("id", "search_text", *_OF_ORDERS),
        [(pk, _search_text(number, sold[pk]), *[""] * len(_OF_ORDERS)) for pk, number in own],
    )
    OrderAddress.objects.filter(order__in=pks).update(**dict.fromkeys(_OF_ADDRESSES, ""))
    OrderNote.objects.filter(order__in=pks).update(text=HIDDEN, earlier=[])


def _forget_documents(orders: OrderQuerySet, by: User | None) -> None:
    pks = list(orders.values_list("pk", flat=True))
    documents = OrderDocument.objects.filter(order__in=pks)
    for document in documents.select_related("order").order_by("pk"):
        document.name = str(document.get_kind_display())
        document.save(update_fields=["name"])
        if document.is_public:
            revoke_document(document, by=by)
    not_needed = documents.exclude(kind=AttachmentKind.INVOICE)
    files = list(not_needed.exclude(file="").values_list("file", flat=True))
    now = timezone.now()
    not_needed.update(
        file="",
        url="",
        public_until=Coalesce("public_until", now),
        revoked_at=Coalesce("revoked_at", now),
    )
    transaction.on_commit(partial(_delete, files))
    DocumentVisit.objects.filter(document__order__in=pks).update(address=None, agent="")
    attachments = OrderAttachment.objects.filter(order__in=pks)
    attachments.update(name="")
    attachments.exclude(kind=AttachmentKind.INVOICE).update(url="")


def _delete(files: list[str]) -> None:
    """What a crash leaves behind here has no row any more, and goes at night for that."""
    for name in files:
        default_storage.delete(name)


def _search_text(number: str, products: list[str]) -> str:
    return " ".join(filter(None, dict.fromkeys(map(fold, (number, *products)))))[:LONGEST_SEARCH]
