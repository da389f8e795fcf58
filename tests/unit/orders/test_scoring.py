"""The formula of the two scores: what it says, that it is bounded, and which way it goes."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders import scoring
from orders.scoring import Figures

NOW = dt.datetime(2026, 3, 3, 12, 0, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Rules:
    weight_orders: int = 35
    weight_recency: int = 25
    weight_revenue: int = 25
    weight_kept: int = 15
    full_at_orders: int = 10
    recency_months: int = 12
    full_at_revenue: int = 5
    weight_refused: int = 40
    weight_cod_refused: int = 25
    weight_returns: int = 20
    weight_called_off: int = 15
    gold_from: int = 70
    silver_from: int = 50
    bronze_from: int = 30
    risky_from: int = 25


def figures(**counted) -> Figures:
    return Figures(**{"last_order_at": NOW - dt.timedelta(days=5), "currency": "RON", **counted})


def test_it_works():
    good = figures(orders_count=10, delivered_count=10, revenue=D(5000))
    score = scoring.loyalty(good, D(1000), Rules(), NOW)
    assert score.points == 100
    assert [term.share for term in score.terms] == [1000] * 4
    assert scoring.risk(good, Rules()).points == 0


def test_half_of_everything_is_half():
    half = figures(
        delivered_count=5, called_off_count=5, revenue=D(2500),
        last_order_at=NOW - dt.timedelta(days=181),
    )  # fmt: skip
    assert scoring.loyalty(half, D(1000), Rules(), NOW).points == 50


def test_the_terms_make_the_score():
    some = figures(delivered_count=3, returned_count=1, revenue=D("812.40"))
    score = scoring.loyalty(some, D(500), Rules(), NOW)
    total = sum(score.points_of(term) for term in score.terms)
    assert abs(total - score.points) <= D("0.7")  # each to one place, the score to none


def test_one_parcel_not_taken_condemns_nobody_and_the_second_tells():
    def refused(n, shipped=0):
        counted = figures(
            refused_count=n, cod_refused_count=n, delivered_count=shipped, cod_count=shipped
        )
        return scoring.risk(counted, Rules()).points

    risky = Rules().risky_from
    assert refused(1) < risky <= refused(2)
    assert refused(2, shipped=10) < risky <= refused(3, shipped=2)


def test_without_anything_there_is_no_score():
    assert scoring.loyalty(Figures(), D(0), Rules(), NOW).points == 0
    assert scoring.risk(Figures(), Rules()).points == 0


def test_without_weights_there_is_no_score():
    none = Rules(weight_orders=0, weight_recency=0, weight_revenue=0, weight_kept=0)
    assert scoring.loyalty(figures(delivered_count=3), D(1), none, NOW).points == 0


@pytest.mark.parametrize(
    ("points", "tier"),
    [(100, "gold"), (70, "gold"), (69, "silver"), (50, "silver"), (49, "bronze"), (29, "standard")],
)
def test_tiers_begin_at_their_bounds(points, tier):
    assert scoring.tier(points, Rules()) == tier


def test_a_month_is_thirty_days():
    counted = [scoring.months_since(NOW - dt.timedelta(days=n), NOW) for n in (0, 29, 30, 60)]
    assert counted == [0, 0, 1, 2]
    assert scoring.months_since(NOW + dt.timedelta(days=3), NOW) == 0


# --- Properties -------------------------------------------------------------------------------

counts = st.integers(0, 300)


@st.composite
def any_figures(draw) -> Figures:
    delivered, refused = draw(counts), draw(counts)
    called_off, returned = draw(counts), draw(counts)
    return Figures(
        orders_count=delivered + refused + called_off + returned,
        delivered_count=delivered,
        cancelled_count=refused + called_off,
        called_off_count=called_off,
        refused_count=refused,
        returned_count=returned,
        partly_returned_count=draw(st.integers(0, delivered)),
        cod_count=draw(st.integers(0, delivered)),
        cod_refused_count=draw(st.integers(0, refused)),
        revenue=draw(st.decimals(0, 10**7, places=2)),
        last_order_at=NOW - dt.timedelta(days=draw(st.integers(0, 2000))),
    )


weights = st.integers(0, 100)
any_rules = st.builds(
    Rules, weight_orders=weights, weight_recency=weights, weight_revenue=weights,
    weight_kept=weights, full_at_orders=st.integers(1, 1000), recency_months=st.integers(1, 120),
    full_at_revenue=st.integers(1, 1000), weight_refused=weights, weight_cod_refused=weights,
    weight_returns=weights, weight_called_off=weights,
)  # fmt: skip
averages = st.decimals(0, 10**6, places=2)


def plus(one: Figures, *names: str) -> Figures:
    return one._replace(**{name: getattr(one, name) + 1 for name in names})


@given(any_figures(), averages, any_rules)
def test_scores_are_bounded(one, average, rules):
    assert 0 <= scoring.loyalty(one, average, rules, NOW).points <= 100
    assert 0 <= scoring.risk(one, rules).points <= 100


@given(any_figures(), averages, any_rules)
def test_what_is_good_never_lowers_loyalty(one, average, rules):
    def loyalty(it):
        return scoring.loyalty(it, average, rules, NOW).points

    before = loyalty(one)
    assert loyalty(plus(one, "delivered_count")) >= before
    assert loyalty(plus(one, "revenue")) >= before
    assert loyalty(one._replace(last_order_at=NOW)) >= before


@given(any_figures(), averages, any_rules)
def test_what_comes_to_nothing_never_raises_loyalty(one, average, rules):
    before = scoring.loyalty(one, average, rules, NOW).points
    for name in ("returned_count", "refused_count", "called_off_count"):
        assert scoring.loyalty(plus(one, name), average, rules, NOW).points <= before


@given(any_figures(), any_rules)
def test_risk_goes_up_with_trouble_and_down_with_good_orders(one, rules):
    before = scoring.risk(one, rules).points
    for names in (
        ("refused_count",),
        ("refused_count", "cod_refused_count"),
        ("returned_count",),
        ("called_off_count",),
    ):
        assert scoring.risk(plus(one, *names), rules).points >= before
    assert scoring.risk(plus(one, "delivered_count"), rules).points <= before
    assert scoring.risk(plus(one, "delivered_count", "cod_count"), rules).points <= before


@given(any_figures(), averages, any_rules)
def test_the_points_of_the_terms_are_the_score(one, average, rules):
    for score in (scoring.loyalty(one, average, rules, NOW), scoring.risk(one, rules)):
        total = sum(score.points_of(term) for term in score.terms)
        assert abs(total - score.points) <= D("0.71")
