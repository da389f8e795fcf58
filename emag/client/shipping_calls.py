"""Waybills, couriers, places (§27, §28)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from emag.client import errors, routes
from emag.client.answers import Count, Rows, Saved
from emag.client.calls import PER_PAGE, Calls, label_in
from emag.client.decoding import REMOTE, Envelope, object_of, rows_of

FORMATS = ("A4", "A5", "A6", "ZPL")


class ShippingCalls(Calls):
    def save_awb(self, awb: Mapping[str, Any]) -> Saved:
        """Issue a waybill; `result` is what it is called. Sent twice, two parcels are paid for."""
        return self._ask(routes.AWB_SAVE, self._issued, body={"data": [dict(awb)]})

    def _issued(self, envelope: Envelope) -> Saved:
        """The waybill that was issued: an object, or a list of one."""
        self._must_be_yes(envelope)
        try:
            [issued] = rows_of(envelope.results)
        except ValueError:
            # It was issued, and nobody knows what it is called: somebody must look.
            raise errors.OutcomeUnknown(
                _("eMAG issued a waybill and did not say its number."),
                remote=REMOTE,
                call_id=envelope.call_id,
            ) from None
        return Saved(envelope.messages, envelope.call_id, issued)

    def read_awb(self, *, emag_id: int | None = None, reservation_id: int | None = None) -> Rows:
        """One waybill, by the number of a parcel or of the reservation; `result` is empty if none.

        There is no list of them, and no way to find one by its order.
        """
        if (emag_id is None) == (reservation_id is None):
            raise ValueError("A waybill is read by emag_id or by reservation_id.")
        return self._read(routes.AWB_READ, {"emag_id": emag_id, "reservation_id": reservation_id})

    def awb_pdf(self, emag_id: int, *, format: str = "A4") -> bytes:
        """The label of a waybill, ready to print."""
        if format not in FORMATS:
            raise ValueError(f"Labels come as {', '.join(FORMATS)}.")
        query = {"emag_id": int(emag_id), "awb_format": format}
        try:
            return self._ask(routes.AWB_PDF, self._label, query=query, open_reply=label_in)
        except errors.NotFound as problem:
            if problem.messages and "Invalid URL" not in problem.messages:
                raise  # the address is right, the waybill is not there
        return self._ask(routes.AWB_PDF_AT_ROOT, self._label, query=query, open_reply=label_in)

    def _label(self, envelope: Envelope) -> bytes:
        self._must_be_yes(envelope)
        if not isinstance(envelope.results, bytes):
            raise self._drift(envelope, _("no label"))
        return envelope.results

    def awb_zpl(self, emag_id: int) -> list[bytes]:
        """The labels of a waybill in the language of label printers, one for each parcel."""
        return self._ask(routes.AWB_ZPL, self._zpl, query={"emag_id": int(emag_id)})

    def _zpl(self, envelope: Envelope) -> list[bytes]:
        self._must_be_yes(envelope)
        try:
            deliveries = object_of(envelope.results)["deliveries"]
            packed = [text for one in _values(deliveries) for text in one["awbs"]["content"]]
            return [base64.b64decode(text, validate=True) for text in packed]
        except (KeyError, TypeError, ValueError, binascii.Error):
            raise self._drift(envelope, _("no label")) from None

    def read_awb_packages(self) -> Rows:
        """The sizes of parcels that the account has prepared."""
        return self._read(routes.PACKAGE_READ)

    def save_awb_packages(self, packages: Sequence[Mapping[str, Any]]) -> Saved:
        """Change the prepared sizes: all of them are sent, each with all it has."""
        return self._save(routes.PACKAGE_SAVE, packages)

    def read_courier_accounts(self, page: int | None = None) -> Rows:
        return self._read(routes.COURIER_ACCOUNTS_READ, page=page)

    def read_localities(self, page: int = 1, per_page: int = PER_PAGE, **filters: Any) -> Rows:
        """Towns and villages; without a country only those of the site's own."""
        return self._read(routes.LOCALITY_READ, filters, page=page, per_page=per_page)

    def count_localities(self, *, per_page: int = PER_PAGE, **filters: Any) -> Count:
        return self._count(routes.LOCALITY_COUNT, filters, per_page)

    def read_addresses(self, page: int = 1, per_page: int = PER_PAGE) -> Rows:
        """The seller's own addresses: where couriers come, where returns go."""
        return self._read(routes.ADDRESSES_READ, page=page, per_page=per_page)


def _values(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else list(value)
