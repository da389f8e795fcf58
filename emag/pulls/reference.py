"""Reads what eMAG lets us choose from, each thing when our copy of it is too old."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models, transaction
from django.utils import timezone

from accounts.models import MarketplaceAccount
from core.jobs import Run
from emag.client import EmagClient, client_for
from emag.models import (
    Category,
    Characteristic,
    CourierAccount,
    HandlingTime,
    Locality,
    PickupAddress,
    VatRate,
)
from emag.pulls.paging import Place, Source, read_pages
from emag.reading import Raw, Unreadable, flag, ident, moment, rate, rows, text, texts, whole
from emag.sites import site_of

PER_SECOND = 3.0
# How old our copies may become. The job looks every hour, a little before each is over.
DAILY, HOURLY = timedelta(hours=23, minutes=30), timedelta(minutes=50)
VALUES_PER_PAGE = 100
# In one hour: each costs a call, and all other calls share their budget with these.
MOST_CATEGORIES = 400
MOST_VALUES = 20_000  # of one characteristic; further ones are asked for when somebody types

Read = Callable[[MarketplaceAccount, EmagClient], int]


def pull(account: MarketplaceAccount, run: Run, *, step: int = 0, place: Any = None) -> bool:
    """Read what is too old; True when all of it is fresh, False when the run must hand over."""
    client = client_for(account)
    for number in range(step, len(STEPS)):
        if number > step and run.is_time_up:
            run.hand_over(number)
            return False
        is_old, read = STEPS[number]
        going_on = place if number == step else None
        if going_on is None and not is_old(account):
            continue
        rest = read(account, client, run, going_on)
        if rest is not None:
            run.hand_over(number, rest)
            return False
    return True


def newest(rows_: models.QuerySet[Any], column: str = "read_at") -> datetime | None:
    found: datetime | None = rows_.aggregate(at=models.Max(column))["at"]
    return found


def older(model: type[models.Model], age: timedelta) -> Callable[[MarketplaceAccount], bool]:
    def is_old(account: MarketplaceAccount) -> bool:
        at = newest(model._default_manager.filter(account=account))
        return at is None or timezone.now() - at > age

    return is_old


def replace_all(
    model: type[models.Model],
    account: MarketplaceAccount,
    records: Sequence[models.Model],
    key: Sequence[str],
) -> None:
    """Make the account's rows these: new ones added, known ones renewed, the others gone."""
    fields = [f.name for f in model._meta.fields if not f.primary_key and f.name not in key]
    if not records:
        return  # an empty answer is no reason to forget what we know
    with transaction.atomic():
        began = min(record.read_at for record in records)  # type: ignore[attr-defined]
        model._default_manager.bulk_create(
            records, update_conflicts=True, unique_fields=list(key), update_fields=fields
        )
        model._default_manager.filter(account=account, read_at__lt=began).delete()


# --- Short lists ------------------------------------------------------------------------------


def read_vat_rates(account: MarketplaceAccount, client: EmagClient) -> int:
    answer = client.read_vat()
    found = [
        VatRate(
            account=account,
            external_id=ident(raw, "vat_id") or ident(raw, "id"),
            rate=rate(raw, "vat_rate") or Decimal(0),
            is_default=bool(flag(raw, "is_default")),
            read_at=answer.read_at,
        )
        for raw in answer.items
        if ident(raw, "vat_id") or ident(raw, "id")
    ]
    replace_all(VatRate, account, found, ("account", "external_id"))
    return len(found)


def read_handling_times(account: MarketplaceAccount, client: EmagClient) -> int:
    answer = client.read_handling_times()
    days = sorted({number for raw in answer.items if (number := _days(raw)) is not None})
    found = [HandlingTime(account=account, days=n, read_at=answer.read_at) for n in days]
    replace_all(HandlingTime, account, found, ("account", "days"))
    return len(found)


def _days(raw: Any) -> int | None:
    """The number stands under "id", "value" or "name", or alone."""
    if not isinstance(raw, dict):
        return whole({"value": raw}, "value")
    for key in ("id", "value", "name"):
        if (number := whole(raw, key)) is not None:
            return number
    return None


def read_courier_accounts(account: MarketplaceAccount, client: EmagClient) -> int:
    found = []
    for answer in all_pages(client.read_courier_accounts):
        found += [
            CourierAccount(
                account=account,
                external_id=ident(raw, "account_id"),
                name=text(raw, "account_display_name"),
                courier=text(raw, "courier_name", 120),
                type_id=whole(raw, "courier_account_type") or 0,
                properties=[
                    whole({"n": n}, "n") for n in raw.get("courier_account_properties") or []
                ],
                pickup_country=text(raw, "pickup_country_code", 2),
                is_active=flag(raw, "status") is not False,
                read_at=answer.read_at,
            )
            for raw in answer.items
            if ident(raw, "account_id")
        ]
    replace_all(CourierAccount, account, found, ("account", "external_id"))
    return len(found)


