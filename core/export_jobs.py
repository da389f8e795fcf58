"""Jobs of scheduled exports: begin those that are due, deliver one file, forget old ones."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy

from core import export_delivery, export_files, scheduled_exports
from core.errors import RuleViolation
from core.jobs import Run, job
from core.models import ExportRun, ExportStatus

KEEP = timedelta(days=180)


@job(every="5m", title=gettext_lazy("Begin scheduled exports"), hidden=True, manual=False)
def sweep_exports(run: Run) -> None:
    """What is due, what waits for another attempt, and what a dead worker left behind."""
    run.count("paused", scheduled_exports.pause_orphans())
    run.count("taken up", scheduled_exports.take_up())
    run.count("begun", scheduled_exports.begin_due())


@job(title=gettext_lazy("Deliver a scheduled export"), manual=False)
def deliver_export(run: Run, pk: int) -> None:
    """One file. What went wrong is told with the export, which tries again by itself."""
    made = export_delivery.deliver(pk)
    if made is None:
        run.log("done already")
        return
    run.log(f"{made.export}: {made.file_name or '–'} {made.get_status_display()} {made.error}")
    run.count("rows", made.rows or 0)
    if made.status == ExportStatus.FAILED:
        raise RuleViolation(made.error)


@job(at="03:55", title=gettext_lazy("Remove old scheduled exports' outcomes"))
def purge_export_runs(run: Run) -> None:
    """Keep what became of each file for half a year, and the files of links as long as those."""
    old = ExportRun.objects.filter(ended_at__lt=timezone.now() - KEEP)
    run.count("removed", old.delete()[0])
    # A link is signed after its file was made, and lives from then on.
    run.count("files", export_files.purge_linked(export_delivery.LINK_LIVES + timedelta(days=1)))
