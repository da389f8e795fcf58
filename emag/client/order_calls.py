"""Orders (§21–26)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from emag.client import routes
from emag.client.answers import Count, Raw, Rows, Saved
from emag.client.calls import PER_PAGE, Calls
from emag.client.decoding import Envelope
from emag.client.encoding import check_window, one_or_list

_ALREADY = re.compile(r"already in progress", re.I)


class OrderCalls(Calls):
    def read_orders(
        self,
        page: int = 1,
        per_page: int = PER_PAGE,
        *,
        id: int | None = None,
        type: int | None = None,
        status: int | Iterable[int] | None = None,
        modified_after: dt.datetime | None = None,
        modified_before: dt.datetime | None = None,
        created_after: dt.datetime | None = None,
        created_before: dt.datetime | None = None,
        payment_mode_id: int | Iterable[int] | None = None,
        is_complete: bool | None = None,
    ) -> Rows:
        """A page of orders. Without a `type` eMAG answers only those the seller ships himself (3).

        Between two bounds there may be 28 days at most; one bound alone may lie far back.
        """
        filters = _order_filters(
            id, type, status, modified_after, modified_before, created_after, created_before,
            payment_mode_id, is_complete,
        )  # fmt: skip
        return self._read(routes.ORDER_READ, filters, page=page, per_page=per_page)

    def count_orders(
        self,
        *,
        id: int | None = None,
        type: int | None = None,
        status: int | Iterable[int] | None = None,
        modified_after: dt.datetime | None = None,
        modified_before: dt.datetime | None = None,
        created_after: dt.datetime | None = None,
        created_before: dt.datetime | None = None,
        payment_mode_id: int | Iterable[int] | None = None,
        is_complete: bool | None = None,
        per_page: int = PER_PAGE,
    ) -> Count:
        """How many orders there are. Here a bound never comes alone."""
        if (created_after is None) != (created_before is None):
            raise ValueError("Counting takes created_after and created_before together.")
        if (modified_after is None) != (modified_before is None):
            raise ValueError("Counting takes modified_after and modified_before together.")
        filters = _order_filters(
            id, type, status, modified_after, modified_before, created_after, created_before,
            payment_mode_id, is_complete,
        )  # fmt: skip
        return self._count(routes.ORDER_COUNT, filters, per_page)

    def acknowledge_order(self, id: int) -> Saved:
        """Take a new order into work. Of one that is in work already, that is no refusal."""
        return self._ask(routes.ORDER_ACKNOWLEDGE, self._acknowledged, number=int(id))

    def _acknowledged(self, envelope: Envelope) -> Saved:
        if envelope.is_error and any(_ALREADY.search(text) for text in envelope.messages):
            return Saved(envelope.messages, envelope.call_id, already=True)
        return self._saved(envelope)

    def save_orders(self, orders: Sequence[Mapping[str, Any]]) -> Saved:
        """Save orders, each with all its fields: what is left out is taken away, lines included."""
        return self._save(routes.ORDER_SAVE, orders)

    def unlock_courier(self, id: int) -> Saved:
        """Let an order be shipped with any courier account."""
        return self._ask(routes.ORDER_UNLOCK_COURIER, self._saved, number=int(id))

    def save_attachments(self, attachments: Sequence[Mapping[str, Any]]) -> Saved:
        """Add invoices, warranties and the like; eMAG fetches each from its public address."""
        return self._save(routes.ATTACHMENTS_SAVE, attachments)

    def read_attachments(self, order_id: int, *, order_type: int | None = None) -> Rows:
        return self._read(routes.ATTACHMENTS_READ, {"order_id": order_id, "order_type": order_type})

    def read_volumetry(
        self, order_id: int, *, type: int | None = None, product_id: int | None = None
    ) -> Rows:
        """Weights and sizes of an order's products, in kilograms and centimetres."""
        filters = {"order_id": order_id, "type": type, "product_id": product_id}
        return self._read(routes.VOLUMETRY_READ, filters)


def _order_filters(
    id: int | None,
    type: int | None,
    status: int | Iterable[int] | None,
    modified_after: dt.datetime | None,
    modified_before: dt.datetime | None,
    created_after: dt.datetime | None,
    created_before: dt.datetime | None,
    payment_mode_id: int | Iterable[int] | None,
    is_complete: bool | None,
) -> Raw:
    check_window("modified", modified_after, modified_before)
    check_window("created", created_after, created_before)
    return {
        "id": id,
        "type": type,
        "status": one_or_list(status),
        "modifiedAfter": modified_after,
        "modifiedBefore": modified_before,
        "createdAfter": created_after,
        "createdBefore": created_before,
        "payment_mode_id": one_or_list(payment_mode_id),
        "is_complete": None if is_complete is None else int(is_complete),
    }
