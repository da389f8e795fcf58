"""How a row changes when its attempt is over; the facts and the status commit together."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from django.db import (
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)
from django.utils import timezone
from django.utils.translation import gettext as _

from core import failpoints, live
from outbox import events
from outbox.choices import OPEN, UNSENT, AttemptOutcome, CommandStatus, ErrorKind, Family
from outbox.dispatch import backoff
from outbox.dispatch.carrying import Outcome, meaning_of
from outbox.dispatch.claiming import Work, has_reconcile
from outbox.models import Attempt, Command, Lane
from outbox.registry import Verdict
from outbox.services import request
from outbox.services.settling import superseded

log = logging.getLogger("magflow.outbox")

TRIES = 6  # at writing down what happened, while the database comes and goes
CHANGED = [
    "status", "attempts", "looks", "next_attempt_at", "is_alone", "result", "error_kind", "error",
    "messages", "ended_at",
]  # fmt: skip

Pair = tuple[Command, Attempt, Outcome]


def record(work: Work, outcomes: Sequence[Outcome], *, seconds: float) -> None:
    """Write down what came of these attempts.

    What the other side did is known only here until it is committed, so a database that goes away
    for a moment is waited for. All entries of a batch are one transaction; where one cannot be
    written, each is written alone.
    """
    pairs = sorted(
        zip(work.commands, work.attempts, outcomes, strict=True),
        key=lambda pair: (pair[0].subject_type, pair[0].subject_id or 0, pair[0].pk),
    )
    took = round(seconds * 1000)
    try:
        _write(pairs, took, is_look=work.is_look)
    except Exception as error:  # the effect happened: forgetting it would be worse than any error
        if len(pairs) > 1:
            for pair in pairs:
                record(Work([pair[0]], [pair[1]], work.is_look), [pair[2]], seconds=seconds)
            return
        command, attempt, outcome = pairs[0]
        found = _unwritten(error, command, outcome)
        _write([(command, attempt, found)], took, is_look=work.is_look)
    failpoints.hit("outbox.committed")


def _unwritten(error: Exception, command: Command, outcome: Outcome) -> Outcome:
    """It is known there and cannot be written down here: never a reason to do it again."""
    found = meaning_of(error, command)
    if outcome.outcome == AttemptOutcome.DONE or outcome.verdict == Verdict.DONE:
        words = _("It was done, but MagFlow could not write it down. %(error)s")
    else:
        words = _("MagFlow could not write down what came of it. %(error)s")
    return replace(
        found, outcome=AttemptOutcome.BUG, kind=ErrorKind.BUG, apply=None, is_unwritten=True,
        error=words % {"error": found.error}, call_id=outcome.call_id,
    )  # fmt: skip


def _write(pairs: Sequence[Pair], took: int, *, is_look: bool = False) -> None:
    for attempt in range(TRIES):
        try:
            if attempt == 0 or not _is_written(pairs):
                _write_once(pairs, took, is_look=is_look)
        except (OperationalError, InterfaceError):
            # The connection broke, or a lock was fought over. Whether the commit came through
            # nobody knows: the next try looks first.
            if attempt == TRIES - 1 or connection.in_atomic_block:
                raise
            connection.close_if_unusable_or_obsolete()
            time.sleep(0.1 * 3**attempt)
        else:
            return


def _is_written(pairs: Sequence[Pair]) -> bool:
    attempts = Attempt.objects.filter(pk__in=[attempt.pk for _c, attempt, _o in pairs])
    return not attempts.filter(outcome=AttemptOutcome.STARTED).exists()


@transaction.atomic
def _write_once(pairs: Sequence[Pair], took: int, *, is_look: bool) -> None:
    for apply in _applies(pairs):
        apply()
    # Domain rows are locked before ours, everywhere: whoever changes one may ask us for something.
    rows = Command.objects.locked().in_bulk([command.pk for command, _a, _o in pairs])
    now = timezone.now()
    for command, attempt, outcome in pairs:
        row = rows.get(command.pk)
        if row is not None and _is_ours(row, command, outcome, is_look=is_look):
            change_look(row, outcome) if is_look else change(row, outcome)
            _save(row)
        elif row is not None:
            _come_late(row, command)
        attempt.outcome, attempt.took_ms = outcome.outcome, took
        attempt.message = "\n".join(outcome.messages) or outcome.error or outcome.note
        attempt.call_id, attempt.http_status = outcome.call_id[:64], outcome.http_status
    _keep_attempts([attempt for _c, attempt, _o in pairs])
    _supersede_failures([row for row in rows.values() if row.status == CommandStatus.DONE], now)
    # What waits for its next attempt is where it was, for pages of what it is about.
    events.tell(row for row in rows.values() if row.status not in UNSENT)
    live.touch("outbox", *rows)
    failpoints.hit("outbox.applied")


def _keep_attempts(attempts: Sequence[Attempt]) -> None:
    """What was only put off is no attempt: a busy hour would leave hundreds of them."""
    put_off = [one.pk for one in attempts if one.outcome == AttemptOutcome.LIMITED]
    if put_off:
        Attempt.objects.filter(pk__in=put_off).delete()
    Attempt.objects.bulk_update(
        [one for one in attempts if one.pk not in put_off],
        ["outcome", "took_ms", "message", "call_id", "http_status"],
    )


def _applies(pairs: Sequence[Pair]) -> list[Callable[[], object]]:
    """What is to be written down; entries of a batch may share one function."""
    found: dict[int, Callable[[], object]] = {}
    for _command, _attempt, outcome in pairs:
        if outcome.apply is not None:
            found.setdefault(id(outcome.apply), outcome.apply)
    return list(found.values())


def _is_ours(row: Command, claimed: Command, outcome: Outcome, *, is_look: bool) -> bool:
    """Still the claim we were given; or the row was taken for dead, and we know better.

    That an act happened is a fact, whoever has been told otherwise meanwhile. A state is different:
    its row may by now stand for a newer value.
    """
    if is_look:
        return row.claims == claimed.claims and row.status == CommandStatus.UNCERTAIN
    if row.claims == claimed.claims and row.status in {
        CommandStatus.RUNNING, CommandStatus.UNCERTAIN
    }:  # fmt: skip
        return True
    happened = outcome.outcome == AttemptOutcome.DONE and row.coalesce_key is None
    return happened and row.status in OPEN - {CommandStatus.RUNNING}


def _come_late(row: Command, claimed: Command) -> None:
    """Somebody else had the row since. A state that landed late may have undone a newer one."""
    log.warning("command %s: a result came after the row had moved on", row.pk)
    intent = row.intent
    if intent is None or intent.spec.family != Family.STATE or row.status in UNSENT:
        return
    request(intent, executor=row.executor, account=claimed.account)


def _save(row: Command) -> None:
    """A state that would wait behind a newer twin is closed: the twin sends the newer value."""
    if row.coalesce_key is None or row.status not in UNSENT:
        row.save(update_fields=CHANGED)
        return
    try:
        with transaction.atomic():
            row.save(update_fields=CHANGED)
    except IntegrityError:
        row.status, row.next_attempt_at = CommandStatus.CANCELLED, None
        row.ended_at, row.result = timezone.now(), superseded()
        row.save(update_fields=CHANGED)


def _supersede_failures(done: Sequence[Command], now: object) -> None:
    """What failed for the same state earlier is settled by what went through now."""
    newest = {row.coalesce_key: row.pk for row in done if row.coalesce_key is not None}
    if not newest:
        return
    failed = Command.objects.filter(coalesce_key__in=newest, status=CommandStatus.FAILED)
    older = [row for row in failed if row.coalesce_key and row.pk < newest[row.coalesce_key]]
    if older:
        pks = [row.pk for row in older]
        Command.objects.filter(pk__in=pks, status=CommandStatus.FAILED).update(
            status=CommandStatus.CANCELLED, ended_at=now, result=superseded()
        )
        events.tell(older)


# --- What becomes of a row --------------------------------------------------------------------


def change(row: Command, outcome: Outcome) -> None:
    """The row as it is after this outcome of an attempt."""
    row.error_kind, row.error, row.messages = outcome.kind, outcome.error, outcome.messages
    match outcome.outcome:
        case AttemptOutcome.DONE:
            _done(row, outcome)
        case AttemptOutcome.LIMITED | AttemptOutcome.AUTH:
            _back(row)
        case AttemptOutcome.REFUSED if outcome.is_shared:
            row.is_alone = True  # one of the batch spoiled it for all: find out which
            _back(row)
        case AttemptOutcome.UNAVAILABLE:
            wait_or_fail(row, retry_after=outcome.retry_after)
        case AttemptOutcome.UNKNOWN | AttemptOutcome.DIED:
            lose(row)
        case AttemptOutcome.BUG if not row.is_repeat_safe:
            lose(row)  # it may have been sent before our code stumbled
        case _:
            row.status, row.next_attempt_at = CommandStatus.FAILED, None


def change_look(row: Command, outcome: Outcome) -> None:
    """The row as it is after somebody looked whether it happened."""
    if outcome.is_unwritten:  # another look would find the same, and fail at the same: a person's
        row.error_kind, row.error, row.messages = outcome.kind, outcome.error, outcome.messages
        row.next_attempt_at = None
        return
    match outcome.verdict:
        case Verdict.DONE:
            row.error_kind, row.error, row.messages = "", "", []
            _done(row, outcome)
        case Verdict.NOT_DONE:
            wait_or_fail(row)
        case _:
            if outcome.outcome in {AttemptOutcome.LIMITED, AttemptOutcome.AUTH}:
                row.looks -= 1
            _look_later(row, outcome.retry_after)


def _done(row: Command, outcome: Outcome) -> None:
    row.status, row.next_attempt_at, row.ended_at = CommandStatus.DONE, None, timezone.now()
    row.result, row.error_kind, row.error, row.messages = outcome.note, "", "", []


def _back(row: Command) -> None:
    """Into the queue again, as if it had not been tried."""
    row.status, row.next_attempt_at = CommandStatus.QUEUED, None
    row.attempts = max(0, row.attempts - 1)


def wait_or_fail(row: Command, *, retry_after: float | None = None) -> None:
    """Try again later, as long as there are attempts left; then it is a person's."""
    wait = backoff.next_wait(row.attempts, is_awaited=row.is_awaited, retry_after=retry_after)
    if wait is None:
        row.status, row.next_attempt_at = CommandStatus.FAILED, None
    else:
        row.status = CommandStatus.WAITING
        row.next_attempt_at = timezone.now() + timedelta(seconds=wait)


