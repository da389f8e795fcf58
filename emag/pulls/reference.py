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
from emag.client.errors import NoRights
from emag.models import (
    Category,
    CourierAccount,
    HandlingTime,
    Locality,
    PickupAddress,
    VatRate,
)
from emag.pulls.categories import (
    DAILY,
    PER_SECOND,
    categories_to_read,
    read_categories,
    read_characteristics,
)
from emag.pulls.paging import Place, Source, read_pages
from emag.reading import Raw, Unreadable, flag, ident, moment, rate, text, unique, whole
from emag.sites import site_of

HOURLY = timedelta(minutes=50)  # as DAILY: a little before the hour is over

Read = Callable[[MarketplaceAccount, EmagClient], int]


def pull(account: MarketplaceAccount, run: Run, *, step: int = 0, place: Any = None) -> bool:
    """Read what is too old; True when all of it is fresh, False when the run must hand over."""
    client, refused = client_for(account), None
    for number in range(step, len(STEPS)):
        if number > step and run.is_time_up:
            run.hand_over(number)
            return False
        is_old, read = STEPS[number]
        going_on = place if number == step else None
        if going_on is None and not is_old(account):
            continue
        try:
            rest = read(account, client, run, going_on)
        except NoRights as problem:  # to one of the lists; the others can be read
            run.log(str(problem))
            refused = problem
            continue
        if rest is not None:
            run.hand_over(number, rest)
            return False
    if refused is not None:
        raise refused
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
