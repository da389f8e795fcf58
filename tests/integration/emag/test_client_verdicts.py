"""Savings whose answer has to be interpreted: products, offers, labels."""

import pytest

from emag.client import errors

pytestmark = pytest.mark.django_db


def told(*messages, is_error=True):
    return {"isError": is_error, "messages": list(messages), "errors": [], "results": []}


def save(stage, *messages, is_error=True):
    stage.will_answer(told(*messages, is_error=is_error))
    return stage.client().save_product_offers([{"id": 1041}, {"id": 1042}])


def test_it_works(stage):
    saved = save(stage, is_error=False)
    assert (saved.saved, saved.must_check) == (True, False)


NOT_SAVED = [
    "You already hold a Product associated with this PN:ARX-36N.",
    "You already hold an offer associated with this PNK: DXK7T2BBM. Use its id.",
    "The product you have tried to associate this offer to is a duplicated product. Please"
    " associate the offer to product with PNK DXK7T2BBM - Product id: 1041",
    "5940000001041 is not a valid EAN. - Product id: 1041",
]
SAVED = [
    "WARNING: The product was saved as a draft, and you need the following product fields to"
    " publish it: images. - Product id: 1041",
    "WARNING: Your product has been automatically associated via EAN to an existing product.",
    "WARNING: You are not eligible to edit the product documentation. - Product id: 1041",
    "You are trying to change both part_number and name at the same time for id 1041.",
    "Pentru a putea comercializa produse din acest brand trebuie sa trimiti documente.",
    "Please provide product characteristic values for the given family type",
    "characteristic with id 12 is not attached to template",
    "Photo Gallery Validation - No valid images have been found",
    "some text that nobody has seen before",
]


@pytest.mark.parametrize("message", NOT_SAVED)
def test_refusals_of_products(stage, message):
    saved = save(stage, message)
    assert not saved.saved
    assert saved.refusals == [message]
    assert saved.must_check


@pytest.mark.parametrize("message", SAVED)
def test_remarks_about_products_that_are_saved(stage, message):
    saved = save(stage, message)
    assert saved.saved
    assert saved.remarks == [message]
    assert saved.refusals == []
    assert saved.must_check, "worth reading back"


def test_which_product_the_words_are_about(stage):
    saved = save(stage, NOT_SAVED[3], SAVED[0], SAVED[1])
    assert set(saved.by_id) == {1041}
    assert saved.by_id[1041] == [NOT_SAVED[3], SAVED[0]]
    assert saved.is_draft
    assert (saved.refusals, saved.remarks) == ([NOT_SAVED[3]], [SAVED[0], SAVED[1]])


def test_nothing_is_saved_of_too_many_elements(stage):
    with pytest.raises(errors.Invalid):
        save(stage, "Maximum input vars of 4000 exceeded")


def test_a_remark_is_none_elsewhere(stage):
    """Only products are saved in spite of an "error"."""
    stage.will_answer(told(SAVED[2]))
    with pytest.raises(errors.Rejected):
        stage.client().save_measurements([{"id": 1041}])


# --- Offers -----------------------------------------------------------------------------------


def offers(*numbers):
    return [{"id": number, "sale_price": 1} for number in numbers]


def test_an_offer_nobody_speaks_of(stage):
    stage.will_answer({"isError": False, "messages": [], "results": {"1": {"isError": False}}})
    saved = stage.client().save_offers(offers(1, 2))
    assert saved.by_id[1].ok
    assert not saved.by_id[2].ok
    assert not saved.by_id[2].is_answered


@pytest.mark.parametrize("results", [[], None, {}])
def test_a_yes_that_names_no_offer(stage, results):
    stage.will_answer({"isError": False, "messages": [], "results": results})
    saved = stage.client().save_offers(offers(1, 2))
    assert [one.is_answered for one in saved.by_id.values()] == [False, False]


def test_one_unknown_number_does_not_hold_up_the_others(stage):
    stage.will_answer(told("Offer 2 not found", "Offer 9 not found"))
    stage.will_answer(
        {"isError": False, "messages": [], "results": {"1": {"isError": False},
                                                       "3": {"isError": False}}}
    )  # fmt: skip
    saved = stage.client().save_offers(offers(1, 2, 3))
    assert {number: one.ok for number, one in saved.by_id.items()} == {1: True, 2: False, 3: True}
    assert saved.by_id[2].messages == ["Offer 2 not found"]
    assert [seen.json["data"] for seen in stage.seen] == [offers(1, 2, 3), offers(1, 3)]


def test_all_unknown(stage):
    stage.will_answer(told("Offer 2 not found"))
    saved = stage.client().save_offers(offers(2))
    assert not saved.by_id[2].ok
    assert len(stage.seen) == 1


def test_a_refusal_of_the_whole_call(stage):
    stage.will_answer(told("maximum 50 entities"))
    with pytest.raises(errors.Rejected):
        stage.client().save_offers(offers(1, 2))


def test_an_outer_error_does_not_hide_what_stands_inside(stage):
    stage.will_answer(
        {"isError": True, "messages": [], "results": {"1": {"isError": False}, "2": {
            "isError": True, "messages": [{"field": "stock", "message": "no"}]}}}
    )  # fmt: skip
    saved = stage.client().save_offers(offers(1, 2))
    assert saved.by_id[1].ok
    assert saved.by_id[2].messages == ["stock: no"]


# --- Labels -----------------------------------------------------------------------------------


def test_a_label_that_is_an_error(stage):
    stage.will_answer(told("AWB not found"))
    with pytest.raises(errors.Rejected) as caught:
        stage.client().awb_pdf(1)
    assert caught.value.messages == ["AWB not found"]


def test_an_empty_label(stage):
    stage.will_answer(b"", 200, Content_Type="application/pdf")
    with pytest.raises(errors.Unavailable, match="empty label"):
        stage.client().awb_pdf(1)


def test_a_page_for_browsers_is_no_label(stage):
    stage.will_answer("<html></html>", 200, Content_Type="text/html")
    with pytest.raises(errors.Unavailable):
        stage.client().awb_pdf(1)


def test_a_yes_without_a_label(stage):
    stage.will_answer(told(is_error=False))
    with pytest.raises(errors.Drift):
        stage.client().awb_pdf(1)


@pytest.mark.parametrize("results", [{}, {"deliveries": {"1": {}}}, {"deliveries": {"1": {
    "awbs": {"content": ["%%%"]}}}}])  # fmt: skip
def test_no_zpl(stage, results):
    stage.will_answer({"isError": False, "messages": [], "results": results})
    with pytest.raises(errors.Drift):
        stage.client().awb_zpl(1)


def test_a_waybill_without_a_number_was_issued_all_the_same(stage):
    """So it must not be issued again."""
    stage.will_answer(told(is_error=False))
    with pytest.raises(errors.OutcomeUnknown, match="did not say its number"):
        stage.client().save_awb({"order_id": 1})


def test_the_addresses_that_call_us_back(stage):
    stage.will_answer('["43.131.5.30", "91.206.37.14"]')
    assert stage.client().public_ips() == ["43.131.5.30", "91.206.37.14"]
    assert stage.seen[0].path == "/public-ips.json"
