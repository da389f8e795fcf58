"""What orders may ask a marketplace to do. An adapter says how; see outbox.intents.

None but the first and the last is `once`: an order may be packed, taken back and packed again.
That nothing is asked twice while it is on its way is seen to by orders.services.asking. States are
those of orders.choices.RemoteState. `source` is what a person decided upon: where the order is
elsewhere by the time it is sent, nothing is done.
"""

import json
from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from outbox.intents import URGENT, Intent, intent


@intent(title=_("Accept order"), repeat_safe=False, priority=URGENT)
class AcceptOrder(Intent):
    """Tell the marketplace that we take the order; until then its customer may still cancel it."""

    order_id: int


@intent(title=_("Move order on"), repeat_safe=False, priority=URGENT)
class MoveOrder(Intent):
    """Tell the marketplace that the order is packed or shipped."""

    once = False
    order_id: int
    source: str
    target: str


@intent(title=_("Cancel order"), repeat_safe=False, priority=URGENT)
class CancelOrder(Intent):
    """Cancel the order there; `reason` is one of the marketplace's codes."""

    once = False
    order_id: int
    source: str
    reason: str

    @property
    def target(self) -> str:
        return "cancelled"


@intent(title=_("Undo at the marketplace"), repeat_safe=False, priority=URGENT)
class RestoreOrder(Intent):
    """Take back a cancellation, or that the order was shipped."""

    once = False
    order_id: int
    source: str
    target: str


@intent(title=_("Return whole order"), repeat_safe=False, priority=URGENT)
class ReturnOrder(Intent):
    """Take back everything of a shipped order."""

    once = False
    order_id: int
    source: str

    @property
    def target(self) -> str:
        return "returned"


class _Quantities(Intent):
    """Lines with how many pieces they had and shall have: {"315800001": [2, 1]}, as text."""

    __slots__ = ()
    lines: str

    @property
    def wanted(self) -> dict[str, tuple[int, int]]:
        """Line number there → pieces before, pieces after."""
        return {
            number: (before, after) for number, (before, after) in json.loads(self.lines).items()
        }


@intent(title=_("Change quantities"), repeat_safe=False, priority=URGENT)
class EditLines(_Quantities):
    """Change how many pieces of a product go out; 0 takes it off the order."""

    once = False
    order_id: int
    lines: str


@intent(title=_("Take back pieces"), repeat_safe=False, priority=URGENT)
class StornoLines(_Quantities):
    """Take back pieces of an order that was shipped; the rest stays sold."""

    once = False
    order_id: int
    lines: str


@intent(title=_("Attach document"), repeat_safe=False, priority=URGENT)
class AttachDocument(Intent):
    """Hang a document on the order, where its customer finds it."""

    document_id: int


def lines_text(wanted: Mapping[str, tuple[int, int]]) -> str:
    """The same wish is always the same text."""
    return json.dumps({number: list(wanted[number]) for number in sorted(wanted)})
