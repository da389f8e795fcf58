"""What differs between two payloads, in words a person reads: field, before, after. Pure.

Lists are compared by the number each of their things carries, so that a line that moved is not a
line that changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# By what the things of a list are told apart; the first that all of them have.
KEYS = ("id", "voucher_id", "url", "name", "type")
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs; `path` are the names that lead to it, None is what was not there."""

    path: tuple[str, ...]
    before: str | None
    after: str | None

    @property
    def field(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class _Absent:
    """Stands for what one side does not have."""


ABSENT = _Absent()


def changes(before: Any, after: Any) -> list[Change]:
    """Every value in which two payloads differ, in the order of the later one.

    >>> changes({"status": 1, "a": 0}, {"status": 2, "a": 0})
    [Change(path=('status',), before='1', after='2')]
    """
    return list(_between((), before, after))


def _between(path: tuple[str, ...], before: Any, after: Any) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _of_mappings(path, before, after)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_mappings(path, _by_name(before, after), _by_name(after, before))
    else:
        yield Change(path, _told(before), _told(after))


def _of_mappings(
    path: tuple[str, ...], before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Change]:
    for name in [*after, *(name for name in before if name not in after)]:
        yield from _between((*path, name), before.get(name, ABSENT), after.get(name, ABSENT))


def _by_name(items: list[Any], others: list[Any]) -> dict[str, Any]:
    """A list as a mapping: by the key that names its things on both sides, else by their place."""
    both = [*items, *others]
    for key in KEYS:
        if all(isinstance(one, Mapping) and one.get(key) not in (None, "") for one in both):
            named = {str(one[key]): one for one in items}
            if len(named) == len(items):
                return named
    return {str(place): one for place, one in enumerate(items, 1)}


def _told(value: Any) -> str | None:
    if value is ABSENT:
        return None
    if isinstance(value, Mapping):
        told = ", ".join(
            f"{k}: {_told(v)}" for k, v in value.items() if v not in (None, "", [], {})
        )
    elif isinstance(value, list):
        told = ", ".join(str(_told(one)) for one in value)
    elif isinstance(value, bool):
        told = "true" if value else "false"
    else:
        told = "" if value is None else str(value)
    return told if len(told) <= LONGEST else f"{told[:LONGEST]}…"
