"""Reads the categories of eMAG's catalogue, and what each wants to know about a product."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from accounts.models import MarketplaceAccount
from core.jobs import Run
from emag.client import EmagClient
from emag.models import Category, Characteristic
from emag.pulls.paging import Place, Source, read_pages
from emag.reading import Raw, flag, ident, rows, text, texts, unique, whole

PER_SECOND = 3.0
DAILY = timedelta(hours=23, minutes=30)  # how old a copy may become: the job looks every hour
VALUES_PER_PAGE = 100
MOST_CALLS = 400  # for details, in one hour: all other calls share their budget with these
MOST_VALUES = 20_000  # of one characteristic; further ones are asked for when somebody types

Values = dict[str, dict[str, Any]]  # of each characteristic, by what they look like


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
    left = place["left"] if place else MOST_CALLS
    todo = [(category, 1) for category in categories_to_read(account)[: max(left, 0)]]
    if place and "page" in place:  # first the one in which the time was up
        begun = Category.objects.filter(pk=place["category"])
        todo = [(category, place["page"]) for category in begun] + todo
    for category, page in todo:
        if run.is_time_up:
            return {"left": left}
        before = run.counted("calls")
        next_page = read_category(category, client, run, page=page)
        left -= run.counted("calls") - before
        if next_page:
            return {"left": left, "category": category.pk, "page": next_page}
        run.count("categories with details")
        if left <= 0:
            break
    return None


def categories_to_read(account: MarketplaceAccount) -> models.QuerySet[Category]:
    """Those whose characteristics are too old, the oldest first."""
    old = timezone.now() - DAILY
    waiting = Category.objects.filter(account=account, is_allowed=True).filter(
        models.Q(details_read_at=None) | models.Q(details_read_at__lt=old)
    )
    return waiting.order_by(models.F("details_read_at").asc(nulls_first=True), "pk")


def read_category(category: Category, client: EmagClient, run: Run, *, page: int = 1) -> int:
    """The characteristics of a category, with the values they may take.

    Returns the page of values to go on with where the time is up, 0 where all of it is in. What was
    read is kept in between, and the category is not the oldest any more: it holds up no other.
    """
    values, raw, has_more = _values_before(category) if page > 1 else {}, None, True
    while has_more:
        answer = client.read_categories(
            id=int(category.external_id), values_page=page, values_per_page=VALUES_PER_PAGE
        )
        run.count("calls")
        page, has_more = page + 1, False
        if answer.items:
            raw = raw or answer.items[0]
            has_more = _more_values(answer.items[0], values)
        if run.is_time_up:
            break
    _keep(category, raw, values)
    return page if has_more else 0


def _values_before(category: Category) -> Values:
    known = category.characteristics.values_list("external_id", "values")
    return {number: {_look(value): value for value in values} for number, values in known}


def _keep(category: Category, raw: Raw | None, values: Values) -> None:
    category.details_read_at = timezone.now()
    if raw is None:  # an empty answer is no reason to forget what we know
        category.save(update_fields=["details_read_at"])
        return
    category.family_types = rows(raw, "family_types")
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
                values=list(values.get(ident(one, "id"), {}).values()),
                tags=list(texts(one, "tags")),
            )
            for one in unique(rows(raw, "characteristics"), "id")
        )


def _more_values(raw: Raw, values: Values) -> bool:
    """Add the values of this page; True while some list was full and brought something new."""
    is_full = False
    for one in unique(rows(raw, "characteristics"), "id"):
        known = values.setdefault(ident(one, "id"), {})
        before, given = len(known), one.get("values") or []
        known.update((_look(value), value) for value in given)
        is_full |= len(given) >= VALUES_PER_PAGE and before < len(known) < MOST_VALUES
    return is_full


def _look(value: Any) -> str:
    """By what one value is told from another."""
    return json.dumps(value, sort_keys=True)
