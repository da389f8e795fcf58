"""What eMAG would refuse, found before it is sent: a refusal costs a call, and a call is budget.

Each function answers a list of messages, empty where nothing is wrong. They look at bodies as they
are sent, and at the raw order or offer as it was last read. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from core.money import UNIT
from emag.reading import Raw, Unreadable, flag, money, rows, whole

MOST_ENTITIES = 50
MOST_ELEMENTS = 4000

# --- offer/save (emag-api §12.2, §14) -----------------------------------------------------------

PRICES = ("sale_price", "recommended_price", "min_sale_price", "max_sale_price")
OFFER_KEYS = frozenset(
    ("id", *PRICES, "currency_type", "stock", "handling_time", "vat_id", "status")
)
# Of an offer that eMAG ships, all else is eMAG's to say (§14).
FBE_KEYS = frozenset(("id", *PRICES, "currency_type"))
AMOUNTS = {"stock": 65_535, "handling_time": 255}


def check_offers(bodies: Sequence[Raw]) -> list[str]:
    """What is wrong with a batch as a whole."""
    found = []
    if len(bodies) > MOST_ENTITIES:
        found.append(_("At most %(most)d offers go in one call.") % {"most": MOST_ENTITIES})
    if sum(map(elements, bodies)) > MOST_ELEMENTS:
        found.append(_("At most %(most)d values go in one call.") % {"most": MOST_ELEMENTS})
    ids = [body.get("id") for body in bodies]
    if len(set(map(str, ids))) < len(ids):
        found.append(_("The same offer is in the call twice."))
    return found


def elements(value: Any) -> int:
    """How many input variables PHP counts in it: every single value."""
    if isinstance(value, Mapping):
        return sum(map(elements, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(elements, value))
    return 1


def check_offer(body: Raw, *, stored: Raw | None = None, is_fbe: bool = False) -> list[str]:
    """What is wrong with one offer; `stored` is the offer as eMAG last showed it."""
    found = []
    number = body.get("id")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 2**32:
        found.append(_("An offer needs the seller's number of its product."))
    allowed = FBE_KEYS if is_fbe else OFFER_KEYS
    for key in sorted(set(body) - allowed):
        if is_fbe and key in OFFER_KEYS:
            said = _("“%(key)s” cannot be sent for an offer that eMAG ships.")
        else:
            said = _("“%(key)s” cannot be sent with offer/save.")
        found.append(said % {"key": key})
    found += _prices(body, stored or {})
    for key, most in AMOUNTS.items():
        if key in body:
            found += _amounts(body, key, most)
    if "status" in body and body["status"] not in (0, 1, 2):
        found.append(_("The status must be 0, 1 or 2."))
    if "currency_type" in body and body["currency_type"] not in ("EUR", "PLN"):
        found.append(_("Another currency can only be EUR or PLN."))
    return found


def _prices(body: Raw, stored: Raw) -> list[str]:
    found = []
    known: dict[str, Decimal | None] = {}
    for key in PRICES:
        try:
            known[key] = money(body if key in body else stored, key)
            if key in body:
                found += _price(key, known[key] and body[key])
        except Unreadable as odd:
            found.append(str(odd))
    if not any(key in body for key in PRICES):
        return found
    price, least, most = (known.get(f"{part}sale_price") for part in ("", "min_", "max_"))
    before = known.get("recommended_price")
    if price and least and price < least:
        found.append(_("The price is lower than the lowest allowed."))
    if price and most and price > most:
        found.append(_("The price is higher than the highest allowed."))
    if least and most and most <= least:
        found.append(_("The highest price must be more than the lowest."))
    if price and before and before <= price:
        found.append(_("The crossed-out price must be more than the price."))
    return found


def _price(key: str, value: Any) -> list[str]:
    price = Decimal(str(value or 0))
    if price <= 0:
        return [_("“%(key)s” must be more than 0.") % {"key": key}]
    if price != price.quantize(UNIT):
        return [_("“%(key)s” has more than four decimals.") % {"key": key}]
    return []


def _amounts(body: Raw, key: str, most: int) -> list[str]:
    entries = body[key]
    if not isinstance(entries, list) or not entries:
        return [_("“%(key)s” must be a list with a value for each warehouse.") % {"key": key}]
    found = []
    for entry in entries:
        value = entry.get("value") if isinstance(entry, dict) else None
        warehouse = entry.get("warehouse_id") if isinstance(entry, dict) else None
        if type(warehouse) is not int or type(value) is not int or not 0 <= value <= most:
            found.append(
                _("“%(key)s” needs a warehouse and a whole number from 0 to %(most)d.")
                % {"key": key, "most": most}
            )
    return found


# --- order/save (emag-api §23, §24) -------------------------------------------------------------

CANCELLED, NEW, IN_PROGRESS, PREPARED, FINALIZED, RETURNED = range(6)
FBE, FBS = 2, 3
CARD = 3

GRACE = dt.timedelta(hours=48)  # after finalising or cancelling
RETURN_GRACE = dt.timedelta(days=5)  # on top of the time a customer has to send it back

# From → to; None: at any time.
MOVES: dict[int, dict[int, dt.timedelta | None]] = {
    NEW: {},
    IN_PROGRESS: {IN_PROGRESS: None, PREPARED: None, FINALIZED: None, CANCELLED: None},
    PREPARED: {PREPARED: None, FINALIZED: None, CANCELLED: None},
    FINALIZED: {FINALIZED: None, PREPARED: GRACE, CANCELLED: GRACE, RETURNED: RETURN_GRACE},
    CANCELLED: {CANCELLED: None, IN_PROGRESS: GRACE, PREPARED: GRACE, FINALIZED: GRACE},
    RETURNED: {},
}
EDITABLE = (IN_PROGRESS, PREPARED)


def check_order(
    body: Raw,
    *,
    stored: Raw,
    closed_for: dt.timedelta | None = None,
    return_days: int = 30,
) -> list[str]:
    """What is wrong with saving `body` over the order as it was last read.

    `closed_for` is how long ago the order was finalised or cancelled; None where nobody knows,
    which lets eMAG decide.
    """
    try:
        return list(_order_troubles(body, stored, closed_for, return_days))
    except Unreadable as odd:
        return [str(odd)]


def _order_troubles(
    body: Raw, stored: Raw, closed_for: dt.timedelta | None, return_days: int
) -> Iterator[str]:
    if body.get("id") is None or str(body["id"]) != str(stored.get("id")):
        yield _("The order has another number than the one it replaces.")
    kind = whole(body, "type")
    if kind is None:
        yield _("The order needs its type.")
    elif kind == FBE or whole(stored, "type") == FBE:
        yield _("An order that eMAG ships cannot be changed.")
    before, after = whole(stored, "status"), whole(body, "status")
    if after is None or before is None:
        yield _("The order needs a status.")
        return
    yield from _move(before, after, closed_for, dt.timedelta(days=return_days))
    yield from _lines(body, stored, before, is_storno=flag(body, "is_storno") or False)


def _move(
    before: int, after: int, closed_for: dt.timedelta | None, return_time: dt.timedelta
) -> Iterator[str]:
    if before == NEW:
        yield _("A new order must be accepted first.")
        return
    if after not in MOVES.get(before, {}):
        yield _("eMAG does not let an order go from status %(before)d to %(after)d.") % {
            "before": before, "after": after,
        }  # fmt: skip
        return
    limit = MOVES[before][after]
    if limit is not None and after == RETURNED:
        limit += return_time
    if limit is not None and closed_for is not None and closed_for > limit:
        yield _("It is too late for this change: eMAG allows it for %(hours)d hours.") % {
            "hours": limit // dt.timedelta(hours=1)
        }


def _lines(body: Raw, stored: Raw, status: int, *, is_storno: bool) -> Iterator[str]:
    old = {str(row.get("id")): row for row in rows(stored, "products")}
    new = {str(row["id"]): row for row in rows(body, "products") if row.get("id")}
    reduced = [
        key for key, row in old.items() if _active(row) and _pieces(new.get(key)) < _pieces(row)
    ]
    added = [row for row in rows(body, "products") if str(row.get("id", "")) not in old]
    changed = bool(reduced or added) or any(
        _pieces(new[key]) != _pieces(row) for key, row in old.items() if key in new
    )
    for key, row in new.items():
        if key in old:
            yield from _same_thing(row, old[key])
        if _active(row) and _pieces(row) <= 0 and not is_storno:
            yield _("Line %(line)s needs a quantity of at least 1.") % {"line": key}
    for row in added:
        if (whole(row, "quantity") or 0) <= 0:
            yield _("A line that is added needs a quantity of at least 1.")
    if is_storno and status != FINALIZED:
        yield _("Only a finalised order can be reversed in part.")
    elif is_storno and (added or not reduced):
        yield _("A partial reversal takes something away from at least one line, and adds nothing.")
    elif changed and status == FINALIZED and not is_storno:
        yield _("The lines of a finalised order change only by a reversal.")
    elif changed and status not in (*EDITABLE, FINALIZED):
        yield _("Lines can only be changed while the order is in progress or prepared.")
    if reduced and not is_storno and whole(stored, "payment_mode_id") == CARD:
        yield _("Nothing can be taken off an order that is paid online by card.")


def _same_thing(row: Raw, old: Raw) -> Iterator[str]:
    if "product_id" in row and str(row["product_id"]) != str(old.get("product_id")):
        yield _("Line %(line)s cannot become another product.") % {"line": row["id"]}
    if money(row, "sale_price") != money(old, "sale_price"):
        yield _("The price of line %(line)s cannot be changed.") % {"line": row["id"]}


def _active(row: Raw) -> bool:
    return whole(row, "status") != 0


def _pieces(row: Raw | None) -> int:
    """What a line still holds: a line left out, or with status 0, holds nothing."""
    if row is None or not _active(row):
        return 0
    return whole(row, "quantity") or 0
