"""What people do about payloads that could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import MarketplaceAccount, User
from catalog.models import Offer
from core import audit, live
from core.errors import RuleViolation
from core.jobs import enqueue
from core.models.jobs import JobTrigger
from emag.mapping.statuses import FULFILMENTS, ORDER_TYPES
from emag.models import PayloadStatus, RejectedPayload, Snapshot, SnapshotVersion
from orders.choices import CLOSED
from orders.models import Order

OFFER = "offer"
# How long what eMAG said of an order is kept word for word after the order was closed.
KEEP_CLOSED = timedelta(days=180)
MOST_AT_ONCE = 1_000
MOST_VERSIONS = 200


@transaction.atomic
def read_again(row: RejectedPayload, *, by: User | None) -> None:
    """Have the order or offer read anew; if it can be read now, the row is settled by itself."""
    check_can_be_read(row)
    key = str(row.account_id)
    if row.kind == OFFER:
        enqueue("emag.pull_offers", key=key, by=by, trigger=JobTrigger.PERSON)
    else:
        enqueue(
            "emag.pull_order", row.kind, row.external_id, key=key, by=by, trigger=JobTrigger.PERSON
        )
    audit.record("payload.read_again", row, by=by)


def check_can_be_read(row: RejectedPayload) -> None:
    """Raise RuleViolation where eMAG cannot be asked for it."""
    if not row.has_number:
        raise RuleViolation(_("It has no number by which it could be asked for."))


def ignore(row: RejectedPayload, *, by: User | None) -> RejectedPayload:
    """Stop asking people about it, as long as it stays what it is."""
    return _settle(row, PayloadStatus.IGNORED, "payload.ignored", by)


def reopen(row: RejectedPayload, *, by: User | None) -> RejectedPayload:
    """Ask people about it after all."""
    return _settle(row, PayloadStatus.OPEN, "payload.reopened", by)


@transaction.atomic
def _settle(row: RejectedPayload, status: str, verb: str, by: User | None) -> RejectedPayload:
    row = RejectedPayload.objects.select_for_update().get(pk=row.pk)
    if row.status == PayloadStatus.RESOLVED:
        raise RuleViolation(_("It could be read meanwhile; nothing is left to do."))
    if row.status == status:
        return row
    changes = {"status": (row.status, str(status))}
    row.status = status
    row.settled_at = None if status == PayloadStatus.OPEN else timezone.now()
    row.save(update_fields=["status", "settled_at"])
    audit.record(verb, row, by=by, changes=changes)
    live.touch("payloads", row.pk)
    return row


def subject_of(kept: Snapshot) -> Order | Offer | None:
    """Our own row that a payload belongs to."""
    if kept.kind == OFFER:
        return Offer.objects.filter(account=kept.account, external_id=kept.external_id).first()
    return Order.objects.filter(
        account=kept.account,
        external_id=kept.external_id,
        fulfilment=FULFILMENTS[int(kept.kind.partition(":")[2])],
    ).first()


def key_of(subject: Order | Offer) -> tuple[str, str]:
    """Under which kind and number the payload of an order or an offer of ours is kept."""
    if isinstance(subject, Offer):
        return OFFER, subject.external_id
    return f"order:{ORDER_TYPES[subject.fulfilment]}", subject.external_id


def payload_of(subject: Order | Offer) -> Snapshot | None:
    """The payload of an order or an offer of ours, as it was taken in last."""
    kind, number = key_of(subject)
    return Snapshot.objects.filter(
        account_id=subject.account_id, kind=kind, external_id=number
    ).first()


@dataclass(frozen=True, slots=True)
class Version:
    """What eMAG said of an order up to some moment, or says now (`pk` None)."""

    pk: int | None
    read_at: datetime
    changed_at: datetime | None
    replaced_at: datetime | None
    number: int = 0


def versions_of(kept: Snapshot) -> list[Version]:
    """All that is known of a payload, the latest first; without the payloads themselves."""
    earlier = [
        Version(*row)
        for row in kept.versions.order_by("-pk").values_list(
            "pk", "read_at", "changed_at", "replaced_at"
        )[:MOST_VERSIONS]
    ]
    found = [Version(None, kept.read_at, kept.changed_at, None), *earlier]
    return [replace(one, number=len(found) - at) for at, one in enumerate(found)]


def payload_at(kept: Snapshot, pk: int | None) -> Any:
    """The payload of one version; None where it was removed."""
    return kept.payload if pk is None else kept.versions.get(pk=pk).payload


def empty_old(account: MarketplaceAccount, now: datetime) -> Iterator[int]:
    """Remove the words of eMAG about orders that were closed long ago, some at a time.

    They hold names, addresses and telephone numbers. The digest stays: by it an order that comes
    again is known, and one that has changed is taken in, and kept, anew.
    """
    for type_, fulfilment in FULFILMENTS.items():
        closed = Order.objects.filter(
            account=account,
            fulfilment=fulfilment,
            external_id=OuterRef("external_id"),
            status__in=CLOSED,
        )
        old = (
            Snapshot.objects.filter(account=account, kind=f"order:{type_}")
            .exclude(text="")
            .annotate(last_changed_at=Coalesce("changed_at", "imported_at"))
            .filter(Exists(closed), last_changed_at__lt=now - KEEP_CLOSED)
        )
        while found := list(old.values_list("pk", flat=True)[:MOST_AT_ONCE]):
            SnapshotVersion.objects.filter(snapshot__in=found).delete()
            yield Snapshot.objects.filter(pk__in=found).update(text="")
