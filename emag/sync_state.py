"""How the readings stand: for each job and account the last run, in words, and when the next is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.models import Schedule

from accounts.models import MarketplaceAccount
from core import jobs
from core.html import duration, number
from core.jobs import counters
from core.models import JobPause, JobRun
from core.models.jobs import JobStatus
from emag.models import Credential
from emag.services import causes
from emag.services.trouble import RESTING
from emag.sites import PLATFORMS

BADGES: dict[str, tuple[str, str]] = {
    JobStatus.QUEUED: ("grey", "clock"),
    JobStatus.RUNNING: ("blue", "progress"),
    JobStatus.DONE: ("green", "check"),
    JobStatus.FAILED: ("red", "x"),
    JobStatus.SKIPPED: ("grey", "player-skip-forward"),
    JobStatus.DIED: ("red", "skull"),
}
# In the order in which they matter to people; whatever else runs per account comes after.
FIRST = (
    "emag.pull_orders", "orders.accept_new_orders", "emag.sweep_new_orders", "emag.reread_orders",
    "emag.pull_offers", "emag.pull_reference_data", "emag.check_health", "emag.purge",
)  # fmt: skip
_LATEST = f"""
    SELECT run.* FROM unnest(%s::text[]) AS name CROSS JOIN unnest(%s::text[]) AS key
     CROSS JOIN LATERAL (
           SELECT * FROM {JobRun._meta.db_table}
            WHERE name = name.name AND key = key.key AND status <> 'skipped'
            ORDER BY started_at DESC, id DESC LIMIT 1) AS run
"""  # noqa: S608 - only the table's own name


@dataclass
class Line:
    """One job of one account."""

    account: MarketplaceAccount
    run: JobRun | None
    is_resting: bool = False

    @property
    def badge(self) -> tuple[str, str, str] | None:
        if self.run is None:
            return None
        if self.was_left_alone:
            word = _("Resting") if self.is_resting else _("Skipped")
            return word, "amber", "player-pause"
        tone, icon = BADGES[self.run.status]
        return str(self.run.get_status_display()), tone, icon

    @property
    def was_left_alone(self) -> bool:
        """The run only said why it did nothing, as for an account that eMAG refuses."""
        run = self.run
        return bool(
            run and run.status == JobStatus.DONE and run.log and not run.counters and not run.error
        )

    @property
    def words(self) -> str:
        return words_of(self.run) if self.run else _("Has not run yet.")

    @property
    def figures(self) -> list[tuple[str, int]]:
        """What the run counted, as far as its words do not say it."""
        return counters.told(self.run.counters) if self.run else []

    @property
    def pace(self) -> str:
        """The rate and the time left of a run that goes on."""
        run = self.run
        if run is None or not run.is_open or not run.per_second:
            return ""
        parts = [_("%(rate)s a second") % {"rate": number(run.per_second, 1)}]
        if run.seconds_left is not None:
            parts.append(_("%(time)s left") % {"time": duration(run.seconds_left)})
        return " · ".join(parts)


@dataclass
class JobState:
    """One job with a line for each account."""

    spec: jobs.JobSpec
    lines: list[Line]
    next_run: datetime | None = None
    pause: JobPause | None = None

    @property
    def is_due(self) -> bool:
        """The schedule waits for a worker."""
        return self.next_run is not None and self.next_run <= timezone.now()

    @property
    def title(self) -> str:
        return str(self.spec.title)

    @property
    def rhythm(self) -> str:
        if self.spec.at is not None:
            return _("daily at %(time)s") % {"time": f"{self.spec.at:%H:%M}"}
        return _("every %(time)s") % {"time": short(self.spec.every)}


@dataclass
class Trouble:
    """An account that eMAG gives trouble, and whether it rests because of it."""

    credential: Credential
    is_resting: bool

    @property
    def words(self) -> str:
        return causes.words_of(self.credential)


@dataclass
class SyncState:
    """Everything the page shows."""

    jobs: list[JobState]
    accounts: list[MarketplaceAccount]
    troubled: list[Trouble] = field(default_factory=list)

    @property
    def is_working(self) -> bool:
        return any(line.run and line.run.is_open for job in self.jobs for line in job.lines)


def specs() -> list[jobs.JobSpec]:
    """The jobs of accounts that run by themselves."""
    found = [spec for spec in jobs.all_jobs() if spec.per == "account" and spec.is_scheduled]
    rank = {name: place for place, name in enumerate(FIRST)}
    return sorted(found, key=lambda spec: (rank.get(spec.name, len(rank)), spec.name))


def state() -> SyncState:
    """Five queries, however many jobs and accounts there are."""
    accounts = list(_accounts().order_by("name"))
    credentials = Credential.objects.filter(account__in=accounts).select_related("account")
    troubled = [
        Trouble(one, one.trouble_kind in RESTING) for one in credentials if one.trouble_kind
    ]
    resting = {one.credential.account_id for one in troubled if one.is_resting}
    listed = specs()
    names = [spec.name for spec in listed]
    last = latest_runs(names, [str(account.pk) for account in accounts])
    pauses = {pause.name: pause for pause in JobPause.objects.filter(name__in=names)}
    nexts = dict(Schedule.objects.filter(name__in=names).values_list("name", "next_run"))
    return SyncState(
        [
            JobState(
                spec,
                [
                    Line(one, last.get((spec.name, str(one.pk))), one.pk in resting)
                    for one in accounts
                ],
                nexts.get(spec.name),
                pauses.get(spec.name),
            )
            for spec in listed
        ],
        accounts,
        troubled,
    )


def keys() -> set[str]:
    """Whom a job can be started for: also accounts that are paused, which the run then says."""
    return {str(pk) for pk in _accounts().values_list("pk", flat=True)}


def _accounts() -> QuerySet[MarketplaceAccount]:
    return MarketplaceAccount.objects.filter(platform__in=PLATFORMS)


def latest_runs(names: Sequence[str], keys: Sequence[str]) -> dict[tuple[str, str], JobRun]:
    """The last run of each job for each key: one look into the index each, not a sort of all."""
    rows = JobRun.objects.raw(_LATEST, [list(names), list(keys)])
    return {(run.name, run.key): run for run in rows}


def words_of(run: JobRun) -> str:
    """What came of a run, as a person would say it."""
    if run.status == JobStatus.QUEUED and not run.starts:
        return _("Waits for its turn.")
    if run.is_open:
        if run.total:
            return _("%(done)s of %(total)s") % {
                "done": number(run.done), "total": number(run.total),
            }  # fmt: skip
        return _("Under way")
    if run.error:
        return run.error
    read = run.counters.get("read")
    if read is None:
        return last_words(run) or (_("Done.") if run.counters else _("Nothing to do."))
    fresh, changed = run.counters.get("new", 0), run.counters.get("changed", 0)
    if not fresh and not changed:
        return _("Nothing new.")
    return _("%(new)s new, %(changed)s changed.") % {
        "new": number(fresh), "changed": number(changed),
    }  # fmt: skip


def last_words(run: JobRun) -> str:
    """The last line of its log, without the time."""
    line = run.log.rpartition("\n")[2]
    return line.partition(" ")[2] if line[:2].isdigit() else line


def short(every: timedelta | None) -> str:
    minutes = int(every.total_seconds() // 60) if every else 0
    if minutes % 60 == 0 and minutes:
        return _("%(hours)d h") % {"hours": minutes // 60}
    return _("%(minutes)d min") % {"minutes": minutes}
