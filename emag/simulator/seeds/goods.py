"""Believable products: Romanian titles, brands, prices, characteristics, EANs that check out."""

import json
import random
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ..gtin import with_check_digit
from .categories import categories

TITLE_LENGTH = 200  # what the marketplace's own pages show of a name
_ENDINGS = ("BBM", "MBM", "YBM", "JBM")
_KEY_SIGNS = "0123456789BCDFGHJKLMNPQRSTVWXYZ"
_COLOURS = ("Negru", "Alb", "Gri", "Roșu", "Albastru", "Verde", "Bej", "Mov")
# 594 is the prefix of Romanian barcodes; the sequence behind it keeps them unique.
_EAN_PREFIX = "5945"


class Goods(NamedTuple):
    """One product of the catalogue, before anybody sells it."""

    number: int
    category: int
    brand: str
    title: str
    part_number: str
    ean: str
    key: str
    price: Decimal  # without VAT
    vat: str  # the rate as order lines write it, "0.2100"
    characteristics: list[dict[str, Any]]
    deposit: str | None  # what the returnable packaging is made of


@cache
def _words() -> dict[int, dict[str, Any]]:
    text = Path(__file__).with_name("goods.json").read_text(encoding="utf-8")
    return {int(number): words for number, words in json.loads(text).items()}


def goods(seed: int, count: int, *, first: int = 0) -> Iterator[Goods]:
    """`count` products; the same seed gives the same ones, from whichever number on."""
    numbers = sorted(_words())
    for number in range(first, first + count):
        # A generator for each product: the hundredth is the same however many are made.
        rng = random.Random(seed * 1_000_003 + number)  # noqa: S311 - it wants to repeat itself
        yield _one(rng, number, numbers[number % len(numbers)])


def _one(rng: random.Random, number: int, category: int) -> Goods:
    words = _words()[category]
    brand = rng.choice(words["brands"])
    series = rng.choice(words["series"])
    colour = rng.choice(_COLOURS)
    model = f"{brand[0]}{series[0]}{number % 900 + 100}".upper()
    return Goods(
        number=number,
        category=category,
        brand=brand,
        title=_title(rng, words, brand, f"{series} {model}", colour),
        part_number=f"{brand[:3].upper()}-{category}-{number:06d}".replace(" ", ""),
        ean=with_check_digit(f"{_EAN_PREFIX}{number:08d}"),
        key=part_number_key(rng, number),
        price=_price(rng, words),
        vat=words["vat"],
        characteristics=_characteristics(rng, category, colour),
        deposit=words.get("deposit"),
    )


def _title(rng: random.Random, words: dict[str, Any], brand: str, model: str, colour: str) -> str:
    """Noun, brand and model, then as many features as a seller thinks one needs."""
    features = rng.sample(words["features"], k=rng.randint(2, len(words["features"])))
    title = f"{words['noun']} {brand} {model}"
    for feature in [*features, colour]:
        if len(title) + len(feature) + 2 > TITLE_LENGTH:
            break
        title = f"{title}, {feature}"
    return title


def _price(rng: random.Random, words: dict[str, Any]) -> Decimal:
    """A shelf price that ends in 99 bani, without its VAT."""
    low, high = words["price"]
    shelf = Decimal(rng.randint(low, high)) + Decimal("0.99")
    return (shelf / (1 + Decimal(words["vat"]))).quantize(Decimal("0.0001"))


def part_number_key(rng: random.Random, number: int) -> str:
    """A PNK such as DXK7T2BBM: letters and digits mixed, unique for each number."""
    signs = []
    # Neighbours must not look alike, so the number is spread over all keys (a bijection).
    number = (number * 611_953 + 413_158) % len(_KEY_SIGNS) ** 4
    for _ in range(4):
        number, rest = divmod(number, len(_KEY_SIGNS))
        signs.append(_KEY_SIGNS[rest])
    # The fifth sign is always a digit, so that no key is a word.
    return f"D{''.join(signs)}{rng.randint(0, 9)}{rng.choice(_ENDINGS)}"


def _characteristics(rng: random.Random, category: int, colour: str) -> list[dict[str, Any]]:
    found = []
    for one, _ in categories()[category].characteristics:
        value = {
            "Culoare": colour,
            "Număr piese": str(rng.choice((1, 2, 4, 6, 12))),
            "Număr pagini": str(rng.randint(24, 320)),
        }.get(one.ro) or (rng.choice(one.values) if one.values else "1")
        if one.tags:
            size = rng.choice(one.values).split()[0]
            found += [
                {"id": one.id, "value": f"{size} EU", "tag": "original"},
                {"id": one.id, "value": f"{size} intl", "tag": "converted"},
            ]
        else:
            found.append({"id": one.id, "value": value})
    return found


def description(title: str, brand: str) -> str:
    """HTML of the kind sellers paste: entities and line ends of another system included."""
    return (
        f"<h2>{title}</h2>\r\n<p>Produs nou, original {brand}, cu garan&#539;ie &icirc;n "
        "Rom&acirc;nia. Expediem &icirc;n aceea&#537;i zi comenzile primite p&acirc;n&#259; la "
        "ora 14.</p>\r\n<ul><li>Factur&#259; fiscal&#259;</li><li>Retur &icirc;n 30 de zile</li>"
        "</ul>\r\n"
    )
