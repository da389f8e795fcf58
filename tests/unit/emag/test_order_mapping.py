"""What an order of eMAG means, field by field, in every spelling that has been seen."""

import datetime as dt
from decimal import Decimal

import pytest

from emag.mapping.orders import external_key, order_in
from emag.mapping.reasons import CANCEL_REASONS, reason_text
from emag.reading import Unreadable
from emag.sites import site
from orders.totals import totals_of
from tests.contract.payloads import READ_AT, account, line, order

D = Decimal


def mapped(*, place="emag-ro", read_at=READ_AT, **changes):
    return order_in(order(**changes), site=site(place), account=account(place), read_at=read_at)


def of_line(**changes):
    (found,) = mapped(products=[line(**changes)]).lines
    return found


def refused(**changes):
    with pytest.raises(Unreadable) as caught:
        mapped(**changes)
    return str(caught.value)


def test_it_works():
    assert mapped().remarks == ()


def test_unknown_keys_are_ignored():
    assert mapped(brand_new={"deep": [1, 2]}, products=[line(new_too="x")]) == mapped()


# --- What names an order ----------------------------------------------------------------------


def test_the_key_of_an_order():
    assert external_key(order()) == ("order:3", "512340077")
    assert external_key(order(id="3115000123", type="2")) == ("order:2", "3115000123")


@pytest.mark.parametrize("raw", [None, [], "order", 5, {}, {"id": 1}, {"id": 1, "type": 4},
                                 {"id": "A-5", "type": 3}, {"id": 0, "type": 3},
                                 {"id": "9" * 40, "type": 3}, {"id": 1, "type": {}}])  # fmt: skip
def test_an_order_without_a_name_is_refused(raw):
    with pytest.raises(Unreadable):
        external_key(raw)
    with pytest.raises(Unreadable):
        order_in(raw, site=site("emag-ro"), account=account(), read_at=READ_AT)


def test_an_order_that_the_marketplace_ships():
    assert mapped(type=2, id=3_115_000_123).fulfilment == "marketplace"


# --- Statuses and codes -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "state"),
    [(0, "cancelled"), ("1", "new"), (2, "accepted"), (3, "packed"), (4, "shipped"),
     ("5", "returned"), (True, "new"), ("3.0", "packed")],
)  # fmt: skip
def test_statuses(code, state):
    assert mapped(status=code).status == state


@pytest.mark.parametrize(
    ("code", "kept"), [(6, "6"), ("on hold", "on hold"), (None, ""), (..., "")]
)
def test_a_status_that_nobody_knows_is_kept_and_remarked(code, kept):
    found = mapped(status=code)
    assert (found.status, found.remote_status) == ("unknown", kept)
    assert "status" in found.remarks[0].lower()


@pytest.mark.parametrize(
    ("code", "payment"), [(1, "cod"), ("2", "transfer"), (3, "card"), (None, ""), (..., "")]
)
def test_payments(code, payment):
    found = mapped(payment_mode_id=code)
    assert (found.payment, found.remarks) == (payment, ())


def test_a_payment_mode_that_nobody_knows():
    found = mapped(payment_mode_id=9, detailed_payment_method="CRYPTO")
    assert (found.payment, found.payment_detail) == ("other", "CRYPTO")
    assert "9" in found.remarks[0]


def test_delivery_in_six_hours():
    found = mapped(delivery_mode="Livrare 6H")
    assert (found.delivery, found.delivery_detail) == ("other", "Livrare 6H")
    assert "Livrare 6H" in found.remarks[0]


# --- Cancellation -----------------------------------------------------------------------------


def test_all_cancellation_reasons_have_words_in_both_languages():
    assert set(CANCEL_REASONS) == {1, 2, 3, *range(15, 44)}
    assert len(CANCEL_REASONS) == 32
    for code, reason in CANCEL_REASONS.items():
        assert reason.en
        assert reason.ro
        assert reason_text(str(code), "ro") == reason.ro
        assert mapped(reason_cancellation=code).cancel_text == reason.en
    assert reason_text(30, "ro-ro") == "Fără factură cu TVA"


