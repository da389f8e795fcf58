"""What people are told of scheduled exports: a banner while one fails, words in the audit trail."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core import live, registry, scheduled_exports
from core.registry import Level, Probe

PROBE = "core.exports"
SHOWN = 5


def register_own() -> None:
    """Called once, from CoreConfig.ready()."""
    live.register_topic("exports", None)
    registry.register_probe(PROBE, probe)
    registry.register_verbs(
        {
            "export.scheduled": _("Export scheduled"),
            "export.changed": _("Scheduled export changed"),
            "export.paused": _("Scheduled export paused"),
            "export.resumed": _("Scheduled export resumed"),
            "export.removed": _("Scheduled export removed"),
            "export.run_requested": _("Scheduled export run by hand"),
            "export.delivered": _("Export delivered"),
            "export.failed": _("Export failed"),
        }
    )


def probe() -> Probe:
    """Does everything that people wait for arrive?"""
    label = _("Scheduled exports")
    names = list(scheduled_exports.in_trouble().values_list("name", flat=True)[: SHOWN + 1])
    if not names:
        return Probe(PROBE, label)
    said = ", ".join(f"“{name}”" for name in names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
    words = ngettext(
        "The scheduled export %(names)s does not arrive.",
        "The scheduled exports %(names)s do not arrive.",
        len(names),
    ) % {"names": said}
    url = reverse("core:scheduled_export_list")
    return Probe(PROBE, label, Level.WARN, words, url=url, banner=True)
