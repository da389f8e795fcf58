"""Erasing what eMAG sent word for word about the orders of a customer whose data is erased."""

from collections.abc import Collection

from accounts.models import MarketplaceAccount
from emag.mapping.statuses import ORDER_TYPES
from emag.models import RejectedPayload, Snapshot, SnapshotVersion


def forget_orders(account: MarketplaceAccount, orders: Collection[tuple[str, str]]) -> None:
    """The digests stay: by them an order that is read again unchanged is known, and left alone."""
    for fulfilment, number in ORDER_TYPES.items():
        kind = f"order:{number}"
        ids = [external_id for theirs, external_id in orders if theirs == fulfilment]
        kept = Snapshot.objects.filter(account=account, kind=kind, external_id__in=ids)
        SnapshotVersion.objects.filter(snapshot__in=kept).delete()
        kept.update(text="")
        RejectedPayload.objects.filter(account=account, kind=kind, external_id__in=ids).delete()
