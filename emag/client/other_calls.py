"""What offers are described with, returns, invoices, messages (§10, §11, §29–31)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from django.utils import timezone

from core.http import Reply
from emag.client import routes
from emag.client.answers import Count, Rows, Saved
from emag.client.calls import PER_PAGE, Calls
from emag.client.decoding import Envelope, rows_of
from emag.client.routes import Route

LANGUAGES = ("en", "ro", "hu", "bg", "pl", "gr", "de")
_ADDRESS = re.compile(r"[0-9a-fA-F:.]{3,45}")


class ReferenceCalls(Calls):
    def read_categories(
        self,
        page: int = 1,
        per_page: int = PER_PAGE,
        *,
        id: int | None = None,
        language: str = "",
        values_page: int | None = None,
        values_per_page: int | None = None,
    ) -> Rows:
        """A page of categories; one read by `id` comes with characteristics and their values."""
        if language and language not in LANGUAGES:
            raise ValueError(f"Categories come in {', '.join(LANGUAGES)}.")
        filters = {
            "id": id, "valuesCurrentPage": values_page, "valuesPerPage": values_per_page,
        }  # fmt: skip
        query = {"language": language} if language else None
        whole = (page, per_page) if id is None else (None, None)
        return self._read(
            routes.CATEGORY_READ, filters, page=whole[0], per_page=whole[1], query=query
        )

    def count_categories(self, *, per_page: int = PER_PAGE) -> Count:
        return self._count(routes.CATEGORY_COUNT, {}, per_page)

    def read_vat(self) -> Rows:
        """The VAT rates that offers may have. The cheapest call: proves that we may call at all."""
        return self._read(routes.VAT_READ)

    def read_handling_times(self) -> Rows:
        """The days until shipping that offers may have; a bare number comes as {"value": …}."""
        return self._read(routes.HANDLING_TIME_READ)

    def public_ips(self) -> list[str]:
        """The addresses from which eMAG calls us back."""
        return self._ask(routes.PUBLIC_IPS, _addresses, open_reply=_any_json)


class ReturnCalls(Calls):
    def read_rmas(self, page: int = 1, per_page: int = PER_PAGE, **filters: Any) -> Rows:
        """A page of returns. Ask for both types (2 and 3); the dates are when they were placed."""
        return self._read(routes.RMA_READ, filters, page=page, per_page=per_page)

    def count_rmas(self, *, per_page: int = PER_PAGE, **filters: Any) -> Count:
        return self._count(routes.RMA_COUNT, filters, per_page)

    def save_rmas(self, rmas: Sequence[Mapping[str, Any]]) -> Saved:
        """Save returns, each with all the fields that were read."""
        return self._save(routes.RMA_SAVE, rmas)


class InvoiceCalls(Calls):
    def read_invoice_categories(self) -> Rows:
        return self._read(routes.INVOICE_CATEGORIES)

    def read_invoices(self, page: int = 1, per_page: int = PER_PAGE, **filters: Any) -> Rows:
        """Invoices of eMAG to the seller, up to 1000 on a page; `result["total_results"]`: all."""
        return self._invoices(routes.INVOICE_READ, page, per_page, filters)

    def read_customer_invoices(
        self, page: int = 1, per_page: int = PER_PAGE, **filters: Any
    ) -> Rows:
        """Invoices to customers that eMAG issued in the seller's name."""
        return self._invoices(routes.CUSTOMER_INVOICE_READ, page, per_page, filters)

    def _invoices(self, route: Route, page: int, per_page: int, filters: Mapping[str, Any]) -> Rows:
        return self._read(route, filters, page=page, per_page=per_page, judge=self._invoiced)

    def _invoiced(self, envelope: Envelope) -> Rows:
        found = self._keyed(envelope)
        try:
            invoices = rows_of(found.result.get("invoices"))
        except ValueError as problem:
            raise self._drift(envelope, str(problem)) from None
        return Rows(found.messages, found.call_id, invoices, found.result, found.read_at)


class MessageCalls(Calls):
    """Gone since version 4.5.0 of the interface; older sites may still have it."""

    def read_messages(self, page: int = 1, per_page: int = PER_PAGE) -> Rows:
        return self._read(routes.MESSAGE_READ, page=page, per_page=per_page)

    def count_messages(self, *, per_page: int = PER_PAGE) -> Count:
        return self._count(routes.MESSAGE_COUNT, {}, per_page)

    def save_messages(self, messages: Sequence[Mapping[str, Any]]) -> Saved:
        return self._save(routes.MESSAGE_SAVE, messages)


def _any_json(reply: Reply) -> Envelope | None:
    """This file has no envelope, and nobody says what it has instead."""
    if reply.status != 200:
        return None
    try:
        found = json.loads(reply.body)
    except ValueError:
        return None
    return Envelope(False, [], found, 200, reply.call_id, timezone.now())


def _addresses(envelope: Envelope) -> list[str]:
    """Whatever looks like an address, wherever it stands.

    >>> from types import SimpleNamespace
    >>> _addresses(SimpleNamespace(results={"ips": ["43.131.5.30", {"ip": "91.206.37.14"}]}))
    ['43.131.5.30', '91.206.37.14']
    """
    found = []
    for text in _ADDRESS.findall(json.dumps(envelope.results)):
        try:
            found.append(str(ip_address(text)))
        except ValueError:
            continue
    return list(dict.fromkeys(found))
