"""What people decide about a command: try again, cancel, "it did happen", "it did not"."""

from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core import audit
from core.errors import RuleViolation
from core.language import for_everybody
from outbox import events, registry
from outbox.choices import GIVEN_UP, UNSENT, CommandStatus
from outbox.intents import Intent
from outbox.models import Command
from outbox.services.lanes import kick_on_commit, lane_for

MOST_SHOWN = 50
MOST_LIKE = 5000  # commands that one click on "retry all like this" takes


def for_subject(subject: models.Model) -> QuerySet[Command]:
    """What was sent, or is to be sent, about this thing; the newest first."""
    return Command.objects.about(subject).select_related("account").order_by("-pk")


def latest_of(subject: models.Model) -> list[Command]:
    """The latest messages about this very instance, read once for all parts of a page."""
    found: list[Command] | None = vars(subject).get("_messages")
    if found is None:
        found = vars(subject)["_messages"] = list(for_subject(subject)[:MOST_SHOWN])
    return found


def asked_of(model: type[models.Model], intent: type[Intent]) -> QuerySet[Command]:
    """What was asked about each row of a query over `model`: made for Exists() in that query."""
    return Command.objects.filter(
        subject_type=model._meta.label_lower, subject_id=OuterRef("pk"), kind=intent.spec.kind
    )


@transaction.atomic
def retry(command: Command, *, by: User | None) -> Command:
    """Try again now, with a full set of attempts. Returns the command that will be sent.

    Where a newer one for the same already waits, that one is returned and this one is closed.
    """
    command = _locked(command)
    check_retry(command)
    before = command.status
    if (newer := _newer_twin(command)) is not None:
        _close_behind(command, newer)
        return newer
    _requeue(command)
    try:
        with transaction.atomic():
            command.save(update_fields=REQUEUED)
    except IntegrityError:
        raise RuleViolation(asked_meanwhile()) from None
    audit.record("command.retried", command, by=by, changes={"status": (before, command.status)})
    _tell(command)
    return command


@transaction.atomic
def retry_like(command: Command, *, by: User | None) -> int:
    """Retry everything that failed in the same way on the same account; returns how many."""
    like = Command.objects.like(command)
    alike = list(like.locked().only("subject_type", "subject_id")[:MOST_LIKE])
    pks = [one.pk for one in alike]
    twins = Command.objects.filter(coalesce_key=OuterRef("coalesce_key"))
    newer_failed = twins.filter(pk__gt=OuterRef("pk"), pk__in=pks)
    like = Command.objects.filter(pk__in=pks)
    # Of a state one is enough, and the newest: the others would send the same value.
    like.filter(
        Exists(twins.filter(status__in=UNSENT)) | Exists(newer_failed), coalesce_key__isnull=False
    ).update(status=CommandStatus.CANCELLED, ended_at=timezone.now(), result=superseded())
    acts = Command.objects.filter(once_key=OuterRef("once_key"))
    blocked = acts.exclude(pk=OuterRef("pk")).exclude(status__in=GIVEN_UP)
    twice = acts.filter(pk__lt=OuterRef("pk"), pk__in=pks)
    failed = (
        like.filter(status=CommandStatus.FAILED)
        .exclude(Exists(blocked), once_key__isnull=False)
        .exclude(Exists(twice), once_key__isnull=False)
    )
    try:
        with transaction.atomic():
            retried = failed.update(
                status=CommandStatus.QUEUED, attempts=0, looks=0, error="", error_kind="",
                messages=[], is_awaited=False,
            )  # fmt: skip
    except IntegrityError:
        raise RuleViolation(asked_meanwhile()) from None
    if pks:
        note = _("%(n)s retried together") % {"n": retried}
        audit.record("command.retried", command, by=by, note=note)
        events.tell(alike)
        kick_on_commit(lane_for(command.executor, command.account))
    return retried


@transaction.atomic
def cancel(command: Command, *, by: User | None, note: str = "") -> Command:
    """Do not send this any more. What may already have happened cannot be cancelled."""
    command = _locked(command)
    check_cancel(command)
    before = command.status
    _end(command, CommandStatus.CANCELLED, note)
    audit.record(
        "command.cancelled", command, by=by, note=note, changes={"status": (before, command.status)}
    )
    events.tell([command])
    return command


