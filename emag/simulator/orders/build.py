"""One order as the interface shows it, every key present, its money in balance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from emag.simulator.accounts import Account, currency_of
from emag.simulator.clock import wire
from emag.simulator.orders import people
from emag.simulator.orders.articles import Article
from emag.simulator.orders.sums import amount_due, exact, four, line_gross, rounded
from emag.simulator.seeds.vat import rate_of

COD, TRANSFER, CARD = 1, 2, 3
CARD_METHODS = ("CARD", "CARD_ONLINE", "eCREDIT", "Apple Pay", "Google Pay")
VOUCHER_NAMES = (
    "Voucher primăvara",
    "Genius Deals",
    "Bun venit la eMAG",
    "Black Friday",
    "Voucher newsletter",
    "Stock Busters",
)
NOTES = (
    "Vă rog să sunați înainte de livrare.",
    "Interfon 24, et. 3",
    "Livrare după ora 16:00 dacă se poate",
    "Rog factura pe firmă",
    "Lăsați coletul la vecin",
)
CENTURY = Decimal(100)


@dataclass(slots=True)
class Wish:
    """What an order shall be like; None leaves it to chance. `fields` overrides its keys."""

    lines: int | None = None
    payment: int | None = None
    locker: bool | None = None
    legal: bool | None = None
    voucher: str | None = None  # none | emag | seller | mixed
    deposit: bool = False
    complete: bool | None = None
    genius: bool | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


def build(
    rng: Random,
    account: Account,
    choice: tuple[Article, ...],
    *,
    id: int,
    first_line_id: int,
    placed: datetime,
    wish: Wish,
    incomplete_rate: float = 0.0,
) -> dict[str, Any]:
    """A new order of `account`, made of articles of `choice`."""
    stamp = wire(placed)
    currency = currency_of(account.platform, stamp)
    payment = wish.payment or rng.choices((COD, CARD, TRANSFER), (55, 43, 2))[0]
    legal = decided(wish.legal, rng.random() < 0.08)
    is_pickup = decided(wish.locker, rng.random() < 0.45)
    to = people.locker(rng, account.platform) if is_pickup else None
    count = wish.lines or rng.choices((1, 2, 3, 4, 5, 6), (58, 22, 10, 5, 3, 2))[0]
    products = [
        line(rng, first_line_id + number, article, currency, stamp)
        for number, article in enumerate(pick(rng, choice, count, wish.deposit))
    ]
    order: dict[str, Any] = {
        "vendor_name": account.vendor_name,
        "id": id,
        "parent_id": None,
        "type": account.order_type,
        "date": stamp,
        "modified": stamp,
        **payment_keys(rng, payment),
        **delivery_keys(rng, to, placed),
        "observation": rng.choice(NOTES) if rng.random() < 0.06 else None,
        "status": 1,
        "is_complete": int(decided(wish.complete, rng.random() >= incomplete_rate)),
        "customer": people.customer(
            rng, platform=account.platform, stamp=stamp, legal=legal, to=to
        ),
        "products": products,
        "shipping_tax": as_number(shipping_tax(rng, products, to)),
        **untouched(),
        "emag_club": int(decided(wish.genius, rng.random() < 0.35)),
        "currency": currency,
    }
    funding = wish.voucher or rng.choices(("none", "emag", "seller", "mixed"), (85, 9, 4, 2))[0]
    add_vouchers(rng, order, rate_of(account.platform, None), funding)
    if payment == TRANSFER:
        order["proforms"] = [proforma(rng, account, order, placed)]
    order.update(wish.fields)
    return order


def decided(wish: bool | None, chance: bool) -> bool:
    return chance if wish is None else wish


def payment_keys(rng: Random, payment: int) -> dict[str, Any]:
    methods = {COD: "RAMBURS", TRANSFER: "OP", CARD: "CARD"}
    detailed = rng.choice(CARD_METHODS) if payment == CARD else methods.get(payment)
    return {
        "payment_mode": methods.get(payment),
        "detailed_payment_method": detailed,
        "payment_mode_id": payment,
        "delivery_payment_mode": None,
        "payment_status": 0,
        "cashed_co": None,
        "cashed_cod": 0,
    }


def delivery_keys(rng: Random, to: people.Locker | None, placed: datetime) -> dict[str, Any]:
    details: dict[str, Any] | list[Any] = []
    if to is not None:
        details = {"locker_id": to.id, "locker_name": to.name, "locker_delivery_eligible": 1}
    return {
        "delivery_mode": "courier" if to is None else "pickup",
        "details": details,
        "maximum_date_for_shipment": wire(ship_by(placed)),
        "late_shipment": 0,
        "weekend_delivery": int(rng.random() < 0.05),
        "enforced_vendor_courier_accounts": None,
    }


def shipping_tax(rng: Random, products: list[dict[str, Any]], to: people.Locker | None) -> Decimal:
    """Free above 250, cheaper to a locker."""
    if sum((line_gross(one) for one in products), Decimal(0)) > 250:
        return Decimal(0)
    if to is not None:
        return Decimal("14.99")
    return rng.choice((Decimal("17.99"), Decimal("19.99"), Decimal("25")))


def untouched() -> dict[str, Any]:
    """The keys of what has not happened to a new order yet."""
    return {
        "shipping_tax_voucher_split": [],
        "vouchers": [],
        "proforms": [],
        "attachments": [],
        "cancellation_request": None,
        "has_editable_products": 1,
        "refunded_amount": "0",
        "refund_status": None,
        "is_storno": False,
        "reason_cancellation": None,
        "flags": [],
        "finalization_date": None,
    }


def wanted(rng: Random, choice: tuple[Article, ...], count: int) -> list[Article]:
    """Different articles, those more often that win the buy box."""
    weights = [article.weight for article in choice]
    if not any(weights) or min(weights) == max(weights):
        return rng.sample(choice, count)
    found = list(dict.fromkeys(rng.choices(choice, weights, k=3 * count)))[:count]
    return found or rng.sample(choice, count)


def pick(rng: Random, choice: tuple[Article, ...], count: int, deposit: bool) -> list[Article]:
    chosen = wanted(rng, choice, min(count, len(choice)))
    drinks = [article for article in choice if article.deposit]
    if deposit and drinks and not any(article.deposit for article in chosen):
        chosen[0] = rng.choice(drinks)
    return chosen


def line(
    rng: Random, id: int, article: Article, currency: str, stamp: str, quantity: int | None = None
) -> dict[str, Any]:
    """One line in the types seen live: product ids as strings, prices with four places."""
    count = quantity or (
        rng.choice((1, 2, 6, 12))
        if article.deposit
        else rng.choices((1, 2, 3, 5), (82, 12, 4, 2))[0]
    )
    return {
        "id": id,
        "product_id": str(article.product_id),
        "mkt_id": article.mkt_id,
        "name": article.name,
        "status": 1,
        "ext_part_number": article.ext_part_number,
        "part_number": article.part_number,
        "part_number_key": article.part_number_key,
        "currency": currency,
        "vat": article.vat,
        "retained_amount": 0,
        "quantity": count,
        "initial_qty": count,
        "storno_qty": 0,
        "reversible_vat_charging": 0,
        "sale_price": four(article.sale_price),
        "original_price": four(article.original_price),
        "created": stamp,
        "modified": stamp,
        "details": [],
        "recycle_warranties": [deposit(article.deposit, count)] if article.deposit else [],
        "attachments": [],
        "serial_numbers": "" if rng.random() < 0.7 else None,
        "campaign": {"id": None, "name": None}
        if rng.random() < 0.9
        else {"id": 344, "name": "Stock Busters"},
        "product_voucher_split": [],
    }


def deposit(material: str, quantity: int) -> dict[str, Any]:
    return {
        "quantity": quantity,
        "sale_price": 0.5,
        "vat_rate": 0,
        "product_name": f"Taxa SGR {material}",
        "recycle_warranty_voucher_split": [],
    }


def add_vouchers(rng: Random, order: dict[str, Any], shipping_vat: str, funding: str) -> None:
    """Vouchers paid by the marketplace, by the seller, or one of each; spread over the lines, and
    sometimes over the shipping, so that every share has the VAT rate of what it lowers."""
    payers = {
        "none": (),
        "emag": ("eMAG",),
        "seller": (order["vendor_name"],),
        "mixed": ("eMAG", order["vendor_name"]),
    }[funding]
    for payer in payers:
        total = sum((line_gross(one) for one in order["products"]), Decimal(0))
        discount = rounded(total * rng.randint(3, 15) / CENTURY)
        if discount > 0:
            on_shipping = bool(order["shipping_tax"]) and rng.random() < 0.25
            add_voucher(rng, order, payer, discount, shipping_vat if on_shipping else None)


def add_voucher(
    rng: Random,
    order: dict[str, Any],
    payer: str,
    discount: Decimal,
    shipping_vat: str | None = None,
) -> None:
    id = rng.randint(900_001, 999_999)
    name = rng.choice(VOUCHER_NAMES)
    targets: list[tuple[Decimal, str, list[dict[str, Any]]]] = [
        (line_gross(one), one["vat"], one["product_voucher_split"])
        for one in order["products"]
        if line_gross(one)
    ]
    if shipping_vat is not None:
        targets.append(
            (exact(order["shipping_tax"]), shipping_vat, order["shipping_tax_voucher_split"])
        )
    weight = sum(target[0] for target in targets)
    left, net_by_rate, vat_by_rate = discount, dict[str, Decimal](), dict[str, Decimal]()
    for number, (gross, rate, split) in enumerate(targets):
        share = (
            left if number == len(targets) - 1 else min(left, rounded(discount * gross / weight))
        )
        left -= share
        net = Decimal(four(share / (1 + Decimal(rate))))
        vat = share - net
        net_by_rate[rate] = net_by_rate.get(rate, Decimal(0)) + net
        vat_by_rate[rate] = vat_by_rate.get(rate, Decimal(0)) + vat
        split.append(
            {
                "voucher_id": id,
                "value": four(-net),
                "vat_value": four(-vat),
                "vat": rate,
                "offered_by": payer,
                "voucher_name": name,
            }
        )
    for rate, net in net_by_rate.items():
        order["vouchers"].append(
            {
                "id": str(rng.randint(55_001, 99_999)),
                "voucher_id": str(id),
                "modified": order["modified"],
                "created": order["date"],
                "status": "1",
                "sale_price": four(-net),
                "sale_price_vat": four(-vat_by_rate[rate]),
                "voucher_name": name,
                "vat": rate[:-2],
                "issue_date": order["date"][:10],
            }
        )


def proforma(
    rng: Random, account: Account, order: Mapping[str, Any], placed: datetime
) -> dict[str, Any]:
    """The pro-forma invoice of an order that is paid by bank transfer."""
    stamp = wire(placed)
    id = rng.randint(400_000, 499_999)
    net = sum((exact(one["sale_price"]) * one["quantity"] for one in order["products"]), Decimal(0))
    return {
        "id": id,
        "vendor_id": 1000 + account.number,
        "vendor_name": account.vendor_name,
        "vendor_bank": "Banca Transilvania",
        "vendor_iban": people.bank_account(rng, "BTRL"),
        "customer_name": order["customer"]["company"],
        "vendor_order_id": id + 5_000_000,
        "mkt_order_id": order["id"],
        "proforma_number": f"PF{id}",
        "created": stamp,
        "date_expire": wire(placed + timedelta(days=15)),
        "modified": stamp,
        "net_value": four(net),
        "gross_value": as_number(amount_due(order)),
        "status": 1,
        "is_payed": 0,
        "products": [
            {
                "id": id * 10 + number,
                "vendor_proform_id": id,
                "vendor_order_product_id": one["id"],
                "vendor_product_id": one["product_id"],
                "vendor_product_ext_name": one["name"],
                "vendor_order_product_quantity": one["quantity"],
                "vendor_order_product_sale_price": one["sale_price"],
                "vendor_order_product_vat_rate": one["vat"],
                "created": stamp,
                "modified": stamp,
            }
            for number, one in enumerate(order["products"])
        ],
    }


def ship_by(placed: datetime) -> datetime:
    """Two working days to hand the parcel over."""
    day, left = placed, 2
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


def as_number(value: Decimal) -> int | float:
    """A decimal as a JSON number: 25 and 14.99, as seen live."""
    return int(value) if value == value.to_integral_value() else float(value)
