"""What a newer look at an order changes: compared part by part, so that only that is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orders.choices import LineStatus, OrderStatus
from orders.services import rows
from orders.services.rows import Cells, Prepared
from orders.services.states import State, next_state
from orders.services.stored import Stored

PARTS = ("deposits", "vouchers", "attachments", "proformas")
HIDDEN = "•••"  # the trail tells that an address or a customer changed, and keeps neither
# What customers write and where they fetch it: the trail is never erased, and this may have to be.
_PRIVATE = frozenset(
    {"customer_note", "cancel_requested", "cancel_text", "locker_id", "locker_name",
     "courier_office_id"}
)  # fmt: skip
_POSITION = rows.LINE.index("position")
_STATUS = rows.LINE.index("status")
_SKU, _NAME = rows.LINE.index("sku"), rows.LINE.index("name")
_QUANTITY = rows.LINE.index("quantity")


@dataclass(frozen=True, slots=True)
class Update:
    """A newer version of a stored order, and what it changes."""

    prepared: Prepared
    stored: Stored
    customer_id: int
    state: State
    addresses: list[str]  # kinds
    new_lines: list[Cells]
    changed_lines: list[Cells]
    vanished: list[str]  # lines that are no longer listed
    has_other_parts: bool
    changes: dict[str, tuple[object, object]]  # for the audit trail; empty: nothing to speak of

    @classmethod
    def of(cls, prepared: Prepared, stored: Stored, customer: tuple[int, bool]) -> Update:
        customer_id, is_customer_changed = customer
        state = next_state(
            State(stored.status, stored.problems), stored.facts["remote_state"], prepared.order
        )
        lines = {cells[0]: cells for cells in prepared.lines}
        new_lines = [cells for number, cells in lines.items() if number not in stored.lines]
        changed_lines = [
            cells
            for number, cells in lines.items()
            if number in stored.lines
            and (stored.lines[number] != cells or number in stored.vanished)
        ]
        vanished = [n for n in stored.lines if n not in lines and n not in stored.vanished]
        parts = [name for name in PARTS if getattr(stored, name) != getattr(prepared, name)]
        addresses = [k for k, cells in prepared.addresses.items() if stored.addresses[k] != cells]
        changes = _facts(prepared, stored)
        if stored.status != state.status:
            changes["status"] = (stored.status, state.status)
        if stored.problems != state.problems:
            changes["problems"] = (sorted(stored.problems), state.in_order())
        if new_lines or vanished or any(_tells(stored.lines[c[0]], c) for c in changed_lines):
            changes["lines"] = (_shown(stored.lines.values()), _shown(prepared.lines))
        changes |= {name: (HIDDEN, HIDDEN) for name in parts}
        if addresses:
            changes["addresses"] = (HIDDEN, HIDDEN)
        if is_customer_changed or customer_id != stored.customer_id:
            changes["customer"] = (HIDDEN, HIDDEN)
        return cls(
            prepared, stored, customer_id, state, addresses, new_lines, changed_lines, vanished,
            bool(parts), changes,
        )  # fmt: skip

    @property
    def accepted_at(self) -> Any:
        """When it was accepted: also where somebody did that at the marketplace itself."""
        waited = self.stored.status in {OrderStatus.NEW, OrderStatus.ON_HOLD}
        if self.stored.accepted_at is None and waited and self.state.status in _PAST_ACCEPTANCE:
            return self.prepared.order.changed_at or self.prepared.order.read_at
        return self.stored.accepted_at


_PAST_ACCEPTANCE = frozenset({OrderStatus.ACCEPTED, OrderStatus.PACKED, OrderStatus.SHIPPED})
# A change's time is no change of its own: it moves whenever the marketplace touches the order. Nor
# are our remarks: whether there are any is told by the order's problems.
_SILENT = frozenset({"changed_at", "remarks"})


def _facts(prepared: Prepared, stored: Stored) -> dict[str, tuple[object, object]]:
    return {
        name: (HIDDEN, HIDDEN) if name in _PRIVATE else (stored.facts[name], value)
        for name, value in zip(rows.FACTS, prepared.facts, strict=True)
        if stored.facts[name] != value and name not in _SILENT
    }


def _tells(before: Cells, after: Cells) -> bool:
    """Whether a line differs in more than its place in the list."""
    return any(a != b for i, (a, b) in enumerate(zip(before, after, strict=True)) if i != _POSITION)


def _shown(lines: Any) -> str:
    """ "2 × ABC-1, 1 × ABC-2", without what is cancelled."""
    return ", ".join(
        f"{cells[_QUANTITY]} × {cells[_SKU] or cells[_NAME]}"
        for cells in lines
        if cells[_STATUS] == LineStatus.ACTIVE
    )
