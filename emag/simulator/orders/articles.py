"""What can be ordered: the account's active offers, or made-up goods where it has none yet."""

from __future__ import annotations

import zlib
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from emag.simulator import buybox
from emag.simulator.accounts import Account
from emag.simulator.seeds.goods import goods
from emag.simulator.seeds.vat import rate_of
from emag.simulator.store import Document
from emag.simulator.world import World

FIRST_ID = 1001
MOST = 400


class Article(NamedTuple):
    product_id: int
    name: str
    part_number: str
    ext_part_number: str
    part_number_key: str
    sale_price: Decimal
    original_price: Decimal
    vat: str
    deposit: str | None
    mkt_id: int
    #: How much of the demand comes here: the share of the buy box.
    weight: float = 1.0


def articles(world: World, account: Account) -> tuple[Article, ...]:
    """Up to 400 articles; the same ones until offers change in number."""
    offers = world.docs("offer", account)
    found = offers.page(0, MOST, "id", status=1, estimated_stock__gt=0) or offers.page(
        0, MOST, "id", status=1
    )
    shares = buybox.shares(world, account)
    return tuple(
        from_offer(offer, account.platform, buybox.share(offer, shares))
        for offer in found
        if offer.get("sale_price")
    ) or made_up(world.seed)


def from_offer(offer: Document, platform: str, weight: float = 1.0) -> Article:
    price = Decimal(str(offer["sale_price"]))
    usual = Decimal(str(offer.get("recommended_price") or price))
    return Article(
        product_id=int(offer["id"]),
        name=offer["name"][:255],
        part_number=str(offer["part_number"]).replace("-", "")[:25],
        ext_part_number=str(offer["part_number"])[:25],
        part_number_key=offer.get("part_number_key") or "",
        sale_price=price,
        original_price=max(price, usual),
        vat=rate_of(platform, offer.get("vat_id")),
        deposit=offer.get("_deposit"),
        mkt_id=7_000_000 + zlib.crc32(str(offer.get("part_number_key")).encode()) % 999_999,
        weight=weight,
    )


@cache
def made_up(seed: int) -> tuple[Article, ...]:
    return tuple(
        Article(
            product_id=FIRST_ID + one.number,
            name=one.title,
            part_number=one.part_number.replace("-", "")[:25],
            ext_part_number=one.part_number[:25],
            part_number_key=one.key,
            sale_price=one.price,
            original_price=one.price,
            vat=one.vat,
            deposit=one.deposit,
            mkt_id=7_000_000 + one.number,
        )
        for one in goods(seed, 80)
    )
