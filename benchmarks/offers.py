"""A whole catalogue coming in: how fast offers and their products are stored, first to last.

Pages of a hundred, as a marketplace gives them. What grows with the catalogue shows in the last
tenth beside the first. BENCH_OFFERS chooses another size.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from django.utils import timezone

from accounts.models import MarketplaceAccount
from benchmarks.ingest import PAGE, WORDS, an_account, timed
from benchmarks.report import Report
from catalog.intake import OfferIn
from catalog.models import Offer, Product
from catalog.services import import_offers

OFFERS = int(os.environ.get("BENCH_OFFERS", "100000"))
PARTS = 10
SECTION = f"Storing {OFFERS:,} offers with their products, barcodes and 3 pictures"
MOST_NEW = 500.0  # microseconds an offer: 2,000 a second, at every size
MOST_UNCHANGED = 200.0


def run(report: Report) -> None:
    account = an_account()
    try:
        parts = list(parts_of(OFFERS))
        seconds = [stored(account, part, "new") / sum(map(len, part)) for part in parts]
        report.add(SECTION, "new: an offer, of the first tenth", seconds[0] * 1e6, "µs", MOST_NEW)
        report.add(SECTION, "new: an offer, of the last tenth", seconds[-1] * 1e6, "µs", MOST_NEW)
        report.add(SECTION, "new: the slowest tenth", max(seconds) * 1e6, "µs", MOST_NEW)
        last = [[replace(offer, read_at=timezone.now()) for offer in page] for page in parts[-1]]
        again = stored(account, last, "unchanged") / sum(map(len, last))
        report.add(SECTION, "unchanged: an offer", again * 1e6, "µs", MOST_UNCHANGED)
    finally:
        forget(account)


def stored(account: MarketplaceAccount, pages: Sequence[Sequence[OfferIn]], part: str) -> float:
    """Seconds that importing these pages takes; all of their offers are to be `part`."""
    found = 0

    def take() -> None:
        nonlocal found
        found = sum(len(getattr(import_offers(account, page), part)) for page in pages)

    seconds, _log = timed(take)
    if found != sum(map(len, pages)):
        raise RuntimeError(f"{found} offers were {part}")
    return seconds


def parts_of(number: int) -> Iterator[list[list[OfferIn]]]:
    """The catalogue in tenths, each in pages."""
    chance = random.Random(2)
    offers = [an_offer(n, chance) for n in range(number)]
    pages = [offers[start : start + PAGE] for start in range(0, number, PAGE)]
    size = -(-len(pages) // PARTS)
    for start in range(0, len(pages), size):
        yield pages[start : start + size]


def an_offer(n: int, chance: random.Random) -> OfferIn:
    picture = f"https://pictures.example/{n:06d}"
    return OfferIn(
        external_id=str(1000 + n), read_at=timezone.now(),
        name=" ".join(chance.sample(WORDS, 9)).capitalize(), sku=f"BENCH-{n:06d}", currency="RON",
        price=Decimal(chance.randrange(100_000, 9_000_000)).scaleb(-4), status="active",
        remote_status="1", vat_rate=Decimal("0.2100"), catalogue_key=f"D{n:07d}BM",
        barcodes=(f"594{n:010d}",), brand=chance.choice(("Ordina", "Arvex", "Nordhaus", "Puf")),
        category_external_id=str(500 + n % 97), url=f"https://shop.example/pd/D{n:07d}BM",
        images=tuple(f"{picture}/{place}.jpg" for place in range(3)),
        stock=chance.randrange(50), handling_days=0, warranty_months=24, is_sellable=True,
        validation_status="9", owns_content=True, rank=1 + n % 4, rivals=3,
    )  # fmt: skip


def forget(account: MarketplaceAccount) -> None:
    products = list(account.offers.values_list("product", flat=True))
    Offer.objects.filter(account=account).delete()
    for start in range(0, len(products), 1000):
        Product.objects.filter(pk__in=products[start : start + 1000]).delete()
    account.delete()
