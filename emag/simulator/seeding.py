"""What a new world and a new account start with.

`prepare_platform` gives a platform its places, catalogue and campaigns; `prepare_account` gives
an account its couriers, addresses and offers. Both do nothing where that is already there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any

from emag.simulator import buybox, campaigns, catalogue
from emag.simulator.accounts import currency_of
from emag.simulator.decimals import four
from emag.simulator.documentation import FAMILY_VALUES
from emag.simulator.offer_docs import (
    APPROVED,
    BLOCKED,
    DRAFT,
    EAN_CONFLICT,
    INVALID_PRICE,
    PENDING,
    REJECTED,
    SALEABLE,
    UPDATE_PENDING,
    UPDATE_REJECTED,
    blank,
    eans_of_offers,
    offers,
    set_price_state,
    set_stock,
    set_validation,
    stock_moved,
)
from emag.simulator.rng import seeded
from emag.simulator.seeds.goods import Goods, description, goods
from emag.simulator.seeds.offices import addresses, couriers, parcels
from emag.simulator.seeds.places import localities
from emag.simulator.seeds.vat import id_of
from emag.simulator.stock import reserved_units
from emag.simulator.store import Document, declare_kind
from emag.simulator.switches import declare

if TYPE_CHECKING:
    from emag.simulator.accounts import Account
    from emag.simulator.world import World

declare_kind("parcel", order="id")
declare("offers.fbs_count", 120, about="offers a new account of its own stock starts with")
declare("offers.fbe_count", 40, about="offers a new FBE account starts with")

FIRST_OFFER = 1001
FIRST_DETAILS = 48_100_001
PART = 5_000
RANKED = 500  # offers of a new account that are ranked against those of the others
# A product of the documentation's examples, which is in the catalogue from the beginning.
EXAMPLE_KEY, EXAMPLE_EAN = "DXK7T2BBM", "5940000001041"
PRICES_IN = {"RON": "1", "BGN": "0.3850", "EUR": "0.1969", "HUF": "76.50"}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Every `every`-th offer of a seeded account has it, from `first` on."""

    name: str
    every: int
    first: int


# What an account that has been selling for a while looks like.
TROUBLES = (
    Trouble("sold_out", 12, 5),
    Trouble("documentation_rejected", 29, 7),
    Trouble("price_invalid", 31, 11),
    Trouble("inactive", 23, 13),
    Trouble("pending", 37, 17),
    Trouble("update_pending", 41, 19),
    Trouble("update_rejected", 47, 23),
    Trouble("ean_conflict", 53, 27),
    Trouble("draft", 59, 31),
    Trouble("blocked", 61, 37),
    Trouble("ended", 43, 41),
)


def prepare_platform(world: World, platform: str) -> None:
    """Places, campaigns and the example product, once."""
    places = world.shared_docs("locality")
    if not places.count():
        places.put_many((place["emag_id"], place) for place in localities())
    if catalogue.by_key(world, platform, EXAMPLE_KEY) is not None:
        return
    shared = world.shared_docs("campaign", platform)
    shared.put_many((one["id"], one) for one in campaigns.campaigns_at(world.clock.now().date()))
    example = catalogue.product_document(
        key=EXAMPLE_KEY,
        name="Pantofi sport Arvex Runner, Negru",
        brand="Arvex",
        category=2735,
        eans=[EXAMPLE_EAN],
        price="165.2810",
        competitors=buybox.competitors(seeded(world.seed, platform, "example"), Decimal("165.281")),
    )
    catalogue.add(world, platform, example)
    catalogue.approve_brand(world, platform, "Arvex")
    buybox.start(world, platform)


def prepare_account(world: World, account: Account, *, count: int | None = None) -> None:
    """Couriers, addresses, parcels and offers of an account that has none yet."""
    with world.transaction():
        prepare_platform(world, account.platform)
        if world.docs("courier", account).count():
            return
        world.docs("courier", account).put_many(
            (one["account_id"], one) for one in couriers(account.platform)
        )
        world.docs("address", account).put_many(
            (int(one["address_id"]), one) for one in addresses(account.platform)
        )
        world.docs("parcel", account).put_many(enumerate(parcels(), start=1))
        if count is None:
            name = "offers.fbe_count" if account.kind == "fbe" else "offers.fbs_count"
            count = int(world.switches.get(name, account.key, account.platform))
        add_offers(world, account, count)
        if count <= RANKED:
            for key in _keys(world, account):
                buybox.rank(world, account.platform, key)
        world.schedule(timedelta(days=1), "offers_end_of_life", {}, account)


def _keys(world: World, account: Account) -> list[str]:
    """The products that other accounts of the platform sell as well."""
    others = [
        one
        for one in world.accounts.values()
        if one.platform == account.platform and one.key != account.key
    ]
    return [
        key
        for offer in offers(world, account).find()
        if (key := offer["part_number_key"])
        and any(offers(world, one).count(part_number_key=key) for one in others)
    ]


def add_offers(world: World, account: Account, count: int, *, first: int = 0) -> None:
    """`count` believable offers, the same ones for the same seed; 100,000 in some seconds.

    Accounts of one platform sell the same products, as a seller with an FBE account does.
    """
    for start in range(first, first + count, PART):
        made = list(goods(world.seed, min(PART, first + count - start), first=start))
        _add_products(world, account, made)
        _add_part(world, account, made)


