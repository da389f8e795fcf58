"""Reads orders: what changed since the last time, a status, a stretch of time, or some by number.

eMAG shows the orders that it ships itself only to who asks for them (type 2), so everything is
read twice. Only when every page of a list is in does its cursor move, and never past the moment
at which the first page was asked for: whatever changed later is read the next time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import MarketplaceAccount
from core.jobs import Run
from emag.client import EmagClient, client_for
from emag.client.answers import Rows
from emag.mapping.orders import external_key, order_in
from emag.models import Cursor
from emag.pulls.paging import Place, Source, crew
from emag.pulls.plans import Plan, Stage
from emag.pulls.stages import Lists, tell, work_off
from emag.pulls.storing import Intake, take_in
from emag.sites import site_of
from orders.services import import_orders

TYPES = (3, 2)  # shipped by us, shipped by eMAG
NEW = 1
PER_SECOND = 12.0
OVERLAP = timedelta(minutes=10)
# eMAG writes wall-clock times. Around the nights in which the clocks change, an hour happens
# twice or not at all, and times of the past were seen an hour off.
CLOCK_OVERLAP = timedelta(hours=2, minutes=10)
CLOCK_NEAR = timedelta(hours=3)
FIRST_DAYS = 30
QUIET_MARGIN = timedelta(hours=1)
WINDOW = timedelta(days=28)  # the longest stretch with two ends that eMAG accepts, to be safe


def pull(
    account: MarketplaceAccount,
    run: Run,
    *,
    since: datetime | None = None,
    status: int | None = None,
    type_: int | None = None,
    ids: Sequence[str] | None = None,
    plan: dict[str, Any] | None = None,
) -> bool:
    """Read orders into MagFlow; True when all of it is in, False when the run must hand over.

    Without further arguments: what changed since the last time, the last 30 days at first. `since`
    begins earlier, `status` reads all orders in a status, `ids` reads these orders. To go on after
    a False, call it again with the `plan` that run.hand_over() was given.
    """
    client = client_for(account)
    if ids is not None:
        read_by_ids(account, run, [(type_, number) for number in ids], client=client)
        return True
    going = Plan.load(plan) if plan else new_plan(account, since=since, status=status, type_=type_)
    return carry_on(account, run, going, client)


def new_plan(
    account: MarketplaceAccount,
    *,
    since: datetime | None = None,
    status: int | None = None,
    type_: int | None = None,
) -> Plan:
    types = TYPES if type_ is None else (type_,)
    if status is not None:
        # A status list changes while it is read, in both directions: it proves nothing missing.
        filters = [{"type": kind, "status": status} for kind in types]
        return Plan([Stage(one, checks=False) for one in filters])
    return Plan([_changed_stage(account, kind, since) for kind in types])


def _changed_stage(account: MarketplaceAccount, kind: int, since: datetime | None) -> Stage:
    cursor = f"order:{kind}"
    start = since or _since(account, cursor)
    return Stage({"type": kind, "modified_after": start.isoformat()}, cursor=cursor)


def _since(account: MarketplaceAccount, cursor: str) -> datetime:
    now = timezone.now()
    position = (
        Cursor.objects.filter(account=account, name=cursor).values_list("position", flat=True)
    ).first()
    if position is None:
        days = getattr(settings, "EMAG_FIRST_DAYS", FIRST_DAYS)
        return now - timedelta(days=days)
    return position - overlap(position, now, ZoneInfo(account.time_zone))


def overlap(position: datetime, now: datetime, zone: ZoneInfo) -> timedelta:
    """How far before the cursor reading begins: more while the clocks change or have just."""
    around = (position - CLOCK_NEAR, now + CLOCK_NEAR)
    before, after = (moment.astimezone(zone).utcoffset() for moment in around)
    return OVERLAP if before == after else CLOCK_OVERLAP


def carry_on(account: MarketplaceAccount, run: Run, plan: Plan, client: EmagClient) -> bool:
    """Read the stages of a plan, one after the other, until they or the time are over."""
    lists = Lists(
        intake=intake_for(account),
        page=lambda stage, number: client.read_orders(number, **stage.arguments()),
        count=lambda stage: count_orders(client, stage.arguments()),
        per_second=PER_SECOND,
        again=_("Fewer orders came than eMAG counts. Reading them once more."),
        is_in=partial(_stage_is_in, account, run),
    )
    return work_off(account, run, plan, lists)


def _stage_is_in(account: MarketplaceAccount, run: Run, stage: Stage) -> None:
    if stage.is_short:  # what is missing is looked for again the next time
        place = Place.load(stage.place)
        words = _("eMAG counts %(counted)s orders and gave out %(seen)s.")
        run.log(words % {"counted": place.items, "seen": place.seen})
        return
    began = stage.moment("began")
    if not stage.cursor or began is None:
        return
    # Their clock may be behind ours: where nothing tells how they count, stay well behind.
    newest = stage.moment("newest") or began - QUIET_MARGIN
    move_cursor(account, stage.cursor, min(newest, began))


@transaction.atomic
def move_cursor(account: MarketplaceAccount, name: str, position: datetime) -> None:
    """Forwards only: a reading that began earlier may end later."""
    cursor, is_new = Cursor.objects.select_for_update().get_or_create(
        account=account, name=name, defaults={"position": position}
    )
    if not is_new and position > cursor.position:
        cursor.position, cursor.moved_at = position, timezone.now()
        cursor.save(update_fields=["position", "moved_at"])


def count_orders(client: EmagClient, arguments: dict[str, Any]) -> Any:
    """How many there are; eMAG counts only between two ends, which must not lie far apart."""
    start = arguments.get("modified_after")
    if start is None:
        return client.count_orders(**arguments)
    end, counts = timezone.now() + timedelta(hours=2), []
    while start < end:
        stop = min(start + WINDOW, end)
        part = arguments | {"modified_after": start, "modified_before": stop}
        counts.append(client.count_orders(**part))
        start = stop + timedelta(seconds=1)
    pages = -(-sum(one.items for one in counts) // counts[0].per_page)
    return replace(counts[0], items=sum(one.items for one in counts), pages=pages)


def intake_for(account: MarketplaceAccount) -> Intake:
    site = site_of(account)
    return Intake(
        key=external_key,
        map=lambda raw, read_at: order_in(raw, site=site, account=account, read_at=read_at),
        store=partial(import_orders, account),
        kind="order",
        keeps_versions=True,
    )


# --- Some orders by number --------------------------------------------------------------------


def read_by_ids(
    account: MarketplaceAccount,
    run: Run,
    wanted: Iterable[tuple[int | None, str]],
    *,
    client: EmagClient | None = None,
) -> list[str]:
    """Read these orders, given as (type or None, number), side by side; returns who was not found.

    Where the type is not known, both are tried.
    """
    asking = client or client_for(account, quick=True)
    todo = list(wanted)
    intake, missing = intake_for(account), list[str]()
    source = Source(lambda number: find(asking, *todo[number - 1]), lambda: None, PER_SECOND)
    with crew(source) as hands:
        for number in range(1, len(todo) + 1):
            hands.do(number, most=int(PER_SECOND))
        for _answer in todo:
            answer = hands.next(120.0)
            if answer is None:
                break
            number, rows, problem = answer
            run.count("calls")
            if problem is not None or rows is None:
                raise problem or AssertionError("an answer is a page or an error")
            if not rows.items:
                missing.append(todo[number - 1][1])
                continue
            taken = take_in(account, intake, rows)
            tell(run, len(rows.items), taken)
    if missing:
        run.count("not_found", len(missing))
    return missing


def find(client: EmagClient, type_: int | None, number: str) -> Rows:
    """One order. A filter that eMAG does not understand widens the result, so look what came."""
    for kind in TYPES if type_ is None else (type_,):
        rows = client.read_orders(id=int(number), type=kind)
        found = [raw for raw in rows.items if is_numbered(raw, number)]
        if found:
            break
    return replace(rows, items=found)


def is_numbered(raw: Any, number: str) -> bool:
    return isinstance(raw, dict) and str(raw.get("id")).lstrip("0") == number.lstrip("0")
