"""What we want of an offer: its price, its stock, whether it is on sale."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.rules import check_version
from catalog.choices import MAX_STOCK, OfferStatus
from catalog.events import offers_changed
from catalog.intents import PushOffer
from catalog.models import Offer, PriceChange, StockChange
from core import audit, failpoints, live
from core.errors import RuleViolation
from core.money import UNIT
from outbox.services import request

WISHES = ("price", "stock", "status")


@transaction.atomic
def change_offer(
    offer: Offer,
    *,
    by: User | None,
    price: Decimal | None = None,
    stock: int | None = None,
    status: str | None = None,
    version: int | None = None,
) -> Offer:
    """Ask the marketplace for another price, stock or status; None leaves it as it is.

    What is wanted is kept beside what the marketplace has until it is sent there. Saving what is
    already so changes nothing, and what is wanted already is sent unless it is on its way: its
    message may have been refused or stopped.
    """
    offer = Offer.objects.locked().select_related("account").get(pk=offer.pk)
    check_version(offer, version)
    wishes = {"price": price, "stock": stock, "status": status or None}
    changes: dict[str, tuple[object, object]] = {}
    for name, value in wishes.items():
        before = getattr(offer, f"{name}_to_be")
        if value is not None and value != before:
            changes[name] = (before, value)
    if not changes:
        if offer.wanted_at is not None:
            _send(offer, by)
        return offer
    _check_wishes(offer, {name: after for name, (_before, after) in changes.items()})
    for name, (_before, after) in changes.items():
        setattr(offer, f"wanted_{name}", after)
    offer.wanted_at = timezone.now()
    offer.wanted_by = by
    _save_wishes(offer)
    audit.record("offer.changed", offer, by=by, changes=_readable(changes))
    _send(offer, by)
    failpoints.hit("offer.marked")
    return offer


def _send(offer: Offer, by: User | None) -> None:
    request(
        PushOffer(offer.pk), executor=offer.account.platform, account=offer.account,
        subject=offer, by=by,
    )  # fmt: skip


@transaction.atomic
def withdraw_change(offer: Offer, *, by: User | None, version: int | None = None) -> Offer:
    """Want nothing any more that has not reached the marketplace.

    A push that is on its way may still arrive; the next reading then shows what it did.
    """
    offer = Offer.objects.locked().select_related("account").get(pk=offer.pk)
    check_version(offer, version)
    if offer.wanted_at is None:
        raise RuleViolation(_("Nothing is waiting to be sent for %(name)s.") % {"name": offer})
    changes = {
        name: (wanted, getattr(offer, name))
        for name in WISHES
        if (wanted := getattr(offer, f"wanted_{name}")) not in (None, "")
    }
    _forget_wishes(offer)
    _save_wishes(offer)
    audit.record("offer.change_withdrawn", offer, by=by, changes=_readable(changes))
    return offer


@transaction.atomic
def record_push(
    offers: Sequence[int],
    values: Mapping[int, Mapping[str, Any]],
    *,
    at: dt.datetime | None = None,
) -> None:
    """The marketplace has taken these values: {pk: {"price": …, "stock": …, "status": …}}.

    A wish that became another one while the push was under way stays, and is sent after it.
    Readings that began before now no longer touch what was pushed. `at` is when the push began:
    where another was recorded since, nobody knows which of the two came last there. Then what the
    other one brought is wanted once more; the outbox sends again what came late.
    """
    now = timezone.now()
    began = at or now
    prices, stocks, rows = [], [], []
    locked = Offer.objects.filter(pk__in=offers).locked().select_related("wanted_by")
    for offer in locked:
        sent = values.get(offer.pk, {})
        by = offer.wanted_by
        rows.append(offer)
        if offer.pushed_at is not None and began < offer.pushed_at <= now:
            _want_again(offer, sent)
            continue
        if (price := sent.get("price")) is not None and price != offer.price:
            prices.append(
                PriceChange(
                    offer=offer, before=offer.price, after=price, currency=offer.currency, by=by,
                    at=now,
                )
            )  # fmt: skip
        if (stock := sent.get("stock")) is not None and stock != offer.stock:
            stocks.append(StockChange(offer=offer, before=offer.stock, after=stock, by=by, at=now))
        _take_over(offer, sent)
        offer.pushed_at = now
    Offer.objects.bulk_update(rows, [*_COLUMNS, "pushed_at", *WISHES], batch_size=500)
    PriceChange.objects.bulk_create(prices)
    StockChange.objects.bulk_create(stocks)
    _tell(rows)


_COLUMNS = (*(f"wanted_{name}" for name in WISHES), "wanted_at", "wanted_by")


def _take_over(offer: Offer, sent: Mapping[str, Any]) -> None:
    is_quiet = True
    for name in WISHES:
        wanted = getattr(offer, f"wanted_{name}")
        value = sent.get(name)
        if value not in (None, ""):
            setattr(offer, name, value)
            if wanted == value:
                setattr(offer, f"wanted_{name}", _nothing(name))
                continue
        is_quiet = is_quiet and wanted in (None, "")
    if is_quiet:
        _forget_wishes(offer)


def _want_again(offer: Offer, sent: Mapping[str, Any]) -> None:
    """Want what we took for true until a late push of something else put it in doubt."""
    for name in WISHES:
        value, ours = sent.get(name), getattr(offer, name)
        is_in_doubt = value not in (None, "") and value != ours
        if is_in_doubt and getattr(offer, f"wanted_{name}") in (None, ""):
            setattr(offer, f"wanted_{name}", ours)
            offer.wanted_at = offer.wanted_at or timezone.now()


def _forget_wishes(offer: Offer) -> None:
    for name in WISHES:
        setattr(offer, f"wanted_{name}", _nothing(name))
    offer.wanted_at = None
    offer.wanted_by = None


def _nothing(name: str) -> str | None:
    return "" if name == "status" else None


def _save_wishes(offer: Offer) -> None:
    offer.version += 1
    offer.save(update_fields=[*_COLUMNS, "version"])
    _tell([offer])


def _readable(changes: Mapping[str, tuple[object, object]]) -> dict[str, tuple[object, object]]:
    """For the audit trail: 150, and not 150.0000 beside it."""
    return {name: (_short(before), _short(after)) for name, (before, after) in changes.items()}


def _short(value: object) -> object:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def _shown(price: Decimal) -> str:
    """As the reader writes numbers, without the zeros at the end."""
    return str(localize(price.normalize()))


def _tell(offers: Sequence[Offer]) -> None:
    by_account: dict[int, list[Offer]] = {}
    for offer in offers:
        by_account.setdefault(offer.account_id, []).append(offer)
    for some in by_account.values():
        pks = [offer.pk for offer in some]
        offers_changed.send(sender=Offer, account=some[0].account, pks=pks)
        live.touch("offers", *pks)


# --- Rules ------------------------------------------------------------------------------------


def _check_wishes(offer: Offer, wishes: Mapping[str, Any]) -> None:
    if ({"stock", "status"} & wishes.keys()) and not offer.is_stock_ours:
        raise RuleViolation(
            _("The marketplace keeps this stock itself, so only the price can be changed here.")
        )
    if offer.status == OfferStatus.ENDED:
        raise RuleViolation(_("%(name)s has ended and cannot be changed.") % {"name": offer})
    if "price" in wishes:
        check_price(offer, wishes["price"])
    if "stock" in wishes and not 0 <= wishes["stock"] <= MAX_STOCK:
        raise RuleViolation(_("The stock must be between 0 and %(most)s.") % {"most": MAX_STOCK})
    if "status" in wishes and wishes["status"] not in offer.settable_statuses:
        raise RuleViolation(_("An offer can be made active or inactive, nothing else."))


def check_price(offer: Offer, price: Decimal) -> None:
    """Refuse a price that the marketplace would refuse."""
    if price <= 0:
        raise RuleViolation(_("The price must be more than 0."))
    if price != price.quantize(UNIT):
        raise RuleViolation(_("A price has at most four decimals."))
    if offer.price_min is not None and price < offer.price_min:
        raise RuleViolation(
            _("The price must be at least %(least)s, the lowest you have set there.")
            % {"least": _shown(offer.price_min)}
        )
    if offer.price_max is not None and price > offer.price_max:
        raise RuleViolation(
            _("The price must be at most %(most)s, the highest you have set there.")
            % {"most": _shown(offer.price_max)}
        )
    if offer.price_before is not None and price >= offer.price_before:
        raise RuleViolation(
            _("The price must be less than %(before)s, the crossed-out one.")
            % {"before": _shown(offer.price_before)}
        )
