"""Files of documents that nobody needs any more: their links are over, or they never had one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from orders.choices import AttachmentKind
from orders.models import OrderDocument

ROOT = "orders"  # see models.documents.place_of
AT_ONCE = 500
YOUNG = timedelta(days=1)  # an upload lies there for a moment before its row does


def remove_over() -> int:
    """Remove files whose links are over, some at a time; returns how many. Their rows stay.

    Invoices are kept: the law wants them for years, and this may be the only copy.
    """
    is_over = Q(public_until__lte=timezone.now()) | Q(revoked_at__isnull=False)
    with transaction.atomic():
        over = OrderDocument.objects.filter(is_over).exclude(file="").order_by("pk")
        over = over.exclude(kind=AttachmentKind.INVOICE)
        found = dict(over.select_for_update().values_list("pk", "file")[:AT_ONCE])
        OrderDocument.objects.filter(pk__in=found).update(file="")
    for name in found.values():  # what is left behind by a crash here is an orphan
        default_storage.delete(name)
    return len(found)


def remove_orphans() -> int:
    """Remove files without a row: uploads that came to nothing, and those of removed orders."""
    removed = 0
    for folder in _months():
        rows = OrderDocument.objects.filter(file__startswith=f"{folder}/")
        known = set(rows.values_list("file", flat=True))
        for file in default_storage.listdir(folder)[1]:
            name = f"{folder}/{file}"
            if name not in known and _is_old(name):
                default_storage.delete(name)
                removed += 1
    return removed


def _months() -> Iterator[str]:
    if not default_storage.exists(ROOT):
        return
    for year in default_storage.listdir(ROOT)[0]:
        for month in default_storage.listdir(f"{ROOT}/{year}")[0]:
            yield f"{ROOT}/{year}/{month}"


def _is_old(name: str) -> bool:
    try:
        return default_storage.get_modified_time(name) < timezone.now() - YOUNG
    except FileNotFoundError:
        return False
