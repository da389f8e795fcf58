from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EmagConfig(AppConfig):
    name = "emag"
    verbose_name = _("eMAG")

    def ready(self) -> None:
        from core import companions, live, partitions, registry
        from emag import account_panels, demo, happenings, panels, platform, probes, rejected, slots
        from emag import handlers as handlers  # registers them
        from emag.models.calls import TABLE

        platform.register()
        companions.register(demo.SIMULATOR)
        companions.register_demo(demo.fill)
        account_panels.register()
        happenings.register()
        panels.register()
        probes.register()
        slots.register()
        rejected.register_actions()
        partitions.register(TABLE)
        live.register_topic("payloads", "emag.view_payload")
        registry.register_verbs(VERBS)
        for item in (
            registry.NavItem(
                _("Sync"), "refresh", "emag:sync_page", "core.view_jobrun",
                section="control", order=10, key="s",
            ),
            registry.NavItem(
                _("Rejected payloads"), "alert-circle", "emag:rejected_payload_list",
                "emag.view_payload", section="control", order=16,
                counter=panels.rejected_waiting, topic="payloads",
            ),
            registry.NavItem(
                _("Call log"), "activity", "emag:api_call_list", "emag.view_apicall",
                section="control", order=50, key="l",
            ),
        ):  # fmt: skip
            registry.register_nav(item)
        registry.register_command(
            registry.Command(
                "emag.connect", _("Connect an eMAG account"), "emag:connect_start",
                icon="plug-connected", permission="accounts.change_marketplaceaccount",
                keywords="Fashion Days, marketplace",
            )
        )  # fmt: skip


VERBS = {
    "emag_account.connected": _("Connected to eMAG"),
    "emag_account.credentials_changed": _("eMAG credentials changed"),
    "emag_account.usage_reset": _("Calls counted anew"),
    "emag_account.refused": _("Refused by eMAG"),
    "emag_account.accepted": _("Let in by eMAG again"),
    "emag_call.repeated": _("Reading call repeated"),
    "payload.read_again": _("Payload read again"),
    "payload.ignored": _("Payload ignored"),
    "payload.reopened": _("Payload opened again"),
}
