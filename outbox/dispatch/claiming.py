"""Which commands are next, and making them ours: by one conditional UPDATE, never by a clock."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from core import live
from outbox import intents, registry
from outbox.choices import CommandStatus
from outbox.models import Attempt, Command, CommandQuerySet, Lane

Busy = Collection[tuple[str, Any]]

PROMOTED = 500  # due rows that one look puts back into the queue
AHEAD = 5  # batches of candidates read, of which some may be busy or of another kind


@dataclass(frozen=True)
class Work:
    """Commands of one kind that are ours now, and the attempt that each of them is."""

    commands: list[Command]
    attempts: list[Attempt]
    is_look: bool = False  # only find out whether it happened

    @property
    def keys(self) -> set[tuple[str, Any]]:
        return {key for command in self.commands for key in command.busy_keys}


def promote_due(lane: Lane, now: datetime) -> int:
    """Put what has waited long enough back into the queue."""
    due = Command.objects.of_lane(lane).filter(
        status=CommandStatus.WAITING, next_attempt_at__lte=now
    )
    with transaction.atomic():
        pks = [command.pk for command in _free(due.order_by("next_attempt_at"))[:PROMOTED]]
        if not pks:
            return 0
        live.touch("outbox", *pks)
        return Command.objects.filter(pk__in=pks).update(
            status=CommandStatus.QUEUED, next_attempt_at=None
        )


def next_work(lane: Lane, busy: Busy = ()) -> Work | None:
    """Claim the most urgent command that may go now, with others of its kind where they fit.

    What touches a busy subject stays where it is: one thing is never worked on twice at once.
    """
    queued = Command.objects.of_lane(lane).filter(_not_busy(busy), status=CommandStatus.QUEUED)
    queued = queued.order_by("priority", "pk")
    with transaction.atomic():
        first = _free(queued).first()
        return _claim([first, *_companions(first, queued)]) if first is not None else None


def _companions(first: Command, queued: CommandQuerySet) -> list[Command]:
    """What the handler of the first can carry along in the same call."""
    cls = intents.find(first.kind)
    size = cls.spec.batch if cls is not None else 1
    if size == 1 or first.is_alone:
        return []
    alike = queued.filter(kind=first.kind, is_alone=False).exclude(pk=first.pk)
    chosen: list[Command] = []
    keys = set(first.busy_keys)
    for command in _free(alike)[: size * AHEAD]:
        if len(chosen) < size - 1 and not command.busy_keys & keys:
            chosen.append(command)
            keys |= command.busy_keys
    return chosen


def _claim(commands: Sequence[Command]) -> Work:
    """Make these ours, and write down that their attempts began.

    Their rows are locked and were queued when they were, so whoever else looks passes them by; the
    condition in the UPDATE is what makes that certain.
    """
    pks = [command.pk for command in commands]
    changed = Command.objects.filter(pk__in=pks, status=CommandStatus.QUEUED).update(
        status=CommandStatus.RUNNING, claims=F("claims") + 1, attempts=F("attempts") + 1
    )
    assert changed == len(pks)  # noqa: S101
    return _begin(pks)


def next_look(lane: Lane, now: datetime, busy: Busy = ()) -> Work | None:
    """An uncertain command that is due to be looked up at the other side."""
    due = Command.objects.of_lane(lane).filter(
        _not_busy(busy), status=CommandStatus.UNCERTAIN, next_attempt_at__lte=now
    )
    with transaction.atomic():
        first = _free(due.order_by("next_attempt_at", "pk")).first()
        if first is None:
            return None
        Command.objects.filter(pk=first.pk).update(claims=F("claims") + 1, looks=F("looks") + 1)
        work = _begin([first.pk])
    return Work(work.commands, work.attempts, is_look=True)


def _free(commands: CommandQuerySet) -> CommandQuerySet:
    """Locked for this transaction; what another session holds is passed by, not waited for."""
    return commands.select_for_update(skip_locked=True, of=("self",), no_key=True)


def _begin(pks: Collection[int]) -> Work:
    now = timezone.now()
    commands = list(
        Command.objects.filter(pk__in=pks).select_related("account").order_by("priority", "pk")
    )
    attempts = Attempt.objects.bulk_create(
        [Attempt(command=one, number=one.claims, started_at=now) for one in commands]
    )
    if commands:
        live.touch("outbox", *(command.pk for command in commands))
    return Work(commands, attempts)


def _not_busy(busy: Busy) -> Q:
    by_type: dict[str, list[Any]] = defaultdict(list)
    for kind, identity in busy:
        by_type[kind].append(identity)
    free = ~Q(pk__in=by_type.pop("#", []))
    if states := by_type.pop("", None):
        free &= Q(coalesce_key__isnull=True) | ~Q(coalesce_key__in=states)
    for kind, ids in by_type.items():
        free &= ~Q(subject_type=kind, subject_id__in=ids)
    return free


def has_reconcile(command: Command) -> bool:
    found = registry.handler(command.executor, command.kind)
    return found is not None and found.reconcile is not None
