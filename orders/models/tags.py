from __future__ import annotations

from hashlib import blake2b

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class TagColour(models.TextChoices):
    """The tones of the pages, by what people call them."""

    GREY = "grey", pgettext_lazy("colour", "Grey")
    BLUE = "blue", pgettext_lazy("colour", "Blue")
    GREEN = "green", pgettext_lazy("colour", "Green")
    AMBER = "amber", pgettext_lazy("colour", "Amber")
    RED = "red", pgettext_lazy("colour", "Red")


class TagQuerySet(models.QuerySet["Tag"]):
    def locked(self) -> TagQuerySet:
        """The rows, locked in the one order everybody uses."""
        return self.select_for_update().order_by("pk")

    def in_use(self) -> TagQuerySet:
        """Those that can be given to orders."""
        return self.filter(is_removed=False)


class Tag(models.Model):
    """A word that people put on orders to find them again: gift, fragile, call first.

    Orders hold the names themselves, so that a list shows them without a join. A new name, or the
    removal of a tag, reaches orders in the background: until then `former_names` and `is_removed`
    say how what stands on them is to be read.
    """

    name = models.CharField(_("name"), max_length=30, unique=True)
    colour = models.CharField(
        _("colour"), max_length=8, choices=TagColour.choices, default=TagColour.GREY
    )
    position = models.PositiveSmallIntegerField(
        _("place"), default=0, help_text=_("Lower numbers come first.")
    )
    former_names = ArrayField(
        models.CharField(max_length=30), default=list, blank=True, editable=False
    )
    is_removed = models.BooleanField(default=False, editable=False)

    objects = TagQuerySet.as_manager()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        default_permissions = ()
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("orders:tag_edit", args=[self.pk])

    @property
    def stamp(self) -> str:
        """Changes whenever something does that a person may have looked at before editing it."""
        seen = (self.name, self.colour, self.position)
        return blake2b(repr(seen).encode(), digest_size=8).hexdigest()
