"""What a marketplace tells us of an order, in words that fit any marketplace. No Django here.

An adapter builds these and nothing else; `orders.services.import_orders()` takes them. Money is
Decimal: unit prices net with four places, everything else as the marketplace states it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

ZERO = Decimal(0)
KEPT_BY_LAW = "invoice"  # choices.AttachmentKind


@dataclass(frozen=True, slots=True)
class AddressIn:
    """Where to bill or to ship, copied as it stood on the order."""

    name: str = ""
    phone: str = ""
    country: str = ""  # ISO, two letters, where it could be told; else as written
    county: str = ""
    city: str = ""
    street: str = ""
    postal_code: str = ""
    locality_external_id: str = ""


@dataclass(frozen=True, slots=True)
class CustomerIn:
    """Who bought, by the marketplace's number for them."""

    external_id: str
    name: str = ""
    company: str = ""
    email: str = ""
    phones: tuple[str, ...] = ()
    gender: str = ""
    is_company: bool = False
    is_vat_payer: bool = False
    tax_id: str = ""
    trade_register: str = ""
    bank: str = ""
    iban: str = ""
    fax: str = ""
    liable_person: str = ""
    catalogue_id: str = ""  # a second number some marketplaces give the same person


@dataclass(frozen=True, slots=True)
class VoucherIn:
    """A discount: of the whole order, or the share of it that falls on a line or on shipping.

    `net` and `vat` are negative, as the marketplace states them.
    """

    external_id: str
    net: Decimal
    vat: Decimal
    vat_rate: Decimal | None = None
    name: str = ""
    paid_by: str = ""  # choices.VoucherPayer: who bears it; empty where nobody said
    issued_on: date | None = None


@dataclass(frozen=True, slots=True)
class DepositIn:
    """A recycling or packaging deposit that is charged with a line."""

    name: str
    quantity: int
    price: Decimal  # for one piece, net
    vat_rate: Decimal = ZERO
    vouchers: tuple[VoucherIn, ...] = ()


@dataclass(frozen=True, slots=True)
class AttachmentIn:
    """A document that hangs on the order or on one of its lines at the marketplace."""

    name: str
    url: str
    kind: str = ""  # choices.AttachmentKind
    remote_kind: str = ""


@dataclass(frozen=True, slots=True)
class ProformaIn:
    """A pro-forma invoice that the customer pays by bank transfer."""

    external_id: str
    number: str = ""
    net: Decimal | None = None
    gross: Decimal | None = None
    is_paid: bool | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LineIn:
    """One product of an order."""

    external_id: str
    offer_external_id: str  # the seller's product number there; empty for virtual lines
    name: str
    sku: str
    quantity: int  # what remains after returns
    price: Decimal  # for one piece, net, four places
    vat_rate: Decimal  # 0.21
    currency: str
    is_cancelled: bool = False
    initial_quantity: int | None = None
    returned_quantity: int = 0
    price_before: Decimal | None = None
    is_reverse_charge: bool = False
    catalogue_number: str = ""
    catalogue_key: str = ""
    serial_numbers: str = ""
    campaign: str = ""
    vouchers: tuple[VoucherIn, ...] = ()  # the shares that fall on this line
    deposits: tuple[DepositIn, ...] = ()
    attachments: tuple[AttachmentIn, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderIn:
    """An order as the marketplace showed it at `read_at`."""

    external_id: str
    fulfilment: str  # accounts.choices.Fulfilment
    remote_status: str  # the marketplace's own code, also one we do not know
    status: str  # choices.RemoteState: what that code means; "unknown" where nobody knows
    read_at: datetime  # when the request that brought it was sent
    ordered_at: datetime
    changed_at: datetime | None  # the marketplace's last change; it may lie
    currency: str
    customer: CustomerIn
    billing: AddressIn
    shipping: AddressIn
    lines: tuple[LineIn, ...]
    is_complete: bool = True  # False: lines may still change, so neither pack nor invoice
    parent_external_id: str = ""
    seller_name: str = ""
    finalized_at: datetime | None = None
    ship_by: datetime | None = None
    is_late: bool = False
    # --- Paying ---------------------------------------------------------------------------
    payment: str = ""  # choices.PaymentMethod; empty where the marketplace gave none
    payment_detail: str = ""  # its own words
    is_paid: bool = False
    paid_by_card: Decimal | None = None
    paid_on_delivery: Decimal | None = None
    refunded: Decimal = ZERO
    refund_status: str = ""
    shipping_price: Decimal = ZERO  # gross
    shipping_vouchers: tuple[VoucherIn, ...] = ()
    vouchers: tuple[VoucherIn, ...] = ()  # of the whole order; the shares add up to these
    proformas: tuple[ProformaIn, ...] = ()
    # --- Delivery -------------------------------------------------------------------------
    delivery: str = ""  # choices.DeliveryMode
    delivery_detail: str = ""  # its own word, also one we do not know
    delivery_payment: str = ""
    locker_id: str = ""
    locker_name: str = ""
    locker_eligible: bool | None = None
    courier_office_id: str = ""
    # None: any courier account will do. A list: one of these. Empty: none may be used.
    courier_accounts: tuple[str, ...] | None = None
    is_weekend_delivery: bool = False
    # --- Trouble --------------------------------------------------------------------------
    cancel_code: str = ""  # the marketplace's reason, as its code
    cancel_text: str = ""  # and in its own words
    cancel_requested: str = ""  # the customer asks to cancel
    is_storno: bool = False
    has_editable_lines: bool | None = None
    # --- Else -----------------------------------------------------------------------------
    is_loyal: bool = False  # the customer's subscription with the marketplace
    note: str = ""  # the customer's words
    attachments: tuple[AttachmentIn, ...] = ()
    flags: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()  # what the adapter found odd: for a person to look at


def without_person(order: OrderIn) -> OrderIn:
    """The order as it is kept of somebody whose personal data was erased.

    What was sold, for how much and into which country stays; so does the way to the invoice.
    """
    customer = order.customer
    return replace(
        order,
        customer=CustomerIn(
            customer.external_id,
            is_company=customer.is_company,
            is_vat_payer=customer.is_vat_payer,
        ),
        billing=AddressIn(country=order.billing.country),
        shipping=AddressIn(country=order.shipping.country),
        lines=tuple(
            replace(line, attachments=_nameless(line.attachments)) if line.attachments else line
            for line in order.lines
        ),
        attachments=_nameless(order.attachments),
        locker_id="",
        locker_name="",
        courier_office_id="",
        cancel_text="",
        cancel_requested="",
        note="",
    )


def _nameless(attachments: tuple[AttachmentIn, ...]) -> tuple[AttachmentIn, ...]:
    return tuple(
        replace(one, name="", url=one.url if one.kind == KEPT_BY_LAW else "") for one in attachments
    )