def test_a_reason_that_nobody_knows():
    assert reason_text("77", "ro", said="Something new") == "Something new"
    assert reason_text("77") == reason_text(77, "ro") == "77"
    found = mapped(reason_cancellation={"id": 77, "name": "Something new"})
    assert (found.cancel_code, found.cancel_text) == ("77", "Something new")


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [({"id": 2, "name": "Cancelled by the client"}, "2", "Cancelled by the client"),
     ({"id": "2", "name": None}, "2", "Cancelled by the client"),
     (2, "2", "Cancelled by the client"),
     ("25", "25", "Failed delivery"), ({"id": None, "name": None}, "", ""), (None, "", ""),
     (0, "", ""), ([], "", ""), (..., "", ""), ("nu mai vreau", "", "nu mai vreau"),
     ({"id": None, "name": "alt motiv"}, "", "alt motiv"), (4, "4", "4")],
)  # fmt: skip
def test_the_reason_in_every_shape(value, code, words):
    found = mapped(reason_cancellation=value)
    assert (found.cancel_code, found.cancel_text) == (code, words)


def test_the_reason_under_its_old_name():
    assert mapped(reason_cancellation=..., cancellation_reason=25).cancel_code == "25"
    assert mapped(reason_cancellation=None, cancellation_reason={"id": 1}).cancel_code == "1"
    assert mapped(reason_cancellation=2, cancellation_reason=25).cancel_code == "2"


# --- Money ------------------------------------------------------------------------------------


def test_vouchers_and_their_shares_are_passed_on_and_counted_once():
    found = mapped()
    assert len(found.vouchers) == len(found.lines[0].vouchers) == 1
    assert found.vouchers[0].paid_by == "marketplace", "who pays stands in the share only"
    assert totals_of(found).total == D("204.97")
    assert totals_of(mapped(vouchers=[])).total == D("204.97")
    assert totals_of(mapped(products=[line(product_voucher_split=[])])).total == D("204.97")


@pytest.mark.parametrize(
    ("said", "payer"), [("eMAG", "marketplace"), ("seller", "seller"), ("Vendor", "seller"),
                        ("who knows", ""), (None, ""), (..., "")]
)  # fmt: skip
def test_who_bears_a_voucher(said, payer):
    share = {"voucher_id": 1, "value": "-1.00", "vat_value": "-0.21"}
    if said is not ...:
        share["offered_by"] = said
    assert of_line(product_voucher_split=[share]).vouchers[0].paid_by == payer


def test_several_vouchers_of_several_rates_on_one_line():
    shares = [
        {"voucher_id": 1, "value": "-1.0000", "vat_value": "-0.2100", "vat": "0.2100"},
        {"voucher_id": 2, "value": "-2.0000", "vat_value": "-0.2200", "vat": 11},
    ]
    found = of_line(product_voucher_split=shares).vouchers
    assert [(v.external_id, v.net, v.vat_rate) for v in found] == [
        ("1", D(-1), D("0.21")),
        ("2", D(-2), D("0.11")),
    ]


def test_shipping_is_gross_in_every_spelling():
    for value in (D("14.99"), "14.99", "14.9900", 14.99):
        assert mapped(shipping_tax=value).shipping_price == D("14.99")
    for value in (None, "", ..., "0.0000", 0):
        assert mapped(shipping_tax=value).shipping_price == 0


def test_deposits():
    deposit = {
        "quantity": "4", "sale_price": 0.5, "vat_rate": 0, "product_name": "Taxa SGR metal",
        "recycle_warranty_voucher_split": [
            {"voucher_id": 3, "value": "-0.5000", "vat_value": "0.0000"}
        ],
    }  # fmt: skip
    found = mapped(products=[line(recycle_warranties=[deposit])])
    (one,) = found.lines[0].deposits
    assert (one.name, one.quantity, one.price, one.vat_rate) == ("Taxa SGR metal", 4, D("0.5"), 0)
    assert one.vouchers[0].net == D("-0.5")
    assert totals_of(found).fees == D("2.00")
    assert "recycle_warranties[0].sale_price" in refused(
        products=[line(recycle_warranties=[deposit | {"sale_price": None}])]
    )


