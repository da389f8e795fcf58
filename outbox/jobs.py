"""The jobs of the outbox: sending, finding what was left behind, and removing what is old."""

import time
from datetime import datetime, timedelta

from django.db.models import Exists, Min, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import jobs
from core.jobs import Run, job
from core.models import JobRun
from core.models.jobs import JobTrigger
from outbox import dispatch
from outbox.choices import RESOLVED, CommandStatus
from outbox.models import Command, Lane
from outbox.services.lanes import kick

# What is due within this is watched by tick(); what is due later by the sweep of each minute.
HORIZON = timedelta(seconds=70)
PULSE = 1.0  # seconds
KEEP = timedelta(days=90)
SLICE = 2000


@job(title=_("Send to marketplaces"), manual=False, hidden=True)
def drain(run: Run, lane_pk: int) -> None:
    """Empty one lane. What is left when its time is up is a run of its own."""
    report = dispatch.drain(lane_pk, is_time_up=lambda: run.is_time_up)
    run.count("sent", report.sent)
    if report.found_dead:
        run.log(_("Left behind by a dead worker: %(n)s.") % {"n": report.found_dead})
        run.count("found dead", report.found_dead)
    if report.has_more:
        kick(lane_pk)
    watch_the_near()


@job(every="1m", title=_("Look after what is to be sent"))
def sweep(run: Run) -> None:
    """Wake every lane with something due, whoever forgot it: a lost nudge, a dead worker."""
    for lane_pk in lanes_to_wake(timezone.now()):
        kick(lane_pk)
        run.count("lanes")
    watch_the_near()


@job(title=_("Watch for what is due soon"), manual=False, hidden=True)
def tick(run: Run) -> None:
    """Wake lanes to the second, as long as anything is due within a minute.

    The queue knows no "in four seconds", so this waits a moment, wakes who is due and queues
    itself behind whatever else there is to do.
    """
    now = timezone.now()
    nearest = next_due(now)
    if nearest is None:
        return
    time.sleep(min(PULSE, max(0.2, (nearest - now).total_seconds())))
    for lane_pk in lanes_to_wake(timezone.now()):
        kick(lane_pk)
    run.hand_over()


@job(at="03:50", title=_("Remove what was sent long ago"))
def purge(run: Run) -> None:
    """Keep what was sent for three months. What failed stays until somebody settles it."""
    old = Command.objects.filter(
        status__in=sorted(RESOLVED), ended_at__lt=timezone.now() - KEEP
    ).order_by("ended_at", "pk")
    while pks := list(old.values_list("pk", flat=True)[:SLICE]):
        Command.objects.filter(pk__in=pks).delete()
        run.count("removed", len(pks))
        if run.is_time_up:
            run.hand_over()
            return


def watch_the_near() -> None:
    """See that somebody watches, if anything is due soon."""
    watched = JobRun.objects.filter(name="outbox.tick").open().exists()
    if not watched and next_due(timezone.now()) is not None:
        jobs.enqueue(tick, trigger=JobTrigger.NUDGE)


def lanes_to_wake(now: datetime) -> list[int]:
    """Lanes that may send and have something to: queued, due, or left by a dead worker."""
    wanted = _of(OuterRef("executor"), OuterRef("account_id")).filter(
        Q(status__in=[CommandStatus.QUEUED, CommandStatus.RUNNING]) | Q(next_attempt_at__lte=now)
    )
    awake = _sending().exclude(resting_until__gt=now)
    return list(awake.filter(Exists(wanted)).values_list("pk", flat=True))


def next_due(now: datetime) -> datetime | None:
    """When the next command or lane is due, within the horizon; moments that passed count too."""
    until = now + HORIZON
    lanes = _sending().filter(executor=OuterRef("executor"), account_id=OuterRef("account_id"))
    waiting = Command.objects.filter(Exists(lanes), next_attempt_at__lte=until)
    first = waiting.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()
    queued = _of(OuterRef("executor"), OuterRef("account_id")).filter(status=CommandStatus.QUEUED)
    resting = _sending().filter(Exists(queued), resting_until__gt=now, resting_until__lte=until)
    rested = resting.aggregate(first=Min("resting_until"))["first"]
    return min((moment for moment in (first, rested) if moment is not None), default=None)


def _sending() -> QuerySet[Lane]:
    return Lane.objects.filter(paused_at__isnull=True, account__is_paused=False)


def _of(executor: OuterRef, account_id: OuterRef) -> QuerySet[Command]:
    return Command.objects.filter(executor=executor, account_id=account_id)
