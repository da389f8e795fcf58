"""Filters of the control room's lists."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core import registry
from core.filters import BaseFilterSet, Choice, Search, Text, When
from core.models import AuditEntry, JobRun
from core.models.jobs import JobStatus
from core.text import fold


def verb_choices() -> list[tuple[str, str]]:
    """Everything that can have happened, in the alphabet of the person's language."""
    labels = [(verb, str(label)) for verb, label in registry.verbs().items()]
    return sorted(labels, key=lambda pair: fold(pair[1]))


class AuditFilter(BaseFilterSet):
    q = Search(_("Who, what, on which one…"))
    verb = Choice(_("What"), choices=verb_choices, is_main=True)
    at = When(_("When"), is_main=True)
    actor_name = Text(_("Who"), within="search_text")
    subject_label = Text(pgettext_lazy("audit", "On"), within="search_text")

    class Meta:
        model = AuditEntry
        fields: tuple[str, ...] = ()


class JobRunFilter(BaseFilterSet):
    q = Search(_("Job or what it was for…"), columns=("name", "key"))
    status = Choice(_("Status"), choices=JobStatus.choices, is_main=True)
    started_at = When(_("Started"), is_main=True)

    class Meta:
        model = JobRun
        fields: tuple[str, ...] = ()
