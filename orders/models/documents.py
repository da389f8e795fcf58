from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from orders.choices import AttachmentKind
from orders.models.lines import OrderLine
from orders.models.orders import Order


def place_of(document: OrderDocument, filename: str) -> str:
    """Where a file is kept: by month, under a name that nobody guesses and no upload chooses."""
    return f"orders/{timezone.now():%Y/%m}/{uuid4().hex}.pdf"


class OrderDocument(models.Model):
    """A document that we hang on an order at the marketplace: a PDF kept here, or an address.

    The marketplace fetches it from its address; for a file of ours that is a signed link which
    works until `public_until`, or until somebody ends it. The file is removed after that, unless it
    is an invoice; the row stays. What hangs there in the end is told by OrderAttachment.
    """

    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="documents", verbose_name=_("order")
    )
    line = models.ForeignKey(
        OrderLine,
        on_delete=models.CASCADE,
        related_name="documents",
        null=True,
        blank=True,
        verbose_name=_("order line"),
    )
    kind = models.CharField(_("kind"), max_length=12, choices=AttachmentKind.choices)
    name = models.CharField(_("name"), max_length=60)
    file = models.FileField(_("file"), upload_to=place_of, max_length=120, blank=True)
    url = models.TextField(_("address"), blank=True)
    digest = models.CharField(max_length=64, blank=True, editable=False)  # SHA-256 of the file
    public_until = models.DateTimeField(_("public until"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("link ended"), null=True, blank=True, editable=False)
    added_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        verbose_name=_("added by"),
    )
    attached_at = models.DateTimeField(_("attached"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        default_permissions = ()
        ordering = ("-added_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(url="", public_until__isnull=False)  # no file any more: removed
                | Q(file="", public_until__isnull=True) & ~Q(url=""),
                name="order_document_is_somewhere",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_public(self) -> bool:
        """Whether its signed link works; addresses elsewhere are not ours to end."""
        is_over = self.public_until is None or self.public_until <= timezone.now()
        return bool(self.file) and not is_over and self.revoked_at is None


class DocumentVisit(models.Model):
    """Somebody fetched a document by its public link."""

    document = models.ForeignKey(
        OrderDocument, on_delete=models.CASCADE, related_name="visits", verbose_name=_("document")
    )
    at = models.DateTimeField(_("at"), default=timezone.now)
    address = models.GenericIPAddressField(_("from"), null=True)
    agent = models.TextField(_("program"), blank=True)

    class Meta:
        verbose_name = _("visit of a document")
        verbose_name_plural = _("visits of documents")
        default_permissions = ()
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.document_id} {self.at:%Y-%m-%d %H:%M}"
