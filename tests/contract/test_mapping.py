"""The live shapes of the reference become exactly these neutral facts."""

import datetime as dt
from dataclasses import fields
from decimal import Decimal

from catalog.choices import OfferStatus
from emag.mapping import statuses
from emag.mapping.offers import offer_in
from emag.mapping.orders import external_key, order_in
from emag.sites import site
from orders import choices
from orders.intake import AddressIn, CustomerIn, LineIn, OrderIn, VoucherIn
from orders.totals import totals_of
from tests.contract.payloads import READ_AT, account, offer, order

D = Decimal


def mapped():
    return order_in(order(), site=site("emag-ro"), account=account(), read_at=READ_AT)


def test_it_works():
    assert mapped().external_id == "512340077"


def test_the_documented_order_comes_to_what_the_reference_says():
    """2 × 82.6364 × 1.21 = 199.98; + 14.99 − 10.00 = 204.97."""
    totals = totals_of(mapped())
    assert totals.products == D("199.98")
    assert totals.shipping == D("14.99")
    assert totals.vouchers == D("-10.00")
    assert totals.total == D("204.97")


def test_every_fact_of_the_documented_order():
    address = {
        "phone": "0700000001", "country": "RO", "county": "Iași", "city": "Iași",
        "locality_external_id": "8801", "name": "Ioana Țepeș",
    }  # fmt: skip
    share = VoucherIn(
        external_id="900101", net=D("-8.2645"), vat=D("-1.7355"), vat_rate=D("0.21"),
        name="Voucher primavara", paid_by="marketplace",
    )  # fmt: skip
    assert mapped() == OrderIn(
        external_id="512340077",
        fulfilment="own",
        remote_status="1",
        status="new",
        read_at=READ_AT,
        ordered_at=dt.datetime(2026, 3, 3, 12, 22, 9, tzinfo=dt.UTC),
        changed_at=dt.datetime(2026, 3, 3, 12, 25, 41, tzinfo=dt.UTC),
        currency="RON",
        customer=CustomerIn(
            external_id="20411873", name="Ioana Țepeș", email="c0ffee5eed@emag.example",
            phones=("0700000001",), gender="F", catalogue_id="9120044",
        ),
        billing=AddressIn(**address, street="Str. Exemplu nr. 3"),
        shipping=AddressIn(**address, street="Bd. Model nr. 10 [EasyBox #10001]"),
        lines=(
            LineIn(
                external_id="315800001", offer_external_id="1041",
                name="Pantofi sport Arvex Runner, Negru", sku="ARX-36N", quantity=2,
                price=D("82.6364"), vat_rate=D("0.21"), currency="RON", initial_quantity=2,
                price_before=D("82.6364"), catalogue_number="ARX36N", catalogue_key="DXK7T2BBM",
                vouchers=(share,),
            ),
        ),
        seller_name="Arvex Shop",
        ship_by=dt.datetime(2026, 3, 5, 12, 22, 9, tzinfo=dt.UTC),
        payment="cod",
        payment_detail="RAMBURS",
        paid_on_delivery=D(0),
        shipping_price=D("14.99"),
        vouchers=(
            VoucherIn(
                external_id="900101", net=D("-8.2645"), vat=D("-1.7355"), vat_rate=D("0.21"),
                name="Voucher primavara", paid_by="marketplace", issued_on=dt.date(2026, 3, 1),
            ),
        ),
        delivery="pickup",
        delivery_detail="pickup",
        locker_id="0f0e0d0c-1111-2222-3333-444455556666",
        locker_name="easybox Model 10",
        locker_eligible=True,
        has_editable_lines=True,
    )  # fmt: skip


def test_every_field_of_an_order_is_filled_from_somewhere():
    """Nothing that OrderIn has room for is forgotten: each field moves when the payload does."""
    rich = order(
        type=2, status=0, is_complete=0, parent_id="512340001",
        finalization_date="2026-03-04 10:00:00", late_shipment=1, payment_mode_id=3,
        payment_status=1, cashed_co="204.97", cashed_cod="1.00", refunded_amount="5.00",
        refund_status="partial", proforms=["PF 12"], delivery_payment_mode="online",
        enforced_vendor_courier_accounts=[7, "9"], weekend_delivery=1,
        reason_cancellation={"id": 2, "name": "Cancelled by the client"},
        cancellation_request="vreau altceva", is_storno=True, emag_club=1, observation="Sunați",
        attachments=[{"name": "F", "url": "https://docs.example/f.pdf", "type": 1}],
        flags=[{"flag": "gift", "value": 1}], currency="EUR",
        products=[order()["products"][0] | {"currency": "EUR"}],
        shipping_tax_voucher_split=[{"voucher_id": 1, "value": "-1", "vat_value": "-0.21"}],
        details={"locker_id": "x", "locker_name": "y", "locker_delivery_eligible": 0,
                 "courier_external_office_id": "o-1"},
    )  # fmt: skip
    found = order_in(rich, site=site("emag-ro"), account=account(), read_at=READ_AT)
    plain = OrderIn(
        external_id="", fulfilment="", remote_status="", status="", read_at=None, ordered_at=None,
        changed_at=None, currency="", customer=None, billing=None, shipping=None, lines=(),
    )  # fmt: skip
    forgotten = [
        f.name for f in fields(OrderIn) if getattr(found, f.name) == getattr(plain, f.name)
    ]
    assert forgotten == []
    assert external_key(rich) == ("order:2", "512340077")


def test_the_documented_offer():
    found = offer_in(offer(), account=account(), vat_rates={9: D("0.21")}, read_at=READ_AT)
    assert (found.external_id, found.sku, found.catalogue_key) == ("1041", "ARX-36N", "DXK7T2BBM")
    assert (found.price, found.price_min, found.price_max) == (D("165.281"), D(120), D(250))
    assert (found.vat_rate, found.currency, found.price_before) == (D("0.21"), "RON", None)
    assert (found.stock, found.stock_free, found.handling_days) == (20, 18, 1)
    assert (found.status, found.remote_status) == (OfferStatus.ACTIVE, "1")
    assert found.is_sellable
    assert (found.validation_status, found.validation_text) == ("9", "Approved documentation")
    assert found.problems == ()
    assert (found.rank, found.rivals, found.best_price) == (1, 3, D("165.281"))
    assert found.barcodes == ("5940000001041",)
    assert found.images == ("https://marketplace-static.example/r/1.jpg",)
    assert found.owns_content is None, "a mere `true` says nothing that anybody knows"
    assert (found.warranty_months, found.brand, found.category_external_id) == (24, "Arvex", "2735")


def test_the_words_of_the_mapping_are_those_of_the_apps():
    assert set(statuses.ORDER_STATES.values()) | {statuses.UNKNOWN_STATE} == set(
        choices.RemoteState.values
    )
    assert set(statuses.PAYMENTS.values()) - {""} | {statuses.OTHER_PAYMENT} == set(
        choices.PaymentMethod.values
    )
    assert set(statuses.DELIVERIES.values()) - {""} | {statuses.OTHER_DELIVERY} == set(
        choices.DeliveryMode.values
    )
    assert set(statuses.ATTACHMENTS.values()) | {statuses.OTHER_ATTACHMENT} == set(
        choices.AttachmentKind.values
    )
    assert set(statuses.OFFER_STATES.values()) == set(OfferStatus.values)
    assert set(statuses.VALIDATIONS) == {
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "8",
        "9",
        "10",
        "11",
        "12",
    }
    sellable = {value for value, (_words, is_fine) in statuses.VALIDATIONS.items() if is_fine}
    assert sellable == {"3", "9", "11", "12"}
