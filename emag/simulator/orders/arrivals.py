"""Orders that come and live by themselves: arrivals, payments, cancellations, deliveries."""

from __future__ import annotations

import math
from datetime import timedelta
from random import Random
from typing import Any

from emag.simulator import rma_life
from emag.simulator.accounts import Account
from emag.simulator.events import event
from emag.simulator.orders import life
from emag.simulator.orders.build import CARD, COD, TRANSFER
from emag.simulator.orders.place import lives, place
from emag.simulator.store import Document
from emag.simulator.world import World

#: Share of a day's orders that each hour brings: quiet nights, a noon and an evening peak.
HOURS = (8, 5, 3, 2, 2, 4, 10, 22, 38, 52, 62, 66, 64, 58, 54, 52, 54, 58, 66, 78, 84, 76, 50, 22)
WEEKDAYS = (1.12, 1.06, 1.02, 1.0, 0.96, 0.86, 0.98)
PAYDAYS = frozenset({1, 10, 15, 25})
PEAK = max(HOURS) / sum(HOURS) * 24 * max(WEEKDAYS) * 1.2
HOUR = 3600.0
#: Of a past, so many of the youngest orders are still new, and so many not yet shipped.
LEFT_NEW, LEFT_OPEN = 6, 24


def ensure_arrivals(world: World) -> None:
    """Plan the next arrival of every account, in place of what was planned before."""
    with world.transaction():
        world.store.db.execute("DELETE FROM events WHERE name='order_arrives'")
        for account in world.accounts.values():
            plan_next(world, account)


def plan_next(world: World, account: Account) -> None:
    gap = next_gap(world, account)
    if gap is not None:
        world.schedule(world.clock.instant() + gap, "order_arrives", {}, account)


def next_gap(world: World, account: Account) -> float | None:
    """Seconds to the next order; None where none come. `orders.every` is an even pace for people
    who watch; `orders.per_day` is a Poisson process whose rate follows the hour and the weekday."""
    rng = world.rng(f"arrivals {account.key}")

    def switch(name: str) -> float:
        return float(world.switches.get(name, account.key, account.platform)) * account.weight

    if world.switches.get("orders.every", account.key, account.platform) > 0 and account.weight > 0:
        every = (
            float(world.switches.get("orders.every", account.key, account.platform))
            / account.weight
        )
        return rng.uniform(0.8, 1.2) * every
    per_day = switch("orders.per_day")
    if per_day <= 0:
        return None
    peak = per_day / 86_400 * PEAK
    gap, start = 0.0, world.clock.now()
    while (
        gap < 7 * 86_400
    ):  # thinning: candidates at the peak's rate, kept by the moment's share of it
        gap += rng.expovariate(peak)
        moment = start + timedelta(seconds=gap)
        share = HOURS[moment.hour] / sum(HOURS) * 24 * WEEKDAYS[moment.weekday()]
        if rng.random() < share * (1.2 if moment.day in PAYDAYS else 1.0) / PEAK:
            return gap
    return gap


@event("order_arrives")
def order_arrives(world: World, account: Account | None, payload: dict[str, Any]) -> None:
    if account is None:
        return
    place(world, account)
    plan_next(world, account)


def begin_life(world: World, account: Account, order: Document) -> None:
    """Plan what will happen to a new order unless somebody is quicker."""
    rng = world.rng("life")

    def switch(name: str) -> float:
        return float(world.switches.get(name, account.key, account.platform))

    def later(seconds: float, move: str) -> None:
        world.schedule(
            world.clock.instant() + seconds,
            "order_moves",
            {"id": order["id"], "move": move},
            account,
        )

    if not order["is_complete"]:
        later(rng.uniform(120, 1800), "complete")
    if order["payment_mode_id"] == CARD:
        if rng.random() < switch("orders.never_paid_rate"):
            later(rng.uniform(2, 6) * HOUR, "never_paid")
        else:
            later(min(1800, rng.expovariate(1 / 90)), "pay")
    elif order["payment_mode_id"] == TRANSFER:
        later(rng.uniform(1, 5) * 24 * HOUR, "pay")
    hazard = switch("orders.cancel_hazard")
    if hazard > 0:
        first_hour = rng.expovariate(-math.log(1 - min(hazard, 0.99)))
        if first_hour < 72:
            later(first_hour * HOUR, "customer_cancel")
    if rng.random() < switch("orders.cancel_request_rate"):
        later(rng.uniform(1, 20) * HOUR, "cancel_request")
    if rng.random() < switch("orders.staff_edit_rate"):
        later(rng.uniform(30, 1800), "staff_edit")
    if order["type"] == 2:
        for hours, move in ((0.2, "progress"), (3, "progress"), (20, "progress")):
            later(hours * HOUR * rng.uniform(0.7, 1.3), move)
    else:
        later(48 * HOUR, "late")
        if switch("orders.autocancel_hours") > 0:
            later(switch("orders.autocancel_hours") * HOUR, "auto_cancel")


@event("order_moves")
def order_moves(world: World, account: Account | None, payload: dict[str, Any]) -> None:
    if account is None:
        return
    order = life.orders(world, account).get(payload["id"])
    if order is not None:
        move(world, account, order, payload["move"], payload)


