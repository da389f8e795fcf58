"""Strict checks of what a seller sends, each with a text that names the field.

The marketplace does not publish most of its wordings. Those made here all start with `ERROR: `,
so that nobody mistakes them for real ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from emag.simulator.decimals import decimal, places

MAX_TEXT = 16_777_215
MAX_ORDER_ID = 4_294_967_295
_WHOLE = re.compile(r"-?\d{1,20}\Z")
_URL = re.compile(r"https?://[^\s/]+\.[^\s/]+(/\S*)?\Z", re.IGNORECASE)


def whole(value: Any) -> int | None:
    """A whole number of 64 bits, also as text; None for anything else, booleans included."""
    number: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and _WHOLE.match(value):
        number = int(value)
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    return number if number is not None and abs(number) < 2**63 else None


def flag(value: Any) -> bool | None:
    """0, 1 or what PHP takes for them."""
    if isinstance(value, bool):
        return value
    return {0: False, 1: True}.get(whole(value))  # type: ignore[arg-type]


def day(value: Any) -> date | None:
    """A date written YYYY-MM-DD, and nothing behind it."""
    try:
        return datetime.strptime(str(value), "%Y-%m-%d").date() if isinstance(value, str) else None  # noqa: DTZ007
    except ValueError:
        return None


def is_url(value: Any, longest: int = 1024) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= longest and bool(_URL.match(value))


class Checks:
    """Checks one entity and collects what is wrong with it, in the order it was asked."""

    def __init__(
        self,
        sent: Mapping[str, Any],
        *,
        missing: Callable[[str], str],
        invalid: Callable[[str], str],
        decimals: Callable[[str], str] | None = None,
    ) -> None:
        self.sent = sent
        self.messages: list[str] = []
        self._impossible: set[str] = set()
        self._missing = missing
        self._invalid = invalid
        self._decimals = decimals or invalid

    # -- reporting

    def say(self, message: str) -> None:
        if message not in self.messages:
            self.messages.append(message)

    def missing(self, key: str) -> None:
        self.say(self._missing(key))

    def invalid(self, key: str) -> None:
        self._impossible.add(self._invalid(key))
        self.say(self._invalid(key))

    def relax(self) -> None:
        """Forgive what is merely missing or against a rule (the switch `strict=off`); values that
        cannot be read stay wrong."""
        self.messages = [message for message in self.messages if message in self._impossible]

    # -- asking

    def has(self, key: str) -> bool:
        """Sent at all; null is what PHP calls not set."""
        return self.sent.get(key) is not None

    def mandatory(self, *keys: str) -> None:
        for key in keys:
            if not self.has(key):
                self.missing(key)

    def whole(self, key: str, low: int, high: int) -> int | None:
        """The number where it was sent and is in range."""
        if not self.has(key):
            return None
        number = whole(self.sent[key])
        if number is None or not low <= number <= high:
            self.invalid(key)
            return None
        return number

    def one_of(self, key: str, allowed: Collection[Any]) -> Any:
        if not self.has(key):
            return None
        value = self.sent[key]
        if not isinstance(next(iter(allowed)), str):
            value = whole(value)
        if isinstance(value, dict | list) or value not in allowed:
            self.invalid(key)
            return None
        return value

    def flag(self, key: str) -> bool | None:
        if not self.has(key):
            return None
        found = flag(self.sent[key])
        if found is None:
            self.invalid(key)
        return found

    def text(self, key: str, shortest: int, longest: int) -> str | None:
        if not self.has(key):
            return None
        value = self.sent[key]
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not shortest <= len(value) <= longest:
            self.invalid(key)
            return None
        return value

    def decimal(
        self,
        key: str,
        *,
        above: int | None = None,
        low: int | None = None,
        high: int | None = None,
        digits: int = 4,
    ) -> Decimal | None:
        if not self.has(key):
            return None
        number = decimal(self.sent[key])
        if (
            number is None
            or (above is not None and number <= above)
            or (low is not None and number < low)
            or (high is not None and number > high)
        ):
            self.invalid(key)
            return None
        if places(number) > digits:
            self.say(self._decimals(key))
            return None
        return number

    def listed(self, key: str, most: int | None = None) -> list[Any]:
        """The elements of a list that was sent; anything but a list is wrong."""
        if not self.has(key):
            return []
        value = self.sent[key]
        if not isinstance(value, list) or (most is not None and len(value) > most):
            self.invalid(key)
            return []
        return value


def entity_checks(sent: Mapping[str, Any], entity: str, id: Any) -> Checks:
    """Checks whose texts end in ` - Product id: 1041` or the like."""
    return Checks(
        sent,
        missing=lambda key: f"ERROR: {key} is mandatory - {entity} id: {id}",
        invalid=lambda key: f"ERROR: {key} has an invalid value - {entity} id: {id}",
        decimals=lambda key: f"ERROR: {key} accepts maximum 4 decimals - {entity} id: {id}",
    )