def test_a_card_payment_that_is_not_what_the_order_comes_to():
    paid = {"payment_mode_id": 3, "payment_status": 1}
    assert mapped(**paid, cashed_co="204.97").remarks == ()
    (remark,) = mapped(**paid, cashed_co="200.00").remarks
    assert "200.00" in remark
    assert "204.97" in remark
    assert mapped(**paid, cashed_co="200.00", status=0).remarks == ()
    assert mapped(**paid, cashed_co="200.00", refunded_amount="4.97").remarks == ()


def test_currencies():
    assert mapped(currency=...).currency == "RON"
    assert mapped(currency="ron").currency == "RON"
    lines = [line(currency="EUR")]
    assert mapped(place="emag-bg", currency=..., products=lines).currency == "EUR"
    assert mapped(place="emag-bg", currency=..., products=[line(currency=...)]).currency == "EUR"
    old = mapped(
        place="emag-bg", currency=..., products=[line(currency=...)], date="2025-12-31 23:59:59"
    )
    assert old.currency == "BGN", "Bulgaria's money before 2026"


def test_a_currency_that_is_odd_there_and_one_that_cannot_be():
    found = mapped(currency="HUF", products=[line(currency="HUF")])
    assert found.currency == "HUF"
    assert "HUF" in found.remarks[0]
    assert "currency" in refused(currency="LEI NOI")
    assert "EUR" in refused(products=[line(currency="EUR")])


# --- Lines ------------------------------------------------------------------------------------


def test_a_line_in_strings():
    found = of_line(id="315800001", quantity="2", status="1", vat="21.00", initial_qty="3",
                    storno_qty="1", reversible_vat_charging="1", product_id=1041)  # fmt: skip
    assert (found.quantity, found.vat_rate, found.initial_quantity) == (2, D("0.21"), 3)
    assert (found.returned_quantity, found.is_reverse_charge) == (1, True)
    assert found.offer_external_id == "1041"


def test_a_virtual_line():
    found = of_line(product_id=None, ext_part_number="", name="Discount", sale_price="-5.0000")
    assert (found.offer_external_id, found.sku, found.price) == ("", "", D(-5))


def test_a_cancelled_line_needs_no_price():
    found = of_line(status=0, sale_price=None, vat=None)
    assert found.is_cancelled
    assert (found.price, found.vat_rate) == (0, 0)


def test_a_line_status_that_nobody_knows_counts_as_active():
    found = mapped(products=[line(status=7)])
    assert not found.lines[0].is_cancelled
    assert "7" in found.remarks[0]


@pytest.mark.parametrize(
    ("changes", "where"),
    [({"id": None}, "products[0].id"), ({"quantity": ""}, "products[0].quantity"),
     ({"quantity": -1}, "products[0].quantity"), ({"sale_price": None}, "products[0].sale_price"),
     ({"vat": ...}, "products[0].vat"), ({"sale_price": "abc"}, "products[0].sale_price"),
     ({"product_voucher_split": "x"}, "products[0].product_voucher_split"),
     ({"product_voucher_split": [{"voucher_id": 1}]}, "products[0].product_voucher_split[0].value"),
     ({"quantity": 10**7}, "products[0].quantity")],
)  # fmt: skip
def test_a_line_that_would_be_wrong_is_refused(changes, where):
    assert refused(products=[line(**changes)]).startswith(f"{where}: ")


def test_nothing_left_of_a_line():
    returned = mapped(products=[line(quantity=0, storno_qty=2)])
    assert (returned.lines[0].quantity, returned.remarks) == (0, ())
    assert mapped(products=[line(quantity=0, storno_qty=0)]).remarks


