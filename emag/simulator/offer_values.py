"""What an accepted save does to an offer, now or when its time has come.

A save answers at once; prices, stock and status become visible a little later, as on the real
marketplace (`offers.apply_lag`). A later save never becomes visible before an earlier one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any

from emag.simulator import buybox
from emag.simulator.accounts import currency_of
from emag.simulator.checks import day, flag, whole
from emag.simulator.decimals import decimal, four
from emag.simulator.events import event
from emag.simulator.offer_docs import (
    INVALID_PRICE,
    SALEABLE,
    is_sellable,
    offers,
    set_price_state,
    set_stock,
)
from emag.simulator.offer_rules import PRICES
from emag.simulator.orders.articles import from_offer
from emag.simulator.orders.build import Wish
from emag.simulator.orders.place import place
from emag.simulator.store import Document
from emag.simulator.switches import declare

if TYPE_CHECKING:
    from emag.simulator.accounts import Account
    from emag.simulator.world import World

declare("offers.apply_lag", "30-120", about="seconds until a saved price or stock is visible")
declare("stock.race", "off", "on", "off", about="somebody buys just before each save of stock")
declare("offers.corridor", "0.25-4", about="lowest and highest price, as parts of the market's")

# What one unit of the currency a seller may price in is worth in the platform's own.
RATES = {
    "RON": {"EUR": "5.08", "PLN": "1.19"},
    "HUF": {"EUR": "389", "PLN": "91.5"},
    "BGN": {"EUR": "1.95583", "PLN": "0.4585"},
    "EUR": {"EUR": "1", "PLN": "0.2347"},
}
# What `start_date` postpones; everything else applies at once.
POSTPONED = frozenset(
    {"sale_price", "recommended_price", "stock", "handling_time", "vat_id", "warranty", "status"}
)


def span(text: str, rng: Random) -> float:
    """A number of seconds drawn from "30-120", or the one that is written.

    >>> span("5", Random(1))
    5.0
    """
    low, _, high = str(text).partition("-")
    return rng.uniform(float(low), float(high)) if high else float(low)


def offer_values(sent: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """The offer keys of a checked save in the form they are stored."""
    values: dict[str, Any] = {}
    rate = Decimal(RATES[currency].get(str(sent.get("currency_type")), "1"))
    for key in (*PRICES, "green_tax"):
        amount = decimal(sent.get(key))
        if amount is not None:
            values[key] = four(amount * rate)
    for key in ("vat_id", "status", "warranty", "supply_lead_time"):
        if sent.get(key) is not None:
            values[key] = whole(sent[key])
    if sent.get("emag_club") is not None:
        values["emag_club"] = int(bool(flag(sent["emag_club"])))
    for key in ("stock", "handling_time"):
        if sent.get(key) is not None:
            values[key] = [
                {"warehouse_id": whole(entry["warehouse_id"]), "value": whole(entry["value"])}
                for entry in sent[key]
            ]
    return values


def own_currency(account: Account, now: datetime) -> str:
    return currency_of(account.platform, now.strftime("%Y-%m-%d"))


def accept(
    world: World,
    account: Account,
    offer: Document,
    values: dict[str, Any],
    starts: date | None = None,
) -> None:
    """Take over the values of a save: at once, after the lag, or on the day it names."""
    if "stock" in values and _is_raced(world, account, offer):
        offer.update(offers(world, account).get(offer["id"]) or {})  # an order has just changed it
    later = {key: value for key, value in values.items() if starts and key in POSTPONED}
    soon = {key: value for key, value in values.items() if key not in later}
    lag = span(
        world.switches.get("offers.apply_lag", account.key, account.platform), world.rng("offers")
    )
    at = max(world.clock.instant() + lag, offer["_apply_at"])
    if later and starts:
        midnight = datetime.combine(starts, datetime.min.time())
        world.schedule(midnight, "offer_applied", {"id": offer["id"], "values": later}, account)
    if not soon:
        return
    if at <= world.clock.instant():
        apply_values(world, account, offer, soon)
        return
    offer["_apply_at"] = at
    offers(world, account).put(offer["id"], offer)
    world.schedule(at, "offer_applied", {"id": offer["id"], "values": soon}, account)


def _is_raced(world: World, account: Account, offer: Document) -> bool:
    """Somebody buys between the moment the seller looked at the stock and this save of it."""
    if world.switches.get("stock.race", account.key, account.platform) != "on":
        return False
    if not is_sellable(offer):
        return False
    place(world, account, wish=Wish(lines=1), choice=(from_offer(offer, account.platform),))
    return True


def apply_values(world: World, account: Account, offer: Document, values: dict[str, Any]) -> None:
    """Make the values visible, and let everything follow that depends on them."""
    write_values(world, account, offer, values)
    offers(world, account).put(offer["id"], offer)
    world.journal.effect("offer.applied", account.key, offer["id"], values)
    buybox.rank(world, account.platform, offer["part_number_key"])


def write_values(world: World, account: Account, offer: Document, values: dict[str, Any]) -> None:
    for key, value in values.items():
        if key == "stock":
            set_stock(offer, value)
        elif key in ("emag_club", "supply_lead_time"):
            offer["offer_details"][key] = value
        else:
            offer[key] = value
    usual, price = offer["recommended_price"], offer["sale_price"]
    if usual and price and Decimal(usual) <= Decimal(price):
        offer["recommended_price"] = None  # overtaken by a new price, it recommends nothing
    check_corridor(world, account, offer)


def check_corridor(world: World, account: Account, offer: Document) -> None:
    """Far from what the market asks, a price waits until a person has looked at it."""
    market, price = offer["_market"], offer["sale_price"]
    if price is None:
        return
    state = SALEABLE
    if market:
        low, _, high = str(
            world.switches.get("offers.corridor", account.key, account.platform)
        ).partition("-")
        parts = Decimal(price) / Decimal(market)
        if not Decimal(low) <= parts <= Decimal(high):
            state = INVALID_PRICE
    set_price_state(offer, state)


def known_prices(stored: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The prices as they will be: limits may have been sent long ago, a recommendation counts
    only with the price it was sent with."""
    known = {key: values.get(key, stored.get(key)) for key in PRICES}
    known["recommended_price"] = values.get("recommended_price")
    return known


def starting_day(sent: Mapping[str, Any]) -> date | None:
    return day(sent.get("start_date"))


@event("offer_applied")
def offer_applied(world: World, account: Account | None, payload: dict[str, Any]) -> None:
    if account is None:
        return
    offer = offers(world, account).get(payload["id"])
    if offer is not None:
        apply_values(world, account, offer, payload["values"])
