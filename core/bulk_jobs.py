"""Jobs of bulk runs: go on with one, find those that nobody works on, forget old ones."""

from django.utils.translation import gettext_lazy

from core import bulk, bulk_worker
from core.bulk_report import summary, title_of
from core.jobs import Run, job
from core.models import BulkRun, BulkStatus
from core.models.jobs import JobTrigger

CHUNK_SECONDS = 15.0
PATIENCE = 5.0  # a web process may be about to let go of a run it began


@job(title=gettext_lazy("Bulk action"), manual=False)
def run_bulk(run: Run, pk: int) -> None:
    """A chunk of a bulk run; the next one queues behind whatever waits meanwhile."""
    has_more = bulk_worker.work(pk, seconds=CHUNK_SECONDS, patience=PATIENCE, tell=run.progress)
    bulk_run = BulkRun.objects.defer("pks").get(pk=pk)
    run.progress(bulk_run.cursor, bulk_run.total)
    for name in ("done", "refused", "failed"):
        run.count(name, getattr(bulk_run, name) - run.counted(name))
    if has_more:
        run.hand_over(pk)
    elif bulk_run.status != BulkStatus.RUNNING:
        run.log(" ".join(filter(None, (title_of(bulk_run), "·", summary(bulk_run), bulk_run.note))))


@job(
    every="1m", title=gettext_lazy("Find bulk actions whose worker died"), hidden=True, manual=False
)
def sweep_bulk_runs(run: Run) -> None:
    """Whatever a dead worker or a dead web process left behind is taken up again."""
    for pk in bulk.abandoned():
        bulk.hand_over(pk, trigger=JobTrigger.NUDGE)
        run.count("taken up")


@job(at="03:50", title=gettext_lazy("Remove old bulk actions"))
def purge_bulk_runs(run: Run) -> None:
    """Keep runs for three months, and previews that nobody confirmed for a day."""
    run.count("removed", bulk.prune())
