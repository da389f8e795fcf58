"""What the eMAG adapter shows on pages of others: raw payloads, and whether eMAG lets us in."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Max
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Offer
from core import registry
from core.models import JobRun
from core.models.jobs import JobStatus
from core.registry import Level, Panel, Probe
from emag.models import Credential, RejectedPayload
from emag.services import payloads, trouble
from orders.models import Order

ACCESS, READING = "emag.access", "emag.reading"
LATE = timedelta(minutes=30)  # orders are read every five


def payload(request: HttpRequest, subject: Any) -> Mapping[str, object]:
    kept = payloads.payload_of(subject)
    return {"kept": kept, "size": len(kept.text) if kept else 0}


def access_probe() -> Probe:
    """Does eMAG let every account in?"""
    label = _("Access to eMAG")
    resting = list(
        Credential.objects.filter(trouble_kind__in=trouble.RESTING, account__is_paused=False)
        .select_related("account")
        .order_by("account__name")
    )
    if not resting:
        return Probe(ACCESS, label, Level.OK, _("Every connected account is let in."))
    words = " ".join(trouble.words_for(one) for one in resting)
    url = reverse("emag:sync_page")
    since = min((one.checked_at for one in resting if one.checked_at), default=None)
    # No banner: the paused lane of the account has one already.
    return Probe(ACCESS, label, Level.BAD, words, since, url)


def reading_probe() -> Probe:
    """Are orders read as often as they should be?"""
    label = _("Reading orders")
    served = Credential.objects.filter(account__is_paused=False).exclude(
        trouble_kind__in=trouble.RESTING
    )
    names = {str(one.account_id): one.account.name for one in served.select_related("account")}
    started = timezone.now() - LATE
    ended = (
        JobRun.objects.filter(name="emag.pull_orders", key__in=names, status=JobStatus.DONE)
        .values("key")
        .annotate(at=Max("ended_at"))
    )
    last = {row["key"]: row["at"] for row in ended}
    young = set(served.filter(changed_at__gt=started).values_list("account_id", flat=True))
    late = {key: last.get(key) for key in names if int(key) not in young}
    late = {key: at for key, at in late.items() if at is None or at < started}
    if not late:
        return Probe(READING, label, Level.OK, _("Every few minutes, of every account."))
    since = min((at for at in late.values() if at), default=None)
    words = _("Orders of %(accounts)s were not read lately.") % {
        "accounts": ", ".join(sorted(names[key] for key in late))
    }
    return Probe(READING, label, Level.WARN, words, since, reverse("emag:sync_page"))


def rejected_waiting(user: Any) -> int:
    return RejectedPayload.objects.open().count()


def register() -> None:
    for page, model in (("orders.order_detail", Order), ("catalog.offer_detail", Offer)):
        registry.register_panel(
            Panel(
                page, "payload", _("Raw payload"), "emag.view_payload", "emag/_payload_panel.html",
                context=payload, model=model, lazy=True, area="side", order=90,
            )
        )  # fmt: skip
    registry.register_probe(ACCESS, access_probe)
    registry.register_probe(READING, reading_probe)
