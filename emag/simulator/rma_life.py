"""Returns: how they come by themselves, and how they move (API §29)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from emag.simulator.callbacks import announce
from emag.simulator.checks import whole
from emag.simulator.decimals import amount, four
from emag.simulator.events import event
from emag.simulator.offer_docs import offers
from emag.simulator.orders import life
from emag.simulator.rma_docs import (
    ACKNOWLEDGED,
    CANCELLED,
    FINALIZED,
    INCOMPLETE,
    NEW,
    RECEIVED,
    REFUND,
    REJECTED,
    rma_document,
)
from emag.simulator.seeds.return_reasons import LAST_LEVEL
from emag.simulator.store import Docs, Document
from emag.simulator.switches import declare

if TYPE_CHECKING:
    from emag.simulator.accounts import Account
    from emag.simulator.world import World

declare("rma.life", "on", "on", "off", about="returns come and move by themselves")
declare("rma.rate", "0.02-0.12", about="share of delivered lines that come back, by category")
declare("rma.days", "1-25", about="days between delivery and return")
declare("rma.cancel_rate", 0.05, about="share of returns that the customer takes back")
declare("rma.auto_receive", "off", "on", "off", about="delivery to the seller moves 3 to 6")

# Status 1 is the marketplace's own and left out on purpose.
MAY_BECOME = {
    NEW: {NEW, ACKNOWLEDGED, CANCELLED},
    ACKNOWLEDGED: {ACKNOWLEDGED, CANCELLED, RECEIVED},
    REJECTED: {REJECTED},
    CANCELLED: {CANCELLED},
    RECEIVED: {REJECTED, RECEIVED, FINALIZED},
    FINALIZED: {FINALIZED},
}
ANNOUNCED = frozenset({NEW, ACKNOWLEDGED, RECEIVED})
DAY = 86_400
ACTIONS = {
    NEW: "creat",
    ACKNOWLEDGED: "aprobat",
    REJECTED: "respins",
    CANCELLED: "anulat",
    RECEIVED: "receptionat",
    FINALIZED: "finalizat",
}


def rmas(world: World, account: Account | str) -> Docs:
    return world.docs("rma", account)


def returned_units(world: World, account: Account, order_id: Any, line_id: int) -> int:
    """Units of an order line that are in a return which was neither cancelled nor rejected."""
    return sum(
        int(line["quantity"])
        for rma in rmas(world, account).find(order_id=str(order_id))
        if rma["request_status"] not in (CANCELLED, REJECTED)
        for line in rma["products"]
        if rma["_line_id"] == line_id
    )


# -- coming into being


def expect_returns(world: World, account: Account, order: Document) -> None:
    """An order was delivered: some of its lines will be back one day."""
    if world.switches.get("rma.life", account.key, account.platform) != "on":
        return
    rng = world.rng("rma")
    low, high = _ends(world, account, "rma.rate")
    for line in life.active(order):
        number = whole(line["product_id"])
        offer = offers(world, account).get(number) if number is not None else None
        category = (offer or {}).get("category_id") or 0
        if rng.random() < low + (high - low) * (category % 11) / 10:
            days = rng.uniform(*_ends(world, account, "rma.days"))
            payload = {"order": order["id"], "line": line["id"]}
            world.schedule(world.clock.instant() + days * DAY, "rma_arrives", payload, account)


def _ends(world: World, account: Account, name: str) -> tuple[float, float]:
    low, _, high = str(world.switches.get(name, account.key, account.platform)).partition("-")
    return float(low), float(high or low)


@event("rma_arrives")
def rma_arrives(world: World, account: Account | None, payload: dict[str, Any]) -> None:
    order = life.orders(world, account).get(payload["order"]) if account else None
    if account is None or order is None or order["status"] not in (life.FINALIZED, life.RETURNED):
        return
    line = next((one for one in life.active(order) if one["id"] == payload["line"]), None)
    if line is not None:
        open_return(world, account, order, line)


def open_return(
    world: World,
    account: Account,
    order: Document,
    line: dict[str, Any],
    *,
    quantity: int | None = None,
    reason: int | None = None,
    **fields: Any,
) -> Document | None:
    """A customer asks to return units of a line; None where all of them already are on the way."""
    rng = world.rng("rma")
    left = int(line["quantity"]) - returned_units(world, account, order["id"], line["id"])
    if left < 1:
        return None
    units = min(left, quantity or rng.choice((1, left)))
    rma = rma_document(world, rng, order, line, units, reason or rng.choice(sorted(LAST_LEVEL)))
    rma.update(fields)
    world.journal.effect(
        "rma.opened", account.key, rma["emag_id"], {"order_id": order["id"], "units": units}
    )
    if rng.random() < 0.3 and "request_status" not in fields:
        rma["request_status"] = INCOMPLETE  # for some seconds, until the customer has filled in all
        world.schedule(
            timedelta(seconds=rng.uniform(5, 40)),
            "rma_moves",
            {"id": rma["emag_id"], "to": NEW},
            account,
        )
        rmas(world, account).put(rma["emag_id"], rma)
        return rma
    rmas(world, account).put(rma["emag_id"], rma)
    _is_new(world, account, rma)
    return rma


# -- moving


def move(world: World, account: Account, rma: Document, status: int, *, by: str) -> None:
    """Put a return into a status, note it in its history, tell the seller."""
    before = rma["request_status"]
    rma["request_status"] = status
    note(world, rma, status, by)
    if status == FINALIZED:
        _finalize(world, account, rma)
    elif status == RECEIVED:
        rma["extra_info"]["maximum_finalization_date"] = str(
            world.clock.now().date() + timedelta(days=5)
        )
    rmas(world, account).put(rma["emag_id"], rma)
    world.journal.effect(
        "rma.moved", account.key, rma["emag_id"], {"from": before, "to": status, "by": by}
    )
    if status in ANNOUNCED:
        announce(world, account, "return", rma["emag_id"])
    if status == FINALIZED:
        _return_order(world, account, rma)


def note(world: World, rma: Document, status: int, by: str) -> None:
    history = rma["request_history"]
    history.append(
        {
            "id": len(history) + 1,
            "user": "System" if by == "system" else by.capitalize(),
            "action": ACTIONS.get(status, "modificat"),
            "action_type": "status",
            "source": "site" if by == "customer" else "api",
            "date": world.clock.now().strftime("%d %b %Y, %H:%M"),
        }
    )


def _is_new(world: World, account: Account, rma: Document) -> None:
    note(world, rma, rma["request_status"], "system")
    rmas(world, account).put(rma["emag_id"], rma)
    announce(world, account, "return", rma["emag_id"])
    rng = world.rng("rma")
    if world.switches.get("rma.life", account.key, account.platform) != "on":
        return
    if rma["type"] == 2:
        for days, status in ((0.5, ACKNOWLEDGED), (3, RECEIVED), (4, FINALIZED)):
            world.schedule(
                timedelta(days=days), "rma_moves", {"id": rma["emag_id"], "to": status}, account
            )
    elif rng.random() < float(world.switches.get("rma.cancel_rate", account.key, account.platform)):
        when = timedelta(days=rng.uniform(0.2, 3))
        world.schedule(
            when, "rma_moves", {"id": rma["emag_id"], "to": CANCELLED, "by": "customer"}, account
        )


@event("rma_moves")
def rma_moves(world: World, account: Account | None, payload: dict[str, Any]) -> None:
    rma = rmas(world, account).get(payload["id"]) if account else None
    if account is None or rma is None:
        return
    status, before = payload["to"], rma["request_status"]
    if before == INCOMPLETE and status == NEW:
        rma["request_status"] = NEW
        world.journal.effect(
            "rma.moved", account.key, rma["emag_id"], {"from": before, "to": NEW, "by": "customer"}
        )
        _is_new(world, account, rma)
    elif status != before and status in MAY_BECOME.get(before, ()):
        move(world, account, rma, status, by=payload.get("by", "system"))


def parcel_moved(world: World, account: Account, rma_id: int, code: str) -> None:
    """The parcel of a return is under way, or has reached the seller."""
    rma = rmas(world, account).get(rma_id)
    if rma is None:
        return
    if code == "PCK":
        entry = {"code": "picked_by_courier", "event_date": world.now_text(), "requests": []}
        rma["status_history"].append(entry)
        rmas(world, account).put(rma_id, rma)
    elif code == "DLV" and rma["request_status"] == ACKNOWLEDGED:
        if world.switches.get("rma.auto_receive", account.key, account.platform) == "on":
            move(world, account, rma, RECEIVED, by="system")


def _finalize(world: World, account: Account, rma: Document) -> None:
    """Money goes back where the customer asked for it."""
    if rma["return_type"] != REFUND:
        return
    units = sum(int(line["quantity"]) for line in rma["products"])
    refund = amount(rma["_unit_gross"]) * units
    rma["status_history"].append(
        {
            "code": "refund",
            "event_date": world.now_text(),
            "requests": [
                {
                    "amount": four(refund),
                    "currency": rma["currency"],
                    "refund_type": "CO",
                    "refund_status": "finalized",
                    "rma_id": rma["emag_id"],
                    "created": world.now_text(),
                    "status_date": world.now_text(),
                }
            ],
        }
    )


def _return_order(world: World, account: Account, rma: Document) -> None:
    """When every unit of an order has come back for its money, the order is returned."""
    order = life.orders(world, account).get(whole(rma["order_id"]) or 0)
    if order is None or order["status"] != life.FINALIZED:
        return
    back: dict[int, int] = {}
    for one in rmas(world, account).find(order_id=rma["order_id"], request_status=FINALIZED):
        if one["return_type"] == REFUND:
            units = sum(int(line["quantity"]) for line in one["products"])
            back[one["_line_id"]] = back.get(one["_line_id"], 0) + units
    if all(back.get(line["id"], 0) >= int(line["quantity"]) for line in life.active(order)):
        life.return_all(world, account, order, by="system")


# -- trainers and beginnings


def rma_event(world: World, account: Account, id: int, type: str) -> Document:
    """Something a trainer lets happen: acknowledge, reject, cancel, receive, finalize."""
    statuses = {
        "acknowledge": ACKNOWLEDGED,
        "reject": REJECTED,
        "cancel": CANCELLED,
        "receive": RECEIVED,
        "finalize": FINALIZED,
    }
    rma = rmas(world, account).get(id)
    if rma is None:
        raise LookupError(f"There is no return {id} in {account.key}")
    if type not in statuses:
        raise ValueError(f"Returns know no event {type!r}")
    if statuses[type] not in MAY_BECOME.get(rma["request_status"], ()):
        raise ValueError(f"A return in status {rma['request_status']} cannot be moved by {type!r}")
    move(world, account, rma, statuses[type], by="customer" if type == "cancel" else "system")
    return rma


def inject(world: World, account: Account, order_id: int | None = None, **fields: Any) -> Document:
    """A return now: of the order named, or of the newest finalised one that still has units."""
    docs = life.orders(world, account)
    ids = [order_id] if order_id else docs.ids(status=life.FINALIZED, limit=200)
    for id in ids:
        order = docs.get(id)
        for line in life.active(order) if order else ():
            rma = open_return(world, account, order or {}, line, **fields)
            if rma is not None:
                return rma
    raise LookupError("There is no finalised order with units to return")


def history(world: World, account: Account) -> None:
    """The returns of a shop that has been selling: some of the finalised orders, in all states."""
    rng = world.rng("rma history")
    for id in life.orders(world, account).ids(status=life.FINALIZED, order="date"):
        if rng.random() >= 0.09:
            continue
        order = life.orders(world, account).get(id)
        if order is None:
            continue
        placed = world.clock.to_instant(datetime.strptime(order["date"], "%Y-%m-%d %H:%M:%S"))  # noqa: DTZ007
        with world.clock.pinned(min(world.clock.instant(), placed + rng.uniform(3, 9) * DAY)):
            rma = open_return(
                world, account, order, rng.choice(order["products"]), request_status=NEW
            )
            for status in rng.choice(
                ((), (ACKNOWLEDGED,), (ACKNOWLEDGED, RECEIVED), (ACKNOWLEDGED, RECEIVED, FINALIZED))
            ):
                if rma is not None:
                    move(world, account, rma, status, by="seller")
