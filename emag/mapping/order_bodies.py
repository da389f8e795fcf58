"""What is sent to change an order: all that was read of it, and other than that only what is
wanted. What is left out eMAG may take away, lines first of all.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from emag.mapping.statuses import ATTACHMENTS, ORDER_STATES
from emag.reading import Raw

STATUS_CODES = {state: int(code) for code, state in ORDER_STATES.items()}
ATTACHMENT_CODES = {kind: int(code) for code, kind in ATTACHMENTS.items() if code}
CANCELLED_LINE, ACTIVE_LINE = 0, 1
LONGEST_NAME = 60


def order_body(raw: Raw, **changes: Any) -> Raw:
    """The order as it was read, with these fields changed.

    A reason of cancellation is read as an object and sent as a number. That an order was once
    taken back in part is read as a mark, which sent back would ask for it again. A line that came
    back whole is read as active with no pieces, which only a storno may send.
    """
    body = deepcopy(raw)
    body.pop("reason_cancellation", None)
    body.pop("cancellation_reason", None)
    body.pop("is_storno", None)
    for line in body.get("products") or []:
        if not line.get("currency") and body.get("currency"):
            line["currency"] = body["currency"]  # where it is missing, that of the day is taken
        if not changes.get("is_storno") and not int(line.get("quantity") or 0):
            line["status"] = CANCELLED_LINE
    return {**body, **changes}


def moved_body(raw: Raw, state: str, reason: str = "") -> Raw:
    """The same order in another state, cancelled for a reason where that is asked for."""
    said = {"reason_cancellation": int(reason)} if reason else {}
    return order_body(raw, status=STATUS_CODES[state], **said)


def edited_body(raw: Raw, pieces: Mapping[str, int]) -> Raw:
    """Other quantities of lines, by their numbers; what has none left is cancelled."""
    body = order_body(raw)
    for line in _named(body, pieces):
        if left := pieces[str(line["id"])]:
            line["quantity"] = left
        else:
            line["status"] = CANCELLED_LINE
    return body


def storno_body(raw: Raw, pieces: Mapping[str, int]) -> Raw:
    """What is left of lines after pieces came back, none perhaps."""
    body = order_body(raw, is_storno=True)
    for line in _named(body, pieces):
        line["quantity"] = pieces[str(line["id"])]
    return body


def _named(body: Raw, pieces: Mapping[str, int]) -> list[Raw]:
    return [line for line in body["products"] if str(line["id"]) in pieces]


def pieces_in(raw: Raw) -> dict[str, int]:
    """How many pieces of each line are on the order."""
    found = {}
    for line in raw.get("products") or []:
        is_active = str(line.get("status")) == str(ACTIVE_LINE)
        found[str(line["id"])] = int(line.get("quantity") or 0) if is_active else 0
    return found


def attachment_body(
    number: str, order_type: int, *, kind: str, name: str, url: str, line: str = ""
) -> Raw:
    """A document for an order, or for one of its lines."""
    body: Raw = {
        "order_id": int(number),
        "order_type": order_type,
        "name": name[:LONGEST_NAME],
        "url": url,
        "type": ATTACHMENT_CODES[kind],
        "force_download": 0,
    }
    return {**body, "order_product_id": int(line)} if line else body


def addresses_in(raw: Raw) -> set[str]:
    """Where all the documents of an order and of its lines are."""
    holders = [raw, *(raw.get("products") or [])]
    return {str(one.get("url")) for holder in holders for one in holder.get("attachments") or []}
