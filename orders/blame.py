"""The slot for whose doing a cancellation was: an adapter knows it of its codes.

blame.register("bazaar", refused={"25"}, called_off={"2", "23"})

`refused`: the parcel went out and was not taken. `called_off`: the customer changed their mind
before. Everything else is ours, the courier's or the marketplace's, and is no customer's fault.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from core.registry import DuplicateRegistration


@dataclass(frozen=True, slots=True)
class Blame:
    """Cancellation codes by whose doing they tell of."""

    refused: frozenset[str] = frozenset()
    called_off: frozenset[str] = frozenset()


NOBODY = Blame()
_known: dict[str, Blame] = {}


def register(platform: str, *, refused: Collection[object], called_off: Collection[object]) -> None:
    if platform in _known:
        raise DuplicateRegistration(f"{platform} has said already whose doing its codes are.")
    _known[platform] = Blame(frozenset(map(str, refused)), frozenset(map(str, called_off)))


def of(platform: str) -> Blame:
    return _known.get(platform, NOBODY)
