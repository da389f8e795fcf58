"""What can be done with many commands at once."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import User
from core.actions import BulkAction
from core.registry import register_action
from outbox import services
from outbox.models import Command
from outbox.services import settling

PAGE = "outbox.command_list"


def retry(pk: int, *, by: User) -> None:
    services.retry(Command(pk=pk), by=by)


def cancel(pk: int, *, by: User) -> None:
    services.cancel(Command(pk=pk), by=by)


def register() -> None:
    register_action(
        PAGE,
        BulkAction(
            name="retry",
            label=_("Retry"),
            heading=ngettext_lazy("Retry {n} message", "Retry {n} messages", "n"),
            icon="rotate-clockwise",
            permission="outbox.resolve_command",
            model=Command,
            run=retry,
            check=settling.check_retry,
        ),
    )
    register_action(
        PAGE,
        BulkAction(
            name="cancel",
            label=_("Do not send"),
            heading=ngettext_lazy("Do not send {n} message", "Do not send {n} messages", "n"),
            icon="ban",
            permission="outbox.resolve_command",
            model=Command,
            run=cancel,
            check=settling.check_cancel,
            danger=True,
            confirm=_("The marketplace will not be told about them."),
        ),
    )
