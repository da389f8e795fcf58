"""What an offer of eMAG means, and what is sent to change one."""

from decimal import Decimal

import pytest

from catalog.models import Offer
from emag.mapping.offers import offer_body, offer_in, offer_key
from emag.mapping.statuses import TRANSLATIONS, VALIDATIONS
from emag.reading import Unreadable
from emag.validation import check_offer
from tests.contract.payloads import READ_AT, account, offer

D = Decimal


def mapped(**changes):
    return offer_in(offer(**changes), account=account(), vat_rates={9: D("0.21")}, read_at=READ_AT)


def test_it_works():
    assert mapped().problems == ()


@pytest.mark.parametrize("raw", [None, [], {}, {"id": "x"}, {"id": 0}, {"id": 2**64}])
def test_an_offer_without_a_number_is_refused(raw):
    with pytest.raises(Unreadable):
        offer_key(raw)


@pytest.mark.parametrize(
    ("code", "status"),
    [(0, "inactive"), ("1", "active"), (2, "ended"), (9, "inactive"), (None, "inactive")],
)
def test_statuses(code, status):
    assert mapped(status=code).status == status


def test_a_status_that_nobody_knows_is_a_problem_and_kept():
    found = mapped(status=9)
    assert (found.remote_status, found.is_sellable) == ("9", False)
    assert "9" in found.problems[0]


@pytest.mark.parametrize("code", VALIDATIONS)
def test_sellable_by_validation(code):
    status = [{"value": int(code), "description": "Words", "errors": None}]
    found = mapped(validation_status=status)
    assert found.is_sellable == (code in {"3", "9", "11", "12"})
    assert (found.validation_status, found.validation_text) == (code, "Words")
    assert found.problems == (() if found.is_sellable else ("Words",))


@pytest.mark.parametrize("code", TRANSLATIONS)
def test_sellable_by_translation(code):
    status = [{"value": code, "description": "Words", "errors": None}]
    assert mapped(translation_validation_status=status).is_sellable == (
        code in {"3", "9", "11", "12", "17"}
    )


def test_sellable_needs_stock_an_active_status_and_a_valid_price():
    assert mapped().is_sellable
    assert not mapped(general_stock=0).is_sellable
    assert not mapped(status=0).is_sellable
    invalid = {"value": 2, "description": "Invalid price", "errors": None}
    found = mapped(offer_validation_status=invalid)
    assert not found.is_sellable
    assert found.problems == ("Invalid price",)
    assert not mapped(validation_status=[]).is_sellable


def test_the_validation_in_both_shapes_and_with_the_other_key():
    plain = {"value": "8", "Description": "Documentation rejected", "errors": ["no picture"]}
    found = mapped(validation_status=plain)
    assert (found.validation_status, found.validation_text) == ("8", "Documentation rejected")
    assert found.problems == ("Documentation rejected", "no picture")


def test_errors_as_large_as_a_page_are_not_read_deeply():
    errors = {
        "request_id": "x",
        "errors": [{"message": "Too dark"}],
        "seller_input": {"a": [1] * 999},
    }
    status = [{"value": 8, "description": "Rejected", "errors": errors}]
    assert mapped(validation_status=status, doc_errors=["Too dark", {"x": 1}]).problems == (
        "Rejected",
        "Too dark",
    )
    assert len(mapped(doc_errors=[str(n) for n in range(1000)]).problems) <= 20


def test_stock():
    assert mapped(general_stock=None).stock == 20
    assert mapped(general_stock="7").stock == 7
    assert mapped(general_stock=None, stock=[{"value": 3}, {"value": "4"}]).stock == 7
    assert mapped(general_stock=None, stock=[]).stock == 0
    assert mapped(general_stock=-3).stock == 0


def test_rank_and_best_price():
    assert mapped(buy_button_rank=None).rank is None
    assert mapped(buy_button_rank="2").rank == 2
    assert mapped(best_offer_sale_price="0.0000").best_price is None


def test_who_owns_the_content():
    for value, owns in ((1, True), ("1", True), (2, False), (True, None), (None, None)):
        assert mapped(ownership=value).owns_content is owns


def test_pictures_the_main_one_first():
    images = [{"url": "https://a.example/2.jpg", "display_type": 2},
              {"url": "//a.example/1.jpg", "display_type": "1"}]  # fmt: skip
    assert mapped(images=images).images == ("https://a.example/1.jpg", "https://a.example/2.jpg")
    assert mapped(images=[{"url": "javascript:1", "display_type": 1}]).images == ()


def test_barcodes_and_rates_and_currency():
    assert mapped(ean="5940000001041").barcodes == ("5940000001041",)
    assert mapped(ean=["1", 1, None, ""]).barcodes == ("1",)
    assert mapped(ean=None).barcodes == ()
    assert mapped(vat_id=10).vat_rate is None, "a rate is never guessed"
    assert mapped(currency=...).currency == "RON"


def test_what_makes_no_sense_is_left_out_and_named():
    found = mapped(warranty="long", category_id={"a": 1})
    assert (found.warranty_months, found.category_external_id) == (None, "")
    assert [problem.partition(":")[0] for problem in found.problems] == ["category_id", "warranty"]
    with pytest.raises(Unreadable, match="sale_price"):
        mapped(sale_price="cheap")


# --- What is sent -----------------------------------------------------------------------------


def wanting(fulfilment="own", **wishes):
    return Offer(external_id="1041", account=account(fulfilment=fulfilment), **wishes)


def test_only_what_is_wanted_is_sent():
    assert offer_body(wanting()) == {"id": 1041}
    body = offer_body(wanting(wanted_price=D("149.9900"), wanted_stock=0, wanted_status="inactive"))
    assert body == {
        "id": 1041,
        "sale_price": D("149.9900"),
        "stock": [{"warehouse_id": 1, "value": 0}],
        "status": 0,
    }
    assert check_offer(body, stored=offer()) == []


def test_of_what_emag_ships_only_the_price_is_sent():
    body = offer_body(wanting("marketplace", wanted_price=D(150), wanted_stock=3))
    assert body == {"id": 1041, "sale_price": D(150)}
    assert check_offer(body, stored=offer(), is_fbe=True) == []
