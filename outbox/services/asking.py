"""Asking for an effect: the row is written in the transaction of whoever wants it."""

from collections.abc import Iterable, Sequence

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from accounts.models import MarketplaceAccount, User
from core.errors import RuleViolation
from core.text import truncate
from outbox import events
from outbox.choices import GIVEN_UP, UNSENT, Priority
from outbox.intents import Intent, checked_payload, key_of
from outbox.models import Command
from outbox.services.lanes import kick_on_commit, lane_for

UNIQUE_VIOLATION = "23505"
TRIES = 5  # a twin may be claimed between our insert and our look at it, again and again


class KeyTaken(RuleViolation):
    """The same act was asked for with other values: one of the two is wrong."""

    code = "once_key"


@transaction.atomic
def request(
    intent: Intent,
    *,
    executor: str,
    account: MarketplaceAccount,
    subject: models.Model | None = None,
    by: User | None = None,
    is_awaited: bool = False,
) -> Command:
    """Write down that this must happen, in the caller's transaction; it is sent after the commit.

    An act that was asked for before is the row that is there, whatever its status; a state that
    waits already is the row that waits. With `is_awaited` a person watches: it goes first, and
    after three quick attempts it stands in the error queue and takes its time.
    """
    wanted = _command(intent, executor, account, subject, by, is_awaited=is_awaited)
    command = _insert(wanted)
    if is_awaited and command.status in UNSENT and not command.is_awaited:
        command.is_awaited, command.priority = True, Priority.URGENT
        command.save(update_fields=["is_awaited", "priority"])
    events.tell([command])
    kick_on_commit(lane_for(executor, account))
    return command


@transaction.atomic
def request_many(
    pairs: Iterable[tuple[Intent, models.Model | None]],
    *,
    executor: str,
    account: MarketplaceAccount,
    by: User | None = None,
) -> list[Command]:
    """request() for many, in a handful of statements; the commands come in the order of `pairs`."""
    wanted = [_command(one, executor, account, subject, by) for one, subject in pairs]
    if not wanted:
        return []
    keyless = [command for command in wanted if _key(command) is None]
    Command.objects.bulk_create(keyless, batch_size=1000)
    by_key = _insert_keyed([command for command in wanted if _key(command) is not None])
    found = [command if (key := _key(command)) is None else by_key[key] for command in wanted]
    events.tell(found)
    kick_on_commit(lane_for(executor, account))
    return found


def _command(
    intent: Intent,
    executor: str,
    account: MarketplaceAccount,
    subject: models.Model | None,
    by: User | None,
    *,
    is_awaited: bool = False,
) -> Command:
    once_key, coalesce_key = key_of(intent, executor, account.pk)
    return Command(
        kind=intent.spec.kind,
        executor=executor,
        account_id=account.pk,
        subject_type=subject._meta.label_lower if subject is not None else "",
        subject_id=subject.pk if subject is not None else None,
        subject_label=truncate(str(subject), 200) if subject is not None else "",
        payload=checked_payload(intent),
        once_key=once_key,
        coalesce_key=coalesce_key,
        priority=Priority.URGENT if is_awaited else intent.spec.priority,
        requested_by_id=by.pk if by is not None else None,
        is_awaited=is_awaited,
    )


def _key(command: Command) -> str | None:
    return command.once_key or command.coalesce_key


def _insert(wanted: Command) -> Command:
    for _attempt in range(TRIES):
        try:
            with transaction.atomic():
                wanted.save(force_insert=True)
        except IntegrityError as error:
            if getattr(error.__cause__, "sqlstate", "") != UNIQUE_VIOLATION:
                raise
            wanted.pk = None
            if (twin := _twins([wanted]).get(_key(wanted) or "")) is not None:
                return _same(twin, wanted)
        else:
            return wanted
    raise RuntimeError(f"{_key(wanted)} is taken, and nobody has it")


def _insert_keyed(wanted: Sequence[Command]) -> dict[str, Command]:
    missing: dict[str, Command] = {}
    for command in wanted:
        _same(missing.setdefault(_key(command) or "", command), command)
    found: dict[str, Command] = {}
    for _attempt in range(TRIES):
        # In one order everywhere, so that two of us never wait for each other.
        ordered = [missing[key] for key in sorted(missing)]
        Command.objects.bulk_create(ordered, batch_size=1000, ignore_conflicts=True)
        twins = _twins(ordered)
        for key, twin in twins.items():
            found[key] = _same(twin, missing.pop(key))
        if not missing:
            return found
    raise RuntimeError(f"{len(missing)} keys are taken, and nobody has them")


def _twins(wanted: Sequence[Command]) -> dict[str, Command]:
    """The rows that hold these keys.

    A state's row is locked until our caller commits: claimed before that, its handler would read
    the value from before the caller's change, and nothing would send the new one.
    """
    once = [command.once_key for command in wanted if command.once_key]
    coalesce = [command.coalesce_key for command in wanted if command.coalesce_key]
    found: dict[str, Command] = {}
    if once:
        acts = Command.objects.filter(once_key__in=once).exclude(status__in=GIVEN_UP)
        found |= {str(twin.once_key): twin for twin in acts}
    if coalesce:
        states = Command.objects.filter(coalesce_key__in=coalesce, status__in=UNSENT).locked()
        found |= {str(twin.coalesce_key): twin for twin in states}
    return found


def _same(twin: Command, wanted: Command) -> Command:
    if (twin.payload, twin.account_id) == (wanted.payload, wanted.account_id):
        return twin
    raise KeyTaken(
        _("“%(what)s” was already asked for with other values. Nothing was sent.")
        % {"what": wanted.what}
    )
