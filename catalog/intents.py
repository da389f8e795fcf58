"""What catalogue work must happen at a marketplace."""

from django.utils.translation import gettext_lazy as _

from outbox.intents import LOW, Intent, intent


@intent(title=_("Send price and stock"), repeat_safe=True, priority=LOW, batch=50, family="state")
class PushOffer(Intent):
    """Make the marketplace's offer equal to what is wanted of it when this runs."""

    offer_id: int
