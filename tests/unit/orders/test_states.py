"""Our status and the marketplace's: they move together, or a person is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.choices import (
    AGREES,
    ALLOWED,
    OPEN,
    STATUS_BADGES,
    STATUS_FOR,
    OrderStatus,
    Problem,
    RemoteState,
    leads_to,
)
from orders.services.states import State, first_state, next_state
from tests.factories.orders import later, order_in

S, R = OrderStatus, RemoteState


def after(status, before, now, problems=()):
    order = order_in(status=now)
    return next_state(State(status, frozenset(problems)), before, order)


def test_it_works():
    assert first_state(order_in(status="new")) == State("new")
    assert after("new", "new", "accepted") == State("accepted")


def test_every_status_has_its_place_in_the_tables():
    assert set(ALLOWED) == set(STATUS_BADGES) == set(AGREES) == set(S)
    assert set(STATUS_FOR) == set(R)
    assert all(status in AGREES and STATUS_FOR[R(state)] in S for status in S for state in R)


@pytest.mark.parametrize(
    ("status", "before", "now", "then"),
    [
        ("new", "new", "shipped", "shipped"),  # several steps between two looks
        ("picking", "accepted", "packed", "packed"),
        ("packed", "accepted", "cancelled", "cancelled"),
        ("delivered", "shipped", "returned", "returned"),
        ("cancelled", "cancelled", "accepted", "accepted"),
        ("packed", "accepted", "accepted", "packed"),  # theirs has only not followed yet
        ("accepted", "new", "new", "accepted"),
        ("picking", "new", "accepted", "picking"),
        ("on_hold", "new", "accepted", "on_hold"),  # our hold outlives their acceptance
        ("on_hold", "unknown", "accepted", "accepted"),  # their code was all we waited for
    ],
)
def test_we_follow_where_we_may(status, before, now, then):
    assert after(status, before, now) == State(then)


@pytest.mark.parametrize(
    ("status", "before", "now"),
    [
        ("shipped", "shipped", "accepted"),
        ("delivered", "shipped", "cancelled"),
        ("returned", "returned", "new"),
        ("cancelled", "cancelled", "new"),
        ("on_hold", "accepted", "shipped"),
    ],
)
def test_what_we_cannot_follow_is_for_a_person(status, before, now):
    assert after(status, before, now) == State(status, frozenset({Problem.STATUS}))


def test_the_flag_stays_until_the_two_agree():
    apart = after("delivered", "shipped", "cancelled")
    still = next_state(apart, "cancelled", order_in(status="cancelled", remote_status="0"))
    assert still == apart
    assert next_state(still, "cancelled", order_in(status="shipped")) == State("delivered")


def test_an_unknown_status_moves_nothing_and_is_told():
    assert first_state(order_in(status="unknown")).status == "on_hold"
    assert after("packed", "packed", "unknown") == State(
        "packed", frozenset({Problem.UNKNOWN_STATUS})
    )


def test_what_is_over_needs_no_decision():
    asked = order_in(status="accepted", cancel_requested="please", remarks=("odd",))
    assert first_state(asked).in_order() == ["cancel_requested", "remark"]
    gone = next_state(first_state(asked), "accepted", later(asked, status="cancelled"))
    assert gone == State("cancelled")


steps = st.lists(st.tuples(st.sampled_from(R.values), st.sampled_from(S.values)), max_size=30)


@given(st.sampled_from(R.values), steps)
def test_no_walk_leaves_the_two_apart_in_silence(first, walk):
    """The marketplace goes anywhere; we go where ALLOWED says. Whenever a look has brought a move,
    both agree or a problem is told."""
    order = order_in(status=first)
    state, before = first_state(order), first
    for remote, ours in walk:
        if S(ours) in ALLOWED[S(state.status)]:
            state = State(ours, state.problems)
        seen = order_in(status=remote)
        state = next_state(state, before, seen)
        if remote != before:
            agree = R(remote) in AGREES[S(state.status)]
            assert agree or {Problem.STATUS, Problem.UNKNOWN_STATUS} & state.problems
        assert state.status in S.values
        before = remote


def test_nothing_ends_in_an_open_status_without_a_way_out():
    assert all(ALLOWED[status] for status in OPEN)
    assert not leads_to("returned", "new")
