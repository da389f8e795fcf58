"""Emptying a lane: one worker at a time, as many calls in flight as the budget allows."""

import contextvars
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from core import failpoints, live
from core.language import for_everybody
from core.locks import session_lock
from outbox import registry
from outbox.choices import AttemptOutcome, CommandStatus, ErrorKind
from outbox.dispatch import backoff
from outbox.dispatch.carrying import Outcome, carry_out
from outbox.dispatch.claiming import Work, next_look, next_work, promote_due
from outbox.dispatch.recording import record, settle_dead
from outbox.models import Command, Lane
from outbox.services import pause_lane

log = logging.getLogger("magflow.outbox")

LOOK_EVERY = 0.25  # seconds between two looks for something new, while calls are in flight
NEAR = 1.0  # what is due within this is waited for
FIRST_GUESS = 1.0  # seconds a reply takes, before one came
MOST_IN_FLIGHT = 16


@dataclass
class Report:
    """What a drain did, and whether somebody should go on at once."""

    sent: int = 0
    found_dead: int = 0
    is_busy: bool = False  # another worker has the lane
    has_more: bool = False


def drain(
    lane_pk: int,
    *,
    is_time_up: Callable[[], bool] = lambda: False,
    in_threads: bool = True,
) -> Report:
    """Send what the lane holds until nothing is due, the lane stops, or the time is up.

    Returns at once where another worker has the lane: whoever holds its lock is alive, and sees
    what was committed before.
    """
    report = Report()
    lane = Lane.objects.select_related("account").get(pk=lane_pk)
    with for_everybody(), session_lock(*lane.lock_parts) as is_ours:  # errors are kept
        if not is_ours:
            return Report(is_busy=True)
        _Drain(lane, report, is_time_up, in_threads=in_threads).work()
    # Whoever asked while we held the lock left it to us, so look again now that it is free.
    report.has_more = has_work(lane, timezone.now())
    return report


def has_work(lane: Lane, now: datetime) -> bool:
    """Whether anything could be sent this very moment."""
    lane = Lane.objects.select_related("account").get(pk=lane.pk)
    if lane.is_paused or lane.account.is_paused or lane.is_resting(now):
        return False
    due = Q(status=CommandStatus.QUEUED) | Q(next_attempt_at__lte=now)
    return Command.objects.of_lane(lane).filter(due).exists()


class _Drain:
    """One turn of one worker at one lane."""

    def __init__(
        self, lane: Lane, report: Report, is_time_up: Callable[[], bool], *, in_threads: bool
    ) -> None:
        self.lane, self.report, self.is_time_up = lane, report, is_time_up
        self.in_flight: dict[Future[None], Work] = {}
        self.replies: deque[float] = deque([FIRST_GUESS], maxlen=8)
        self.pool = ThreadPoolExecutor(MOST_IN_FLIGHT, "outbox") if in_threads else None

    def work(self) -> None:
        self.report.found_dead = settle_dead(self.lane)
        try:
            while self._step():
                pass
        finally:
            if self.pool is not None:
                # Nothing is in flight after an orderly end. After any other nobody waits: what
                # comes back is still written, each by a connection of its own.
                self.pool.shutdown(wait=False, cancel_futures=True)

    def _step(self) -> bool:
        """Launch what may go, collect what came back; False when there is nothing more to do."""
        now = timezone.now()
        launched = not self.is_time_up() and self._may_send(now) and self._launch(now)
        if self.in_flight:
            self._collect()
            return True
        return launched or (not self.is_time_up() and self._wait_for_the_near())

    def _may_send(self, now: datetime) -> bool:
        self.lane.refresh_from_db()
        self.lane.account.refresh_from_db(fields=["is_paused"])
        stopped = self.lane.is_paused or self.lane.account.is_paused
        return not stopped and not self.lane.is_resting(now)

    def _launch(self, now: datetime) -> bool:
        promote_due(self.lane, now)
        launched = False
        room = backoff.width(
            registry.pace(self.lane.executor), min(self.replies), most=MOST_IN_FLIGHT
        )
        while len(self.in_flight) < (room if self.pool is not None else 1):
            busy = {key for work in self.in_flight.values() for key in work.keys}
            work = next_look(self.lane, now, busy) or next_work(self.lane, busy)
            if work is None:
                break
            failpoints.hit("outbox.claimed")
            self.in_flight[self._submit(work)] = work
            launched = True
        return launched

    def _submit(self, work: Work) -> "Future[None]":
        if self.pool is None:
            future: Future[None] = Future()
            self._carry(work)
            future.set_result(None)
            return future
        context = contextvars.copy_context()  # language, and whom the audit trail names
        return self.pool.submit(context.run, self._carry_in_thread, work)

    def _carry_in_thread(self, work: Work) -> None:
        try:
            self._carry(work)
        finally:
            connection.close()  # each thread has its own

    def _carry(self, work: Work) -> None:
        began = time.monotonic()
        outcomes = carry_out(work)
        seconds = time.monotonic() - began
        self.replies.append(seconds)
        record(work, outcomes, seconds=seconds)
        self.report.sent += len(outcomes)
        self._heed(work, outcomes)

    def _heed(self, work: Work, outcomes: list[Outcome]) -> None:
        """What an outcome means for the whole lane."""
        for outcome in outcomes:
            if outcome.outcome == AttemptOutcome.AUTH:
                pause_lane(
                    self.lane.executor, self.lane.account,
                    reason_kind=ErrorKind.AUTH, reason=outcome.error,
                    seen_at=work.attempts[0].started_at,
                )  # fmt: skip
                return
            if outcome.outcome == AttemptOutcome.LIMITED:
                _rest(self.lane, outcome.retry_after)
                return

    def _collect(self) -> None:
        done, _rest_of_them = wait(self.in_flight, LOOK_EVERY, FIRST_COMPLETED)
        for future in done:
            self.in_flight.pop(future)
            future.result()  # what a thread could not write down ends this turn

    def _wait_for_the_near(self) -> bool:
        """Stay for what is due in a moment; later moments are the business of outbox.tick."""
        if self.pool is None:
            return False
        now = timezone.now()
        soon = now + timedelta(seconds=NEAR)
        waiting = Command.objects.of_lane(self.lane).filter(next_attempt_at__lte=soon)
        near = waiting.order_by("next_attempt_at").values_list("next_attempt_at", flat=True)
        first = near.first()
        if first is None or not self._may_send(now):
            return False
        ahead = (first - now).total_seconds()
        time.sleep(min(LOOK_EVERY, ahead) if ahead > 0 else LOOK_EVERY)
        return True


def _rest(lane: Lane, retry_after: float | None) -> None:
    until = timezone.now() + timedelta(seconds=backoff.rest(retry_after))
    shorter = Q(resting_until__isnull=True) | Q(resting_until__lt=until)
    if Lane.objects.filter(shorter, pk=lane.pk).update(resting_until=until):
        live.touch("outbox")
