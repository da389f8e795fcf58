"""Taking over what a marketplace says of our offers: set by set, never row by row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import MarketplaceAccount
from catalog.events import offers_changed
from catalog.intake import OfferIn
from catalog.models import Offer, PriceChange, StockChange
from catalog.services.matching import complete_products, products_for
from core import live
from core.locks import hold_in_transaction

AT_ONCE = 1000
CLOCKS_DIFFER = dt.timedelta(minutes=1)  # between hosts, as long as nothing is wrong

# What a reading overwrites, in the order of `_facts`.
REMOTE_FIELDS = (
    "name", "sku", "brand", "catalogue_key", "barcodes", "category_external_id", "url",
    "image_url", "currency", "price", "price_before", "price_min", "price_max", "vat_rate",
    "stock", "stock_free", "handling_days", "warranty_months", "status", "remote_status",
    "is_sellable", "validation_status", "validation_text", "problems", "owns_content", "rank",
    "rivals", "best_price",
)  # fmt: skip
# What we may have sent since; a reading that began before that does not know of it.
PUSHED_FIELDS = ("price", "stock", "status", "remote_status")
_stored_facts = attrgetter(*REMOTE_FIELDS)
_pushed_places = [REMOTE_FIELDS.index(name) for name in PUSHED_FIELDS]
Facts = tuple[Any, ...]


@dataclass(slots=True)
class ImportReport:
    """What became of the offers of an import, by their numbers at the marketplace."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)  # older than what is stored, wholly or partly


def import_offers(account: MarketplaceAccount, offers: Sequence[OfferIn]) -> ImportReport:
    """Make our offers of the account equal to what was read, and products for those that are new.

    One transaction. A reading that is older than the stored one changes nothing, one that says the
    same writes nothing, and one that began before our last push leaves alone what was pushed. A
    wish of ours that has not been sent yet is never touched.
    """
    report = ImportReport()
    latest = list(_latest(offers).values())
    with transaction.atomic():
        # Products are shared by a company's accounts: two imports would make the same one twice.
        hold_in_transaction("catalog products", str(account.company_id))
        for start in range(0, len(latest), AT_ONCE):
            _import_some(account, latest[start : start + AT_ONCE], report)
    return report


def _latest(offers: Iterable[OfferIn]) -> dict[str, OfferIn]:
    """Each offer once: pages shift while they are read, and then show one twice."""
    found: dict[str, OfferIn] = {}
    for offer in offers:
        before = found.get(offer.external_id)
        if before is None or before.read_at <= offer.read_at:
            found[offer.external_id] = offer
    return found


def _import_some(
    account: MarketplaceAccount, offers: Sequence[OfferIn], report: ImportReport
) -> None:
    known = Offer.objects.filter(account=account)
    stored = {
        offer.external_id: offer
        for offer in known.filter(external_id__in=[offer.external_id for offer in offers])
    }
    fresh = [offer for offer in offers if offer.external_id not in stored]
    differing: dict[int, OfferIn] = {}
    for offer in offers:
        if (row := stored.get(offer.external_id)) is None:
            continue
        if _is_older(offer, row):
            report.stale.append(offer.external_id)
        elif _facts_for(row, offer) != _stored_facts(row):
            differing[row.pk] = offer
        elif _is_held_back(row, offer):
            report.stale.append(offer.external_id)
        else:
            report.unchanged.append(offer.external_id)
    touched = _create(account, fresh, report) + _update(differing, report)
    if touched:
        offers_changed.send(sender=Offer, account=account, pks=touched)
        live.touch("offers", *touched)


def _create(
    account: MarketplaceAccount, offers: Sequence[OfferIn], report: ImportReport
) -> list[int]:
    if not offers:
        return []
    products = products_for(account, offers)
    rows = Offer.objects.bulk_create(
        Offer(
            account=account,
            product=products[offer.external_id],
            external_id=offer.external_id,
            read_at=offer.read_at,
            **dict(zip(REMOTE_FIELDS, _facts(offer), strict=True)),
        )
        for offer in offers
    )
    complete_products([(row.product_id, offer) for row, offer in zip(rows, offers, strict=True)])
    report.new += [offer.external_id for offer in offers]
    return [row.pk for row in rows]