def move(world: World, account: Account, order: Document, name: str, given: dict[str, Any]) -> bool:
    """One move, if the order's state allows it; says whether it happened."""
    rng, status = world.rng("life"), order["status"]
    if name == "customer_cancel" and status == life.NEW:
        life.cancel(
            world, account, order, given.get("reason") or rng.choice((2, 23, 38)), by="customer"
        )
    elif name == "never_paid" and status == life.NEW and not order["payment_status"]:
        life.cancel(world, account, order, rng.choice((19, 22)), by="system")
    elif name == "auto_cancel" and status == life.NEW:
        life.cancel(world, account, order, given.get("reason") or rng.choice((22, 26)), by="system")
    elif name == "cancel_request" and status in (life.IN_PROGRESS, life.PREPARED):
        life.ask_to_cancel(world, account, order)
    elif name == "staff_edit" and status == life.NEW:
        life.staff_edit(world, account, order, rng, given.get("fields"))
    elif name == "pay" and not order["payment_status"] and status != life.CANCELLED:
        life.pay(world, account, order)
    elif name == "complete" and not order["is_complete"]:
        life.complete(world, account, order, rng)
    elif name == "late" and status in (life.NEW, life.IN_PROGRESS, life.PREPARED):
        life.mark_late(world, account, order)
        if status != life.NEW and switched(world, account, "orders.late_cancel") == "on":
            later = timedelta(days=1)
            world.schedule(
                later, "order_moves", {"id": order["id"], "move": "late_cancel"}, account
            )
    elif name == "late_cancel" and status in (life.IN_PROGRESS, life.PREPARED):
        life.cancel(world, account, order, 26, by="system")
    elif name == "return_all" and status == life.FINALIZED:
        life.return_all(world, account, order, by="system")
    else:
        return ship(world, account, order, name)
    return True


def switched(world: World, account: Account, name: str) -> Any:
    return world.switches.get(name, account.key, account.platform)


def ship(world: World, account: Account, order: Document, name: str) -> bool:
    """Moves of the warehouse and of the parcel."""
    rng, status = world.rng("life"), order["status"]
    if name == "progress" and status in (life.NEW, life.IN_PROGRESS, life.PREPARED):
        progress(world, account, order)
    elif name == "finalize" and status in (life.IN_PROGRESS, life.PREPARED):
        life.finalize(world, account, order)
        after_shipping(world, account, order, rng)
    elif name == "deliver" and status == life.FINALIZED:
        world.journal.effect("order.delivered", account.key, order["id"])
        rma_life.expect_returns(world, account, order)
        if order["payment_mode_id"] == COD and lives(world, account):
            delay = timedelta(days=rng.uniform(2, 7))
            world.schedule(delay, "order_moves", {"id": order["id"], "move": "pay"}, account)
    elif name == "refuse_delivery" and status == life.FINALIZED:
        order["_refused"] = True
        life.save(world, account, order, touch=False)
        world.journal.effect("order.refused", account.key, order["id"])
    else:
        return False
    return True


def after_shipping(world: World, account: Account, order: Document, rng: Random) -> None:
    """The parcel is under way; in the end it is taken, or refused."""
    refused = rng.random() < float(
        world.switches.get("orders.refuse_rate", account.key, account.platform)
    )
    name = "refuse_delivery" if refused else "deliver"
    delay = timedelta(days=rng.uniform(1, 3))
    world.schedule(delay, "order_moves", {"id": order["id"], "move": name}, account)


def progress(world: World, account: Account, order: Document) -> None:
    """The marketplace's own warehouse works through its orders without anybody's help."""
    if order["status"] == life.NEW:
        life.acknowledge(world, account, order)
    elif order["status"] == life.IN_PROGRESS:
        order["status"] = life.PREPARED
        life.save(world, account, order)
    else:
        life.finalize(world, account, order, by="marketplace")
        after_shipping(world, account, order, world.rng("life"))


def history(world: World, account: Account, count: int, days: float) -> None:
    """A living shop's past: `count` orders of the last days, most of them done with."""
    rng, now = world.rng("history"), world.clock.instant()
    ages = sorted((moment_of_the_past(world, rng, now, days) for _ in range(count)), reverse=True)
    for younger, age in zip(range(count - 1, -1, -1), ages, strict=True):
        (id,) = place(world, account, at=world.clock.local(now - age), quiet=True)
        order = life.orders(world, account).get(id)
        if order is None:
            continue
        if younger >= LEFT_NEW or order["type"] == 2:
            with world.clock.pinned(now - age + min(age, HOUR) / 2):
                past_of(world, account, order, rng, age / 86_400, younger)
        if order["status"] == life.NEW and lives(world, account):
            begin_life(world, account, order)


def moment_of_the_past(world: World, rng: Random, now: float, days: float) -> float:
    """Seconds ago, more likely at hours at which people buy."""
    while True:
        age = rng.uniform(0, days * 86_400)
        if rng.random() * max(HOURS) < HOURS[world.clock.local(now - age).hour]:
            return age


def past_of(
    world: World, account: Account, order: Document, rng: Random, age: float, younger: int
) -> None:
    """Bring an old order to where it would stand by now; `age` in days, `younger` came after it."""
    fate = rng.random()
    if order["payment_mode_id"] == CARD:
        life.pay(world, account, order)
    if order["type"] == 2:
        for hours in (0.2, 3, 20):
            if age * 24 > hours * 1.5:
                progress(world, account, order)
        return
    if fate < 0.06:
        life.cancel(world, account, order, rng.choice((2, 23, 38, 24, 36)), by="customer")
        return
    life.acknowledge(world, account, order)
    if younger < LEFT_OPEN:
        if fate > 0.7:
            order["status"] = life.PREPARED
            life.save(world, account, order)
        return
    later = rng.uniform(0.1, 0.5) * age * 86_400
    with world.clock.pinned(world.clock.instant() + min(later, 20 * HOUR)):
        life.finalize(world, account, order)
    if age > 3 and fate > 0.9:
        life.return_all(world, account, order, by="system")
    elif age > 4 and order["payment_mode_id"] == COD:
        life.pay(world, account, order)
