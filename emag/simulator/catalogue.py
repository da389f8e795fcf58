"""The marketplace's own catalogue: products that any seller may sell, and their competitors.

A product is known by its key (PNK); several products may carry the same barcode.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from emag.simulator.seeds.goods import part_number_key
from emag.simulator.store import Docs, Document, declare_kind

if TYPE_CHECKING:
    from emag.simulator.world import World

declare_kind("product", order="id")
declare_kind("product_ean", order="id")

# Numbers from here on belong to products that sellers bring while the world runs.
FIRST_NEW = 700_000


def products(world: World, platform: str) -> Docs:
    return world.shared_docs("product", platform)


def by_key(world: World, platform: str, key: str | None) -> Document | None:
    return products(world, platform).get(key) if key else None


def by_ean(world: World, platform: str, ean: str) -> list[Document]:
    """The products that carry this barcode."""
    row = world.shared_docs("product_ean", platform).get(ean)
    found = (by_key(world, platform, key) for key in (row["keys"] if row else ()))
    return [product for product in found if product is not None]


def add(world: World, platform: str, product: Document) -> None:
    """A product becomes part of the catalogue."""
    add_many(world, platform, [product])


def add_many(world: World, platform: str, new: Iterable[Document]) -> None:
    new = list(new)
    products(world, platform).put_many((product["key"], product) for product in new)
    eans = world.shared_docs("product_ean", platform)
    carried: dict[str, list[str]] = {}
    for product in new:
        for ean in product["eans"]:
            row = carried.get(ean)
            if row is None:
                known = eans.get(ean)
                row = carried[ean] = known["keys"] if known else []
            if product["key"] not in row:
                row.append(product["key"])
    eans.put_many((ean, {"keys": keys}) for ean, keys in carried.items())


def new_key(world: World, platform: str) -> str:
    """A key nobody has."""
    while True:
        number = world.store.next_number(f"product:{platform}", FIRST_NEW)
        key = part_number_key(world.rng("catalogue"), number)
        if products(world, platform).get(key) is None:
            return key


def brands(world: World, platform: str) -> Docs:
    """Brands that the catalogue has approved, by their lower-case name."""
    return world.shared_docs("brand", platform)


def knows_brand(world: World, platform: str, brand: str) -> bool:
    return brands(world, platform).get(brand.casefold()) is not None


def approve_brand(world: World, platform: str, brand: str) -> None:
    brands(world, platform).put(brand.casefold(), {"name": brand})


def product_document(
    *,
    key: str,
    name: str,
    brand: str,
    category: int,
    eans: list[str],
    price: str,
    owner: str = "",
    competitors: Iterable[dict[str, Any]] = (),
    hotness: str | None = "COLD",
) -> Document:
    """A product as the catalogue keeps it. `owner` is the account that may edit its content;
    `price` is what the market asks for it, without VAT."""
    return {
        "key": key,
        "name": name,
        "brand": brand,
        "category": category,
        "eans": eans,
        "price": price,
        "owner": owner,
        "hotness": hotness,
        "duplicate_of": None,
        "competitors": list(competitors),
    }
