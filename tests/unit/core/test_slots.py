"""When may the next call go out? Checked against a referee who counts every sliding window."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ratelimit import Limits
from core.slots import GRACE, Slots, Window

T0 = 1_764_000_000.0


def widest(times, seconds):
    """The most calls in any stretch of that length."""
    times, start, most = sorted(times), 0, 0
    for end, time in enumerate(times):
        while time - times[start] >= seconds:
            start += 1
        most = max(most, end - start + 1)
    return most


def grants(windows, arrivals):
    """The granted time for each arrival, through the JSON the database keeps."""
    slots, granted = Slots(), []
    for now in arrivals:
        slots = Slots.load(json.loads(json.dumps(slots.dump())))
        at = slots.next(now, windows)
        assert at >= now
        slots.grant(at, windows)
        granted.append(at)
    return granted


def test_it_works():
    granted = grants([Window(3, 1)], [T0] * 6)
    assert granted[:3] == [T0] * 3, "what is free goes at once"
    assert granted[3] == pytest.approx(T0 + 1.04)
    assert granted[4] - granted[3] == pytest.approx(0.8 * 1.04 / 3)


def test_the_referee_can_say_no():
    assert widest([0.0, 0.3, 0.999, 1.0], 1) == 3
    assert widest([0.0, 0.3, 0.9, 0.95], 1) == 4


limits = st.sampled_from(
    [
        Limits(per_second=12, per_minute=720),
        Limits(per_second=3, per_minute=180),
        Limits(per_second=5, per_minute=200, per_day=5000),
        Limits(per_minute=10),
        Limits(per_second=1),
        Limits(per_second=2, per_minute=30, per_day=100),
    ]
)
pauses = st.lists(
    st.one_of(st.just(0.0), st.floats(0, 0.05), st.floats(0, 3), st.floats(0, 90)), max_size=400
)


@settings(max_examples=150, deadline=None)
@given(limits, pauses, st.data())
def test_no_window_is_ever_exceeded(limit, gaps, data):
    """Also when each call leaves anywhere within its grace, as late as that may be."""
    now, arrivals = T0, []
    for gap in gaps:
        now += gap
        arrivals.append(now)
    granted = grants(limit.windows, arrivals)
    assert granted == sorted(granted)
    late = data.draw(st.lists(st.floats(0, GRACE), min_size=len(granted), max_size=len(granted)))
    left = [at + delay for at, delay in zip(granted, late, strict=True)]
    for allowed, seconds in (
        (limit.per_second, 1), (limit.per_minute, 60), (limit.per_day, 86_400)
    ):  # fmt: skip
        if allowed:
            assert widest(left, seconds - 1e-6) <= allowed


@pytest.mark.parametrize(
    ("limit", "seconds", "allowed"),
    [
        (Limits(per_second=12, per_minute=720), 600, 12 * 600),
        (Limits(per_second=3, per_minute=180), 600, 3 * 600),
        (Limits(per_second=5, per_minute=200), 3600, 200 * 60),
        (Limits(per_day=5000), 864_000, 50_000),
        (Limits(per_minute=60, per_day=5001), 864_000, 50_010),
    ],
)
def test_nearly_all_of_the_budget_can_be_used(limit, seconds, allowed):
    slots, now, calls = Slots(), T0, 0
    while now < T0 + seconds:
        now = slots.next(now, limit.windows)
        slots.grant(now, limit.windows)
        calls += 1
    assert calls >= 0.95 * allowed


def test_those_who_wait_leave_one_by_one():
    granted = grants([Window(12, 1)], [T0] * 60)
    gaps = [later - earlier for earlier, later in pairwise(granted[12:])]
    assert min(gaps) >= 0.79 * 1.04 / 12


def test_a_moment_that_was_missed_is_not_lost():
    """Three wait at a time, every tenth oversleeps; without catching up that would be 10.4."""
    windows, slots = [Window(12, 1)], Slots()
    queue, left, now = [], [], T0
    for turn in range(600):
        while len(queue) < 3:
            at = slots.next(now, windows)
            slots.grant(at, windows)
            queue.append(at)
        now = queue.pop(0)
        if turn % 10 == 5:
            slots.give_back(now)
        else:
            left.append(now)
    assert widest(left, 1.0) <= 12
    assert len(left) / (left[-1] - left[0]) >= 11.2


@settings(max_examples=100, deadline=None)
@given(limits, st.lists(st.tuples(st.floats(0, 2), st.booleans()), max_size=200))
def test_giving_back_never_lets_too_many_through(limit, turns):
    slots, now, left = Slots(), T0, []
    for gap, misses in turns:
        now += gap
        at = slots.next(now, limit.windows)
        slots.grant(at, limit.windows)
        if misses:
            slots.give_back(at)
        else:
            left.append(at)
    for allowed, seconds in ((limit.per_second, 1), (limit.per_minute, 60)):
        if allowed:
            assert widest(left, seconds) <= allowed


def test_a_limit_that_follows_from_another_is_not_kept_twice():
    assert len(Limits(per_second=12, per_minute=720).windows) == 1
    assert len(Limits(per_second=5, per_minute=200, per_day=5000).windows) == 3
    assert len(Limits(per_second=3, per_minute=500).windows) == 1
    assert Limits().windows == ()


def test_no_limit_means_no_wait():
    assert grants((), [T0, T0, T0]) == [T0] * 3


def test_what_is_kept_stays_small():
    limit = Limits(per_second=5, per_minute=200, per_day=100_000)
    slots, now = Slots(), T0
    for _ in range(5_000):
        now = slots.next(now, limit.windows)
        slots.grant(now, limit.windows)
    assert len(json.dumps(slots.dump())) < 12_000


def test_told_to_wait_all_wait():
    slots = Slots()
    slots.close(T0 + 30)
    slots.close(T0 + 10)  # a later, shorter order does not shorten it
    assert slots.next(T0, [Window(3, 1)]) == pytest.approx(T0 + 30)
    assert slots.next(T0 + 31, [Window(3, 1)]) == T0 + 31


def test_a_clock_set_back_an_hour_neither_stalls_nor_forgets():
    windows = [Window(3, 1), Window(10, 60)]
    slots = Slots()
    for _ in range(10):
        slots.grant(slots.next(T0, windows), windows)
    used_up = slots.next(T0 + 4, windows)
    assert used_up == pytest.approx(T0 + 60.04)
    back = Slots.load(slots.dump())
    at = back.next(T0 + 4 - 3600, windows)
    assert at > T0 + 4 - 3600, "the ten calls of just now still count"
    assert at < T0 + 4 - 3600 + 61, "and nobody waits an hour"


def test_a_changed_limit_takes_over_what_was_granted():
    slots = Slots()
    for _ in range(12):
        slots.grant(slots.next(T0, [Window(12, 1)]), [Window(12, 1)])
    assert slots.next(T0, [Window(3, 1)]) >= T0 + 1, "the stricter limit sees the twelve"
    slots.grant(slots.next(T0, [Window(5, 60)]), [Window(5, 60)])
    assert set(slots.kept) == {"60"}


@pytest.mark.parametrize(("limit", "seconds"), [(0, 1), (-1, 1), (5, 0)])
def test_nonsense_is_no_limit(limit, seconds):
    with pytest.raises(ValueError, match="no limit"):
        Window(limit, seconds)
