"""Background jobs. An app writes them in its `jobs.py`:

    @job(every="5m", title=_("Read new orders"), per="account")
    def pull_orders(run: Run, key: str) -> None: ...

and asks for one with `enqueue(pull_orders, key="7")`. Django-q2 carries them; what ran, what runs
and what may run is in our own rows and locks, so that a lost or repeated delivery does no harm.
"""

from core.jobs.queue import WAITING, enqueue, is_paused, pause, resume, run_now
from core.jobs.runner import run_here, run_job
from core.jobs.runs import Run
from core.jobs.schedules import next_run, reconcile_schedules
from core.jobs.specs import (
    JobSpec,
    all_jobs,
    find,
    job,
    key_called,
    keys_of,
    register_scope,
    title_of,
)

__all__ = [
    "WAITING",
    "JobSpec",
    "Run",
    "all_jobs",
    "enqueue",
    "find",
    "is_paused",
    "job",
    "key_called",
    "keys_of",
    "next_run",
    "pause",
    "reconcile_schedules",
    "register_scope",
    "resume",
    "run_here",
    "run_job",
    "run_now",
    "title_of",
]
