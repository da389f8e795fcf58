"""Sums of money: rounding, VAT, sharing out, totals. Pure: no Django, no database, Decimal only.

All rounding of money happens here: half away from zero, as Romanian invoices and cash registers do,
so that a storno rounds to exactly the negative of its invoice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

CENT = Decimal("0.01")
UNIT = Decimal("0.0001")  # unit prices: marketplaces send four decimals, net
HUNDRED = Decimal(100)
ZERO = Decimal("0.00")
# Money that became other money, at a rate fixed by law for ever: so much of it for one euro.
FOR_ONE_EURO = {"BGN": Decimal("1.95583")}
# The usual 28 digits refuse to round sums of more than 26.
_WIDE = Context(prec=50, rounding=ROUND_HALF_UP)


def q2(amount: Decimal) -> Decimal:
    """A document amount: two decimals.

    >>> q2(Decimal("2.675")), q2(Decimal("-2.675"))
    (Decimal('2.68'), Decimal('-2.68'))
    """
    return _rounded(amount, CENT)


def q4(amount: Decimal) -> Decimal:
    """A unit price: four decimals."""
    return _rounded(amount, UNIT)


def _rounded(amount: Decimal, step: Decimal) -> Decimal:
    if not isinstance(amount, Decimal):
        raise TypeError(f"Money is a Decimal, not {type(amount).__name__}: {amount!r}")
    return _WIDE.add(_WIDE.quantize(amount, step), 0)  # adding zero turns -0.00 into 0.00


def same_money(currency: str) -> dict[str, Decimal]:
    """What one unit of each currency is worth in this one: itself, and what it was or became.

    For figures over years, never for documents. All other currencies are other money.

    >>> same_money("RON")
    {'RON': Decimal('1')}
    >>> [q2(100 * worth) for worth in same_money("EUR").values()]
    [Decimal('100.00'), Decimal('51.13')]
    """
    one = Decimal(1)
    worth = {currency: one}
    if currency == "EUR":
        return worth | {code: one / rate for code, rate in FOR_ONE_EURO.items()}
    if currency in FOR_ONE_EURO:
        worth["EUR"] = FOR_ONE_EURO[currency]
    return worth


@dataclass(frozen=True)
class VatSplit:
    """An amount in its parts; net + vat = gross, to the cent."""

    net: Decimal
    vat: Decimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.vat


def vat_split(gross: Decimal, rate: Decimal) -> VatSplit:
    """Take an amount with VAT apart; `rate` is a percentage, 21 for 21 %.

    >>> vat_split(Decimal("121.00"), Decimal(21))
    VatSplit(net=Decimal('100.00'), vat=Decimal('21.00'))
    """
    _refuse_rate(rate)
    gross = q2(gross)
    vat = q2(gross * rate / (HUNDRED + rate))
    return VatSplit(gross - vat, vat)


def vat_on(net: Decimal, rate: Decimal) -> VatSplit:
    """Put VAT on an amount without it.

    >>> vat_on(Decimal("100.00"), Decimal(21)).gross
    Decimal('121.00')
    """
    _refuse_rate(rate)
    net = q2(net)
    return VatSplit(net, q2(net * rate / HUNDRED))


def _refuse_rate(rate: Decimal) -> None:
    if not isinstance(rate, Decimal):
        raise TypeError(f"A VAT rate is a Decimal, not {type(rate).__name__}: {rate!r}")
    # 0.21 would be a mistake for 21: no country has a rate under one per cent but for zero.
    if rate != 0 and not 1 <= rate <= 100:
        raise ValueError(f"{rate} is no VAT rate in per cent.")


def allocate(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Share `total` out in proportion to `weights`, so that the shares add up to it exactly.

    Every share is rounded as usual, so that a pocket calculator agrees with nearly all of them;
    what is then missing or too much goes cent by cent to the largest weights (the first of equal
    ones). Mostly that is one cent on the largest line. No share is more than 1.5 cents from its
    exact value, none has another sign than the total, and a weight of zero gets nothing.

    >>> allocate(Decimal("10.00"), [Decimal(1), Decimal(1), Decimal(1)])
    [Decimal('3.34'), Decimal('3.33'), Decimal('3.33')]
    >>> allocate(Decimal("-0.05"), [Decimal(1), Decimal(1)])
    [Decimal('-0.02'), Decimal('-0.03')]
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("Weights cannot be negative.")
    total = q2(total)
    if total == 0:
        return [ZERO for _ in weights]
    if not any(weights):
        raise ValueError("There is nothing to share the amount out by.")
    with localcontext() as context:
        context.prec = 50
        whole = sum(weights, Decimal(0))
        shares = [q2(total * weight / whole) for weight in weights]
        missing = total - sum(shares, ZERO)
        largest = sorted(range(len(weights)), key=lambda i: -weights[i])
        for i in largest[: int(abs(missing) / CENT)]:
            shares[i] += CENT.copy_sign(missing)
    return shares


class MixedCurrencies(ValueError):
    """Somebody tried to make one number out of two currencies."""


class Totals(Mapping[str, Decimal]):
    """Sums by currency. Currencies stand side by side and are never added to each other.

    >>> Totals({"RON": Decimal(10)}) + Totals({"HUF": Decimal(300)}) + Totals({"RON": Decimal(5)})
    Totals(HUF 300, RON 15)
    """

    __slots__ = ("_sums",)

    def __init__(self, sums: Mapping[str, Decimal] | None = None) -> None:
        for currency, amount in (sums or {}).items():
            if len(currency) != 3 or not currency.isupper():
                raise ValueError(f"{currency!r} is no currency code.")
            if not isinstance(amount, Decimal):
                raise TypeError(f"Money is a Decimal, not {type(amount).__name__}: {amount!r}")
        self._sums = dict(sorted((sums or {}).items()))

    @classmethod
    def of(cls, amounts: Iterable[tuple[str, Decimal]]) -> Totals:
        """Add up (currency, amount) pairs."""
        sums: dict[str, Decimal] = {}
        for currency, amount in amounts:
            sums[currency] = sums.get(currency, Decimal(0)) + amount
        return cls(sums)

    def __add__(self, other: Totals) -> Totals:
        if not isinstance(other, Totals):
            return NotImplemented
        return Totals.of([*self.items(), *other.items()])

    def __sub__(self, other: Totals) -> Totals:
        return self + -other

    def __neg__(self) -> Totals:
        return Totals({currency: -amount for currency, amount in self.items()})

    def only(self, currency: str) -> Decimal:
        """The sum, where everything is in this currency; MixedCurrencies where something is not."""
        if others := [other for other, amount in self.items() if other != currency and amount]:
            raise MixedCurrencies(f"There is also {', '.join(others)} beside {currency}.")
        return self.get(currency, Decimal(0))

    def __getitem__(self, currency: str) -> Decimal:
        return self._sums[currency]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sums)

    def __len__(self) -> int:
        return len(self._sums)

    def __repr__(self) -> str:
        return f"Totals({', '.join(f'{code} {amount}' for code, amount in self.items())})"
