"""The audit trail. Rows are written by core.audit.record() and never change."""

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.fields import SearchTextField


class AuditEntry(models.Model):
    """One thing that somebody or something changed: who, when, what, before and after.

    In the database the table is partitioned by month (its real key is id and at), and a trigger
    refuses to change or delete a row; see core.partitions and core.audit.
    """

    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    # No foreign key in the database: an entry outlives everything it names, and the check would
    # lock the person's row on every write. `actor_name` is copied, so nothing is lost without it.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("person"),
    )
    actor_name = models.CharField(_("who"), max_length=120, blank=True)
    verb = models.CharField(_("what"), max_length=60)
    subject_type = models.CharField(_("kind"), max_length=60, blank=True)  # "accounts.user"
    subject_id = models.BigIntegerField(_("number"), null=True, blank=True)
    subject_label = models.CharField(_("on"), max_length=200, blank=True)
    changes = models.JSONField(
        _("changes"), default=dict, blank=True
    )  # {"role": ["picker", "packer"]}
    note = models.TextField(_("note"), blank=True)
    source = models.CharField(_("source"), max_length=20, default="page")  # page, job, command, api
    request_id = models.CharField(_("request"), max_length=36, blank=True)
    search_text = SearchTextField(
        sources=["actor_name", "verb", "subject_label", "note", "changed_words"]
    )

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        default_permissions = ("view",)
        ordering = ("-at", "-pk")
        indexes = (
            models.Index(fields=["at", "id"], name="audit_at"),
            models.Index(fields=["subject_type", "subject_id", "at"], name="audit_subject"),
            models.Index(fields=["actor", "at"], name="audit_actor"),
            models.Index(fields=["verb", "at"], name="audit_verb"),
        )

    def __str__(self) -> str:
        return f"{self.actor_name} {self.verb} {self.subject_label}"

    @property
    def changed_words(self) -> str:
        """The old and new values, so that people find who changed a certain IBAN."""
        return self.words_of(self.changes)

    @staticmethod
    def words_of(changes: Mapping[str, Sequence[object]]) -> str:
        return " ".join(str(value) for pair in changes.values() for value in pair if value)