def lose(row: Command) -> None:
    """Nobody knows whether it happened. What is safe to repeat is; the rest is looked up first."""
    if row.is_repeat_safe:
        wait_or_fail(row)
        return
    row.status, row.looks, row.next_attempt_at = CommandStatus.UNCERTAIN, 0, None
    if has_reconcile(row):
        _look_later(row)


def _look_later(row: Command, retry_after: float | None = None) -> None:
    wait = backoff.next_wait(row.looks + 1, retry_after=retry_after, waits=backoff.LOOKS)
    at = timezone.now() + timedelta(seconds=wait) if wait is not None else None
    row.status, row.next_attempt_at = CommandStatus.UNCERTAIN, at


# --- The dead ---------------------------------------------------------------------------------


def settle_dead(lane: Lane) -> int:
    """What says that it is being worked on although nobody does: the caller holds the lane's lock.

    Returns how many commands were found so.
    """
    commands = Command.objects.of_lane(lane)
    running = list(commands.filter(status=CommandStatus.RUNNING).values_list("pk", flat=True))
    for pk in running:
        _settle_one(pk)
    # Looking something up leaves its row uncertain, and due for another look.
    Attempt.objects.filter(
        outcome=AttemptOutcome.STARTED,
        command__in=commands.exclude(status=CommandStatus.RUNNING),
    ).update(outcome=AttemptOutcome.DIED, message=_died())
    return len(running)


@transaction.atomic
def _settle_one(pk: int) -> None:
    row = Command.objects.locked().get(pk=pk)
    if row.status != CommandStatus.RUNNING:
        return
    row.error_kind, row.error = ErrorKind.UNKNOWN, _died()
    if not row.is_repeat_safe:
        lose(row)
    elif row.attempts < len(backoff.WAITS):
        row.status = CommandStatus.QUEUED
    else:  # it takes its worker down every time
        row.status = CommandStatus.FAILED
    _save(row)
    row.tries.filter(outcome=AttemptOutcome.STARTED).update(
        outcome=AttemptOutcome.DIED, message=row.error
    )
    events.tell([row])


def _died() -> str:
    return _("The worker stopped while it was being sent.")
