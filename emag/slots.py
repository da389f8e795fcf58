"""What eMAG fills the slots of orders with: reading one again, and words for cancellation codes."""

from django.utils.functional import lazy
from django.utils.translation import get_language

from accounts.models import User
from core.jobs import enqueue
from core.models.jobs import JobTrigger
from emag.mapping.reasons import CANCEL_REASONS, reason_text
from emag.mapping.statuses import ORDER_TYPES
from emag.sites import EMAG, FASHION_DAYS
from orders import reasons, refresh
from orders.models import Order


def _in_the_readers_language(code: int) -> str:
    return reason_text(code, get_language() or "en")


reason = lazy(_in_the_readers_language, str)


def read_again(order: Order, by: User | None) -> None:
    """Have one order read because somebody asked."""
    enqueue(
        "emag.pull_order",
        f"order:{ORDER_TYPES[order.fulfilment]}",
        order.external_id,
        key=str(order.account_id),
        by=by,
        trigger=JobTrigger.PERSON,
    )


def register() -> None:
    for platform in (EMAG, FASHION_DAYS):
        refresh.register(platform, read_again)
        reasons.register(platform, {code: reason(code) for code in CANCEL_REASONS})
