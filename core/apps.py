from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = _("Changes, jobs and views")

    def ready(self) -> None:
        from core import actions, backstage, export_trouble, list_menus, palette
        from core import bulk_jobs as bulk_jobs  # its jobs register themselves
        from core import export_jobs as export_jobs

        palette.register_own()
        actions.register_own()
        list_menus.register_own()
        export_trouble.register_own()
        backstage.register_own()
        # Every app's jobs, so that worker, pages and schedules know them.
        autodiscover_modules("jobs")
        post_migrate.connect(after_migrate, sender=self, dispatch_uid="core.after_migrate")


def after_migrate(**kwargs: object) -> None:
    """What the code expects of a database beyond its tables."""
    from core import jobs, partitions, search_index

    partitions.ensure_all()
    search_index.ensure_search_indexes()
    jobs.reconcile_schedules()
