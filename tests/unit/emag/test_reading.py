"""Every PHP-ism of the reference (emag-api §5.2), read by the reader it concerns."""

import datetime as dt
import json
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from emag.reading import (
    Unreadable,
    code,
    day,
    flag,
    ident,
    moment,
    money,
    obj,
    rate,
    rows,
    text,
    texts,
    whole,
)

D = Decimal
BUCHAREST = ZoneInfo("Europe/Bucharest")
BUDAPEST = ZoneInfo("Europe/Budapest")


def test_it_works():
    assert whole({"product_id": "433"}, "product_id") == 433


def by_kind(value):
    """The name of a case; some values are too long to stand in one."""
    return type(value).__name__


def refused(read, value, *more):
    with pytest.raises(Unreadable) as caught:
        read({"key": value}, "key", *more)
    assert caught.value.path.startswith("key")
    assert caught.value.why
    return caught.value


@pytest.mark.parametrize(
    ("value", "number"),
    [(3, 3), ("3", 3), ("3.0000", 3), (D("3.0"), 3), (3.0, 3), (True, 1), (False, 0), ("-2", -2),
     (None, None), ("", None), ([], None), (0, 0), ("0", 0), (3_115_000_123, 3_115_000_123)],
)  # fmt: skip
def test_whole_numbers(value, number):
    assert whole({"key": value}, "key") == number


@pytest.mark.parametrize(
    "value", ["three", "3.5", 3.5, D("NaN"), float("nan"), float("inf"), "1e999999", "1" * 41,
              10**40, "9" * 5000, [1], {"a": 1}, "1_000", "\x00"],
    ids=by_kind,
)  # fmt: skip
def test_what_is_no_whole_number(value):
    refused(whole, value)


@pytest.mark.parametrize(
    ("value", "amount"),
    [("82.6364", "82.6364"), ("0.0000", "0"), (14.99, "14.99"), (25, "25"), (D("14.99"), "14.99"),
     ("-8.2645", "-8.2645"), (" 5.5 ", "5.5"), ("14.98999999999999999", "14.9900"), (-0.0, "0"),
     ("-0", "0"), ("0.00005", "0.0001")],
)  # fmt: skip
def test_amounts_are_exact(value, amount):
    found = money({"key": value}, "key")
    assert found == D(amount)
    assert found.as_tuple().exponent == -4
    assert not found.is_signed() or found < 0, "no minus before a zero"


def test_amounts_from_json_numbers_are_what_is_written():
    raw = json.loads('{"key": 0.1}', parse_float=D)
    assert money(raw, "key") * 3 == D("0.3")
    assert money({"key": 0.1}, "key") * 3 == D("0.3")


@pytest.mark.parametrize("value", [None, "", [], ...])
def test_no_amount(value):
    raw = {} if value is ... else {"key": value}
    assert money(raw, "key") is None
    assert rate(raw, "key") is None
    assert flag(raw, "key") is None
    assert text(raw, "key") == ""
    assert rows(raw, "key") == []
    assert obj(raw, "key") == {}


@pytest.mark.parametrize(
    "value", ["abc", "1,50", 1e308, "1e308", float("nan"), "NaN", "Infinity", True, [5], {"a": 1},
              "9" * 5000, 10**10],
    ids=by_kind,
)  # fmt: skip
def test_what_is_no_amount(value):
    refused(money, value)


def test_a_true_is_no_amount_even_after_a_one():
    """Both are one and the same key of a cache that does not look at kinds."""
    assert money({"key": 1}, "key") == 1
    refused(money, True)


@pytest.mark.parametrize(
    ("value", "share"),
    [("0.2100", "0.21"), ("0.24", "0.24"), (D("0.21"), "0.21"), (21, "0.21"), ("21.00", "0.21"),
     ("19%", "0.19"), (" 19 % ", "0.19"), (0, "0"), ("0", "0"), ("9", "0.09")],
)  # fmt: skip
def test_vat_rates_as_a_share_or_in_per_cent(value, share):
    assert rate({"key": value}, "key") == D(share)