def _add_products(world: World, account: Account, made: list[Goods]) -> None:
    platform = account.platform
    docs = catalogue.products(world, platform)
    known = set(docs.ids(id=[one.key for one in made]))
    factor = _price_factor(world, account)
    catalogue.add_many(
        world,
        platform,
        (
            catalogue.product_document(
                key=one.key,
                name=one.title,
                brand=one.brand,
                category=one.category,
                eans=[one.ean],
                price=four(one.price * factor),
                owner=account.key if one.number % 5 else "",
                competitors=buybox.competitors(
                    seeded(world.seed, "competitors", one.number), one.price * factor
                ),
            )
            for one in made
            if one.key not in known
        ),
    )
    for brand in sorted({one.brand for one in made}):
        catalogue.approve_brand(world, platform, brand)


def _price_factor(world: World, account: Account) -> Decimal:
    currency = currency_of(account.platform, world.now_text())
    return Decimal(PRICES_IN[currency])


def _add_part(world: World, account: Account, made: list[Goods]) -> None:
    docs = catalogue.products(world, account.platform)
    products = {product["key"]: product for product in docs.find(id=[one.key for one in made])}
    reserved = reserved_units(world, account)  # by orders that are older than the offers
    pairs: list[tuple[int, Document]] = []
    for one in made:
        rng = seeded(world.seed, account.key, one.number)
        offer = _offer(world, account, one, rng)
        product = products[one.key]
        offer["ownership"] = product["owner"] == account.key
        offer["_reserved"] = reserved.get(offer["id"], 0)
        stock_moved(offer)
        for trouble in TROUBLES:
            if (
                one.number % trouble.every == trouble.first % trouble.every
                and one.number >= trouble.first
            ):
                give_trouble(offer, trouble.name)
                break
        buybox.rank_offers(product, [(account, offer)])
        pairs.append((offer["id"], offer))
    offers(world, account).put_many(pairs)
    eans_of_offers(world, account).put_many(
        (ean, {"ean": ean, "offer": id}) for id, offer in pairs for ean in offer["ean"]
    )


def _offer(world: World, account: Account, one: Goods, rng: Random) -> Document:
    currency = currency_of(account.platform, world.now_text())
    id = FIRST_OFFER + one.number
    offer = blank(
        id,
        details_id=FIRST_DETAILS + one.number + 5_000_000 * (account.number - 1),
        currency=currency,
    )
    price = one.price * Decimal(PRICES_IN[currency])
    offer.update(
        part_number_key=one.key,
        brand_name=one.brand,
        category_id=one.category,
        vendor_category_id=one.category % 100,
        brand=one.brand,
        name=one.title,
        part_number=one.part_number,
        sale_price=four(price),
        min_sale_price=four(price * Decimal("0.70")),
        max_sale_price=four(price * Decimal("1.60")),
        recommended_price=four(price * Decimal("1.25")) if rng.random() < 0.3 else None,
        description=description(one.title, one.brand),
        url=f"https://shop.example.ro/{one.part_number.lower()}" if rng.random() < 0.5 else "",
        warranty=rng.choice((0, 12, 24, 24)),
        status=1,
        images=_images(one, rng),
        characteristics=one.characteristics,
        vat_id=id_of(account.platform, one.vat),
        ean=[one.ean],
        handling_time=[{"warehouse_id": 1, "value": rng.choice((0, 0, 1, 1, 2))}],
        genius_eligibility=int(rng.random() < 0.6),
        genius_eligibility_type=rng.choice((1, 2, 3)),
        manufacturer=True,
    )
    offer["genius_computed"] = (
        offer["genius_eligibility_type"] if offer["genius_eligibility"] else 0
    )
    offer["recycleWarranties"] = int(one.deposit is not None)
    offer["offer_details"]["emag_club"] = offer["genius_eligibility"]
    offer["_manufacturer"] = [
        {
            "name": f"{one.brand} SRL",
            "address": "Str. Fabricii 1, Cluj-Napoca, RO",
            "email": "gpsr@brand.example",
        }
    ]
    offer["_deposit"] = one.deposit
    offer["_market"] = offer["sale_price"]
    offer["_created"] = "2025-02-01 10:00:00"
    set_validation(offer, APPROVED)
    set_price_state(offer, SALEABLE)
    set_stock(offer, [{"warehouse_id": 1, "value": rng.choice((3, 8, 14, 20, 35, 60, 110, 240))}])
    return offer


def _images(one: Goods, rng: Random) -> list[dict[str, Any]]:
    return [
        {
            "url": f"https://marketplace-static.example/r/{one.number:06d}-{place}.jpg",
            "display_type": 1 if place == 1 else 0,
        }
        for place in range(1, rng.randint(2, 5))
    ]


def give_trouble(offer: Document, name: str) -> None:
    """One of the things that go wrong with offers."""
    states = {
        "pending": PENDING,
        "update_pending": UPDATE_PENDING,
        "update_rejected": UPDATE_REJECTED,
        "ean_conflict": EAN_CONFLICT,
        "blocked": BLOCKED,
    }
    if name in states:
        set_validation(offer, states[name])
    elif name == "sold_out":
        set_stock(offer, [{"warehouse_id": 1, "value": 0}])
    elif name == "documentation_rejected":
        reasons = ["value of characteristic with id 5401 is empty", f"Mktp Family: {FAMILY_VALUES}"]
        set_validation(offer, REJECTED, reasons)
        offer["doc_errors"] = [{"message": reason} for reason in reasons]
    elif name == "price_invalid":
        set_price_state(offer, INVALID_PRICE)
    elif name in ("inactive", "ended"):
        offer["status"] = 0 if name == "inactive" else 2
    elif name == "draft":
        set_validation(offer, DRAFT, {"missing": ["warranty"]})
        offer["part_number_key"] = None
        offer["_sent"] = {"id": offer["id"], "name": offer["name"], "brand": offer["brand"]}
        offer["_sent"]["part_number"] = offer["part_number"]
