"""What an order comes to, to the ban."""

from dataclasses import replace
from decimal import Decimal as D

from hypothesis import given
from hypothesis import strategies as st

from core.money import q2
from orders.intake import DepositIn, VoucherIn
from orders.totals import gross_of, shares_add_up, totals_of
from tests.factories.orders import line_in, order_in

SPRING = VoucherIn("900101", D("-8.2645"), D("-1.7355"), D("0.21"), "Spring")


def test_it_works():
    """The documented example: 2 × 82.6364 with 21 % VAT, shipping 14.99, a voucher of 10."""
    line = line_in(quantity=2, price=D("82.6364"), vouchers=(SPRING,))
    order = order_in(lines=(line,), shipping_price=D("14.99"), vouchers=(SPRING,))
    totals = totals_of(order)
    assert (totals.products, totals.vouchers, totals.shipping) == (D("199.98"), D(-10), D("14.99"))
    assert totals.total == D("204.97")


def test_a_deposit_has_its_own_rate():
    can = DepositIn("Taxa SGR metal", 6, D("0.5"))
    order = order_in(lines=(line_in(quantity=6, price=D("3.1000"), deposits=(can,)),))
    assert totals_of(order).fees == D("3.00")
    assert totals_of(order).total == q2(D("18.60") * D("1.21")) + 3


def test_shares_alone_are_the_discount():
    order = order_in(lines=(line_in(vouchers=(SPRING,)),))
    assert totals_of(order).vouchers == D(-10)


def test_two_levels_are_one_discount():
    shares = (replace(SPRING, net=D("-4.1322"), vat=D("-0.8678")),)
    order = order_in(
        lines=(line_in(vouchers=shares), line_in(1, vouchers=shares)), vouchers=(SPRING,)
    )
    assert totals_of(order).vouchers == D(-10)
    assert shares_add_up(order)


def test_a_cancelled_line_takes_its_share_along():
    shares = (replace(SPRING, net=D("-4.1322"), vat=D("-0.8678")),)
    lines = (line_in(vouchers=shares), line_in(1, vouchers=shares, is_cancelled=True))
    totals = totals_of(order_in(lines=lines, vouchers=(SPRING,)))
    assert totals.products == D("199.98")
    assert totals.vouchers == D(-5)


def test_shares_that_do_not_add_up_are_seen_and_the_order_counts():
    order = order_in(lines=(line_in(vouchers=(replace(SPRING, net=D(-1)),)),), vouchers=(SPRING,))
    assert not shares_add_up(order)
    assert totals_of(order).vouchers == D(-10)


def test_nobody_pays_less_than_nothing():
    order = order_in(
        lines=(line_in(quantity=1, price=D(1)),), vouchers=(replace(SPRING, net=D(-100)),)
    )
    assert totals_of(order).total == 0


prices = st.decimals(0, 10_000, places=4, allow_nan=False, allow_infinity=False)
rates = st.sampled_from([D(0), D("0.05"), D("0.09"), D("0.11"), D("0.19"), D("0.21"), D("0.27")])
products = st.lists(st.tuples(st.integers(0, 50), prices, rates), max_size=8)


def order_of(lines, **facts):
    made = [line_in(quantity=q, price=p, vat_rate=r) for q, p, r in lines]
    return order_in(lines=tuple(made), **facts)


@given(products, st.decimals(0, 100, places=2))
def test_the_total_is_the_sum_of_what_is_printed(lines, shipping):
    totals = totals_of(order_of(lines, shipping_price=shipping))
    printed = sum((gross_of(*line) for line in lines), D(0)) + shipping
    assert totals.total == printed
    assert totals.total == q2(totals.total)


@given(products)
def test_the_order_of_the_lines_does_not_matter(lines):
    there, back = order_of(lines), order_of(lines[::-1])
    assert totals_of(there) == totals_of(back)


@given(st.integers(1, 12), st.decimals("0.01", 500, places=2), rates)
def test_a_voucher_cut_into_shares_is_worth_the_same(pieces, amount, rate):
    """The marketplace cuts with four decimals; the customer was shown one round sum."""
    net = (amount / (1 + rate)).quantize(D("0.0001"))
    whole = VoucherIn("1", -net, -(amount - net), rate)
    share_net, share_vat = (net / pieces).quantize(D("0.0001")), None
    shares = [share_net] * (pieces - 1)
    shares.append(net - sum(shares, D(0)))
    share_vat = ((amount - net) / pieces).quantize(D("0.0001"))
    vats = [share_vat] * (pieces - 1)
    vats.append((amount - net) - sum(vats, D(0)))
    lines = tuple(
        line_in(n, price=D(1000), vouchers=(VoucherIn("1", -n_, -v, rate),))
        for n, (n_, v) in enumerate(zip(shares, vats, strict=True))
    )
    by_shares, by_both = order_in(lines=lines), order_in(lines=lines, vouchers=(whole,))
    assert totals_of(by_shares).vouchers == totals_of(by_both).vouchers == -amount
    assert shares_add_up(by_both)
