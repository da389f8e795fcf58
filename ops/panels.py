"""The boxes of the home page that the control room fills."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import registry
from core.models import AuditEntry
from core.registry import Panel

RECENT = 8


def register() -> None:
    registry.register_panel(
        Panel(
            "ops.home", "health", _("Health"), "core.view_jobrun", "ops/_health.html",
            context=health, model=User, topic="jobs", area="side", order=10,
        )
    )  # fmt: skip
    registry.register_panel(
        Panel(
            "ops.home", "changes", _("Last changes"), "core.view_auditentry",
            "ops/_recent_changes.html", context=recent_changes, model=User, topic="audit",
            area="main", order=20,
        )
    )  # fmt: skip


def health(request: HttpRequest, subject: Any) -> dict[str, object]:
    return {"probes": registry.run_probes()}


def recent_changes(request: HttpRequest, subject: Any) -> dict[str, object]:
    return {"events": [event_of(entry) for entry in AuditEntry.objects.all()[:RECENT]]}


def event_of(entry: AuditEntry) -> dict[str, object]:
    """An audit entry as a line of a timeline."""
    text = registry.verb_label(entry.verb)
    if entry.subject_label:
        text = gettext("%(verb)s: %(subject)s") % {"verb": text, "subject": entry.subject_label}
    return {
        "icon": "point",
        "text": text,
        "who": entry.actor_name,
        "at": entry.at,
        "note": entry.note,
    }
