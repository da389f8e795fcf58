"""What eMAG fills slots of others with: reading an order again, words for codes, links to calls."""

from django.urls import reverse
from django.utils.functional import lazy
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import connections
from accounts.connections import State
from accounts.models import User
from core.jobs import enqueue
from core.models.jobs import JobTrigger
from emag import receivers
from emag.mapping.reasons import CALLED_OFF, CANCEL_REASONS, REFUSED, reason_text
from emag.mapping.statuses import ORDER_TYPES
from emag.models.credentials import Credential
from emag.services.causes import words_of
from emag.services.trouble import RESTING
from emag.sites import PLATFORMS
from orders import blame, reasons, refresh
from orders.models import Order
from outbox import links


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


def call_url(call_id: str) -> str:
    """Where the call of an attempt is found in the log."""
    return f"{reverse('emag:api_call_list')}?q={call_id}"


def connection_states() -> dict[int, State]:
    """How eMAG lets each account in."""
    return {one.account_id: _state(one) for one in Credential.objects.select_related("account")}


def _state(credential: Credential) -> State:
    if credential.trouble_kind in RESTING:
        why = str(credential.get_trouble_kind_display())
        return State(_("Refused: %(why)s") % {"why": why}, "red", "circle-x", words_of(credential))
    if credential.trouble_kind:
        label = str(credential.get_trouble_kind_display())
        return State(label, "amber", "alert-triangle", words_of(credential))
    if credential.worked_at is None or credential.worked_at < credential.changed_at:
        return State(_("Not tested yet"), "amber", "plug-connected-x")
    return connections.WORKING


def register() -> None:
    receivers.connect()
    links.register_call_url(call_url)
    for platform in PLATFORMS:
        connections.register(platform, connection_states)
        refresh.register(platform, read_again)
        blame.register(platform, refused=REFUSED, called_off=CALLED_OFF)
        reasons.register(platform, {code: reason(code) for code in CANCEL_REASONS})
