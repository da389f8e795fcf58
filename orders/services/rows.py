"""An order as the rows it is stored in: tuples in the order of their columns, no model instances.

Every fact of orders.intake.OrderIn has its place here. The digest is made of the facts alone, so
the same order gives the same digest, whenever it is read; what follows from the facts is worked
out only for an order that is written, and RULES stands for how.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from operator import attrgetter
from typing import Any

from core.money import q2, q4
from core.text import fold
from orders.choices import AddressKind, LineStatus, VoucherScope
from orders.intake import (
    AttachmentIn,
    CustomerIn,
    LineIn,
    OrderIn,
    ProformaIn,
    VoucherIn,
    without_person,
)
from orders.totals import deposit_gross, line_gross, totals_of

# Part of every digest: a new number makes DERIVED be worked out again for every order that is read
# after its rules have changed. (What an adapter finds unchanged by itself is not read: its mapping
# has a number of its own.)
RULES = b"2"

# The columns of Order that the marketplace writes, and what OrderIn calls them where it differs.
_CALLED = {"remote_state": "status", "customer_note": "note"}
_ARRAYS = ("courier_accounts", "flags", "remarks")
_PLAIN_FACTS = (
    "remote_status", "remote_state", "ordered_at", "changed_at", "currency", "is_complete",
    "parent_external_id", "seller_name", "finalized_at", "ship_by", "is_late", "payment",
    "payment_detail", "is_paid", "paid_by_card", "paid_on_delivery", "refunded", "refund_status",
    "shipping_price", "delivery", "delivery_detail", "delivery_payment", "locker_id", "locker_name",
    "locker_eligible", "courier_office_id", "is_weekend_delivery", "cancel_code", "cancel_text",
    "cancel_requested", "is_storno", "has_editable_lines", "is_loyal", "customer_note",
)  # fmt: skip
FACTS = (*_PLAIN_FACTS, *_ARRAYS)
_REMARKS = FACTS.index("remarks")
DERIVED = (
    "products_total", "vouchers_total", "shipping_total", "fees_total", "total", "customer_name",
    "city", "first_item", "lines_count", "pieces", "search_text",
)  # fmt: skip
CUSTOMER = (
    "external_id", "name", "company", "email", "phones", "gender", "is_company", "is_vat_payer",
    "tax_id", "trade_register", "bank", "iban", "fax", "liable_person", "catalogue_id",
)  # fmt: skip
ADDRESS = (
    "name", "phone", "country", "county", "city", "street", "postal_code", "locality_external_id",
)  # fmt: skip
LINE = (
    "external_id", "position", "offer_external_id", "name", "sku", "quantity", "initial_quantity",
    "returned_quantity", "price", "price_before", "vat_rate", "currency", "gross", "status",
    "is_reverse_charge", "catalogue_number", "catalogue_key", "serial_numbers", "campaign",
)  # fmt: skip
# The first values say where a part hangs: the line's number there, the deposit's place on it.
DEPOSIT = ("position", "name", "quantity", "price", "vat_rate", "gross")
VOUCHER = (
    "scope", "position", "external_id", "name", "net", "vat", "vat_rate", "paid_by", "issued_on",
)  # fmt: skip
ATTACHMENT = ("position", "name", "url", "kind", "remote_kind")
PROFORMA = (
    "position", "external_id", "number", "net", "gross", "is_paid", "issued_at", "expires_at",
)  # fmt: skip

LONGEST_SEARCH = 2000
_facts = attrgetter(*(_CALLED.get(name, name) for name in _PLAIN_FACTS))
_customer = attrgetter(*(name for name in CUSTOMER if name not in {"external_id", "phones"}))
_address = attrgetter(*ADDRESS)
folded = lru_cache(maxsize=8192)(fold)  # the same products are sold again and again

# Looked up once: an enum's value costs more than the cell it goes into.
_ACTIVE, _CANCELLED = LineStatus.ACTIVE.value, LineStatus.CANCELLED.value
_WHOLE, _SHIPPING = VoucherScope.ORDER.value, VoucherScope.SHIPPING.value
_ON_LINE, _ON_DEPOSIT = VoucherScope.LINE.value, VoucherScope.DEPOSIT.value
_BILL_TO, _SHIP_TO = AddressKind.BILLING.value, AddressKind.SHIPPING.value

Key = tuple[str, str]  # fulfilment, external id
Cells = tuple[Any, ...]


class Prepared:
    """One order, ready to be written."""

    __slots__ = (
        "addresses", "attachments", "customer", "deposits", "derived", "digest", "facts",
        "is_forgotten", "lines", "order", "proformas", "vouchers",
    )  # fmt: skip

    def __init__(self, order: OrderIn) -> None:
        self.is_forgotten = False
        self._fill(order)
        # Our own words about it may be worded otherwise another time: that is no other order.
        told = (*self.facts[:_REMARKS], len(order.remarks), *self.facts[_REMARKS + 1 :])
        self.digest = blake2b(
            repr((
                told, self.customer, self.addresses, self.lines, self.deposits,
                self.vouchers, self.attachments, self.proformas,
            )).encode(),
            digest_size=16, key=RULES,
        ).digest()  # fmt: skip

    def forget_person(self) -> None:
        """Leave out who bought. The digest stays: by it the same order is known again."""
        self.is_forgotten = True
        self._fill(without_person(self.order))

    def _fill(self, order: OrderIn) -> None:
        self.order = order
        lines = sorted(order.lines, key=_by_number)
        self.facts = _order_facts(order)
        self.customer = _customer_facts(order.customer, order.external_id)
        self.addresses = {
            _BILL_TO: _address(order.billing),
            _SHIP_TO: _address(order.shipping),
        }
        self.lines = [_line_facts(line, position) for position, line in enumerate(lines)]
        self.deposits = [
            (line.external_id, position, deposit.name, deposit.quantity, q4(deposit.price),
             q4(deposit.vat_rate), deposit_gross(deposit))
            for line in lines for position, deposit in enumerate(line.deposits)
        ]  # fmt: skip
        self.vouchers = _voucher_facts(order, lines)
        self.attachments = _attachment_facts(order, lines)
        self.proformas = [_proforma(one, i) for i, one in enumerate(order.proformas)]
        self.derived: Cells = ()

    @property
    def key(self) -> Key:
        return (self.order.fulfilment, self.order.external_id)

    def derive(self) -> Cells:
        """What follows from the facts; worked out only for an order that is going to be written."""
        if not self.derived:
            self.derived = _derived(self.order)
        return self.derived


def _by_number(line: LineIn) -> tuple[int, str]:
    """Lines stand in the order of their numbers: a marketplace may list them in any."""
    return len(line.external_id), line.external_id


def _order_facts(order: OrderIn) -> Cells:
    found = list(_facts(order))
    for i in _MONEY_AT:
        if found[i] is not None:
            found[i] = q2(found[i])
    accounts = order.courier_accounts
    found += (None if accounts is None else list(accounts), list(order.flags), list(order.remarks))
    return tuple(found)


_MONEY_AT = [
    _PLAIN_FACTS.index(name)
    for name in ("paid_by_card", "paid_on_delivery", "refunded", "shipping_price")
]


def _customer_facts(customer: CustomerIn, order_number: str) -> Cells:
    name, company, email, *rest = _customer(customer)
    # Nobody's number is not everybody's: without one, the customer is that of this order alone.
    number = customer.external_id or f"order {order_number}"
    return (number, name, company, email, list(customer.phones), *rest)


def _line_facts(line: LineIn, position: int) -> Cells:
    return (
        line.external_id, position, line.offer_external_id, line.name, line.sku, line.quantity,
        line.initial_quantity, line.returned_quantity, q4(line.price),
        None if line.price_before is None else q4(line.price_before), q4(line.vat_rate),
        line.currency, line_gross(line),
        _CANCELLED if line.is_cancelled else _ACTIVE,
        line.is_reverse_charge, line.catalogue_number, line.catalogue_key, line.serial_numbers,
        line.campaign,
    )  # fmt: skip


def _voucher_facts(order: OrderIn, lines: list[LineIn]) -> list[Cells]:
    """(line's number, deposit's position, then VOUCHER), positions counted over the whole order."""
    found: list[tuple[str | None, int | None, str, VoucherIn]] = []
    found += ((None, None, _WHOLE, one) for one in order.vouchers)
    found += ((None, None, _SHIPPING, one) for one in order.shipping_vouchers)
    for line in lines:
        number = line.external_id
        found += ((number, None, _ON_LINE, one) for one in line.vouchers)
        for at, deposit in enumerate(line.deposits):
            found += ((number, at, _ON_DEPOSIT, one) for one in deposit.vouchers)
    return [
        (number, at, scope, position, one.external_id, one.name, q4(one.net), q4(one.vat),
         None if one.vat_rate is None else q4(one.vat_rate), one.paid_by, one.issued_on)
        for position, (number, at, scope, one) in enumerate(found)
    ]  # fmt: skip


def _attachment_facts(order: OrderIn, lines: list[LineIn]) -> list[Cells]:
    """(line's number, then ATTACHMENT)."""
    found: list[tuple[str | None, AttachmentIn]] = [(None, one) for one in order.attachments]
    found += ((line.external_id, one) for line in lines for one in line.attachments)
    return [
        (number, position, one.name, one.url, one.kind, one.remote_kind)
        for position, (number, one) in enumerate(found)
    ]


def _proforma(one: ProformaIn, position: int) -> Cells:
    net = None if one.net is None else q4(one.net)
    gross = None if one.gross is None else q2(one.gross)
    return (
        position, one.external_id, one.number, net, gross, one.is_paid, one.issued_at,
        one.expires_at,
    )  # fmt: skip


def _derived(order: OrderIn) -> Cells:
    sums = totals_of(order)
    active = [line for line in order.lines if not line.is_cancelled]
    first = min(active, key=_by_number, default=None)
    customer = order.customer
    return (
        sums.products, sums.vouchers, sums.shipping, sums.fees, sums.total,
        customer.company if customer.is_company and customer.company else customer.name,
        order.shipping.city or order.billing.city,
        first.name if first else "", len(active), sum(line.quantity for line in active),
        search_text(order),
    )  # fmt: skip


def search_text(order: OrderIn) -> str:
    """What an order is found by: number, phones, names, places, products; each text once.

    What is longest and least of use comes last, since the end is cut off.
    """
    customer = order.customer
    phones = (*customer.phones, order.shipping.phone, order.billing.phone)
    words = [
        order.external_id,
        *phones,
        *("".join(filter(str.isdigit, phone)) for phone in phones if not phone.isdigit()),
        customer.name,
        customer.company,
        customer.tax_id,
        customer.email,
        order.shipping.name,
        order.billing.name,
        order.shipping.city,
        order.billing.city,
        order.locker_name,
        *(line.sku for line in order.lines),
        *(line.catalogue_key for line in order.lines),
    ]
    words += (line.name for line in order.lines)
    # Buyer, payer and receiver are mostly one: the same words are folded once.
    texts = dict.fromkeys(folded(word) for word in dict.fromkeys(words))
    return " ".join(filter(None, texts))[:LONGEST_SEARCH]
