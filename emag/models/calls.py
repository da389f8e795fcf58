"""The call log: every call to eMAG and its reply, for thirty days."""

from __future__ import annotations

import json
import zlib
from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import MarketplaceAccount
from core.partitions import PartitionedTable

TABLE = PartitionedTable("emag_apicall", by="day", keep=timedelta(days=30))


class Outcome(models.TextChoices):
    """What became of a call."""

    DONE = "done", _("Done")
    REMARKS = "remarks", _("Done, with remarks")
    PARTLY = "partly", _("Done in part")
    REFUSED = "refused", _("Refused")
    LIMITED = "limited", _("Too many calls")
    ACCESS = "access", _("No access")
    UNAVAILABLE = "unavailable", _("No answer")
    UNKNOWN = "unknown", _("Outcome unknown")
    DRIFT = "drift", _("Not understood")


# How an outcome looks: its tone and its icon.
OUTCOME_BADGES: dict[str, tuple[str, str]] = {
    Outcome.DONE: ("green", "check"),
    Outcome.REMARKS: ("amber", "message"),
    Outcome.PARTLY: ("amber", "list-check"),
    Outcome.REFUSED: ("red", "x"),
    Outcome.LIMITED: ("amber", "hourglass"),
    Outcome.ACCESS: ("red", "lock"),
    Outcome.UNAVAILABLE: ("amber", "plug-connected-x"),
    Outcome.UNKNOWN: ("red", "help-circle"),
    Outcome.DRIFT: ("red", "alert-triangle"),
}


class ApiCallQuerySet(models.QuerySet["ApiCall"]):
    def without_bodies(self) -> ApiCallQuerySet:
        return self.defer("sent", "received", "mentions")

    def mentioning(self, word: str) -> ApiCallQuerySet:
        """Calls in which this order number, SKU or waybill occurs."""
        return self.filter(mentions__contains=[word.strip().upper()])


class ApiCall(models.Model):
    """One call to eMAG, with what was sent, what came back, and what was made of it.

    Secrets and personal data are masked before it is written. In the database the table is
    partitioned by day (its real key is id and at), and days older than thirty are dropped.
    """

    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    call_id = models.CharField(_("number"), max_length=16)
    # Without a foreign key in the database, which parts of a table cannot carry over.
    account = models.ForeignKey(
        MarketplaceAccount,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("account"),
    )
    resource = models.CharField(_("resource"), max_length=40)
    action = models.CharField(_("action"), max_length=30)
    method = models.CharField(_("method"), max_length=6)
    url = models.TextField(_("address"))
    bucket = models.CharField(_("budget"), max_length=8)
    is_read = models.BooleanField(_("changes nothing"))
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices)
    error_code = models.CharField(_("kind of error"), max_length=30, blank=True)
    message = models.TextField(_("message"), blank=True)
    items = models.PositiveIntegerField(_("items"), default=0)
    waited_ms = models.PositiveIntegerField(_("waited"), default=0)
    took_ms = models.PositiveIntegerField(_("took"), default=0)
    sent = models.BinaryField(_("request"), default=b"")
    received = models.BinaryField(_("reply"), default=b"")
    received_size = models.PositiveIntegerField(_("size of the reply"), default=0)
    is_cut = models.BooleanField(_("only the beginning is kept"), default=False)
    mentions = ArrayField(models.CharField(max_length=60), verbose_name=_("mentions"), default=list)
    replay_of = models.CharField(_("repeats"), max_length=16, blank=True)

    objects = ApiCallQuerySet.as_manager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("call log")
        default_permissions = ("view",)
        permissions = (("replay_apicall", _("Can repeat a reading call")),)
        ordering = ("-at", "-pk")
        indexes = (
            models.Index(fields=["at", "id"], name="apicall_at"),
            models.Index(fields=["account", "at", "bucket"], name="apicall_account"),
            models.Index(fields=["call_id"], name="apicall_number"),
            models.Index(fields=["outcome", "at"], name="apicall_outcome"),
            models.Index(fields=["resource", "action", "at"], name="apicall_resource"),
            models.Index(fields=["took_ms", "at"], name="apicall_took"),
            GinIndex(fields=["mentions"], name="apicall_mentions"),
        )

    def __str__(self) -> str:
        return f"{self.resource}/{self.action}"

    def get_absolute_url(self) -> str:
        return reverse("emag:api_call_page", args=[self.pk])

    @property
    def took(self) -> timedelta:
        return timedelta(milliseconds=self.took_ms)

    @property
    def waited(self) -> timedelta:
        return timedelta(milliseconds=self.waited_ms)

    @property
    def request_text(self) -> str:
        return unpack(self.sent)

    @property
    def reply_text(self) -> str:
        return unpack(self.received)


def pack(text: str) -> bytes:
    """Squeezed here, not by PostgreSQL: faster, and less goes over the wire."""
    return zlib.compress(text.encode("utf-8", "replace"), 1) if text else b""


def unpack(data: bytes | memoryview) -> str:
    return zlib.decompress(data).decode() if len(data) else ""


def pretty(text: str) -> str:
    """JSON for people; anything else as it is. Half a JSON, of a reply that was cut, stays so."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
