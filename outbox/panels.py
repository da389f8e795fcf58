"""The box "Sent to the marketplace" on pages of orders, offers and whatever else has messages."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.registry import Panel, register_panel
from outbox import words
from outbox.choices import STATUS_BADGES
from outbox.models import Command
from outbox.services import latest_of

LATEST = 8


def register_for(page: str, model: type[Model], *, area: str = "main", order: int = 60) -> None:
    """Show what was sent about the subject of this page."""
    register_panel(
        Panel(
            page=page,
            id="sent",
            title=_("Sent to the marketplace"),
            template="outbox/_sent.html",
            permission="outbox.view_command",
            context=sent,
            model=model,
            topic="outbox",
            area="side" if area == "side" else "main",
            order=order,
        )
    )


def sent(request: HttpRequest, subject: Any) -> Mapping[str, object]:
    latest = latest_of(subject)
    return {
        "lines": [line_of(command) for command in latest[:LATEST]],
        "has_more": len(latest) > LATEST,
    }


def line_of(command: Command) -> dict[str, object]:
    return {
        "command": command,
        "badge": STATUS_BADGES[command.status],
        "reason": words.reason(command),
    }
