"""Documents that eMAG fetches from an address and shows to the customer."""

from __future__ import annotations

from functools import partial

from accounts.models import MarketplaceAccount
from core import failpoints
from core.errors import RemoteError
from emag.client import EmagClient, client_for
from emag.client.answers import Rows
from emag.handlers import there
from emag.mapping.order_bodies import addresses_in, attachment_body
from emag.mapping.statuses import ORDER_TYPES
from emag.services.trouble import resting_on_refusal
from emag.sites import PLATFORMS
from orders.intents import AttachDocument
from orders.models import OrderDocument
from orders.services import record_attachment
from orders.services.documents import check_fetchable, public_url
from outbox.registry import Done, Verdict, handles


def _document(intent: AttachDocument) -> OrderDocument:
    everything = OrderDocument.objects.select_related("order__account", "line")
    return everything.get(pk=intent.document_id)


def was_attached(intent: AttachDocument, account: MarketplaceAccount) -> Verdict | Done:
    """Its address is one of those that hang there, or it is not."""
    document = _document(intent)
    with resting_on_refusal(account):
        rows = there.find(client_for(account), document.order)
    if not rows.items:
        return Verdict.UNKNOWN
    if public_url(document) not in addresses_in(rows.items[0]):
        return Verdict.NOT_DONE
    return Done(apply=partial(_write, document, rows), calls=(rows.call_id,))


def confirm_attachment(intent: AttachDocument, account: MarketplaceAccount) -> None:
    """A person says that it did happen."""
    document = _document(intent)
    record_attachment(document)
    there.read_soon(document.order)


@handles(PLATFORMS, AttachDocument, reconcile=was_attached, confirmed=confirm_attachment)
def attach_document(intent: AttachDocument, account: MarketplaceAccount) -> Done:
    """eMAG keeps the address and fetches it later; one that hangs there is not hung twice."""
    document = _document(intent)
    check_fetchable(document)
    order, line = document.order, document.line
    client = client_for(account)
    body = attachment_body(
        order.external_id,
        ORDER_TYPES[order.fulfilment],
        kind=document.kind,
        name=document.name,
        url=public_url(document),
        line=line.external_id if line else "",
    )
    failpoints.hit("document.asking")
    with resting_on_refusal(account):
        saved = client.save_attachments([body])
        failpoints.hit("document.answered")
        rows = _read_back(client, document)
    calls = (saved.call_id, *((rows.call_id,) if rows else ()))
    return Done(apply=partial(_write, document, rows), calls=calls)


def _read_back(client: EmagClient, document: OrderDocument) -> Rows | None:
    """eMAG lists it at once or later: its "yes" counts, and the next reading shows the rest."""
    try:
        return there.find(client, document.order)
    except RemoteError:
        return None


def _write(document: OrderDocument, rows: Rows | None) -> None:
    there.take_in(document.order, rows)
    record_attachment(document)
