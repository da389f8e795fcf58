"""Who wins "Add to cart": our offers against competitors that react to each other.

Every product of the catalogue has up to eight competitors, each with a way of pricing. Once a
tick some of them move; then all sellable offers of the product are ranked by a score in which
the price counts most.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any

from emag.simulator import catalogue
from emag.simulator.decimals import PLACES, four
from emag.simulator.events import event
from emag.simulator.offer_docs import is_sellable, offers
from emag.simulator.store import Document
from emag.simulator.switches import declare

if TYPE_CHECKING:
    from emag.simulator.accounts import Account
    from emag.simulator.world import World

declare("buybox.tick", 0.0, about="seconds between moves of competitors; 0 is never")
declare("buybox.products_per_tick", 200, about="products whose competitors move in one tick")
declare("buybox.share", "0.85/0.10/0.05", about="demand of rank 1/2/3")

FOLLOWER, STATIC, FLOOR, WALK = "follower", "static", "floor", "walk"
_POLICIES = (STATIC, FOLLOWER, FLOOR, WALK)
_SELLERS = (
    "Depozitul Online",
    "Casa Ideal",
    "TechZone",
    "Market Plus",
    "Hala de Oferte",
    "Bazar Modern",
    "Pret Corect",
    "Expres Shop",
)


def competitors(rng: Random, price: Decimal) -> list[dict[str, Any]]:
    """None to eight sellers of one product, around its usual price."""
    names = rng.sample(_SELLERS, k=rng.choice((0, 0, 1, 1, 2, 3, 4, 6, 8)))
    return [
        {
            "seller": name,
            "price": four(price * Decimal(rng.randint(93, 118)) / 100),
            "floor": four(price * Decimal(rng.randint(80, 92)) / 100),
            "handling": rng.choice((0, 1, 1, 2, 3)),
            "score": rng.randint(70, 99),
            "genius": rng.random() < 0.4,
            "stock": rng.choice((0, 3, 8, 20, 50, 120)),
            "policy": rng.choice(_POLICIES),
        }
        for name in names
    ]


def rank(world: World, platform: str, key: str | None) -> None:
    """Work out rank, number of offers and best prices of a product, on each of our offers."""
    product = catalogue.by_key(world, platform, key)
    if product is None:
        return
    ours = list(_our_offers(world, platform, product["key"]))
    for account, offer, changed in rank_offers(product, ours):
        if changed:
            offers(world, account).put(offer["id"], offer)


def rank_offers(
    product: Document, ours: Iterable[tuple[Account, Document]]
) -> list[tuple[Account, Document, bool]]:
    """The offers with their place written in, and whether that changed anything."""
    ours = list(ours)
    entries: list[tuple[Decimal, Decimal, Decimal | None, int | None]] = [
        (
            _score(Decimal(one["price"]), one["handling"], one["score"], one["genius"]),
            Decimal(one["price"]),
            None,
            None,
        )
        for one in product["competitors"]
        if one["stock"] > 0
    ]
    for place, (_, offer) in enumerate(ours):
        if is_sellable(offer):
            price = Decimal(offer["sale_price"])
            handling = min((entry["value"] for entry in offer["handling_time"]), default=0)
            score = _score(price, handling, 90, offer["offer_details"]["emag_club"] == 1)
            usual = offer["recommended_price"]
            entries.append((score, price, Decimal(usual) if usual else None, place))
    entries.sort(key=lambda entry: (entry[0], entry[3] is None))
    best = min(entries, key=lambda entry: entry[1], default=None)
    ranks = {entry[3]: number for number, entry in enumerate(entries, start=1)}
    found = []
    for place, (account, offer) in enumerate(ours):
        facts = {
            "buy_button_rank": ranks.get(place),
            "number_of_offers": len(entries),
            "best_offer_sale_price": four(best[1]) if best else None,
            "best_offer_recommended_price": four(best[2]) if best and best[2] else None,
            "main_offer_price": four(entries[0][1]) if entries else None,
        }
        changed = any(offer[name] != value for name, value in facts.items())
        offer.update(facts)
        found.append((account, offer, changed))
    return found


def shares(world: World, account: Account) -> list[float]:
    """How the demand for a product is divided among its first ranks."""
    text = str(world.switches.get("buybox.share", account.key, account.platform))
    return [float(part) for part in text.split("/")]


def share(offer: Document, shares: list[float]) -> float:
    """The part of a product's demand that goes to this offer, 0 where nobody can buy it."""
    rank: int | None = offer["buy_button_rank"]
    if not is_sellable(offer) or rank is None or rank > len(shares):
        return 0.0
    return shares[rank - 1]


def _our_offers(world: World, platform: str, key: str) -> Iterable[tuple[Account, Document]]:
    for account in world.accounts.values():
        if account.platform == platform:
            for offer in offers(world, account).find(part_number_key=key):
                yield account, offer


def _score(price: Decimal, handling: int, seller: int, has_genius: bool) -> Decimal:
    """Lower wins. A day of handling weighs 1.5 % of the price, ten points of rating 1 %."""
    factor = 1 + Decimal(handling) * Decimal("0.015") - Decimal(seller) / 1000
    return price * (factor - (Decimal("0.02") if has_genius else 0))


def start(world: World, platform: str) -> None:
    """Let competitors move on this platform, where the switch says so."""
    seconds = float(world.switches.get("buybox.tick", platform))
    if seconds > 0:
        world.schedule(timedelta(seconds=seconds), "buybox_tick", {"platform": platform})


@event("buybox_tick")
def buybox_tick(world: World, account: Account | None, payload: dict[str, Any]) -> None:
    platform = payload["platform"]
    rng = world.rng("buybox")
    most = int(world.switches.get("buybox.products_per_tick", platform))
    docs = catalogue.products(world, platform)
    start_at = rng.randrange(max(1, docs.count() - most + 1))
    for product in docs.page(start_at, most):
        if product["competitors"] and _react(rng, product, _lowest(world, platform, product)):
            docs.put(product["key"], product)
            rank(world, platform, product["key"])
    start(world, platform)


def _lowest(world: World, platform: str, product: Document) -> Decimal | None:
    prices = [Decimal(one["price"]) for one in product["competitors"] if one["stock"] > 0]
    prices += [
        Decimal(offer["sale_price"])
        for _, offer in _our_offers(world, platform, product["key"])
        if is_sellable(offer)
    ]
    return min(prices, default=None)


def _react(rng: Random, product: Document, lowest: Decimal | None) -> bool:
    """Each competitor moves by its policy; True when a price or a stock changed."""
    moved = False
    for one in product["competitors"]:
        price, floor = Decimal(one["price"]), Decimal(one["floor"])
        wanted = price
        if (
            one["policy"] == FOLLOWER
            and lowest is not None
            and lowest < price
            and rng.random() < 0.5
        ):
            wanted = max(floor, lowest - Decimal("0.5"))
        elif one["policy"] == FLOOR and rng.random() < 0.1:
            wanted = floor
        elif one["policy"] == WALK:
            wanted = max(floor, price * Decimal(rng.randint(990, 1010)) / 1000)
        stock = max(0, one["stock"] - 1) if rng.random() < 0.1 else one["stock"]
        if not stock and rng.random() < 0.2:
            stock = rng.choice((10, 25, 60))
        wanted = wanted.quantize(PLACES)
        moved = moved or wanted != price or stock != one["stock"]
        one["price"], one["stock"] = four(wanted), stock
    return moved
