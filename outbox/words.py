"""What people read about a command: why it stands where it stands, and when it goes on."""

from datetime import timedelta

from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext as _

from core.html import EMPTY, exact_time, when
from outbox.choices import CommandStatus, ErrorKind
from outbox.models import Command

SOON = timedelta(seconds=50)


def reason(command: Command) -> str:
    """Why, in plain words; empty where there is nothing to explain."""
    match command.status:
        case CommandStatus.UNCERTAIN:
            return _uncertain(command)
        case CommandStatus.CANCELLED | CommandStatus.DONE:
            return command.result
    return command.error


def _uncertain(command: Command) -> str:
    if command.next_attempt_at is not None:
        return _("It may have gone through. MagFlow is looking it up.")
    return _("It may have gone through. Look there, then say whether it did.")


def advice(command: Command) -> str:
    """What a person can do about it."""
    if command.status == CommandStatus.UNCERTAIN:
        if command.next_attempt_at is not None:
            return _("Nothing to do yet: it is looked up by itself, and never sent twice blindly.")
        return _("Find out on the marketplace's own pages. Sending it again could do it twice.")
    if command.status == CommandStatus.WAITING:
        return _("Nothing to do: it is tried again by itself.")
    if command.status != CommandStatus.FAILED:
        return ""
    return {
        ErrorKind.VALIDATION: _("Correct what the marketplace names, then retry."),
        ErrorKind.RULE: _("Put right what it says, then retry, or cancel it."),
        ErrorKind.UNAVAILABLE: _("All attempts are used up. Retry once the marketplace is back."),
        ErrorKind.UNKNOWN: _("All attempts are used up. Retry when the line is better."),
        ErrorKind.BUG: _("Report the number, then retry once it is put right."),
    }.get(ErrorKind(command.error_kind) if command.error_kind else ErrorKind.UNKNOWN, "")


def next_try(command: Command) -> str:
    """ "in 8 s", "in 5 min", as HTML; a dash where nothing is planned."""
    if command.next_attempt_at is None:
        return str(EMPTY)
    left = command.next_attempt_at - timezone.now()
    if timedelta(seconds=1) <= left < SOON:
        text = _("in %(n)s s") % {"n": round(left.total_seconds())}
        return f"<span>{escape(text)}</span>"
    return str(when(max(command.next_attempt_at, timezone.now())))


def age(command: Command) -> str:
    """How long ago it was asked for: "40 s", "16 h", "3 d"; exactly on hover."""
    seconds = max(0, int((timezone.now() - command.created_at).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            text = f"{seconds // length} {unit}"
            break
    else:
        text = f"{seconds} s"
    return f'<span title="{escape(exact_time(command.created_at))}">{text}</span>'