def _update(differing: dict[int, OfferIn], report: ImportReport) -> list[int]:
    """Overwrite the rows that differ; looked at again under their lock, since people write too."""
    if not differing:
        return []
    now = timezone.now()
    rows, prices, stocks, pictures = [], [], [], []
    for row in Offer.objects.filter(pk__in=differing).locked():
        offer = differing[row.pk]
        if _is_older(offer, row):
            report.stale.append(offer.external_id)
            continue
        facts = _facts_for(row, offer)
        is_held_back = _is_held_back(row, offer)
        if facts == _stored_facts(row):
            (report.stale if is_held_back else report.unchanged).append(offer.external_id)
            continue
        price, stock, image_url = row.price, row.stock, row.image_url
        for name, value in zip(REMOTE_FIELDS, facts, strict=True):
            setattr(row, name, value)
        row.read_at = offer.read_at
        rows.append(row)
        (report.stale if is_held_back else report.changed).append(offer.external_id)
        prices += _price_change(row, price, now)
        stocks += _stock_change(row, stock, now)
        if row.image_url != image_url or offer.barcodes:
            pictures.append((row.product_id, offer))
    _overwrite(rows)
    PriceChange.objects.bulk_create(prices)
    StockChange.objects.bulk_create(stocks)
    complete_products(pictures)
    return [row.pk for row in rows]


def _overwrite(rows: Sequence[Offer]) -> None:
    """All of them in one statement; each is locked, so the conflict with itself is certain."""
    if rows:
        Offer.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["account", "external_id"],
            update_fields=[*REMOTE_FIELDS, "read_at", "search_text"],
        )


def _price_change(row: Offer, before: Any, now: dt.datetime) -> list[PriceChange]:
    if row.price == before:
        return []
    return [PriceChange(offer=row, before=before, after=row.price, currency=row.currency, at=now)]


def _stock_change(row: Offer, before: int, now: dt.datetime) -> list[StockChange]:
    if row.stock == before:
        return []
    return [StockChange(offer=row, before=before, after=row.stock, at=now)]


def _is_older(offer: OfferIn, row: Offer) -> bool:
    """Whether this reading began before the one that is stored."""
    return offer.read_at < row.read_at and not _is_to_come(row.read_at)


def _is_to_come(moment: dt.datetime) -> bool:
    """A clock that was ahead wrote it; nobody waits until the right ones have caught up."""
    return moment > timezone.now() + CLOCKS_DIFFER


def _is_before_push(offer: OfferIn, row: Offer) -> bool:
    """Whether this reading began before our last push was recorded."""
    if row.pushed_at is None or row.pushed_at < offer.read_at:
        return False
    return not _is_to_come(row.pushed_at)


def _is_held_back(row: Offer, offer: OfferIn) -> bool:
    """Whether something this reading says is not taken over: then it is not the last word on it."""
    return _is_before_push(offer, row) and _facts_for(row, offer) != _facts(offer)


def _facts_for(row: Offer, offer: OfferIn) -> Facts:
    """What the row shall hold after this reading."""
    facts = _facts(offer)
    if not _is_before_push(offer, row):
        return facts
    kept = list(facts)
    stored = _stored_facts(row)
    for place in _pushed_places:
        kept[place] = stored[place]
    return tuple(kept)


def _facts(offer: OfferIn) -> Facts:
    """The columns of REMOTE_FIELDS as the reading has them, cut to what they hold."""
    return (
        offer.name[:500], offer.sku[:64], offer.brand[:255], offer.catalogue_key[:64],
        " ".join(offer.barcodes), offer.category_external_id[:64], offer.url[:2048],
        offer.images[0][:2048] if offer.images else "", offer.currency, offer.price,
        offer.price_before, offer.price_min, offer.price_max, offer.vat_rate, offer.stock,
        offer.stock_free, offer.handling_days, offer.warranty_months, offer.status,
        offer.remote_status[:64], offer.is_sellable, offer.validation_status[:64],
        offer.validation_text[:255], "\n".join(offer.problems), offer.owns_content, offer.rank,
        offer.rivals, offer.best_price,
    )  # fmt: skip
