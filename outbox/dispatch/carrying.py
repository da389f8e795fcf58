"""The call itself, and what its error means. Runs outside any transaction."""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _

from core import failpoints
from core.errors import (
    ContractDrift,
    MagFlowError,
    RemoteAuthFailed,
    RemoteError,
    RemoteOutcomeUnknown,
    RemoteRejected,
    RemoteUnavailable,
    SetupNeeded,
    StaleData,
)
from core.ratelimit import RateLimited
from outbox import registry
from outbox.choices import AttemptOutcome, ErrorKind
from outbox.dispatch.claiming import Work
from outbox.intents import Intent
from outbox.models import Command
from outbox.registry import Done, Handler, Refused, Verdict

log = logging.getLogger("magflow.outbox")


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt at one command."""

    outcome: AttemptOutcome
    kind: str = ""  # an ErrorKind, where it did not go through
    error: str = ""  # in plain words
    messages: list[str] = field(default_factory=list)  # the other side's own
    apply: Callable[[], object] | None = None
    note: str = ""
    retry_after: float | None = None
    call_id: str = ""
    http_status: int | None = None
    verdict: Verdict | None = None  # of a look
    is_shared: bool = False  # said of a batch as a whole
    is_unwritten: bool = False  # it is known what happened, and could not be written down


def carry_out(work: Work) -> list[Outcome]:
    """Do it, once. Whatever is raised becomes an outcome, one for each command."""
    first = work.commands[0]
    handler = registry.handler(first.executor, first.kind)
    wanted = [command.intent for command in work.commands]
    if handler is None or None in wanted:
        return [_unreadable(handler)] * len(wanted)
    failpoints.hit("outbox.claimed")
    try:
        outcomes = _ask(handler, [one for one in wanted if one is not None], work)
    except Exception as error:  # what others wrote must not take the lane with it
        found = meaning_of(error, first)
        outcomes = [replace(found, is_shared=len(wanted) > 1)] * len(wanted)
    failpoints.hit("outbox.replied")
    return outcomes


def _ask(handler: Handler, wanted: list[Intent], work: Work) -> list[Outcome]:
    account = work.commands[0].account
    failpoints.hit("outbox.sent")
    if work.is_look:
        assert handler.reconcile is not None  # noqa: S101 - only such rows are looked up
        return [_look(handler.reconcile(wanted[0], account))]
    if wanted[0].spec.batch == 1:
        return [_result(handler.carry(wanted[0], account))]
    answers = list(handler.carry(wanted, account))
    if len(answers) != len(wanted):
        raise TypeError(
            f"The handler of {handler.kind} answered {len(answers)} of {len(wanted)} entries."
        )
    return [
        meaning_of(answer, command) if isinstance(answer, MagFlowError) else _result(answer)
        for command, answer in zip(work.commands, answers, strict=True)
    ]


def _result(answer: object) -> Outcome:
    if isinstance(answer, Done):
        return Outcome(
            AttemptOutcome.DONE, apply=answer.apply, note=answer.note,
            call_id=answer.calls[-1] if answer.calls else "",
        )  # fmt: skip
    if isinstance(answer, Refused):
        return Outcome(
            AttemptOutcome.REFUSED, ErrorKind.VALIDATION, _refusal(answer.messages),
            messages=answer.messages, call_id=answer.calls[-1] if answer.calls else "",
        )  # fmt: skip
    raise TypeError(f"A handler answers Done or Refused, not {type(answer).__name__}.")


def _look(answer: object) -> Outcome:
    if isinstance(answer, Done):
        return replace(_result(answer), outcome=AttemptOutcome.LOOKED, verdict=Verdict.DONE)
    if isinstance(answer, Verdict):
        return Outcome(AttemptOutcome.LOOKED, verdict=answer)
    raise TypeError(f"A reconcile function answers a Verdict, not {type(answer).__name__}.")


def _unreadable(handler: Handler | None) -> Outcome:
    words = (
        _("No part of MagFlow can send this any more.")
        if handler is None
        else _("It was written by another version of MagFlow and cannot be read any more.")
    )
    return Outcome(AttemptOutcome.RULE, ErrorKind.RULE, words)


def _refusal(messages: list[str]) -> str:
    return messages[0] if messages else _("It was refused without a reason.")


def meaning_of(error: Exception, command: Command) -> Outcome:
    """What an error says about the work; the table is at the top of core.errors."""
    known = _known(error)
    if known is None:
        return _bug(error, command)
    outcome, kind = known
    messages = [str(one) for one in getattr(error, "messages", ())]
    found = Outcome(
        outcome, kind, str(error), messages, retry_after=getattr(error, "retry_after", None),
        call_id=str(getattr(error, "call_id", "") or ""),
        http_status=getattr(error, "http_status", None),
    )  # fmt: skip
    log.info("command %s: %s (%s)", command.pk, outcome, getattr(error, "code", ""))
    return found


def _known(error: Exception) -> tuple[AttemptOutcome, ErrorKind] | None:
    match error:
        case RateLimited():
            return AttemptOutcome.LIMITED, ErrorKind.RATE_LIMIT
        case RemoteUnavailable():
            return AttemptOutcome.UNAVAILABLE, ErrorKind.UNAVAILABLE
        case RemoteRejected():
            return AttemptOutcome.REFUSED, ErrorKind.VALIDATION
        case RemoteAuthFailed() | SetupNeeded():
            return AttemptOutcome.AUTH, ErrorKind.AUTH
        case RemoteOutcomeUnknown() | ContractDrift() | RemoteError():
            return AttemptOutcome.UNKNOWN, ErrorKind.UNKNOWN
        case StaleData():  # somebody was faster: read again, nothing was sent
            return AttemptOutcome.UNAVAILABLE, ErrorKind.RULE
        case MagFlowError():
            return AttemptOutcome.RULE, ErrorKind.RULE
    return None


def _bug(error: Exception, command: Command) -> Outcome:
    number = secrets.token_hex(4)
    log.error("command %s, %s failed (error %s)", command.pk, command.kind, number, exc_info=error)
    if isinstance(error, OperationalError | InterfaceError):  # our own database was away
        words = _("The database was away for a moment. Error %(number)s.")
        return Outcome(AttemptOutcome.UNKNOWN, ErrorKind.UNKNOWN, words % {"number": number})
    words = _("Something went wrong in MagFlow. Quote error %(number)s when you report it.")
    return Outcome(AttemptOutcome.BUG, ErrorKind.BUG, words % {"number": number})
