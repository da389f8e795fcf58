"""Campaigns of the marketplace: proposals, and what a running one forbids.

A stock-in-site campaign keeps stock and price of its offers as agreed: regular updates are
refused while it runs, and so are updates planned into it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from emag.simulator.checks import Checks, entity_checks, whole
from emag.simulator.offer_docs import offers
from emag.simulator.store import Document, declare_kind

if TYPE_CHECKING:
    from emag.simulator.accounts import Account
    from emag.simulator.world import World

declare_kind("campaign", columns=("kind",), order="id")
declare_kind(
    "campaign_offer", columns=("offer", "campaign"), order="id", indexes=(("offer", "id"),)
)

STANDARD, STOCK_IN_SITE, MULTI_DEALS = "standard", "stock_in_site", "multi_deals"
MAX_ID = 16_777_215
_MOMENT = "%Y-%m-%d %H:%M:%S.%f"


def campaigns_at(today: date) -> Iterator[Document]:
    """The campaigns of a new world: one of each kind, none of which runs at once."""
    for id, name, kind, starts, days in (
        (101, "Saptamana Casa si Gradina", STANDARD, 3, 7),
        (102, "Black Friday Stoc in Site", STOCK_IN_SITE, 10, 4),
        (103, "MultiDeals Iarna", MULTI_DEALS, 5, 30),
        (104, "Voucher Zilele Marketplace", STANDARD, 7, 5),
    ):
        first = today + timedelta(days=starts)
        yield {
            "id": id,
            "name": name,
            "kind": kind,
            "starts": f"{first} 00:00:00",
            "ends": f"{first + timedelta(days=days)} 00:00:00",
            "needs_voucher": id == 104,
        }


def running_for(world: World, account: Account, offer: int, at: datetime) -> Document | None:
    """The stock-in-site campaign that holds this offer at that moment."""
    moment = at.strftime("%Y-%m-%d %H:%M:%S")
    campaigns = world.shared_docs("campaign", account.platform)
    for entry in world.docs("campaign_offer", account).find(offer=offer):
        campaign = campaigns.get(entry["campaign"])
        if (
            campaign
            and campaign["kind"] == STOCK_IN_SITE
            and campaign["starts"] <= moment < campaign["ends"]
        ):
            return campaign
    return None


def stock_refusal(campaign: Document) -> str:
    return (
        f"The offer is included in the active campaign {campaign['name']}, "
        "thus the stock has NOT been changed."
    )


def refuses_update(world: World, account: Account, offer: int, starts: date | None) -> str:
    """Why a regular update may not be taken, or an empty text."""
    now = world.clock.now()
    campaign = running_for(world, account, offer, now)
    if campaign is None and starts is not None:
        campaign = running_for(world, account, offer, datetime.combine(starts, datetime.min.time()))
    if campaign is None:
        return ""
    return f"ERROR: The offer is included in the campaign {campaign['name']} and cannot be updated"


def propose(world: World, account: Account, sent: Any) -> list[str]:
    """Take a proposal, or say what is wrong with it."""
    if not isinstance(sent, Mapping):
        return ["ERROR: Invalid content"]
    checks = entity_checks(sent, "Product", sent.get("id"))
    checks.mandatory("id", "campaign_id", "sale_price", "stock")
    id = checks.whole("id", 1, MAX_ID)
    number = checks.whole("campaign_id", 1, MAX_ID)
    campaign = world.shared_docs("campaign", account.platform).get(number) if number else None
    if number is not None and campaign is None:
        checks.say(f"Campaign not found for id: {number}")
    if id is not None and offers(world, account).get(id) is None:
        checks.say(f"ERROR: Offer not found - Product id: {id}")
    _check_terms(checks)
    if campaign is not None:
        _check_kind(checks, campaign)
    if checks.messages:
        return checks.messages
    world.docs("campaign_offer", account).put(
        f"{number}:{id}", {"offer": id, "campaign": number, "terms": dict(sent)}
    )
    world.journal.effect("campaign.proposed", account.key, f"{number}:{id}", dict(sent))
    return []


def _check_terms(checks: Checks) -> None:
    checks.decimal("sale_price", above=0)
    checks.decimal("post_campaign_sale_price", above=0)
    checks.whole("stock", 0, 255)
    checks.whole("max_qty_per_order", 1, 255)
    checks.whole("voucher_discount", 10, 100)
    for key in (
        "not_available_post_campaign",
        "not_available_post_cmp",
        "active_in_campaign_status",
    ):
        checks.flag(key)


def _check_kind(checks: Checks, campaign: Document) -> None:
    if campaign["kind"] == STOCK_IN_SITE:
        checks.mandatory("max_qty_per_order")
    if campaign["needs_voucher"]:
        checks.mandatory("voucher_discount")
    if campaign["kind"] == MULTI_DEALS:
        checks.mandatory("date_intervals")
        _check_intervals(checks)


def _check_intervals(checks: Checks) -> None:
    """At most thirty, counted from 1, each with its days and discount."""
    indexes = []
    for interval in checks.listed("date_intervals", most=30):
        if not isinstance(interval, Mapping):
            checks.invalid("date_intervals")
            continue
        indexes.append(whole(interval.get("index")))
        first, last = (_moment(interval.get(key)) for key in ("start_date", "end_date"))
        discount = whole(interval.get("voucher_discount"))
        if (
            first is None
            or last is None
            or first >= last
            or discount is None
            or not 10 <= discount <= 100
        ):
            checks.invalid("date_intervals")
    if checks.has("date_intervals") and indexes != list(range(1, len(indexes) + 1)):
        checks.invalid("date_intervals")


def _moment(value: Any) -> datetime | None:
    try:
        text = str(value["date"]) if isinstance(value, Mapping) else ""
        return datetime.strptime(text, _MOMENT)  # noqa: DTZ007 - local time, as all of them
    except (KeyError, ValueError):
        return None
