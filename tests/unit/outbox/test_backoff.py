"""When to try again."""

import pytest

from outbox.dispatch import backoff


def test_it_works():
    waits = [backoff.next_wait(n) for n in range(1, 10)]
    for wait, planned in zip(waits, (2, 4, 8, 16, 32, 64, 300, 900, 3600), strict=True):
        assert 0.8 * planned <= wait <= 1.2 * planned
    assert backoff.next_wait(10) is None


def test_what_failed_together_does_not_come_back_together():
    assert len({backoff.next_wait(6) for _ in range(20)}) > 15


def test_where_a_person_waits():
    """Three tries within seconds, then it is not pressed any more, and not forgotten either."""
    waits = [backoff.next_wait(n, is_awaited=True) for n in range(1, 7)]
    for wait, planned in zip(waits, (2, 4, 60, 300, 900, 3600), strict=True):
        assert 0.8 * planned <= wait <= 1.2 * planned
    assert backoff.next_wait(7, is_awaited=True) is None


@pytest.mark.parametrize(
    ("asked", "wait"), [(0, 1), (0.2, 1), (30, 30), (1e9, 3600), (float("inf"), 3600)]
)
def test_what_they_ask_for_wins(asked, wait):
    assert backoff.next_wait(1, retry_after=asked) == wait
    assert backoff.next_wait(1, is_awaited=True, retry_after=asked) == wait
    assert backoff.next_wait(10, retry_after=asked) is None, "but not for ever"


def test_nonsense_counts_as_nothing_said():
    assert 1.6 <= backoff.next_wait(1, retry_after=-1) <= 2.4


@pytest.mark.parametrize(("asked", "seconds"), [(None, 1), (-1, 1), (0, 0.2), (5, 5), (86_400, 60)])
def test_a_lane_rests_a_minute_at_most(asked, seconds):
    assert backoff.rest(asked) == seconds


@pytest.mark.parametrize(
    ("per_second", "reply", "width"),
    [(3, 0.0, 1), (3, 0.2, 2), (3, 1.0, 4), (3, 2.0, 7), (12, 0.5, 7), (12, 9.0, 16)],
)
def test_as_many_calls_as_the_budget_allows(per_second, reply, width):
    assert backoff.width(per_second, reply) == width