@transaction.atomic
def resolve(
    command: Command, *, happened: bool, by: User | None, note: str = "", again: bool = True
) -> Command:
    """Settle what nobody knew: it did happen, or it did not.

    What happened is written down as its executor would have; what did not is sent again, or with
    `again=False` left alone.
    """
    if happened:
        _confirm(command)
    command = _locked(command)
    check_resolve(command)
    before = command.status
    if happened:
        _end(command, CommandStatus.DONE, note)
    elif again:
        _requeue(command)
        command.save(update_fields=REQUEUED)
    else:
        _end(command, CommandStatus.CANCELLED, note)
    verb = "command.confirmed" if happened else "command.denied"
    audit.record(verb, command, by=by, note=note, changes={"status": (before, command.status)})
    _tell(command)
    return command


# --- What may be done -------------------------------------------------------------------------


def check_retry(command: Command, by: object = None) -> None:
    if command.status == CommandStatus.UNCERTAIN:
        raise RuleViolation(
            _("It may already have happened. Find out first, then say whether it did.")
        )
    if command.status not in {CommandStatus.FAILED, CommandStatus.WAITING}:
        raise RuleViolation(_("Only what failed or waits can be tried again."))


def check_cancel(command: Command, by: object = None) -> None:
    if command.status == CommandStatus.RUNNING:
        raise RuleViolation(_("It is being sent right now. Try again in a moment."))
    if command.status == CommandStatus.UNCERTAIN:
        raise RuleViolation(
            _("It may already have happened. Find out first, then say whether it did.")
        )
    if not command.is_open:
        raise RuleViolation(_("It is settled already."))


def check_resolve(command: Command, by: object = None) -> None:
    if command.status != CommandStatus.UNCERTAIN:
        raise RuleViolation(_("Nobody needs to say whether this happened any more."))


# --- Steps ------------------------------------------------------------------------------------

REQUEUED = [
    "status", "attempts", "looks", "next_attempt_at", "error", "error_kind", "messages",
    "is_awaited",
]  # fmt: skip


def superseded() -> str:
    with for_everybody():  # it is kept
        return _("A newer one takes its place.")


def asked_meanwhile() -> str:
    return _("The same was asked for again meanwhile. Look there.")


def _locked(command: Command) -> Command:
    return Command.objects.locked().select_related("account").get(pk=command.pk)


def _requeue(command: Command) -> None:
    command.status, command.next_attempt_at = CommandStatus.QUEUED, None
    command.attempts = command.looks = 0
    command.error, command.error_kind, command.messages = "", "", []
    command.is_awaited = False  # nobody stands before it any more: it gets all its attempts


def _end(command: Command, status: CommandStatus, note: str) -> None:
    command.status, command.ended_at, command.next_attempt_at = status, timezone.now(), None
    command.result = note or command.result
    command.save(update_fields=["status", "ended_at", "next_attempt_at", "result"])


def _newer_twin(command: Command) -> Command | None:
    """What already stands for the same, so that this one would be sent for nothing."""
    others = Command.objects.exclude(pk=command.pk)
    if command.coalesce_key is not None:
        return others.filter(coalesce_key=command.coalesce_key, status__in=UNSENT).first()
    if command.once_key is not None:
        return others.filter(once_key=command.once_key).exclude(status__in=GIVEN_UP).first()
    return None


def _close_behind(command: Command, newer: Command) -> None:
    _end(command, CommandStatus.CANCELLED, superseded())
    events.tell([command, newer])


def _confirm(command: Command) -> None:
    """Before our own row is locked: whatever records it locks its rows first, as everywhere."""
    found = registry.handler(command.executor, command.kind)
    intent = command.intent
    if found is not None and found.confirmed is not None and intent is not None:
        found.confirmed(intent, command.account)


def _tell(command: Command) -> None:
    events.tell([command])
    if command.status == CommandStatus.QUEUED:
        kick_on_commit(lane_for(command.executor, command.account))
