"""order/save: what a seller may change of an order, and the texts of every refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emag.simulator.accounts import Account, currency_of
from emag.simulator.checks import flag, whole
from emag.simulator.decimals import decimal
from emag.simulator.orders import life
from emag.simulator.orders.applying import apply
from emag.simulator.orders.build import CARD
from emag.simulator.orders.edits import (
    FINALIZED,
    IN_PROGRESS,
    MATRIX,
    NO,
    PREPARED,
    RETURNED,
    WITHIN_48H,
    WITHIN_RETURNS,
    Change,
    Edit,
)
from emag.simulator.orders.reasons import REASONS
from emag.simulator.world import World

EDITABLE = frozenset({IN_PROGRESS, PREPARED})
CURRENCIES = frozenset({"RON", "EUR", "BGN", "HUF"})
HOUR = 3600
FIXED_KEYS = ("part_number", "ext_part_number")
CUSTOMER_KEYS_LENGTH = 255

NOT_FOUND = "ERROR: Order not found"
FBE_ORDER = "ERROR: Orders fulfilled by eMAG cannot be edited"
NO_TYPE = "ERROR: Order type is mandatory"
BAD_TRANSITION = "ERROR: Invalid status transition"
TOO_LATE = "ERROR: Status change period expired"
PRICE_CHANGED = "ERROR: Updating product prices is not allowed"
CARD_REDUCED = "ERROR: Products cannot be reduced for online payment orders"
BAD_LINE = "ERROR: Invalid product line"
NOT_POSITIVE = "ERROR: Quantity must be positive"
NEEDS_STORNO = "ERROR: Order cannot be modified in status {status} without is_storno"
STORNO_STATUS = "ERROR: is_storno is only accepted in status 4"
STORNO_NOTHING = "ERROR: is_storno was sent but no product was changed"
NEGATIVE = "ERROR: Negative quantities are not allowed"
NO_EDIT = "ERROR: Products can be changed only in status 2 or 3"


def save_order(world: World, account: Account, sent: Any) -> tuple[list[str], list[str]]:
    """Check and apply one entity; (errors, warnings). With errors nothing of it was applied."""
    if not isinstance(sent, Mapping):
        return ["ERROR: id is mandatory - Order id: "], []
    id = whole(sent.get("id"))
    if id is None:
        return [
            f"ERROR: id {'has an invalid value' if 'id' in sent else 'is mandatory'} - Order id: "
        ], []
    order = life.orders(world, account).get(id)
    if order is None:
        return [NOT_FOUND], []
    edit = Edit(world, account, sent, order)
    check(edit)
    if edit.errors and world.switches.get("strict", account.key, account.platform) == "on":
        return edit.errors, []
    apply(edit)
    return [], edit.warnings


def check(edit: Edit) -> None:
    if "type" not in edit.sent:
        edit.errors.append(NO_TYPE)
    if edit.order["type"] == 2:
        edit.errors.append(FBE_ORDER)
    if edit.errors:
        return
    if whole(edit.sent["type"]) != edit.order["type"]:
        edit.invalid("type")
    check_fields(edit)
    if edit.errors:
        return
    check_transition(edit)
    check_lines(edit)
    if not edit.errors:
        check_line_rules(edit)


def check_fields(edit: Edit) -> None:
    sent = edit.sent
    for key in ("status", "payment_mode_id", "products"):
        if key not in sent:
            edit.missing(key)
    if "status" in sent and edit.target not in MATRIX:
        edit.invalid("status")
    if sent.get("payment_mode_id") is not None and whole(sent["payment_mode_id"]) not in (1, 2, 3):
        edit.invalid("payment_mode_id")
    if "products" in sent and not isinstance(sent["products"], list):
        edit.invalid("products")
    if "is_storno" in sent and flag(sent["is_storno"]) is None:
        edit.invalid("is_storno")
    code = sent.get("reason_cancellation")
    if isinstance(code, Mapping):
        code = code.get("id")
    if code not in (None, "") and whole(code) not in REASONS:
        edit.invalid("reason_cancellation")
    if sent.get("shipping_tax") not in (None, "") and decimal(sent["shipping_tax"]) is None:
        edit.invalid("shipping_tax")
    customer = sent.get("customer")
    if customer not in (None, []) and not isinstance(customer, Mapping):
        edit.invalid("customer")
    for key, value in (customer or {}).items() if isinstance(customer, Mapping) else ():
        if isinstance(value, str) and len(value) > CUSTOMER_KEYS_LENGTH:
            edit.invalid(f"customer.{key}")


def check_transition(edit: Edit) -> None:
    rule = MATRIX[edit.order["status"]].get(edit.target, NO)
    if rule == NO:
        edit.errors.append(BAD_TRANSITION)
    elif rule == WITHIN_48H and age(edit) > 48 * HOUR:
        edit.errors.append(TOO_LATE)
    elif rule == WITHIN_RETURNS:
        days = int(
            edit.world.switches.get("orders.return_days", edit.account.key, edit.account.platform)
        )
        if age(edit) > (days + 5) * 24 * HOUR:
            edit.errors.append(TOO_LATE)


def age(edit: Edit) -> float:
    """Seconds since the order was finalised or cancelled."""
    since = edit.order.get("_finalized" if edit.order["status"] == FINALIZED else "_cancelled")
    return 0.0 if since is None else edit.world.clock.instant() - float(since)


def check_lines(edit: Edit) -> None:
    """Each line by itself: its keys, their values, and that it is the line it says it is."""
    known = {int(line["id"]): line for line in edit.order["products"]}
    for sent in edit.sent["products"]:
        if not isinstance(sent, Mapping):
            edit.invalid("products")
            continue
        id = whole(sent.get("id"))
        if not id:
            check_new_line(edit, sent)
        elif id not in known:
            edit.errors.append(BAD_LINE)
        else:
            check_known_line(edit, sent, known.pop(id))
    edit.omitted = [line for line in known.values() if int(line["status"]) == 1]


def check_known_line(edit: Edit, sent: Mapping[str, Any], line: dict[str, Any]) -> None:
    before = len(edit.errors)
    for key in ("product_id", "status", "quantity", "sale_price"):
        if key not in sent:
            edit.missing(f"products.{key}")
    quantity, status = whole(sent.get("quantity")), whole(sent.get("status"))
    if "quantity" in sent and quantity is None:
        edit.invalid("products.quantity")
    if "status" in sent and status not in (0, 1):
        edit.invalid("products.status")
    if "product_id" in sent and str(sent["product_id"]) != str(line["product_id"]):
        edit.errors.append(BAD_LINE)
    if "sale_price" in sent and decimal(sent["sale_price"]) != decimal(line["sale_price"]):
        edit.errors.append(PRICE_CHANGED if decimal(sent["sale_price"]) is not None else BAD_LINE)
    for key in FIXED_KEYS:
        if sent.get(key) not in (None, "", line[key]):
            edit.errors.append(f"ERROR: {key} cannot be changed - Order id: {edit.order['id']}")
    check_currency(edit, sent)
    if len(edit.errors) == before and quantity is not None and status is not None:
        edit.changes.append(Change(line, quantity, status))


def check_new_line(edit: Edit, sent: Mapping[str, Any]) -> None:
    """A product that the seller adds, which may be a virtual one that no offer stands for."""
    before = len(edit.errors)
    for key in ("product_id", "name", "status", "sale_price"):
        if sent.get(key) in (None, ""):
            edit.missing(f"products.{key}")
    quantity = whole(sent.get("quantity", 1))
    if quantity is None or quantity < 0:
        edit.errors.append(NEGATIVE if quantity is not None else BAD_LINE)
    elif quantity == 0:
        edit.errors.append(NOT_POSITIVE)
    if decimal(sent.get("sale_price", 0)) is None:
        edit.invalid("products.sale_price")
    if len(str(sent.get("name") or "")) > 255:
        edit.invalid("products.name")
    check_currency(edit, sent)
    if len(edit.errors) == before:
        edit.added.append(dict(sent))


def check_currency(edit: Edit, sent: Mapping[str, Any]) -> None:
    currency = sent.get("currency")
    if currency in (None, ""):
        used = currency_of(edit.account.platform, edit.world.now_text())
        warning = f"Default currency {used} was used - Order id: {edit.order['id']}"
        if warning not in edit.warnings:
            edit.warnings.append(warning)
    elif currency not in CURRENCIES:
        edit.invalid("products.currency")


def check_line_rules(edit: Edit) -> None:
    """What the order's state allows to be done to its lines."""
    status = edit.order["status"]
    reduced = [change for change in edit.changes if change.units_taken > 0]
    grown = [change for change in edit.changes if change.units_taken < 0]
    touched = bool(reduced or grown or edit.added or edit.omitted)
    if any(change.quantity < 0 for change in edit.changes):
        edit.errors.append(NEGATIVE)
    elif edit.is_storno:
        if status != FINALIZED or edit.target not in (FINALIZED, RETURNED):
            edit.errors.append(STORNO_STATUS)
        elif not reduced:
            edit.errors.append(STORNO_NOTHING)
        elif grown or edit.added or edit.omitted:
            edit.errors.append(BAD_LINE)
    elif status in EDITABLE:
        if any(change.quantity <= 0 and change.status == 1 for change in edit.changes):
            edit.errors.append(NOT_POSITIVE)
        elif (reduced or edit.omitted) and edit.order["payment_mode_id"] == CARD:
            edit.errors.append(CARD_REDUCED)
    elif touched and status == FINALIZED:
        edit.errors.append(NEEDS_STORNO.format(status=status))
    elif touched:
        edit.errors.append(NO_EDIT)
