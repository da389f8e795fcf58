"""What the methods of the client return. Values in them are raw, as eMAG sent them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What every answer has: eMAG's remarks, and the number of the call in the call log."""

    messages: list[str]
    call_id: str


@dataclass(frozen=True, slots=True)
class Rows(Answer):
    """What was read: `items` of a list, or the `result` that is an object with keys of its own.

    `read_at` was taken before the request left, so whatever changed later is newer than it.
    """

    items: list[Raw]
    result: Raw
    read_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Count(Answer):
    """How many there are, and on how many pages."""

    items: int
    pages: int
    per_page: int


@dataclass(frozen=True, slots=True)
class Saved(Answer):
    """A change that was made. `already`: it had been made before, so nothing was left to do."""

    result: Any = None
    already: bool = False


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """What became of one of several things sent together.

    `is_answered` is False where eMAG said nothing about it: it may be saved or not.
    """

    ok: bool
    messages: list[str] = field(default_factory=list)
    is_answered: bool = True


@dataclass(frozen=True, slots=True)
class SavedOffers(Answer):
    """What became of every offer that was sent, by the seller's number of it."""

    by_id: dict[int, ItemOutcome]

    @property
    def refused(self) -> dict[int, ItemOutcome]:
        return {number: one for number, one in self.by_id.items() if not one.ok}


@dataclass(frozen=True, slots=True)
class ProductSave(Answer):
    """What became of products with their offers, as far as eMAG lets one know.

    It answers "error" to mere remarks about the documentation, although the offer is saved. Only
    a few known refusals mean that nothing was. Of several products sent together some may be saved
    and some not; `by_id` holds the words that name one. So whatever came with words is worth
    reading back: `must_check`.
    """

    saved: bool
    remarks: list[str] = field(default_factory=list)  # saved all the same
    refusals: list[str] = field(default_factory=list)  # these products are not saved
    by_id: dict[int, list[str]] = field(default_factory=dict)
    is_draft: bool = False

    @property
    def must_check(self) -> bool:
        return bool(self.remarks or self.refusals)
