"""Saved views: named states of list pages."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SavedView(models.Model):
    """A named state of a list page: its filters, order and columns."""

    page = models.CharField(_("page"), max_length=60)
    name = models.CharField(_("name"), max_length=60)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="saved_views",
        verbose_name=_("owner"),
    )
    is_shared = models.BooleanField(_("shared with everyone"), default=False)
    # Url-encoded, without page, export and the like.
    query = models.TextField(_("filters"), blank=True)
    # Empty: whatever columns a person has.
    columns = models.JSONField(_("columns"), default=list, blank=True)
    created_at = models.DateTimeField(_("saved"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        default_permissions = ("view",)
        permissions = (("share_savedview", _("Can share views with everyone")),)
        ordering = ("name", "pk")
        constraints = (
            models.UniqueConstraint(fields=["owner", "page", "name"], name="saved_view_name"),
            # Two shared views of one name could not be told apart in the list.
            models.UniqueConstraint(
                fields=["page", "name"], condition=Q(is_shared=True), name="saved_view_shared_name"
            ),
        )

    def __str__(self) -> str:
        return self.name
