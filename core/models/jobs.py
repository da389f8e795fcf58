"""Background jobs as rows: each run, what rests, and who is alive."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class JobStatus(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    SKIPPED = "skipped", _("Skipped")
    DIED = "died", _("Died")


class JobTrigger(models.TextChoices):
    SCHEDULE = "schedule", _("Schedule")
    PERSON = "person", _("Person")
    NUDGE = "nudge", _("Nudge")
    COMMAND = "command", _("Command")


OPEN = frozenset({JobStatus.QUEUED, JobStatus.RUNNING})


class JobRunQuerySet(models.QuerySet["JobRun"]):
    def open(self) -> "JobRunQuerySet":
        return self.filter(status__in=OPEN)

    def running(self) -> "JobRunQuerySet":
        return self.filter(status=JobStatus.RUNNING)

    def of(self, name: str, key: str = "") -> "JobRunQuerySet":
        return self.filter(name=name, key=key)

    def with_length(self) -> "JobRunQuerySet":
        """How long each run took; nothing while it goes on."""
        return self.annotate(length=models.F("ended_at") - models.F("started_at"))

    def whole(self) -> "JobRunQuerySet":
        """Those that began the job as its schedule does, not for one thing only."""
        return self.filter(models.Q(args=[]) | models.Q(chunk__gt=0), starts__gt=0)


class JobRun(models.Model):
    """One run of a background job: when, how it ended, what it counted, its last words.

    A row is running exactly as long as a worker holds its advisory lock. A long job works in
    chunks: between two of them the same row waits in the queue again.
    """

    name = models.CharField(_("job"), max_length=80)  # "core.purge_runs"
    key = models.CharField(_("for"), max_length=80, blank=True)
    args = models.JSONField(default=list, blank=True)  # ids and plain values, for the next chunk
    status = models.CharField(
        _("status"), max_length=10, choices=JobStatus.choices, default=JobStatus.RUNNING
    )
    trigger = models.CharField(
        _("started by"), max_length=10, choices=JobTrigger.choices, default=JobTrigger.SCHEDULE
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("requested by"),
    )
    # While it waits for a worker: when it was asked for. From then on: when it began.
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    chunk = models.PositiveIntegerField(default=0)  # which part of a long run is next
    starts = models.PositiveIntegerField(default=0)  # more than chunks where a worker died
    done = models.PositiveIntegerField(_("done"), default=0)
    total = models.PositiveIntegerField(_("total"), null=True, blank=True)
    counters = models.JSONField(_("counters"), default=dict, blank=True)
    log = models.TextField(_("log"), blank=True)
    error = models.TextField(_("error"), blank=True)  # for people; why, also when it was skipped
    worker = models.CharField(_("worker"), max_length=80, blank=True)  # host:pid

    objects = JobRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("job run")
        verbose_name_plural = _("job runs")
        default_permissions = ("view",)
        permissions = (("run_job", _("Can start and pause jobs")),)
        ordering = ("-started_at", "-pk")
        indexes = (
            models.Index(fields=["started_at", "id"], name="jobrun_started"),
            models.Index(fields=["name", "key", "started_at"], name="jobrun_name"),
            models.Index(
                fields=["status"],
                name="jobrun_open",
                condition=models.Q(status__in=["queued", "running"]),
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.key}".strip()

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def took(self) -> timedelta | None:
        """How long it ran, or has been running."""
        if self.status == JobStatus.QUEUED and not self.starts:
            return None
        return (self.ended_at or timezone.now()) - self.started_at

    @property
    def percent(self) -> int | None:
        return min(100, self.done * 100 // self.total) if self.total else None

    @property
    def per_second(self) -> float | None:
        took = self.took
        return self.done / took.total_seconds() if took and self.done else None

    @property
    def seconds_left(self) -> int | None:
        """A guess from the pace so far; None where there is nothing to guess from."""
        if not self.is_open or self.total is None or not self.per_second:
            return None
        return round(max(0, self.total - self.done) / self.per_second)


class JobPause(models.Model):
    """A job that a person told to rest: its schedule and its nudges do nothing until resumed."""

    name = models.CharField(primary_key=True, max_length=80)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class Heartbeat(models.Model):
    """The last sign of life of something that must stay alive, such as the worker."""

    name = models.CharField(primary_key=True, max_length=40)
    at = models.DateTimeField(default=timezone.now)
    info = models.JSONField(default=dict, blank=True)  # {"host": …, "pid": …, "version": …}

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
