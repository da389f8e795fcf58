"""Reads values out of eMAG's JSON, which a PHP program writes (emag-api, PHP-isms).

A number may be a text, a flag 0, "1" or true, an empty object a list, and null, "" and a missing
key mean the same. The same reader takes all of it; what makes no sense raises Unreadable, which
says where and why. Every reader takes an object and a key, so that the path of a good value, which
nobody asks for, is never built: a page of 100 orders holds some 15,000 values.

Pure: no database, nothing is changed, the same input gives the same output.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from core.money import q4

Raw = dict[str, Any]

NOTHING: tuple[Any, ...] = (None, "", [], {}, False)
MAX_ID = 2**63 - 1
# Unit prices are stored with ten digits before the point, and no order comes near.
MAX_MONEY = Decimal(10) ** 10
LONGEST_NUMBER = 40  # digits; a longer text is no number, and slow to turn into one
HUNDRED = Decimal(100)
ZERO = Decimal(0)
# Clocks of two machines differ; a change "in the future" by less than this is a change just now.
CLOCKS_APART = dt.timedelta(minutes=5)


class Unreadable(ValueError):
    """Something in a payload makes no sense. `path` says where, `why` in words for people."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(path, why)
        self.path = path
        self.why = why

    def __str__(self) -> str:
        return f"{self.path}: {self.why}" if self.path else self.why

    @property
    def key(self) -> str:
        """The first step of the path: the key of the object that was being read."""
        return self.path.partition(".")[0].partition("[")[0]

    def inside(self, parent: str) -> Unreadable:
        """The same, seen from the object that holds the one that was being read."""
        return Unreadable(f"{parent}.{self.path}" if self.path else parent, self.why)


# --- Texts ------------------------------------------------------------------------------------


def text(raw: Raw, key: str, limit: int = 255) -> str:
    """The text there, without what a database cannot hold; "" where there is none."""
    value = raw.get(key)
    if type(value) is not str:
        if value is None:
            return ""
        value = _as_text(value, key)
    if not value.isascii():
        value = value.encode("utf-8", "ignore").decode()  # half a surrogate pair is no text
    if "\x00" in value:
        value = value.replace("\x00", "")
    value = value.strip()
    return value if len(value) <= limit else value[: limit - 1] + "…"


def _as_text(value: object, key: str) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, int | float | Decimal):
        if isinstance(value, int) and abs(value) >= 10**LONGEST_NUMBER:
            raise Unreadable(key, _("the number is too long"))
        return str(value)
    if isinstance(value, list) and all(isinstance(part, str | int) for part in value):
        return ", ".join(part if isinstance(part, str) else _as_text(part, key) for part in value)
    if value in NOTHING:
        return ""
    raise Unreadable(key, _("should be a text"))


def texts(raw: Raw, key: str, limit: int = 255) -> tuple[str, ...]:
    """A list of texts; one that stands alone is a list of one, empty ones are left out."""
    value = raw.get(key)
    if isinstance(value, dict):  # a PHP array whose numbering has a gap
        value = list(value.values())
    if not isinstance(value, list):
        value = [value]
    found = (text({key: part}, key, limit) for part in value)
    return tuple(part for part in found if part)


def ident(raw: Raw, key: str) -> str:
    """An id as text, whether it came as a number or as one in quotes; "" for none and for 0."""
    value = raw.get(key)
    if type(value) is int:
        if 0 < value <= MAX_ID:
            return str(value)
        if value:
            raise Unreadable(key, _("is no id that can exist"))
        return ""
    found = text(raw, key, 66)
    if found.isdecimal() and found.isascii():
        if len(found) > 19 or int(found) > MAX_ID:
            raise Unreadable(key, _("is no id that can exist"))
        return found.lstrip("0")
    if len(found) > 64 or not found.isprintable():
        raise Unreadable(key, _("is no id that can exist"))
    return found


