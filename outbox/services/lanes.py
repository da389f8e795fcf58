"""Lanes: found or made, paused and resumed, and woken when there is something to send."""

from datetime import datetime
from functools import partial

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import MarketplaceAccount, User
from core import audit, jobs, live
from core.locks import held, lock_id
from core.models.jobs import JobTrigger
from outbox.models import Lane

DRAIN = "outbox.drain"  # the job that empties a lane


def lane_for(executor: str, account: MarketplaceAccount) -> Lane:
    """The lane to this executor for this account; the first to ask makes it."""
    found = Lane.objects.filter(executor=executor, account=account).first()
    return found or Lane.objects.get_or_create(executor=executor, account=account)[0]


@transaction.atomic
def pause_lane(
    executor: str,
    account: MarketplaceAccount,
    *,
    reason_kind: str,
    reason: str,
    by: User | None = None,
    seen_at: datetime | None = None,
) -> Lane:
    """Send nothing more on this lane until it is resumed. What waits keeps its place.

    A lane that is paused already keeps its first reason and time. `seen_at` is when the call began
    that found the trouble: what began before the lane was resumed says nothing about today.
    """
    lane = _locked(lane_for(executor, account))
    is_old_news = seen_at is not None and lane.resumed_at is not None and seen_at < lane.resumed_at
    if lane.is_paused or is_old_news:
        return lane
    lane.paused_reason_kind, lane.paused_reason = reason_kind, reason
    lane.paused_at = timezone.now()
    lane.save(update_fields=["paused_reason_kind", "paused_reason", "paused_at"])
    audit.record("lane.paused", account, by=by, note=reason)
    live.touch("outbox")
    return lane


@transaction.atomic
def resume_lane(executor: str, account: MarketplaceAccount, *, by: User | None) -> Lane:
    """Go on sending: the credentials were changed, or a person says so. Resting ends as well."""
    lane = _locked(lane_for(executor, account))
    was_paused = lane.is_paused
    lane.paused_reason_kind, lane.paused_reason, lane.paused_at = "", "", None
    lane.resting_until, lane.resumed_at = None, timezone.now()
    lane.save(
        update_fields=[
            "paused_reason_kind", "paused_reason", "paused_at", "resting_until", "resumed_at"
        ]
    )  # fmt: skip
    if was_paused:
        audit.record("lane.resumed", account, by=by)
        live.touch("outbox")
    kick_on_commit(lane)
    return lane


@transaction.atomic
def resume_if_paused_for(
    executor: str, account: MarketplaceAccount, reason_kind: str, *, by: User | None
) -> bool:
    """Resume the lane where this very trouble is over; a pause for another reason stays."""
    paused = Lane.objects.filter(executor=executor, account=account, paused_reason_kind=reason_kind)
    if not paused.exists():
        return False
    resume_lane(executor, account, by=by)
    return True


def _locked(lane: Lane) -> Lane:
    return Lane.objects.select_for_update(no_key=True).select_related(None).get(pk=lane.pk)


def kick_on_commit(lane: Lane) -> None:
    """See that a worker looks at this lane once this transaction is through."""
    if not _is_kicked_already(lane.pk):
        transaction.on_commit(partial(kick, lane.pk))


def _is_kicked_already(lane_pk: int) -> bool:
    # What was asked for earlier in this transaction could only be rolled back together with us: it
    # hangs on no other savepoints that are still open.
    return any(
        isinstance(entry[1], partial) and entry[1].func is kick and entry[1].args == (lane_pk,)
        for entry in connection.run_on_commit
    )


def kick(lane_pk: int) -> None:
    """Queue a drain, unless one is at it.

    Asked only after the commit, so that nothing is missed: a drain that still holds the lock looks
    once more after it has let go, and by then sees what was committed before.
    """
    if not is_drained_now(lane_pk):
        jobs.enqueue(DRAIN, lane_pk, key=str(lane_pk), trigger=JobTrigger.NUDGE)


def is_drained_now(lane_pk: int) -> bool:
    number = lock_id(*Lane(pk=lane_pk).lock_parts)
    return bool(held([number]))
