"""Works off a plan: list after list, page after page, until all of it is in or the time is up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.models import MarketplaceAccount
from core.jobs import Run
from emag.pulls.paging import Place, Source, read_pages
from emag.pulls.plans import Plan, Stage
from emag.pulls.storing import Examined, Intake, Page, Taken, examine, store

# A row that moves to the next page while we read is counted once. Between two chunks that takes
# the keys of the last pages: rows move by a few places.
MOST_CARRIED = 300


@dataclass(frozen=True)
class Lists:
    """How the lists of a plan are read, and what is said and done about each."""

    intake: Intake
    page: Callable[[Stage, int], Page]
    count: Callable[[Stage], Any]
    per_second: float
    again: str  # said where fewer rows came than were counted
    is_in: Callable[[Stage], None]  # all of a list is in


def work_off(account: MarketplaceAccount, run: Run, plan: Plan, lists: Lists) -> bool:
    """Read the lists of a plan; False: the time is up, and the run was handed over."""
    while plan.stages:
        stage = plan.stages[0]
        if not _read(account, run, plan, stage, lists):
            run.hand_over(plan.dump())
            return False
        if stage.read_again():
            run.log(lists.again)
            plan.done = plan.total
            continue
        plan.stages.pop(0)
        plan.total = plan.done
        if not plan.stages:
            run.progress(plan.done, plan.done)
        lists.is_in(stage)
    return True


def _read(account: MarketplaceAccount, run: Run, plan: Plan, stage: Stage, lists: Lists) -> bool:
    place = Place.load(stage.place)
    source = Source(
        page=lambda number: examine(account, lists.intake, lists.page(stage, number)),
        count=lambda: lists.count(stage),
        per_second=lists.per_second,
    )
    keys = {(kind, number): None for kind, number in stage.last}
    earlier = place.seen - len(keys)
    # Before the first question leaves: what changes from now on is read the next time.
    stage.began = stage.began or timezone.now().isoformat()

    def handle(page: Examined) -> None:
        taken = store(account, lists.intake, page)
        keys.update(dict.fromkeys(taken.keys))
        place.seen = earlier + len(keys)
        stage.saw(taken.newest)
        stage.brought += taken.new + taken.changed
        tell(run, len(page.items), taken)
        plan.done += len(page.items)
        run.progress(plan.done, plan.total + place.items if place.items else None)

    try:
        return read_pages(source, place, run, handle)
    finally:
        stage.place, stage.last = place.dump(), [list(key) for key in keys][-MOST_CARRIED:]


def tell(run: Run, rows: int, taken: Taken) -> None:
    """Into the counters of the run; what did not happen is not mentioned."""
    run.count("read", rows)
    for name in ("new", "changed", "unchanged", "rejected"):
        if number := getattr(taken, name):
            run.count(name, number)