@pytest.mark.parametrize("value", [-0.19, 101, "19 percent", float("nan"), [19]])
def test_what_is_no_vat_rate(value):
    refused(rate, value)


@pytest.mark.parametrize("value", [1, "1", True, "true", "TRUE", D(1), 1.0])
def test_yes(value):
    assert flag({"key": value}, "key") is True


@pytest.mark.parametrize("value", [0, "0", False, "false", D(0), 0.0])
def test_no(value):
    assert flag({"key": value}, "key") is False


@pytest.mark.parametrize("value", [2, "2", "maybe", {"a": 1}, [1], float("nan")])
def test_neither_yes_nor_no(value):
    refused(flag, value)


# --- Texts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "found"),
    [("  Iași ", "Iași"), (5, "5"), (D("1.50"), "1.50"), ("a\x00b", "ab"), ("x\ud83dy", "xy"),
     (["a", "b", 3], "a, b, 3"), (False, ""), ("<b>&amp;</b>", "<b>&amp;</b>"), ("‮abc", "‮abc")],
)  # fmt: skip
def test_texts(value, found):
    assert text({"key": value}, "key") == found


def test_a_text_is_cut_to_what_a_column_holds():
    found = text({"key": "ș" * 10_000_000}, "key", 20)
    assert found == "ș" * 19 + "…"


@pytest.mark.parametrize("value", [{"a": 1}, [["a"]], 10**5000], ids=by_kind)
def test_what_is_no_text(value):
    refused(text, value)


@pytest.mark.parametrize(
    ("value", "found"),
    [(["a", "", None, "b"], ("a", "b")), ("a", ("a",)), ({"0": "a", "2": 5}, ("a", "5")), ([], ()),
     (None, ()), ({}, ())],
)  # fmt: skip
def test_lists_of_texts(value, found):
    assert texts({"key": value}, "key") == found


@pytest.mark.parametrize(
    ("value", "found"),
    [(3, "3"), ("3", "3"), ("3.0000", "3"), (True, "1"), (False, "0"), ("Livrare 6H", "Livrare 6H"),
     (None, ""), ("", ""), (-1, "-1"), ("3.5", "3.5"), (10**12, "1" + "0" * 12)],
)  # fmt: skip
def test_codes(value, found):
    assert code({"key": value}, "key") == found


@pytest.mark.parametrize(
    ("value", "found"),
    [(3_115_000_123, "3115000123"), ("1041", "1041"), ("001041", "1041"), (0, ""), ("0", ""),
     (None, ""), ([], ""), ("0f0e-11", "0f0e-11"), (2**63 - 1, str(2**63 - 1)), (False, "")],
)  # fmt: skip
def test_ids(value, found):
    assert ident({"key": value}, "key") == found


@pytest.mark.parametrize(
    "value", [-5, 2**63, "9" * 40, 10**5000, "x" * 65, {"a": 1}, "a\nb"], ids=by_kind
)
def test_what_is_no_id(value):
    refused(ident, value)


# --- Times ------------------------------------------------------------------------------------


def at(value, zone=BUCHAREST, **more):
    found = moment({"key": value}, "key", zone, **more)
    return found and found.strftime("%Y-%m-%d %H:%M:%S")


def test_local_times_of_the_zone_in_winter_and_summer():
    assert at("2026-03-03 14:22:09") == "2026-03-03 12:22:09"
    assert at("2026-07-03 14:22:09") == "2026-07-03 11:22:09"
    assert at("2026-03-03 14:22:09", BUDAPEST) == "2026-03-03 13:22:09"


@pytest.mark.parametrize(
    "value", [None, "", [], ..., "0000-00-00 00:00:00", "0000-00-00", 0, False]
)
def test_no_time(value):
    assert moment({} if value is ... else {"key": value}, "key", BUCHAREST) is None


