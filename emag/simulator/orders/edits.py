"""What one entity of order/save asks for, and the matrix of what may become what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emag.simulator.accounts import Account
from emag.simulator.checks import flag, whole
from emag.simulator.store import Document
from emag.simulator.world import World

NEW, IN_PROGRESS, PREPARED, FINALIZED, CANCELLED, RETURNED = 1, 2, 3, 4, 0, 5
YES, NO, WITHIN_48H, WITHIN_RETURNS = "yes", "no", "48h", "returns"
#: from → to → what the matrix says; what is not listed is refused.
MATRIX: dict[int, dict[int, str]] = {
    NEW: {},
    IN_PROGRESS: {IN_PROGRESS: YES, PREPARED: YES, FINALIZED: YES, CANCELLED: YES},
    PREPARED: {PREPARED: YES, FINALIZED: YES, CANCELLED: YES},
    FINALIZED: {
        PREPARED: WITHIN_48H,
        FINALIZED: YES,
        CANCELLED: WITHIN_48H,
        RETURNED: WITHIN_RETURNS,
    },
    CANCELLED: {
        IN_PROGRESS: WITHIN_48H,
        PREPARED: WITHIN_48H,
        FINALIZED: WITHIN_48H,
        CANCELLED: YES,
    },
    RETURNED: {},
}


@dataclass(slots=True)
class Change:
    """One line as it is and as it was asked to be."""

    line: dict[str, Any]
    quantity: int
    status: int

    @property
    def removed(self) -> bool:
        return int(self.line["status"]) == 1 and self.status == 0

    @property
    def units_taken(self) -> int:
        """Units that leave the order; negative where some are added."""
        before = int(self.line["quantity"]) if int(self.line["status"]) == 1 else 0
        return before - (self.quantity if self.status == 1 else 0)


@dataclass(slots=True)
class Edit:
    """What one entity of order/save asks for, checked step by step."""

    world: World
    account: Account
    sent: Mapping[str, Any]
    order: Document
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    omitted: list[dict[str, Any]] = field(default_factory=list)
    added: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_storno(self) -> bool:
        return bool(flag(self.sent.get("is_storno")))

    @property
    def target(self) -> int:
        return whole(self.sent.get("status")) if whole(self.sent.get("status")) is not None else -1  # type: ignore[return-value]

    def missing(self, key: str) -> None:
        self.errors.append(f"ERROR: {key} is mandatory - Order id: {self.order['id']}")

    def invalid(self, key: str) -> None:
        self.errors.append(f"ERROR: {key} has an invalid value - Order id: {self.order['id']}")
