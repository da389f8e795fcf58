"""Orders come into being: one by one as customers buy, or by the thousand for a test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from emag.simulator import stock
from emag.simulator.accounts import Account
from emag.simulator.callbacks import announce
from emag.simulator.orders.articles import Article, articles
from emag.simulator.orders.build import Wish, build
from emag.simulator.orders.life import orders
from emag.simulator.store import Document
from emag.simulator.world import World

FIRST_LINE_ID = 315_800_001
MOST_LINES = 50
WISHES = {field.name for field in dataclass_fields(Wish)} - {"fields"}


def wish_from(given: Mapping[str, Any]) -> Wish:
    """A wish from plain keys; what is no wish (lines, payment…) overrides keys of the order."""
    wishes = {key: value for key, value in given.items() if key in WISHES}
    return replace(
        Wish(), **wishes, fields={key: value for key, value in given.items() if key not in WISHES}
    )


def place(
    world: World,
    account: Account,
    count: int = 1,
    wish: Wish | None = None,
    *,
    at: datetime | None = None,
    over: timedelta = timedelta(0),
    quiet: bool = False,
    choice: tuple[Article, ...] | None = None,
) -> list[int]:
    """Place `count` orders, the first `over` before `at` (now), the last at it; their ids.
    `quiet`: without callbacks and a life of their own, a past that is told and not lived.
    `choice`: what is bought, in place of anything the account sells."""
    wish = wish or Wish()
    rng, choice = world.rng("orders"), choice or articles(world, account)
    end = at or world.clock.now()
    incomplete = (
        float(world.switches.get("orders.incomplete_rate", account.key))
        if lives(world, account)
        else 0.0
    )
    with world.transaction():
        ids = new_ids(world, account, count)
        line_id = world.store.next_number("order line", FIRST_LINE_ID, count * MOST_LINES)
        made: list[tuple[int, Document]] = []
        for number, id in enumerate(ids):
            placed = end - over * ((count - 1 - number) / (count - 1)) if count > 1 else end
            order = build(
                rng,
                account,
                choice,
                id=id,
                first_line_id=line_id + number * MOST_LINES,
                placed=placed.replace(microsecond=0),
                wish=wish,
                incomplete_rate=incomplete,
            )
            order["_placed"] = world.clock.to_instant(placed)
            if wish.fields:
                order["_edited"] = True
            made.append((order["id"], order))
        orders(world, account).put_many(made)
        world.journal.effects_of_many("order.placed", account.key, [id for id, _ in made])
        reserve(world, account, [order for _, order in made])
        if not quiet:
            announce_all(world, account, [order for _, order in made])
    return [id for id, _ in made]


def reserve(world: World, account: Account, made: list[Document]) -> None:
    """New orders hold their units, whoever is told of them."""
    units: Counter[str] = Counter()
    for order in made:
        if order["status"] == 1:
            for line in order["products"]:
                units[line["product_id"]] += line["quantity"]
    for product_id, quantity in units.items():
        stock.reserve(world, account, product_id, quantity)


def announce_all(world: World, account: Account, made: list[Document]) -> None:
    from emag.simulator.orders.arrivals import begin_life

    for order in made:
        if order["status"] == 1:
            announce(world, account, "order", order["id"])
    if lives(world, account):
        for order in made:
            begin_life(world, account, order)


def lives(world: World, account: Account) -> bool:
    return bool(world.switches.get("orders.life", account.key, account.platform) == "on")


def new_ids(world: World, account: Account, count: int) -> list[int]:
    """Rising ids with gaps; with shared carts now and then the id of another account's order."""
    base = int(world.switches.get(f"orders.{account.kind}_id_base", account.key, account.platform))
    rng = world.rng("order ids")
    steps = [rng.randint(1, 9) for _ in range(count)]
    id = world.store.next_number(f"{account.platform} {account.kind} order", base, sum(steps))
    ids = []
    for step in steps:
        ids.append(id)
        id += step
    if world.switches.get("orders.shared_ids", account.key, account.platform) == "on":
        share_ids(world, account, ids)
    return ids


def share_ids(world: World, account: Account, ids: list[int]) -> None:
    """One cart, two sellers: the same number in both accounts."""
    mine = orders(world, account)
    for other in world.accounts.values():
        if (
            other.platform == account.platform
            and other.key != account.key
            and other.kind == account.kind
        ):
            for number, id in enumerate(orders(world, other).ids(limit=len(ids))):
                if number % 2 == 0 and mine.get(id) is None:
                    ids[number] = id
            return
