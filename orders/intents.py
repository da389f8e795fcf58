"""What orders may ask a marketplace to do. An adapter says how; see outbox.intents."""

from django.utils.translation import gettext_lazy as _

from outbox.intents import URGENT, Intent, intent


@intent(title=_("Accept order"), repeat_safe=False, priority=URGENT)
class AcceptOrder(Intent):
    """Tell the marketplace that we take the order; until then its customer may still cancel it."""

    order_id: int
