"""What the reading of an account's data must remember between two runs."""

import json
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import MarketplaceAccount


class PayloadStatus(models.TextChoices):
    OPEN = "open", _("Open")
    RESOLVED = "resolved", _("Read since")
    IGNORED = "ignored", _("Ignored")


class Cursor(models.Model):
    """Up to which moment one kind of thing of an account has been read completely."""

    account = models.ForeignKey(
        MarketplaceAccount, on_delete=models.CASCADE, related_name="cursors"
    )
    name = models.CharField(max_length=40)  # "order:3"
    position = models.DateTimeField()
    moved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("reading position")
        verbose_name_plural = _("reading positions")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=["account", "name"], name="cursor_account_name"),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.name}"


class Snapshot(models.Model):
    """What eMAG last said of one order or offer, as far as we have taken it in.

    It answers two questions: did anything change since (by the digest), and what has to be sent
    back when a field is changed there. It is written in the transaction that imports, so it never
    says more than our own rows do.
    """

    account = models.ForeignKey(
        MarketplaceAccount,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # the unique constraint begins with it
    )
    kind = models.CharField(max_length=10)  # "order:3", "order:2", "offer"
    external_id = models.CharField(max_length=40)
    # JSON as text: it also keeps what PostgreSQL's own types refuse, such as an escaped NUL. Empty
    # where an order was closed so long ago that the people in it are nobody's business any more.
    text = models.TextField()
    digest = models.BinaryField(max_length=16)
    changed_at = models.DateTimeField(null=True)  # the marketplace's word for it
    read_at = models.DateTimeField()
    imported_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("raw payload")
        verbose_name_plural = _("raw payloads")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                fields=["account", "kind", "external_id"], name="snapshot_account_kind_id"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"

    @property
    def payload(self) -> Any:
        """The payload, its numbers exactly as they are written; None where it was removed."""
        return json.loads(self.text, parse_float=Decimal) if self.text else None


class SnapshotVersion(models.Model):
    """What eMAG said of an order before it said what its snapshot holds now, word for word."""

    snapshot = models.ForeignKey(
        Snapshot, on_delete=models.CASCADE, related_name="versions", db_index=False
    )
    text = models.TextField()
    changed_at = models.DateTimeField(null=True)  # the marketplace's word for it
    read_at = models.DateTimeField()
    replaced_at = models.DateTimeField()

    class Meta:
        verbose_name = _("earlier payload")
        verbose_name_plural = _("earlier payloads")
        default_permissions = ()
        ordering = ("-pk",)
        indexes = (models.Index(fields=["snapshot", "id"], name="snapshot_version"),)

    def __str__(self) -> str:
        return f"{self.snapshot} {self.replaced_at:%Y-%m-%d %H:%M}"

    @property
    def payload(self) -> Any:
        return json.loads(self.text, parse_float=Decimal)


class RejectedPayloadQuerySet(models.QuerySet["RejectedPayload"]):
    def open(self) -> "RejectedPayloadQuerySet":
        return self.filter(status=PayloadStatus.OPEN)


class RejectedPayload(models.Model):
    """An order or offer that could not be read or was refused, kept for a person to look at.

    One row for each thing, however often it comes again. When it can be read at last, the row is
    resolved by itself.
    """

    account = models.ForeignKey(
        MarketplaceAccount,
        on_delete=models.CASCADE,
        related_name="rejected_payloads",
        verbose_name=_("account"),
    )
    kind = models.CharField(_("kind"), max_length=10)
    external_id = models.CharField(_("number"), max_length=60)  # "?" and a digest: it has none
    payload = models.TextField(_("payload"))
    digest = models.BinaryField(max_length=16)
    messages = models.JSONField(_("why"), default=list)
    status = models.CharField(
        _("status"), max_length=10, choices=PayloadStatus.choices, default=PayloadStatus.OPEN
    )
    first_at = models.DateTimeField(_("first seen"), default=timezone.now)
    last_at = models.DateTimeField(pgettext_lazy("payload", "last seen"), default=timezone.now)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    times = models.PositiveIntegerField(_("times"), default=1)
    call_id = models.CharField(_("call"), max_length=40, blank=True)

    objects = RejectedPayloadQuerySet.as_manager()

    class Meta:
        verbose_name = _("rejected payload")
        verbose_name_plural = _("rejected payloads")
        default_permissions = ()
        permissions = (
            ("view_payload", _("Can see what the marketplace sent, as it sent it")),
            ("resolve_payload", _("Can settle what could not be read")),
        )
        ordering = ("-last_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=["account", "kind", "external_id"], name="rejected_account_kind_id"
            ),
        )
        indexes = (
            models.Index(fields=["last_at", "id"], name="rejected_last"),
            models.Index(fields=["account"], name="rejected_open", condition=Q(status="open")),
        )

    def __str__(self) -> str:
        return f"{self.kind_label} {self.external_id}"

    def get_absolute_url(self) -> str:
        return reverse("emag:rejected_payload_page", args=[self.pk])

    @property
    def kind_label(self) -> str:
        return str(_("Offer") if self.kind == "offer" else _("Order"))

    @property
    def why(self) -> str:
        return "; ".join(str(message) for message in self.messages)

    @property
    def has_number(self) -> bool:
        return not self.external_id.startswith("?")


class Nudge(models.Model):
    """An order that eMAG told us has changed and that has not been read since.

    Only a hint: what it says is never data, and the regular reading finds everything without it.
    """

    account = models.ForeignKey(MarketplaceAccount, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10)  # "order", or "order:3" where the type is known
    external_id = models.CharField(max_length=20)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("call of the marketplace")
        verbose_name_plural = _("calls of the marketplace")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                fields=["account", "kind", "external_id"], name="nudge_account_kind_id"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"
