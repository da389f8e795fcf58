"""Is eMAG well, as far as we can tell? For the home page, and as banners above every page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import CharField, OuterRef, Subquery
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from core import registry
from core.models import JobRun
from core.models.jobs import JobStatus
from core.registry import Level, Probe
from emag.models import Credential
from emag.services import trouble

ACCESS, READING = "emag.access", "emag.reading"
LATE = timedelta(minutes=30)  # orders are read every five


def register() -> None:
    registry.register_probe(ACCESS, access)
    registry.register_probe(READING, reading)


def access() -> Probe:
    """Does eMAG let every account in?"""
    resting = list(
        Credential.objects.filter(trouble_kind__in=trouble.RESTING, account__is_paused=False)
        .select_related("account")
        .order_by("account__name")
    )
    label = _("Access to eMAG")
    if not resting:
        return Probe(ACCESS, label, Level.OK, _("Every connected account is let in."))
    words = " ".join(trouble.words_for(one) for one in resting)
    since = min((one.checked_at for one in resting if one.checked_at), default=None)
    # No banner: the paused lane of the account has one already.
    return Probe(ACCESS, label, Level.BAD, words, since, reverse("emag:sync_page"))


def reading() -> Probe:
    """Are orders read as often as they should be, and did the last reading of each go well?"""
    url = reverse("emag:sync_page")
    served, before = _served(), timezone.now() - LATE
    if failed := [one for one in served if one.last_status == JobStatus.FAILED]:
        words = _("%(accounts)s: orders cannot be read at the moment. %(why)s Nothing is lost.")
        return Probe(
            READING, _("Reading orders"), Level.WARN,
            words % {"accounts": _names(failed), "why": failed[0].last_error},
            min((one.last_done for one in failed if one.last_done), default=None), url, banner=True,
            permission="core.view_jobrun",
        )  # fmt: skip
    # One that was connected just now has not had its turn yet.
    old = [one for one in served if one.changed_at < before]
    if late := [one for one in old if one.last_done is None or one.last_done < before]:
        words = _("Orders of %(accounts)s were not read lately.") % {"accounts": _names(late)}
        since = min((one.last_done for one in late if one.last_done), default=None)
        return Probe(READING, _("Reading orders"), Level.WARN, words, since, url)
    words = _("Every few minutes, of every account.")
    return Probe(READING, _("Reading orders"), Level.OK, words)


def _served() -> list[Any]:
    """The accounts whose orders are read, with how the last reading ended."""
    runs = JobRun.objects.filter(
        name="emag.pull_orders",
        key=Cast(OuterRef("account_id"), CharField()),
        status__in=[JobStatus.DONE, JobStatus.FAILED],
    ).order_by("-started_at")
    return list(
        Credential.objects.filter(account__is_paused=False)
        .exclude(trouble_kind__in=trouble.RESTING)
        .select_related("account")
        .annotate(
            last_status=Subquery(runs.values("status")[:1]),
            last_error=Subquery(runs.values("error")[:1]),
            last_done=Subquery(runs.filter(status=JobStatus.DONE).values("ended_at")[:1]),
        )
        .order_by("account__name")
    )


def _names(credentials: list[Any]) -> str:
    return ", ".join(one.account.name for one in credentials)
