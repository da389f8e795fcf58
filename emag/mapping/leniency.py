"""What cannot be read costs no more than itself: a broken fax number must not lose an order."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

from emag.reading import Raw, Unreadable

Built = TypeVar("Built")
NOTHING_ESSENTIAL: frozenset[str] = frozenset()


def leniently(
    build: Callable[[Raw], Built],
    raw: Raw,
    remarks: list[str],
    *,
    where: str = "",
    essential: Collection[str] = NOTHING_ESSENTIAL,
) -> Built:
    """build(raw); a key that it cannot read and that is not essential is taken as missing.

    Each such key leaves a remark. One that is essential raises Unreadable. A payload without
    trouble, which is nearly every one, pays nothing for this.
    """
    while True:
        found = len(remarks)
        try:
            return build(raw)
        except Unreadable as odd:
            if odd.key in essential or raw.get(odd.key) is None:
                raise odd.inside(where) if where else odd from None
            del remarks[found:]  # what was noticed will be noticed again
            remarks.append(str(odd.inside(where) if where else odd))
            raw = {**raw, odd.key: None}
