"""When the orders of every account were read last, and when they are read again.

Above the list, so that nobody has to wonder whether what it shows is all there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import CharField, OuterRef, Subquery
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts import connections
from accounts.models import MarketplaceAccount
from core import jobs
from core.html import when
from core.models import JobRun
from core.models.jobs import JobStatus
from orders import refresh

PULL = ".pull_orders"  # what every adapter calls the job that reads its orders
LOOKED_BACK = timedelta(days=2)
LATE = timedelta(minutes=15)  # three times the usual five minutes: something is in the way


@dataclass(frozen=True)
class LastLook:
    """As a whole it is as old as that of the account that was read longest ago."""

    at: datetime | None = None
    account: str = ""  # its name; nothing where there is none to read
    again_at: datetime | None = None
    is_reading: bool = False
    is_paused: bool = False

    @property
    def is_late(self) -> bool:
        return self.at is None or timezone.now() - self.at > LATE

    @property
    def then(self) -> str:
        """What comes next, in words."""
        if self.is_reading:
            return _("being read now")
        if self.is_paused:
            return _("reading is paused")
        if self.again_at is None:
            return ""
        if self.again_at <= timezone.now():
            return _("next at any moment")
        return format_html(_("next {when}"), when=when(self.again_at))


def pulls() -> list[str]:
    return [spec.name for spec in jobs.all_jobs() if spec.name.endswith(PULL)]


def last_look() -> LastLook:
    names = pulls()
    # A run that counted nothing asked nothing: it only noted why it left the account alone.
    done = JobRun.objects.filter(
        name__in=names,
        key=Cast(OuterRef("pk"), CharField()),
        started_at__gte=timezone.now() - LOOKED_BACK,
        status=JobStatus.DONE,
    ).exclude(counters={})
    accounts = MarketplaceAccount.objects.working().filter(platform__in=refresh.platforms())
    read = accounts.annotate(read_at=Subquery(done.order_by("-started_at").values("ended_at")[:1]))
    states, new = connections.Connections(), timezone.now() - LATE
    looks = [
        (read_at, name)
        for pk, platform, name, created_at, read_at in read.values_list(
            "pk", "platform", "name", "created_at", "read_at"
        )
        if states.of(pk, platform) is not connections.NOT_CONNECTED
        and (read_at or created_at < new)  # one that was just added has not had its turn
    ]
    if not looks:
        return LastLook()
    at, account = min(looks, key=lambda look: (look[0] is not None, *look))
    moments = [moment for name in names if (moment := jobs.next_run(name))]
    return LastLook(
        at,
        account,
        min(moments, default=None),
        JobRun.objects.running().filter(name__in=names).exists(),
        all(jobs.is_paused(name) for name in names),
    )
