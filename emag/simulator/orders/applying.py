"""order/save, carried out: lines, fields and status of an entity that passed every check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emag.simulator import stock
from emag.simulator.accounts import Account
from emag.simulator.checks import whole
from emag.simulator.decimals import decimal
from emag.simulator.orders import life
from emag.simulator.orders.build import as_number
from emag.simulator.orders.edits import CANCELLED, FINALIZED, PREPARED, RETURNED, Edit
from emag.simulator.orders.lines import new_line
from emag.simulator.orders.reasons import reason
from emag.simulator.orders.sums import exact, four
from emag.simulator.store import Document
from emag.simulator.world import World


def apply(edit: Edit) -> None:
    world, account, order = edit.world, edit.account, edit.order
    before, target = order["status"], edit.target
    detail = {
        "from": before,
        "to": target,
        "storno": edit.is_storno,
        "lines": {
            str(change.line["id"]): change.units_taken
            for change in edit.changes
            if change.units_taken
        },
        "removed": [line["id"] for line in edit.omitted],
        "added": len(edit.added),
    }
    if edit.is_storno:
        for change in edit.changes:
            if change.units_taken > 0:
                life.reverse(world, account, order, change.line, change.units_taken)
                change.line["status"] = change.status
        order["is_storno"] = True
    else:
        apply_lines(edit)
    apply_fields(edit)
    apply_status(edit, before, target)
    world.journal.effect("order.saved", account.key, order["id"], detail)


def apply_lines(edit: Edit) -> None:
    world, account, order = edit.world, edit.account, edit.order
    for change in edit.changes:
        if not change.units_taken:
            continue
        move_units(world, account, change.line, change.units_taken)
        change.line["modified"] = world.now_text()
        if change.status == 0:
            change.line["status"] = 0
            drop_vouchers(order, change.line)
        else:
            change.line["status"] = 1
            change.line["quantity"] = change.line["initial_qty"] = change.quantity
            for warranty in change.line["recycle_warranties"]:
                warranty["quantity"] = change.quantity
    for line in edit.omitted:
        move_units(world, account, line, int(line["quantity"]))
        drop_vouchers(order, line)
    gone = {line["id"] for line in edit.omitted}
    order["products"] = [line for line in order["products"] if line["id"] not in gone]
    for sent in edit.added:
        line = new_line(world, account, order, sent)
        order["products"].append(line)
        move_units(world, account, line, -int(line["quantity"]))
    order["_edited"] = bool(
        order.get("_edited") or edit.added or gone or any(one.units_taken for one in edit.changes)
    )


def drop_vouchers(order: Document, line: dict[str, Any]) -> None:
    """What a voucher gave on a line that is gone is given no more."""
    shares = list(line["product_voucher_split"])
    line["product_voucher_split"] = []
    for warranty in line["recycle_warranties"]:
        shares += warranty["recycle_warranty_voucher_split"]
        warranty["recycle_warranty_voucher_split"] = []
    for share in shares:
        for voucher in order["vouchers"]:
            if str(voucher["voucher_id"]) == str(share["voucher_id"]) and exact(
                voucher["vat"]
            ) == exact(share.get("vat")):
                voucher["sale_price"] = four(exact(voucher["sale_price"]) - exact(share["value"]))
                voucher["sale_price_vat"] = four(
                    exact(voucher["sale_price_vat"]) - exact(share["vat_value"])
                )
                break


def move_units(world: World, account: Account, line: Mapping[str, Any], units: int) -> None:
    if units > 0:
        stock.give_back(world, account, line["product_id"], units)
    else:
        stock.take(world, account, line["product_id"], -units)


def apply_fields(edit: Edit) -> None:
    """What may be changed beside the lines; keys nobody sent stay as they are."""
    sent, order = edit.sent, edit.order
    customer = sent.get("customer")
    if isinstance(customer, Mapping):
        changed = {
            key: value
            for key, value in customer.items()
            if key in order["customer"] and key != "id"
        }
        order["customer"].update(changed)
    if sent.get("shipping_tax") not in (None, ""):
        value = decimal(sent["shipping_tax"])
        if value is not None and value != decimal(order["shipping_tax"]):
            order["shipping_tax"] = as_number(value)
            order["_edited"] = True
    if isinstance(sent.get("observation"), str):
        order["observation"] = sent["observation"]


def apply_status(edit: Edit, before: int, target: int) -> None:
    world, account, order = edit.world, edit.account, edit.order
    code = edit.sent.get("reason_cancellation")
    number = whole(code.get("id")) if isinstance(code, Mapping) else whole(code)
    if target == CANCELLED and before != CANCELLED:
        life.cancel(world, account, order, number, by="seller")
    elif target == FINALIZED and before != FINALIZED:
        if before == CANCELLED:
            life.reopen(world, account, order)
        life.finalize(world, account, order, by="seller")
    elif target == RETURNED:
        life.return_all(world, account, order, by="seller")
    else:
        if before == CANCELLED and target != CANCELLED:
            life.reopen(world, account, order)
        if before == CANCELLED == target and number is not None:
            order["reason_cancellation"] = reason(number)
        if before == FINALIZED and target == PREPARED:
            order["finalization_date"] = None
            order["has_editable_products"] = 1
        order["status"] = target
        if target == FINALIZED and not any(
            int(line["quantity"]) > 0 for line in life.active(order)
        ):
            order["status"] = RETURNED  # everything of the first invoice came back
        life.save(world, account, order)
