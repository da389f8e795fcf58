"""Exports at set times, and what became of each."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.export_times import FULL_WEEK, LONGEST_MONTH, Rhythm


class FileKind(models.TextChoices):
    CSV = "csv", _("CSV file")
    XLSX = "xlsx", _("Excel file")
    PDF = "pdf", _("PDF file")


class Every(models.TextChoices):
    DAY = "day", _("Every day")
    WEEK = "week", _("Every week")
    MONTH = "month", _("Every month")


class Covers(models.TextChoices):
    """Which days a file holds."""

    ALL = "all", _("Everything that the filter shows then")
    SINCE = "since", _("The days since the file before")


class ExportStatus(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("export", "Waiting")
    RUNNING = "running", pgettext_lazy("export", "Being made")
    DONE = "done", pgettext_lazy("export", "Delivered")
    FAILED = "failed", pgettext_lazy("export", "Failed")


class ScheduledExport(models.Model):
    """A file of a list page that is made at set times and brought to people or into a folder.

    It runs with the rights of its owner, who sees at that time what the list would show to them.
    """

    # What a person decides about it.
    FACTS: ClassVar[tuple[str, ...]] = (
        "name", "query", "columns", "details", "kind", "covers", "every", "hour", "weekday",
        "month_day", "emails", "to_folder", "folder", "file_name",
    )  # fmt: skip

    name = models.CharField(_("name"), max_length=60)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="scheduled_exports",
        verbose_name=_("runs with the rights of"),
    )
    page = models.CharField(_("list"), max_length=60)
    query = models.TextField(_("filter"), blank=True)  # url-encoded, as a saved view keeps it
    columns = ArrayField(models.TextField(), verbose_name=_("columns"), default=list)
    details = models.CharField(_("rows"), max_length=30, blank=True)  # of core.export_sources
    kind = models.CharField(_("file"), max_length=4, choices=FileKind.choices)
    covers = models.CharField(_("days"), max_length=8, choices=Covers.choices, default=Covers.ALL)
    covered_to = models.DateField(null=True, blank=True, editable=False)  # by what was delivered
    # --- When -----------------------------------------------------------------------------------
    every = models.CharField(_("how often"), max_length=5, choices=Every.choices)
    hour = models.PositiveSmallIntegerField(_("hour"), validators=[MaxValueValidator(23)])
    weekday = models.PositiveSmallIntegerField(
        _("weekday"), default=0, validators=[MaxValueValidator(FULL_WEEK - 1)]
    )
    month_day = models.PositiveSmallIntegerField(
        _("day of the month"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_MONTH)],
    )
    next_at = models.DateTimeField(_("next"), null=True, blank=True)
    # --- Where to -------------------------------------------------------------------------------
    emails = ArrayField(models.EmailField(), verbose_name=_("email"), default=list, blank=True)
    to_folder = models.BooleanField(_("into a folder"), default=False)
    folder = models.CharField(_("folder"), max_length=200, blank=True)  # below EXPORT_DIR
    file_name = models.CharField(_("file name"), max_length=100, default="{name} {date}")
    # --------------------------------------------------------------------------------------------
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)
    pause_reason = models.TextField(_("why it rests"), blank=True)
    created_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("scheduled export")
        verbose_name_plural = _("scheduled exports")
        default_permissions = ()
        ordering = ("name", "pk")
        indexes = (
            models.Index(
                fields=["next_at"], condition=Q(paused_at__isnull=True), name="scheduledexport_due"
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=~Q(emails=[]) | Q(to_folder=True), name="scheduledexport_goes_somewhere"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("core:scheduled_export_page", args=[self.pk])

    @property
    def stamp(self) -> str:
        """Changes whenever something does that a person may have looked at before editing it."""
        seen = [self.owner_id, *(getattr(self, name) for name in self.FACTS)]
        return blake2b(repr(seen).encode(), digest_size=8).hexdigest()

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @property
    def zone(self) -> ZoneInfo:
        """The owner's, in which hours and days are meant."""
        return ZoneInfo(self.owner.time_zone or settings.TIME_ZONE)

    @property
    def rhythm(self) -> Rhythm:
        return Rhythm(
            every=self.every, hour=self.hour, weekday=self.weekday, month_day=self.month_day
        )

    def next_after(self, moment: datetime) -> datetime:
        return self.rhythm.next_after(moment, self.zone)


class ExportRun(models.Model):
    """One file of a scheduled export: the time it was due, how far it came, where it went.

    A time exists once, so whatever dies or comes twice, it is one file. `mailing_at` is written
    before the mail goes out and `mailed_at` after it: between the two nobody knows, and nobody
    sends it again by itself.
    """

    export = models.ForeignKey(
        ScheduledExport,
        on_delete=models.CASCADE,
        related_name="runs",
        db_index=False,  # the unique constraint begins with it
        verbose_name=_("scheduled export"),
    )
    slot = models.DateTimeField(_("due"))
    is_extra = models.BooleanField(_("asked for by hand"), default=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    status = models.CharField(
        _("status"),
        max_length=8,
        choices=ExportStatus.choices,
        default=ExportStatus.WAITING,
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    try_at = models.DateTimeField(_("tried again"), default=timezone.now)
    # The filter with its days written out: "yesterday" is the same day whenever it is read again.
    query = models.TextField(blank=True)
    first_on = models.DateField(null=True)  # the days it covers, where it covers days
    last_on = models.DateField(null=True)
    file_name = models.CharField(_("file"), max_length=120, blank=True)
    rows = models.PositiveIntegerField(_("rows"), null=True)
    size = models.PositiveBigIntegerField(_("size"), null=True)
    filed_at = models.DateTimeField(_("in the folder"), null=True)
    mailing_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(_("mailed"), null=True)
    is_linked = models.BooleanField(default=False)  # too large for a mail, which has a link instead
    ended_at = models.DateTimeField(_("ended"), null=True)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("file of a scheduled export")
        verbose_name_plural = _("files of scheduled exports")
        default_permissions = ()
        ordering = ("-slot", "-pk")
        constraints = (models.UniqueConstraint(fields=["export", "slot"], name="export_slot_once"),)
        indexes = (
            models.Index(
                fields=["try_at"],
                condition=Q(status__in=["waiting", "running"]),
                name="exportrun_open",
            ),
        )

    def __str__(self) -> str:
        return self.file_name or f"{self.export_id} {self.slot:%Y-%m-%d %H:%M}"

    @property
    def is_over(self) -> bool:
        return self.status in {ExportStatus.DONE, ExportStatus.FAILED}
