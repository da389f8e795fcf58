"""What eMAG calls us about: noted at once, read at once, and never believed.

A call says no more than "look at order 123". Calls repeat, come late, in any order or not at all,
so they are only hints: each names an order that is then read by the interface, and the regular
reading finds everything without them.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import MarketplaceAccount
from core.errors import RemoteError
from core.jobs import Run, enqueue
from emag.models import Nudge
from emag.pulls import orders

PULL_ORDER = "emag.pull_order"
PULL_ORDERS = "emag.pull_orders"
# More than this at once are read faster as "what changed since" than one by one.
MOST_AT_ONCE = 25
MOST_KEPT = 200
MOST_ROUNDS = 20


@transaction.atomic
def note(account_id: int, kind: str, external_id: str) -> None:
    """Remember that an order should be read, and ask for it.

    However often and for whatever numbers this is called, the queue holds one run for an account,
    and no more than MOST_KEPT notes: with more, everything that changed is read instead.
    """
    if Nudge.objects.filter(account_id=account_id).count() >= MOST_KEPT:
        enqueue(PULL_ORDERS, key=str(account_id))
        return
    Nudge.objects.bulk_create(
        [Nudge(account_id=account_id, kind=kind, external_id=external_id)], ignore_conflicts=True
    )
    enqueue(PULL_ORDER, key=str(account_id))


def read_noted(account: MarketplaceAccount, run: Run) -> None:
    """Read what was noted, also what comes in meanwhile."""
    for _round in range(MOST_ROUNDS):
        if run.is_time_up or not (taken := _take(account)):
            return
        if len(taken) > MOST_AT_ONCE:
            enqueue(PULL_ORDERS, key=str(account.pk))
            run.log(_("Too many calls to read one by one. Reading everything that changed."))
            return
        wanted = [(type_of(nudge.kind), nudge.external_id) for nudge in taken]
        try:
            missing = orders.read_by_ids(account, run, wanted)
        except RemoteError:
            Nudge.objects.bulk_create(taken, ignore_conflicts=True)
            raise
        if missing:
            run.log(_("eMAG does not know: %(numbers)s") % {"numbers": ", ".join(missing[:10])})


def _take(account: MarketplaceAccount) -> list[Nudge]:
    """Taken off before they are read: what is noted from now on may be news."""
    waiting = list(Nudge.objects.filter(account=account).order_by("pk")[: MOST_AT_ONCE + 1])
    Nudge.objects.filter(pk__in=[nudge.pk for nudge in waiting]).delete()
    for nudge in waiting:
        nudge.pk = None
    return waiting


def forget_before(account: MarketplaceAccount, moment: datetime) -> None:
    """Everything that changed until then has been read, and with it what was noted."""
    Nudge.objects.filter(account=account, at__lt=moment).delete()


def type_of(kind: str) -> int | None:
    """ "order:2" → 2; "order" → None, where nobody said which."""
    text = kind.partition(":")[2]
    return int(text) if text else None
