"""Bulk runs: one action on many rows, kept to be shown, resumed and never done twice."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

QUIET = timedelta(seconds=15)


class BulkStatus(models.TextChoices):
    DRAFT = "draft", _("Not started")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")
    STOPPED = "stopped", _("Stopped")


class RefusalKind(models.TextChoices):
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Failed")
    GONE = "gone", _("No longer in this list")


class BulkRun(models.Model):
    """One action on many rows of a list page: which rows, how far it is, how it ended.

    The rows before `cursor` are settled. The cursor moves in the same transaction as the row it
    passes, so whoever goes on after a crash starts exactly at the first row that had no effect.
    """

    # Made before the person confirms: however often the button is pressed, it is one run.
    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    page = models.CharField(_("page"), max_length=60)
    action = models.CharField(_("action"), max_length=60)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("requested by"),
    )
    page_url = models.TextField(blank=True)  # the list with its filter, to go back to
    form_data = models.TextField(blank=True)  # url-encoded, as posted; validated again when it runs
    pks = ArrayField(models.BigIntegerField(), default=list)
    total = models.PositiveIntegerField(_("total"), default=0)
    cursor = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(_("done"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    gone = models.PositiveIntegerField(_("no longer in the list"), default=0)  # asked for, and gone
    status = models.CharField(
        _("status"), max_length=10, choices=BulkStatus.choices, default=BulkStatus.DRAFT
    )
    note = models.TextField(_("note"), blank=True)  # why it stopped
    # A row that takes its worker down is given up after a few deaths at the same place.
    takeover_cursor = models.PositiveIntegerField(null=True)
    takeovers = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(_("asked for"), default=timezone.now, editable=False)
    started_at = models.DateTimeField(_("started"), null=True)
    moved_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("bulk run")
        verbose_name_plural = _("bulk runs")
        default_permissions = ()
        ordering = ("-created_at", "-pk")
        indexes = (
            models.Index(fields=["status"], name="bulkrun_open", condition=Q(status="running")),
            models.Index(fields=["created_at"], name="bulkrun_created"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(cursor__lte=F("total")), name="bulkrun_cursor"),
            models.CheckConstraint(
                condition=Q(cursor=F("done") + F("refused") + F("failed")), name="bulkrun_counts"
            ),
        )

    def __str__(self) -> str:
        return f"{self.action} × {self.total}"

    def get_absolute_url(self) -> str:
        return reverse("core:bulk_run_page", args=[self.pk])

    @property
    def is_running(self) -> bool:
        return self.status == BulkStatus.RUNNING

    @property
    def is_quiet(self) -> bool:
        """Nobody has moved it for a while: the worker is busy elsewhere, or has died."""
        last = self.moved_at or self.started_at
        return self.is_running and last is not None and timezone.now() - last > QUIET

    @property
    def percent(self) -> int:
        return 100 * self.cursor // self.total if self.total else 100

    @property
    def per_second(self) -> float:
        """Rows settled a second since the start."""
        if not (self.started_at and self.moved_at) or self.moved_at <= self.started_at:
            return 0.0
        return self.cursor / (self.moved_at - self.started_at).total_seconds()

    @property
    def seconds_left(self) -> int | None:
        """None as long as nothing has been settled to judge by."""
        rate = self.per_second
        return round((self.total - self.cursor) / rate) if rate else None


class BulkRefusal(models.Model):
    """A row that a bulk run left as it was, and why."""

    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="refusals")
    object_id = models.BigIntegerField()
    label = models.CharField(max_length=200, blank=True)
    url = models.CharField(max_length=300, blank=True)
    kind = models.CharField(max_length=10, choices=RefusalKind.choices)
    reason = models.TextField()

    class Meta:
        verbose_name = _("refused row")
        verbose_name_plural = _("refused rows")
        default_permissions = ()
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=["run", "object_id"], name="bulk_refusal_once"),
        )

    def __str__(self) -> str:
        return f"{self.label or self.object_id}: {self.reason}"