def code(raw: Raw, key: str) -> str:
    """One of a marketplace's codes as text: "3" for 3 and "3"; also a word nobody has told us."""
    value = raw.get(key)
    if type(value) is int and 0 <= value < 1_000_000:
        return str(value)
    if value is False:
        return "0"
    found = text(raw, key, 64)
    bare = found.partition(".")  # "3.0000"
    return bare[0] if bare[0].isdecimal() and not bare[2].strip("0") else found


# --- Numbers ----------------------------------------------------------------------------------


def whole(raw: Raw, key: str) -> int | None:
    """A whole number: 3, "3", "3.0000", true. None where there is none."""
    value = raw.get(key)
    if type(value) is int:
        number = value
    elif value is None or value == "" or value == []:
        return None
    elif isinstance(value, bool):
        return int(value)
    else:
        number = _whole_of(value, key)
    if -MAX_ID <= number <= MAX_ID:
        return number
    raise Unreadable(key, _("the number is too large"))


def _whole_of(value: object, key: str) -> int:
    if isinstance(value, str) and value.isdecimal() and len(value) <= LONGEST_NUMBER:
        return int(value)
    number = _decimal(value, key)
    # A text like 1e999999 is short, and the number it stands for is not.
    if number != number.to_integral_value() or number.adjusted() > LONGEST_NUMBER:
        raise Unreadable(key, _("should be a whole number"))
    return int(number)


def _decimal(value: object, key: str) -> Decimal:
    """Exactly the number that is written there, finite."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise Unreadable(key, _("should be a number"))
    if isinstance(value, int) and abs(value) >= 10**LONGEST_NUMBER:
        raise Unreadable(key, _("the number is too large"))
    written = str(value).strip()  # a float is written as the shortest text that means it
    if len(written) > LONGEST_NUMBER or "_" in written or not written.isascii():
        raise Unreadable(key, _("should be a number"))
    try:
        number = Decimal(written)
    except InvalidOperation:
        raise Unreadable(key, _("should be a number")) from None
    if not number.is_finite():
        raise Unreadable(key, _("should be a number"))
    return number


@lru_cache(maxsize=8192, typed=True)  # else 1, True and 1.0 would be the same question
def _money_of(value: str | int | float | Decimal) -> Decimal:
    number = _decimal(value, "")
    if abs(number) >= MAX_MONEY:
        raise Unreadable("", _("the amount is too large"))
    return q4(number)


def money(raw: Raw, key: str) -> Decimal | None:
    """An amount with four places, as it is written; None where there is none."""
    value = raw.get(key)
    if value is None or value == "" or value == []:
        return None
    try:
        return _money_of(value)
    except TypeError:  # a list or an object
        raise Unreadable(key, _("should be a number")) from None
    except Unreadable as odd:
        raise odd.inside(key) from None


@lru_cache(maxsize=256, typed=True)
def _rate_of(value: str | int | float | Decimal) -> Decimal:
    if isinstance(value, str):
        value = value.strip().removesuffix("%")
    number = _decimal(value, "")
    if not 0 <= number <= 100:
        raise Unreadable("", _("is no VAT rate"))
    # No country has a rate under one per cent but for zero, so 0.21 and 21 cannot be confused.
    return q4(number if number < 1 else number / HUNDRED)


def rate(raw: Raw, key: str) -> Decimal | None:
    """A VAT rate as a fraction: 0.21 for "0.2100", 21, "21.00" and "21%"; None where none is."""
    value = raw.get(key)
    if value is None or value == "" or value == []:
        return None
    try:
        return _rate_of(value)
    except TypeError:
        raise Unreadable(key, _("is no VAT rate")) from None
    except Unreadable as odd:
        raise odd.inside(key) from None


# --- Yes and no -------------------------------------------------------------------------------

_FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}


def flag(raw: Raw, key: str) -> bool | None:
    """Yes or no in any of PHP's spellings; None where nothing is said."""
    value = raw.get(key)
    if value is None or value == "" or value == []:
        return None
    if isinstance(value, bool):
        return value
    known = None
    if isinstance(value, str):
        known = _FLAGS.get(value.strip().lower())
    elif isinstance(value, int | float | Decimal) and value in (0, 1):
        known = value == 1
    if known is not None:
        return known
    raise Unreadable(key, _("should be yes or no"))