def read_addresses(account: MarketplaceAccount, client: EmagClient) -> int:
    found = []
    for answer in all_pages(client.read_addresses):
        found += [
            PickupAddress(
                account=account,
                external_id=ident(raw, "address_id"),
                type_id=whole(raw, "address_type_id") or 0,
                country=text(raw, "country_code", 2),
                county=text(raw, "suburb", 120),
                city=text(raw, "city", 120),
                street=text(raw, "address"),
                postal_code=text(raw, "zipcode", 20),
                locality_external_id=ident(raw, "locality_id"),
                is_default=bool(flag(raw, "is_default")),
                read_at=answer.read_at,
            )
            for raw in answer.items
            if ident(raw, "address_id")
        ]
    replace_all(PickupAddress, account, found, ("account", "external_id"))
    return len(found)


def all_pages(read: Callable[[int], Any], most: int = 50) -> Iterator[Any]:
    """The pages of a short list; one that is given out whole on every page ends as well."""
    seen: set[str] = set()
    for number in range(1, most + 1):
        answer = read(number)
        names = {str(raw) for raw in answer.items}
        if names <= seen:
            return
        seen |= names
        yield answer


# --- Categories -------------------------------------------------------------------------------


def read_categories(
    account: MarketplaceAccount, client: EmagClient, run: Run, place: dict[str, Any] | None
) -> dict[str, Any] | None:
    """The whole tree; what is not given out any more is dropped at the end."""
    began = place["began"] if place else timezone.now().isoformat()
    going = Place.load(place["place"] if place else None)

    def handle(page: Any) -> None:
        records = [
            Category(
                account=account,
                external_id=ident(raw, "id"),
                name=text(raw, "name"),
                parent_external_id=ident(raw, "parent_id"),
                is_allowed=bool(flag(raw, "is_allowed")),
                is_barcode_mandatory=bool(flag(raw, "is_ean_mandatory")),
                is_warranty_mandatory=bool(flag(raw, "is_warranty_mandatory")),
                read_at=page.read_at,
            )
            for raw in unique(page.items, "id")
        ]
        Category.objects.bulk_create(
            records,
            update_conflicts=True,
            unique_fields=["account", "external_id"],
            update_fields=[
                "name", "parent_external_id", "is_allowed", "is_barcode_mandatory",
                "is_warranty_mandatory", "read_at",
            ],
        )  # fmt: skip
        run.count("categories", len(records))

    source = Source(client.read_categories, client.count_categories, PER_SECOND)
    if not read_pages(source, going, run, handle):
        return {"began": began, "place": going.dump()}
    gone = Category.objects.filter(account=account, read_at__lt=datetime.fromisoformat(began))
    gone.delete()
    return None


