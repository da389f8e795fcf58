"""How much of its budgets an account uses."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import MarketplaceAccount, User
from core import audit, live
from core.ratelimit import Limits
from emag.client.gates import LIMITS
from emag.client.routes import Bucket
from emag.models.calls import ApiCall, Outcome
from emag.models.credentials import Credential

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
LABELS: dict[Bucket, Any] = {
    Bucket.ORDERS: _("Orders"),
    Bucket.REST: _("Everything else"),
    Bucket.EAN: _("Search by EAN"),
}


@dataclass(frozen=True, slots=True)
class BucketUsage:
    """What was drawn on one budget lately. `refused` were answered "too many calls"."""

    bucket: Bucket
    label: str | Promise
    limits: Limits
    minute: int
    hour: int
    day: int
    refused: int

    @property
    def share(self) -> int:
        """How much of the scarcest budget is used, in percent: of this minute, or of the day."""
        shares = [self.minute / self.limits.per_minute]
        if self.limits.per_day:
            shares.append(self.day / self.limits.per_day)
        return round(100 * max(shares))

    @property
    def tone(self) -> str:
        return "red" if self.refused else "amber" if self.share >= 90 else "green"


def usage_of(account: MarketplaceAccount, now: dt.datetime | None = None) -> list[BucketUsage]:
    """The calls of the last minute, hour and day, since somebody began to count anew."""
    now = now or timezone.now()
    since = max(now - DAY, since_when(account) or now - DAY)
    rows = (
        ApiCall.objects.filter(account=account, at__gt=since, at__lte=now)
        .order_by()
        .values("bucket")
        .annotate(
            day=Count("pk"),
            hour=Count("pk", filter=Q(at__gt=now - HOUR)),
            minute=Count("pk", filter=Q(at__gt=now - MINUTE)),
            refused=Count("pk", filter=Q(outcome=Outcome.LIMITED)),
        )
    )
    counted = {
        row["bucket"]: (row["minute"], row["hour"], row["day"], row["refused"]) for row in rows
    }
    return [
        BucketUsage(bucket, LABELS[bucket], limits, *counted.get(bucket, (0, 0, 0, 0)))
        for bucket, limits in LIMITS.items()
    ]


def since_when(account: MarketplaceAccount) -> dt.datetime | None:
    """From when on calls are counted; None: from always."""
    credential = Credential.objects.filter(account=account).only("usage_since").first()
    return credential.usage_since if credential else None


def reset_usage(account: MarketplaceAccount, *, by: User | None) -> None:
    """Count anew from now on. What eMAG still counts against the limits stays counted."""
    Credential.objects.filter(account=account).update(usage_since=timezone.now())
    audit.record("emag_account.usage_reset", account, by=by)
    live.touch("accounts", account.pk)
