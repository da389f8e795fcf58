from __future__ import annotations

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from orders.models.orders import Order

CORRECTABLE = timedelta(minutes=15)  # later, colleagues have read it


class OrderNote(models.Model):
    """What a person of ours wrote about an order, for colleagues only; no marketplace sees it."""

    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="notes", db_index=False,
        verbose_name=_("order"),
    )  # fmt: skip
    author = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("written by"),
    )  # fmt: skip
    author_name = models.CharField(_("author"), max_length=120)  # it outlives the person's row
    text = models.TextField(_("note"))
    written_at = models.DateTimeField(_("written"), default=timezone.now, editable=False)
    # What it said before it was corrected. Here and not in the audit trail, which is never erased.
    earlier = ArrayField(models.TextField(), default=list, blank=True, editable=False)
    corrected_at = models.DateTimeField(_("corrected"), null=True, blank=True, editable=False)

    # Taken back by its author: shown to nobody but those who may see the audit trail.
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        default_permissions = ("add",)
        ordering = ("-written_at", "-pk")
        constraints = (models.CheckConstraint(condition=~Q(text=""), name="order_note_text"),)
        indexes = (models.Index(fields=["order", "written_at"], name="order_note_order"),)

    def __str__(self) -> str:
        return self.text

    def is_correctable_by(self, person: User) -> bool:
        """Its author may mend it while it is fresh."""
        return self.is_by(person) and timezone.now() - self.written_at < CORRECTABLE

    def is_by(self, person: User) -> bool:
        return self.author_id is not None and self.author_id == person.pk


class Mention(models.Model):
    """A person who is named in a note, and whether they have seen it."""

    note = models.ForeignKey(
        OrderNote, on_delete=models.CASCADE, related_name="mentions", db_index=False,
        verbose_name=_("note"),
    )  # fmt: skip
    person = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="mentions", db_index=False,
        verbose_name=_("person"),
    )  # fmt: skip
    at = models.DateTimeField(_("mentioned"), default=timezone.now, editable=False)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)

    class Meta:
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")
        default_permissions = ()
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(fields=("note", "person"), name="mention_person"),)
        indexes = (
            models.Index(fields=["person", "-id"], name="mention_latest"),
            models.Index(fields=["person"], condition=Q(read_at=None), name="mention_unread"),
        )

    def __str__(self) -> str:
        return f"@{self.person}"
