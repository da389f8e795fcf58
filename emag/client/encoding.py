"""How requests are written: exact decimals, local times of the site, no more than PHP takes."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

MOST_ELEMENTS = 4000  # every value counts, as PHP counts input variables (§6.2)
LONGEST_WINDOW = dt.timedelta(days=28)  # "one month", in the shortest of them


def local_time(moment: dt.datetime, zone: ZoneInfo) -> str:
    """The wall time of the site, without zone and fraction, which are refused there.

    >>> local_time(dt.datetime(2026, 3, 3, 12, 0, 0, 5, dt.UTC), ZoneInfo("Europe/Bucharest"))
    '2026-03-03 14:00:00'
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone, so nobody knows when it is.")
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def body_of(value: Any, zone: ZoneInfo) -> bytes:
    """The request's body: JSON in UTF-8."""

    def plain(value: object) -> object:
        if isinstance(value, dt.datetime):
            return local_time(value, zone)
        if isinstance(value, dt.date):
            return value.isoformat()
        if isinstance(value, Decimal):
            return exact(value)
        if isinstance(value, set | frozenset | tuple):
            return list(value)
        raise TypeError(f"{value!r} cannot be sent to eMAG.")

    return json.dumps(value, default=plain, ensure_ascii=False, allow_nan=False).encode()


def exact(value: Decimal) -> float | int | str:
    """A decimal as a JSON number; as text where a number would not be exactly the same.

    >>> exact(Decimal("149.9900")), exact(Decimal("5")), exact(Decimal("0.12345678901234567"))
    (149.99, 5, '0.12345678901234567')
    """
    if value == value.to_integral_value():
        return int(value)
    number = float(value)
    return number if Decimal(repr(number)) == value else str(value)


def elements(value: Any) -> int:
    """How many input variables PHP would count.

    >>> elements({"data": [{"id": 1, "ean": ["a", "b"]}, {"id": 2}]})
    4
    """
    if isinstance(value, Mapping):
        return sum(elements(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return sum(elements(inner) for inner in value)
    return 1


def one_or_list(value: int | Iterable[int] | None) -> int | list[int] | None:
    """A status or a list of them, as the filters of orders take either."""
    return value if value is None or isinstance(value, int) else [int(one) for one in value]


def check_window(name: str, after: dt.datetime | None, before: dt.datetime | None) -> None:
    """Refuse a span of time that eMAG would refuse, or would quietly not filter by."""
    if before is None:
        return
    if after is None:
        raise ValueError(f"{name}_before needs {name}_after.")
    if not dt.timedelta() <= before - after <= LONGEST_WINDOW:
        raise ValueError(f"{name}: from {after} to {before} is more than 28 days, or backwards.")
