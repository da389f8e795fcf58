"""When exports are due: days, weeks, months, and the two nights on which a clock jumps."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.export_times import Rhythm

BUCHAREST, LISBON = ZoneInfo("Europe/Bucharest"), ZoneInfo("Europe/Lisbon")


def at(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_it_works():
    assert Rhythm("day", 6).next_after(at("2026-03-02T03:59"), BUCHAREST) == at("2026-03-02T04:00")
    assert Rhythm("day", 6).next_after(at("2026-03-02T04:00"), BUCHAREST) == at("2026-03-03T04:00")
    assert Rhythm("day", 6).last_until(at("2026-03-02T04:00"), BUCHAREST) == at("2026-03-02T04:00")


def test_in_the_zone_of_the_person():
    assert Rhythm("day", 6).next_after(at("2026-07-01T00:00"), LISBON) == at("2026-07-01T05:00")


@pytest.mark.parametrize(
    ("rhythm", "after", "due"),
    [
        (Rhythm("week", 6, weekday=0), "2026-03-02T04:00", "2026-03-09T04:00"),
        (Rhythm("week", 6, weekday=6), "2026-03-02T04:00", "2026-03-08T04:00"),
        (Rhythm("month", 6, month_day=1), "2026-03-02T00:00", "2026-04-01T03:00"),
        (Rhythm("month", 6, month_day=31), "2026-02-02T00:00", "2026-02-28T04:00"),
        (Rhythm("month", 6, month_day=31), "2028-02-02T00:00", "2028-02-29T04:00"),
    ],
)
def test_weeks_and_months(rhythm, after, due):
    assert rhythm.next_after(at(after), BUCHAREST) == at(due)


def test_an_hour_that_the_clock_skips_is_due_after_the_gap():
    """On 29 March 2026 Bucharest goes from 03:00 to 04:00."""
    due = Rhythm("day", 3).next_after(at("2026-03-28T12:00"), BUCHAREST)
    assert due == at("2026-03-29T01:00")
    assert due.astimezone(BUCHAREST).hour == 4
    assert Rhythm("day", 3).next_after(due, BUCHAREST) == at("2026-03-30T00:00")


def test_an_hour_that_comes_twice_is_due_once():
    """On 25 October 2026 Bucharest has the hour from 03:00 twice."""
    first = Rhythm("day", 3).next_after(at("2026-10-24T12:00"), BUCHAREST)
    assert first == at("2026-10-25T00:00")
    assert Rhythm("day", 3).next_after(first, BUCHAREST) == at("2026-10-26T01:00")


RHYTHMS = st.builds(
    Rhythm,
    every=st.sampled_from(["day", "week", "month"]),
    hour=st.integers(0, 23),
    weekday=st.integers(0, 6),
    month_day=st.integers(1, 31),
)
MOMENTS = st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2032, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001


@given(RHYTHMS, MOMENTS, st.sampled_from([BUCHAREST, LISBON]))
def test_the_next_and_the_last_are_neighbours(rhythm, moment, zone):
    due = rhythm.next_after(moment, zone)
    assert due > moment
    assert rhythm.last_until(due, zone) == due
    before = rhythm.last_until(moment, zone)
    assert before <= moment
    assert rhythm.next_after(before, zone) == due


@given(RHYTHMS, st.dates(dt.date(2024, 1, 1), dt.date(2032, 1, 1)))
def test_the_days_of_one_file_end_where_the_next_begin(rhythm, last):
    first = rhythm.first_day_before(last)
    assert first <= last
    assert (last - first).days <= 30