def test_two_lines_with_one_id():
    assert "products[1].id" in refused(products=[line(), line()])


def test_products_as_a_php_array_with_a_gap():
    found = mapped(products={"0": line(), "2": line(id=315800002)})
    assert [one.external_id for one in found.lines] == ["315800001", "315800002"]


def test_an_order_without_products_is_torn_and_an_empty_one_is_odd():
    assert "products" in refused(products=...)
    assert "products" in refused(products=None)
    assert mapped(products=[]).remarks


def test_what_is_worth_more_than_any_order_is_refused():
    """The sum must fit its column: refusing it here is better than losing the page it is on."""
    many = [line(id=n + 1, quantity=10**6, sale_price="9999999") for n in range(10)]
    assert "products" in refused(products=many)


def test_small_things_of_a_line():
    found = of_line(
        campaign={"id": 5, "name": "Black Friday"},
        serial_numbers=["A1", "B2"],
        attachments=[{"name": "G", "url": "https://docs.example/g.pdf", "type": "3"}],
    )
    assert (found.campaign, found.serial_numbers) == ("Black Friday", "A1, B2")
    assert found.attachments[0].kind == "warranty"
    assert of_line(campaign={"id": 5, "name": None}).campaign == "5"
    assert of_line(campaign=None, serial_numbers=None, details="x").campaign == ""


# --- Who and where ----------------------------------------------------------------------------


def test_a_company():
    customer = order()["customer"] | {
        "legal_entity": "1", "is_vat_payer": 1, "company": "Arvex SRL", "code": "RO123",
        "registration_number": "J12/1/2020", "iban": "-", "bank": "BT", "phone_2": "0700000002",
        "phone_3": "0700000001", "billing_country": "Romania", "shipping_country": "Magyarország",
    }  # fmt: skip
    found = mapped(customer=customer)
    assert found.customer.is_company
    assert found.customer.is_vat_payer
    assert (found.customer.company, found.customer.tax_id) == ("Arvex SRL", "RO123")
    assert (found.customer.iban, found.customer.bank) == ("", "BT")
    assert found.customer.phones == ("0700000001", "0700000002")
    assert (found.billing.country, found.shipping.country) == ("RO", "HU")


def test_a_broken_fax_number_does_not_cost_the_order():
    found = mapped(customer=order()["customer"] | {"fax": {"a": 1}, "gender": ["F"]})
    assert found.customer.name == "Ioana Țepeș"
    assert (found.customer.fax, found.customer.gender) == ("", "F")
    assert found.remarks == ("customer.fax: should be a text",)


@pytest.mark.parametrize("customer", [None, [], "", ..., {}])
def test_no_customer(customer):
    found = mapped(customer=customer)
    assert found.customer.external_id == ""
    assert found.shipping.street == ""


def test_a_customer_that_is_no_object_is_remarked():
    assert mapped(customer="Ioana").remarks == ("customer: should be an object",)


def test_details():
    for empty in ([], {}, None, ""):
        found = mapped(details=empty)
        assert (found.locker_id, found.locker_eligible) == ("", None)
    assert mapped(details={"courier_external_office_id": 77}).courier_office_id == "77"


@pytest.mark.parametrize(
    ("value", "accounts"),
    [(None, None), (..., None), ("", None), ([], ()), ({}, ()), ([12, "13"], ("12", "13")),
     (12, ("12",)), ({"1": 12}, ("12",))],
)  # fmt: skip
def test_enforced_courier_accounts(value, accounts):
    """None: any will do. An empty list: none may be used, so no label can be had there."""
    assert mapped(enforced_vendor_courier_accounts=value).courier_accounts == accounts


# --- Papers -----------------------------------------------------------------------------------