def read_characteristics(
    account: MarketplaceAccount, client: EmagClient, run: Run, place: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Those of the categories in which the account may publish, one by one, the oldest first."""
    left = place["left"] if place else MOST_CATEGORIES
    for category in categories_to_read(account)[:left]:
        if run.is_time_up:
            return {"left": left}
        read_category(category, client)
        run.count("categories with details")
        left -= 1
    return None


def categories_to_read(account: MarketplaceAccount) -> models.QuerySet[Category]:
    """Those whose characteristics are too old, the oldest first."""
    old = timezone.now() - DAILY
    waiting = Category.objects.filter(account=account, is_allowed=True).filter(
        models.Q(details_read_at=None) | models.Q(details_read_at__lt=old)
    )
    return waiting.order_by(models.F("details_read_at").asc(nulls_first=True), "pk")


def read_category(category: Category, client: EmagClient) -> None:
    """The characteristics of a category, with the values they may take."""
    number = int(category.external_id)
    raw, values, page = None, dict[str, list[Any]](), 1
    while True:
        answer = client.read_categories(
            id=number, values_page=page, values_per_page=VALUES_PER_PAGE
        )
        if not answer.items:
            break
        raw = raw or answer.items[0]
        if not _more_values(answer.items[0], values):
            break
        page += 1
    category.details_read_at = timezone.now()
    category.family_types = rows(raw, "family_types") if raw else []
    with transaction.atomic():
        category.save(update_fields=["details_read_at", "family_types"])
        category.characteristics.all().delete()
        Characteristic.objects.bulk_create(
            Characteristic(
                category=category,
                external_id=ident(one, "id"),
                name=text(one, "name"),
                type_id=whole(one, "type_id") or 0,
                position=whole(one, "display_order") or 0,
                is_mandatory=bool(flag(one, "is_mandatory")),
                is_filter=bool(flag(one, "is_filter")),
                takes_new_values=flag(one, "allow_new_value") is not False,
                values=values.get(ident(one, "id"), []),
                tags=list(texts(one, "tags")),
            )
            for one in unique(rows(raw, "characteristics") if raw else [], "id")
        )


def _more_values(raw: Raw, values: dict[str, list[Any]]) -> bool:
    """Add the values of this page; True while some list was full and brought something new."""
    is_full = False
    for one in unique(rows(raw, "characteristics"), "id"):
        known = values.setdefault(ident(one, "id"), [])
        given = one.get("values") or []
        new = [value for value in given if value not in known] if len(known) else list(given)
        known += new
        is_full |= len(given) >= VALUES_PER_PAGE and bool(new) and len(known) < MOST_VALUES
    return is_full


def unique(found: Sequence[Any], key: str) -> list[Raw]:
    """The objects with a number, each once: a set-based write refuses one that is there twice."""
    return list(
        {
            ident(raw, key): raw for raw in found if isinstance(raw, dict) and ident(raw, key)
        }.values()
    )


# --- Localities -------------------------------------------------------------------------------


def localities_are_old(account: MarketplaceAccount) -> bool:
    at = newest(Locality.objects.filter(site=site_of(account).name))
    return at is None or timezone.now() - at > DAILY


def read_localities(
    account: MarketplaceAccount, client: EmagClient, run: Run, place: dict[str, Any] | None
) -> dict[str, Any] | None:
    """All of them once, then what was changed; they are the same for every account of a site."""
    site = site_of(account)
    zone = ZoneInfo(account.time_zone)
    since = place["since"] if place else _localities_since(site.name)
    going = Place.load(place["place"] if place else None)
    filters: dict[str, Any] = {"modified": datetime.fromisoformat(since)} if since else {}

    def handle(page: Any) -> None:
        records = [
            _locality(raw, site.name, zone, page.read_at) for raw in unique(page.items, "emag_id")
        ]
        fields = [
            f.name for f in Locality._meta.fields
            if not f.primary_key and f.name not in {"site", "external_id"}
        ]  # fmt: skip
        Locality.objects.bulk_create(
            records,
            update_conflicts=True,
            unique_fields=["site", "external_id"],
            update_fields=fields,
        )
        run.count("localities", len(records))

    source = Source(
        lambda number: client.read_localities(number, **filters),
        lambda: client.count_localities(**filters),
        PER_SECOND,
    )
    if not read_pages(source, going, run, handle):
        return {"since": since, "place": going.dump()}
    # Nothing was changed: say at least that this was looked at.
    last = Locality.objects.filter(site=site.name).order_by("-read_at").values("pk")[:1]
    Locality.objects.filter(pk__in=last).update(read_at=timezone.now())
    return None


def _localities_since(site: str) -> str:
    at = newest(Locality.objects.filter(site=site), "changed_at")
    return (at - timedelta(days=1)).isoformat() if at else ""


def _locality(raw: Raw, site: str, zone: ZoneInfo, read_at: datetime) -> Locality:
    try:
        changed = moment(raw, "modified", zone)
    except Unreadable:
        changed = None
    return Locality(
        site=site,
        external_id=ident(raw, "emag_id"),
        name=text(raw, "name", 120),
        name_latin=text(raw, "name_latin", 120),
        county=text(raw, "region2", 120),
        county_latin=text(raw, "region2_latin", 120),
        country=text(raw, "country_code", 2),
        postal_code=text(raw, "zipcode", 20),
        changed_at=changed,
        read_at=read_at,
    )


def short(name: str, read: Read) -> Callable[..., None]:
    """A short list as a step: read whole, with one or two calls."""

    def step(account: MarketplaceAccount, client: EmagClient, run: Run, place: Any) -> None:
        run.count(name, read(account, client))

    return step


STEPS: tuple[tuple[Callable[[MarketplaceAccount], bool], Callable[..., Any]], ...] = (
    (older(VatRate, DAILY), short("VAT rates", read_vat_rates)),
    (older(HandlingTime, DAILY), short("handling times", read_handling_times)),
    (older(CourierAccount, HOURLY), short("couriers", read_courier_accounts)),
    (older(PickupAddress, DAILY), short("addresses", read_addresses)),
    (older(Category, DAILY), read_categories),
    (lambda account: categories_to_read(account).exists(), read_characteristics),
    (localities_are_old, read_localities),
)
