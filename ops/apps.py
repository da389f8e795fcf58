from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class OpsConfig(AppConfig):
    name = "ops"
    verbose_name = _("Control room")

    def ready(self) -> None:
        apps.get_app_config("django_q").verbose_name = _("Schedules")
        from core.registry import NavItem, register_nav
        from ops import panels

        panels.register()
        register_nav(NavItem(_("Home"), "home", "ops:home", order=0, key="h"))
        register_nav(
            NavItem(_("Audit trail"), "history", "ops:audit_list", "core.view_auditentry",
                    section="control", order=20, key="a"),
        )  # fmt: skip
        register_nav(
            NavItem(_("Job runs"), "clock-play", "ops:job_run_list", "core.view_jobrun",
                    section="control", order=30, key="j"),
        )  # fmt: skip