def test_other_ways_of_writing_a_time():
    assert at("2026-03-01") == "2026-02-28 22:00:00"
    assert at("2026-03-03 14:22:09.000000") == "2026-03-03 12:22:09"
    assert at("2026-03-03T14:22:09+00:00") == "2026-03-03 14:22:09"
    dumped = {
        "date": "2025-04-21 00:00:00.000000",
        "timezone_type": 3,
        "timezone": "Europe/Budapest",
    }
    assert at(dumped) == "2025-04-20 22:00:00"
    assert day({"key": "2026-03-01"}, "key") == dt.date(2026, 3, 1)


@pytest.mark.parametrize(
    "value", ["yesterday", "2026-13-01 00:00:00", "2026-02-30", "0001-01-01 00:00:00", 1764000000,
              "9999-12-31 23:59:59", "x" * 5000, True, {"date": {}}, {"date": 5},
              {"date": "2026-01-01", "timezone": "Mars/Base"},
              {"date": "2026-01-01", "timezone": ".."}, "2026-03-03 25:00:00"],
)  # fmt: skip
def test_what_is_no_time(value):
    refused(moment, value, BUCHAREST)


def test_the_hour_that_spring_leaves_out():
    """03:30 does not exist on 29 March 2026; it is read as if the clock had not been changed."""
    assert at("2026-03-29 02:59:59") == "2026-03-29 00:59:59"
    assert at("2026-03-29 03:30:00") == "2026-03-29 01:30:00"
    assert at("2026-03-29 04:00:00") == "2026-03-29 01:00:00"


def test_the_hour_that_comes_twice_in_autumn():
    """On 25 October 2026, 03:30 was at 00:30 and again at 01:30 UTC."""
    assert at("2026-10-25 02:59:59") == "2026-10-24 23:59:59"
    assert at("2026-10-25 03:30:00") == "2026-10-25 00:30:00"
    assert at("2026-10-25 04:00:00") == "2026-10-25 02:00:00"


def test_a_change_is_not_later_than_its_reading_and_else_the_later_of_the_two():
    first_pass = dt.datetime(2026, 10, 25, 0, 31, tzinfo=dt.UTC)
    second_pass = dt.datetime(2026, 10, 25, 1, 31, tzinfo=dt.UTC)
    assert at("2026-10-25 03:30:00", not_after=first_pass) == "2026-10-25 00:30:00"
    assert at("2026-10-25 03:30:00", not_after=second_pass) == "2026-10-25 01:30:00"
    # 03:50 was written in the first pass, 03:10 in the second: they are in the right order.
    before = at("2026-10-25 03:50:00", not_after=dt.datetime(2026, 10, 25, 0, 51, tzinfo=dt.UTC))
    after = at("2026-10-25 03:10:00", not_after=dt.datetime(2026, 10, 25, 1, 11, tzinfo=dt.UTC))
    assert before < after


# --- Objects and lists ------------------------------------------------------------------------


def test_objects():
    assert obj({"key": {"a": 1}}, "key") == {"a": 1}
    assert obj({"key": [{"a": 1}]}, "key") == {"a": 1}
    for value in ("text", 5, [1], [{"a": 1}, {"b": 2}], True):
        refused(obj, value)


def test_lists():
    assert rows({"key": [{"a": 1}, {"b": 2}]}, "key") == [{"a": 1}, {"b": 2}]
    assert rows({"key": {"a": 1}}, "key") == [{"a": 1}]
    assert rows({"key": {"0": {"a": 1}, "2": {"b": 2}}}, "key") == [{"a": 1}, {"b": 2}]
    for value in ("text", 5, True):
        refused(rows, value)
    assert refused(rows, [{"a": 1}, None]).path == "key[1]"


def test_paths_are_told_from_the_top():
    odd = Unreadable("quantity", "is missing").inside("products[2]")
    assert str(odd) == "products[2].quantity: is missing"
    assert odd.key == "products"
    assert Unreadable("", "should be a list").inside("products").path == "products"
