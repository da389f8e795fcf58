"""Rounding, VAT, sharing out, and totals that never mix currencies."""

import doctest
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import money
from core.money import MixedCurrencies, Totals, allocate, q2, q4, vat_on, vat_split

CENT = Decimal("0.01")
amounts = st.decimals(-(10**12), 10**12, places=2)
weights = st.lists(st.decimals(0, 10**9, places=4), min_size=1, max_size=60)
rates = st.sampled_from([Decimal(x) for x in (0, 5, 9, 11, 19, 20, 21, 27)])


def test_it_works():
    assert q2(Decimal("1.005")) == Decimal("1.01")
    assert q4(Decimal("1.00005")) == Decimal("1.0001")


def test_the_examples_in_the_docstrings():
    assert doctest.testmod(money).failed == 0


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
def test_a_storno_rounds_to_the_negative_of_its_invoice(amount):
    assert q2(-amount) == -q2(amount)
    assert abs(q2(amount) - amount) <= CENT / 2
    assert str(q2(amount)) != "-0.00"


@pytest.mark.parametrize("wrong", [1.5, 1, "1.50", None])
def test_only_decimals_are_money(wrong):
    with pytest.raises(TypeError, match="Decimal"):
        q2(wrong)


def test_large_sums_are_rounded_too():
    assert q2(Decimal("123456789012345678901234567890.125")) == Decimal(
        "123456789012345678901234567890.13"
    )


@given(amounts, rates)
def test_the_parts_of_a_price_add_up(gross, rate):
    split = vat_split(gross, rate)
    assert split.net + split.vat == split.gross == gross
    assert vat_split(-gross, rate).vat == -split.vat


@given(amounts, rates)
def test_vat_put_on_and_taken_off_is_off_by_a_cent_at_most(net, rate):
    again = vat_split(vat_on(net, rate).gross, rate)
    assert abs(again.net - net) <= CENT


@pytest.mark.parametrize("wrong", [Decimal("0.21"), Decimal(-5), Decimal(210)])
def test_a_rate_that_cannot_be_a_percentage_is_refused(wrong):
    with pytest.raises(ValueError, match="VAT rate"):
        vat_on(Decimal(10), wrong)


@given(amounts, weights)
def test_shares_add_up_exactly_and_stay_near_their_value(total, given_weights):
    if not any(given_weights):
        return
    shares = allocate(total, given_weights)
    whole = sum(given_weights)
    assert sum(shares) == total
    for share, weight in zip(shares, given_weights, strict=True):
        assert abs(share - total * weight / whole) <= Decimal("0.015") + Decimal("1e-12")
        assert share * total >= 0, "a share has another sign than the whole"
        if weight == 0:
            assert share == 0


@given(st.integers(-400, 400), st.lists(st.integers(0, 5), min_size=1, max_size=200))
def test_a_few_cents_over_many_lines(cents, given_weights):
    if not any(given_weights):
        return
    total = Decimal(cents) / 100
    shares = allocate(total, [Decimal(weight) for weight in given_weights])
    assert sum(shares) == total
    assert all(share * total >= 0 for share in shares)


@given(amounts, weights)
def test_sharing_out_a_storno_mirrors_the_invoice(total, given_weights):
    if any(given_weights):
        assert allocate(-total, given_weights) == [
            -share for share in allocate(total, given_weights)
        ]


def test_one_odd_cent_goes_to_the_largest_line():
    assert allocate(Decimal("0.10"), [Decimal(1), Decimal(5), Decimal(3)]) == [
        Decimal("0.01"), Decimal("0.06"), Decimal("0.03"),
    ]  # fmt: skip
    assert allocate(Decimal("100.00"), [Decimal(1), Decimal(1), Decimal(4)]) == [
        Decimal("16.67"), Decimal("16.67"), Decimal("66.66"),
    ]  # fmt: skip


def test_nothing_can_be_shared_by_nothing():
    assert allocate(Decimal(0), [Decimal(0), Decimal(0)]) == [Decimal(0), Decimal(0)]
    with pytest.raises(ValueError, match="nothing to share"):
        allocate(Decimal(1), [Decimal(0)])
    with pytest.raises(ValueError, match="nothing to share"):
        allocate(Decimal(1), [])
    with pytest.raises(ValueError, match="negative"):
        allocate(Decimal(1), [Decimal(-1)])


def test_currencies_stand_side_by_side():
    totals = Totals({"RON": Decimal(10)}) + Totals({"HUF": Decimal(300), "RON": Decimal(1)})
    assert dict(totals) == {"HUF": Decimal(300), "RON": Decimal(11)}
    assert totals - totals == {"HUF": 0, "RON": 0}
    assert sum([totals, totals], Totals())["HUF"] == 600
    assert Totals.of([("RON", Decimal(1)), ("RON", Decimal(2))]) == {"RON": Decimal(3)}


def test_one_number_is_only_made_of_one_currency():
    assert Totals({"RON": Decimal(5), "HUF": Decimal(0)}).only("RON") == 5
    assert Totals().only("RON") == 0
    with pytest.raises(MixedCurrencies, match="HUF"):
        Totals({"RON": Decimal(5), "HUF": Decimal(1)}).only("RON")
    with pytest.raises(TypeError):
        Totals({"RON": Decimal(5)}) + Decimal(5)


@pytest.mark.parametrize("wrong", [{"lei": Decimal(1)}, {"RO": Decimal(1)}])
def test_a_currency_is_a_code(wrong):
    with pytest.raises(ValueError, match="currency code"):
        Totals(wrong)


def test_a_total_is_of_decimals():
    with pytest.raises(TypeError, match="Decimal"):
        Totals({"RON": 1.5})
