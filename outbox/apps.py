from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutboxConfig(AppConfig):
    name = "outbox"
    verbose_name = _("Outbox")

    def ready(self) -> None:
        from django.core.checks import register

        from core import live
        from core import registry as slots
        from outbox import actions, banners
        from outbox.registry import check_complete

        register(check_complete)
        actions.register()
        banners.register()
        live.register_topic("outbox", "outbox.view_command")
        slots.register_verbs(
            {
                "command.retried": _("Sent again"),
                "command.cancelled": _("Sending cancelled"),
                "command.confirmed": _("Said that it did happen"),
                "command.denied": _("Said that it did not happen"),
                "lane.paused": _("Sending paused"),
                "lane.resumed": _("Sending resumed"),
            }
        )
        slots.register_nav(
            slots.NavItem(
                _("Error queue"), "send", "outbox:error_queue", "outbox.view_command",
                section="control", order=10, counter=needing_a_person, topic="outbox", key="e",
            )
        )  # fmt: skip


def needing_a_person(user: object) -> int:
    """How many messages wait for somebody to decide."""
    from core.paging import bounded
    from outbox.models import Command

    return bounded({"waiting": Command.objects.needing_a_person()})["waiting"]