# --- Times ------------------------------------------------------------------------------------

EARLIEST, LATEST = 1990, 2200  # years; what lies outside is a slip, not a time


def moment(
    raw: Raw, key: str, zone: dt.tzinfo, *, not_after: dt.datetime | None = None
) -> dt.datetime | None:
    """A local time, "2026-03-03 14:22:09", in UTC; None for none and for 0000-00-00.

    In the autumn an hour comes twice, and the text does not say which: it is the first one, unless
    `not_after` is given, which asks for the latest that is not after it. (What was changed cannot
    have been changed after it was read; taking the first would make a later change look older.)
    In the spring an hour is left out; what claims to lie in it is read as if the clock had not
    been changed yet.
    """
    value = raw.get(key)
    if not value:  # null, "", [], 0: nothing
        return None
    if isinstance(value, dict):  # how PHP dumps a DateTime
        return _dumped(value, key, zone)
    if not isinstance(value, str) or len(value) > LONGEST_NUMBER:
        raise Unreadable(key, _("should be a date and a time"))
    if value.startswith("0000-00-00"):
        return None
    try:
        found = dt.datetime.fromisoformat(value.strip())
        if not EARLIEST <= found.year <= LATEST:
            raise ValueError
    except ValueError:
        raise Unreadable(key, _("should be a date and a time")) from None
    if found.tzinfo is not None:
        return found.astimezone(dt.UTC)
    first = found.replace(tzinfo=zone).astimezone(dt.UTC)
    if not_after is None:
        return first
    second = found.replace(tzinfo=zone, fold=1).astimezone(dt.UTC)
    return second if first < second <= not_after + CLOCKS_APART else first


def _dumped(value: Raw, key: str, zone: dt.tzinfo) -> dt.datetime | None:
    """{"date": "2025-04-21 00:00:00.000000", "timezone_type": 3, "timezone": "Europe/Bucharest"}"""
    named = value.get("timezone")
    try:
        if isinstance(named, str) and named:
            zone = ZoneInfo(named)
    except (ValueError, OSError, KeyError):
        raise Unreadable(f"{key}.timezone", _("is no time zone")) from None
    if isinstance(value.get("date"), dict):
        raise Unreadable(f"{key}.date", _("should be a date and a time"))
    try:
        return moment(value, "date", zone)
    except Unreadable as odd:
        raise odd.inside(key) from None


def day(raw: Raw, key: str) -> dt.date | None:
    """A date, with or without a time that does not matter; None for none and for 0000-00-00."""
    found = moment(raw, key, dt.UTC)
    return None if found is None else found.date()


# --- Objects and lists ------------------------------------------------------------------------


def obj(raw: Raw, key: str) -> Raw:
    """The object there; an empty one where PHP wrote [], null, "" or nothing."""
    value = raw.get(key)
    if type(value) is dict:
        return value
    if not value:
        return {}
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        return value[0]
    raise Unreadable(key, _("should be an object"))


def rows(raw: Raw, key: str) -> list[Raw]:
    """The objects of a list; a single object is a list of one, an empty anything an empty one."""
    value = raw.get(key)
    if not value and value is not True:
        return []
    if isinstance(value, dict):
        # A PHP array whose numbering has a gap is written as {"0": …, "2": …}.
        inner = list(value.values())
        value = inner if all(isinstance(part, dict) for part in inner) else [value]
    if not isinstance(value, list):
        raise Unreadable(key, _("should be a list"))
    for number, part in enumerate(value):
        if not isinstance(part, dict):
            raise Unreadable(f"{key}[{number}]", _("should be an object"))
    return value


def unique(found: Sequence[Any], key: str) -> list[Raw]:
    """The objects with a number, each once: a set-based write refuses one that is there twice."""
    return list(
        {
            ident(raw, key): raw for raw in found if isinstance(raw, dict) and ident(raw, key)
        }.values()
    )
