"""Discounts of an order. eMAG states each of them twice: as a whole, and shared out (§21.6).

Both are passed on as they stand. Only one of the two levels may be counted; orders.totals does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from django.utils.translation import gettext as _

from emag.reading import Raw, Unreadable, day, ident, money, rate, rows, text
from orders.intake import LineIn, VoucherIn

ZERO = Decimal(0)
MOST = 1000  # of one level; a hundred million apiece still fits the column of their sum
MAX_VOUCHER = Decimal(10) ** 8


def shares_in(raw: Raw, key: str) -> tuple[VoucherIn, ...]:
    """The shares of vouchers that fall on a line, a deposit or the shipping."""
    return _vouchers_in(raw, key, net="value", vat="vat_value")


def vouchers_in(raw: Raw) -> tuple[VoucherIn, ...]:
    """The vouchers of the whole order."""
    return _vouchers_in(raw, "vouchers", net="sale_price", vat="sale_price_vat")


def _vouchers_in(raw: Raw, key: str, *, net: str, vat: str) -> tuple[VoucherIn, ...]:
    parts = rows(raw, key)
    if len(parts) > MOST:
        raise Unreadable(key, _("are too many"))
    found = []
    for number, part in enumerate(parts):
        try:
            amount, tax = money(part, net), money(part, vat) or ZERO
            if amount is None:
                raise Unreadable(net, _("is missing"))
            if not (-MAX_VOUCHER < amount < MAX_VOUCHER and -MAX_VOUCHER < tax < MAX_VOUCHER):
                raise Unreadable(net, _("the amount is too large"))
            found.append(
                VoucherIn(
                    external_id=ident(part, "voucher_id") or ident(part, "id"),
                    net=amount,
                    vat=tax,
                    vat_rate=rate(part, "vat"),
                    name=text(part, "voucher_name"),
                    paid_by=_paid_by(part),
                    issued_on=day(part, "issue_date"),
                )
            )
        except Unreadable as odd:
            raise odd.inside(f"{key}[{number}]") from None
    return tuple(found)


def _paid_by(raw: Raw) -> str:
    """Who bears a discount. eMAG documents the field and not its values."""
    offered_by = text(raw, "offered_by", 64).casefold()
    if offered_by in ("emag", "marketplace", "mktp"):
        return "marketplace"
    return "seller" if offered_by in ("seller", "vendor", "partner") else ""


def with_payers(
    whole: tuple[VoucherIn, ...], lines: Iterable[LineIn], shipping: tuple[VoucherIn, ...]
) -> tuple[VoucherIn, ...]:
    """The vouchers of the whole order; who bears each of them stands only in its shares."""
    if not whole:
        return whole
    payers = {
        share.external_id: share.paid_by for share in (*_shares(lines), *shipping) if share.paid_by
    }
    return tuple(
        replace(voucher, paid_by=payers[voucher.external_id])
        if not voucher.paid_by and voucher.external_id in payers
        else voucher
        for voucher in whole
    )


def _shares(lines: Iterable[LineIn]) -> Iterator[VoucherIn]:
    for line in lines:
        yield from line.vouchers
        for deposit in line.deposits:
            yield from deposit.vouchers