def test_attachments():
    kinds = {1: "invoice", "3": "warranty", 4: "manual", 8: "guide", 10: "awb", 11: "proforma",
             None: "invoice", 99: "other"}  # fmt: skip
    for code, kind in kinds.items():
        (found,) = mapped(
            attachments=[{"url": "https://x.example/a.pdf", "type": code}]
        ).attachments
        assert found.kind == kind
    assert mapped(attachments=[{"name": "no address"}]).attachments == ()


def test_an_attachment_is_never_a_script():
    found = mapped(attachments=[{"name": "F", "url": "javascript:alert(1)", "type": 1}])
    assert found.attachments == ()
    assert found.remarks == ("attachments[0].url: is no web address",)


def test_proformas_in_both_shapes():
    assert [one.number for one in mapped(proforms=["PF 12", "PF 13"]).proformas] == [
        "PF 12",
        "PF 13",
    ]
    (found,) = mapped(
        proforms=[{"id": 9, "proforma_number": "12", "net_value": "500.0000", "gross_value": 605.0,
                   "is_payed": 1, "created": "2026-03-03 10:00:00",
                   "date_expire": "2026-03-18 10:00:00", "products": [{"id": 1}]}]
    ).proformas  # fmt: skip
    assert (found.external_id, found.net, found.gross, found.is_paid) == ("9", 500, 605, True)
    assert found.expires_at == dt.datetime(2026, 3, 18, 8, tzinfo=dt.UTC)
    assert mapped(proforms=[]).proformas == mapped(proforms=None).proformas == ()


# --- Times and the rest -----------------------------------------------------------------------


def test_the_time_of_the_order_where_its_field_is_empty():
    found = mapped(date="0000-00-00 00:00:00")
    assert found.ordered_at == found.changed_at
    assert found.remarks
    assert "date" in refused(date=None, modified=None)


def test_modified_may_lie_before_the_order_and_may_be_missing():
    assert mapped(modified="2026-03-03 14:00:00").changed_at < mapped().ordered_at
    assert mapped(modified=None).changed_at is None


def test_hungary_has_its_own_clock():
    found = mapped(place="emag-hu", currency="HUF", products=[line(currency="HUF")])
    assert found.ordered_at == dt.datetime(2026, 3, 3, 13, 22, 9, tzinfo=dt.UTC)


def test_flags():
    assert mapped(flags=[{"flag": "gift", "value": 1}, {"flag": "x", "value": "b"}]).flags == (
        "gift",
        "x=b",
    )
    assert mapped(flags=["a", "b"]).flags == ("a", "b")
    assert mapped(flags=[{"flag": "deep", "value": {"a": 1}}]).flags == ()


def test_texts_that_no_database_takes_are_cleaned():
    found = mapped(observation="a\x00b \ud83d c", vendor_name="x" * 1000)
    assert found.note == "ab  c"
    assert len(found.seller_name) == 255


def test_small_facts():
    found = mapped(is_complete="0", late_shipment=1, emag_club="1", weekend_delivery=True,
                   cancellation_request="da", is_storno=1, cashed_cod="491.2000")  # fmt: skip
    assert not found.is_complete
    assert found.is_late
    assert found.is_loyal
    assert found.is_weekend_delivery
    assert found.is_storno
    assert (found.cancel_requested, found.paid_on_delivery) == ("da", D("491.2"))


def test_what_can_be_left_out_is_left_out_with_a_remark():
    found = mapped(cashed_co="unknown", late_shipment=[1, 2], finalization_date="soon")
    assert (found.paid_by_card, found.is_late, found.finalized_at) == (None, False, None)
    assert sorted(remark.partition(":")[0] for remark in found.remarks) == [
        "cashed_co",
        "finalization_date",
        "late_shipment",
    ]


def test_what_is_odd_is_remarked_once_however_often_the_order_is_begun_anew():
    found = mapped(status=9, late_shipment=[[1]], cashed_co="unknown")
    assert len([remark for remark in found.remarks if "9" in remark]) == 1
    assert len(found.remarks) == 3
