"""product_offer/save: new products, attached offers, updates, and what each may not be."""

import pytest

from .goods import ATTACHED, NEW_PRODUCT, UNKNOWN, UPDATE, offer, save, without


@pytest.fixture(autouse=True)
def _always_signed(sim):
    sim.config(bulk_suffix=1.0)


@pytest.fixture
def stocked(sim, main):
    sim.do("offers", account="main", n=3)
    return main


def state(caller, id):
    return offer(caller, id)["validation_status"][0]["value"]


def test_it_works(main):
    reply = save(main, UNKNOWN)

    assert reply.json == {"isError": False, "messages": [], "errors": [], "results": []}
    read = offer(main, 1041)
    assert read["sale_price"] == "165.2810"
    assert read["recommended_price"] == "206.6033"
    assert read["part_number_key"] is None
    assert read["buy_button_rank"] is None
    assert read["validation_status"] == [
        {"value": 1, "description": "In Marketplace validation", "errors": None}
    ]
    assert read["manufacturer"] is True
    assert read["eu_representative"] is False
    assert read["offer_details"]["emag_club"] == 0
    assert read["general_stock"] == 20


def test_one_product_shows_the_manufacturers_address(main):
    save(main, UNKNOWN)

    read = main.call("product_offer/read", {"part_number": "ARX-36N"}).results

    assert read[0]["manufacturer"] == UNKNOWN["manufacturer"]
    assert read[0]["eu_representative"] == []


def test_a_barcode_of_the_catalogue_associates_the_product(main):
    reply = save(main, NEW_PRODUCT)

    assert reply.json["isError"] is True
    assert reply.messages == [
        "WARNING: Your product has been automatically associated via EAN to an existing product."
        " - Product id: 1041"
    ]
    assert offer(main, 1041)["part_number_key"] == "DXK7T2BBM"
    assert state(main, 1041) == 9


def test_an_offer_is_attached_by_its_key(main):
    assert save(main, ATTACHED).json["isError"] is False

    read = offer(main, 1042)
    assert (read["part_number_key"], read["category_id"]) == ("DXK7T2BBM", 2735)
    assert read["ownership"] is False
    assert read["number_of_offers"] >= 1


def test_an_offer_is_attached_by_one_barcode(main):
    reply = save(main, {**without(ATTACHED, "part_number_key"), "ean": ["5940000001041"]})

    assert reply.json["isError"] is False
    assert offer(main, 1042)["part_number_key"] == "DXK7T2BBM"


def test_a_genius_offer_is_what_one_gets_without_a_word(main):
    save(main, without(UNKNOWN, "emag_club"))

    assert offer(main, 1041)["offer_details"]["emag_club"] == 1


def test_part_numbers_lose_spaces_commas_and_semicolons(main):
    save(main, {**UNKNOWN, "part_number": "AB 12,3;"})

    assert offer(main, 1041)["part_number"] == "AB123"


INVALID = "ERROR: {} has an invalid value - Product id: 1041"
MISSING = "ERROR: {} is mandatory - Product id: 1041"
PLACES = "ERROR: {} accepts maximum 4 decimals - Product id: 1041"
REFUSED = [
    ({"id": 0}, "ERROR: id has an invalid value - Product id: 0"),
    ({"id": 2**32}, f"ERROR: id has an invalid value - Product id: {2**32}"),
    ({"category_id": 65_536}, INVALID.format("category_id")),
    ({"name": "x" * 256}, INVALID.format("name")),
    ({"brand": ""}, INVALID.format("brand")),
    ({"part_number": "x" * 26}, INVALID.format("part_number")),
    ({"warranty": 256}, INVALID.format("warranty")),
    ({"status": 3}, INVALID.format("status")),
    ({"status": 2}, INVALID.format("status")),
    ({"sale_price": 0}, INVALID.format("sale_price")),
    ({"sale_price": -1}, INVALID.format("sale_price")),
    ({"sale_price": "12,5"}, INVALID.format("sale_price")),
    ({"sale_price": True}, INVALID.format("sale_price")),
    ({"sale_price": 150.12345}, PLACES.format("sale_price")),
    ({"min_sale_price": 120.00001}, PLACES.format("min_sale_price")),
    ({"vat_id": 0}, INVALID.format("vat_id")),
    ({"green_tax": -1}, INVALID.format("green_tax")),
    ({"currency_type": "USD"}, INVALID.format("currency_type")),
    ({"supply_lead_time": 4}, INVALID.format("supply_lead_time")),
    ({"emag_club": 2}, INVALID.format("emag_club")),
    ({"source_language": "ro"}, INVALID.format("source_language")),
    ({"stock": [{"value": 3}]}, INVALID.format("stock")),
    ({"stock": [{"warehouse_id": 1, "value": 65_536}]}, INVALID.format("stock")),
    ({"stock": [{"warehouse_id": 1, "value": 1.5}]}, INVALID.format("stock")),
    ({"stock": []}, INVALID.format("stock")),
    ({"handling_time": [{"warehouse_id": 1, "value": 256}]}, INVALID.format("handling_time")),
    ({"images": [{"url": "ftp:/nowhere"}]}, INVALID.format("images")),
    ({"images": [{"url": "https://a.ro/1.jpg", "display_type": 3}]}, INVALID.format("images")),
    ({"attachments": [{"id": 1}]}, INVALID.format("attachments")),
    ({"characteristics": [{"id": 0, "value": "x"}]}, INVALID.format("characteristics")),
    ({"family": {"id": 12}}, INVALID.format("family")),
    ({"manufacturer": [{"name": "A"}]}, INVALID.format("manufacturer")),
    ({"manufacturer": NEW_PRODUCT["manufacturer"] * 11}, INVALID.format("manufacturer")),
    ({"url": "shop"}, INVALID.format("url")),
    ({"ean": ["12345"]}, "12345 is not a valid EAN. - Product id: 1041"),
    (
        {"ean": ["59400000010411"[:13] + "x"]},
        "5940000001041x is not a valid EAN. - Product id: 1041",
    ),
    ({"start_date": None}, INVALID.format("start_date")),
    ({"start_date": "2026-03-03"}, INVALID.format("start_date")),
    ({"start_date": "2026-05-03"}, INVALID.format("start_date")),
    ({"start_date": "2026-04-02", "currency_type": "EUR"}, INVALID.format("start_date")),
    (
        {"sale_price": 119},
        "ERROR: sale_price must be between min_sale_price and max_sale_price - Product id: 1041",
    ),
    (
        {"recommended_price": 165.281},
        "ERROR: recommended_price must be greater than sale_price - Product id: 1041",
    ),
    (
        {"max_sale_price": 120},
        "ERROR: max_sale_price must be greater than min_sale_price - Product id: 1041",
    ),
]


@pytest.mark.parametrize(("changes", "text"), REFUSED, ids=[str(one)[:60] for one, _ in REFUSED])
def test_what_is_out_of_range_is_refused(main, changes, text):
    reply = save(main, {**UNKNOWN, **changes})

    assert reply.json["isError"] is True
    assert text in reply.messages
    assert main.call("product_offer/count", {}).results["noOfItems"] == 0


@pytest.mark.parametrize("key", ["min_sale_price", "max_sale_price", "sale_price", "vat_id"])
def test_a_first_save_needs_all_offer_keys(main, key):
    assert MISSING.format(key) in save(main, without(UNKNOWN, key, "recommended_price")).messages


def test_check_digits_count_where_the_switch_says_so(sim, main):
    sim.config(offers_ean_check="checksum")

    assert (
        "5940000001041 is not a valid EAN. - Product id: 1041" in save(main, NEW_PRODUCT).messages
    )


def test_key_and_barcode_exclude_each_other(main):
    reply = save(main, {**ATTACHED, "ean": ["5940000001041"]})

    assert reply.messages == [
        "ERROR: part_number_key and ean are mutually exclusive - Product id: 1042"
    ]


def test_a_key_nobody_has(main):
    reply = save(main, {**ATTACHED, "part_number_key": "D00000BBM"})

    assert reply.messages == ["ERROR: part_number_key has an invalid value - Product id: 1042"]


def test_neither_documentation_nor_key_is_refused(main):
    reply = save(main, without(ATTACHED, "part_number_key"))

    assert "ERROR: brand is mandatory - Product id: 1042" in reply.messages


def test_one_offer_for_each_product(main):
    save(main, ATTACHED)

    reply = save(main, {**ATTACHED, "id": 1043})

    assert reply.messages[0].startswith(
        "You already hold an offer associated with this PNK: DXK7T2BBM."
    )
    assert main.call("product_offer/count", {}).results["noOfItems"] == 1


def test_one_product_for_each_part_number(main):
    save(main, UNKNOWN)

    reply = save(main, {**UNKNOWN, "id": 1050, "ean": ["5949999999994"]})

    assert reply.messages[0].startswith(
        "You already hold a Product associated with this PN:ARX-36N."
    )


def test_one_product_for_each_barcode(main):
    save(main, UNKNOWN)

    reply = save(main, {**UNKNOWN, "id": 1050, "part_number": "OTHER"})

    assert reply.messages == [
        "ERROR: ean 5941234567899 is already associated with another product - Product id: 1050"
    ]


def test_duplicates_point_to_the_right_product(sim, main):
    double = sim.do(
        "product", account="main", name="X", brand="Y", category=2735, eans=[], price="10",
        duplicate_of="DXK7T2BBM",
    )  # fmt: skip

    reply = save(main, {**ATTACHED, "part_number_key": double["key"]})

    assert reply.messages == [
        "The product you have tried to associate this offer to is a duplicated product. Please "
        "associate the offer to product with PNK DXK7T2BBM - Product id: 1042"
    ]


def test_incomplete_documentation_is_a_draft_until_it_is_complete(main):
    reply = save(main, without(UNKNOWN, "category_id"))

    assert reply.messages == [
        "WARNING: The product was saved as a draft, and you need the following product fields to "
        "send it to validation: category_id. - Product id: 1041"
    ]
    assert state(main, 1041) == 0
    assert main.call("offer/save", [{"id": 1041, "sale_price": 150}]).results["1041"]["isError"]

    assert save(main, {"id": 1041, "category_id": 2735}).json["isError"] is False
    assert state(main, 1041) == 1


def test_mandatory_barcodes_and_warranties_are_part_of_it(main):
    assert "ean" in save(main, without(UNKNOWN, "ean")).messages[0]
    kettle = {**UNKNOWN, "id": 1050, "category_id": 2712, "part_number": "K1"}
    assert "warranty" in save(main, without(kettle, "warranty")).messages[0]


MISTAKES = [
    ({"category_id": 60_000}, "template does not exist in doc application"),
    ({"category_id": 2831}, "ERROR: category 2831 is not allowed"),
    (
        {"characteristics": [*UNKNOWN["characteristics"], {"id": 9, "value": "x"}]},
        "characteristic with id 9 is not attached to template",
    ),
    (
        {"characteristics": UNKNOWN["characteristics"][:2]},
        "characteristic with id 5401 was not set",
    ),
    (
        {"characteristics": [*UNKNOWN["characteristics"][:2], {"id": 5401, "value": ""}]},
        "value of characteristic with id 5401 is empty",
    ),
    (
        {"characteristics": [{"id": 6506, "value": "36 EU"}, {"id": 5401, "value": "Negru"}]},
        "value of characteristic with id 6506 cannot be parsed",
    ),
    (
        {
            "characteristics": [
                {"id": 6506, "tag": "original", "value": "99 EU"},
                {"id": 5401, "value": "Negru"},
            ]
        },
        "value of characteristic with id 6506 must be one of: 34 EU",
    ),
    (
        {"family": {"id": 1, "name": "F", "family_type_id": 7}},
        "Mktp Family: invalid family type id",
    ),
    (
        {"characteristics": [{"id": 5401, "value": "Negru"}]},
        "Please provide product characteristic values for the given family type",
    ),
    ({"images": []}, "photo_gallery array is empty"),
    ({"brand": "Apex Premium"}, "Pentru a putea comercializa produse din acest brand"),
]


@pytest.mark.parametrize(("changes", "text"), MISTAKES, ids=[text[:40] for _, text in MISTAKES])
def test_mistakes_in_documentation_are_saved_all_the_same(main, changes, text):
    reply = save(main, {**UNKNOWN, **changes})

    assert reply.json["isError"] is True
    assert any(message.startswith(text) for message in reply.messages)
    assert state(main, 1041) == 1


def test_an_update_moves_price_stock_and_status(stocked):
    assert save(stocked, UPDATE).json["isError"] is False

    read = offer(stocked, 1001)
    assert read["sale_price"] == "150.0000"
    assert (read["general_stock"], read["estimated_stock"]) == (9, 9)
    assert read["handling_time"] == [{"warehouse_id": 1, "value": 1}]


@pytest.mark.parametrize("key", ["status", "sale_price", "vat_id", "handling_time", "stock"])
def test_an_update_needs_these(stocked, key):
    reply = save(stocked, without(UPDATE, key))

    assert reply.messages == [f"ERROR: {key} is mandatory - Product id: 1001"]


def test_a_price_outside_the_stored_limits_is_refused(stocked):
    sent = without(UPDATE, "min_sale_price", "max_sale_price")

    reply = save(stocked, {**sent, "sale_price": 9_999})

    assert reply.messages == [
        "ERROR: sale_price must be between min_sale_price and max_sale_price - Product id: 1001"
    ]


def test_an_offer_can_end_but_not_begin_there(stocked):
    save(stocked, {**UPDATE, "status": 2})

    assert offer(stocked, 1001)["status"] == 2


def test_scheduled_prices_wait_for_their_day(sim, stocked):
    before = offer(stocked, 1001)["sale_price"]

    save(stocked, {**UPDATE, "start_date": "2026-03-05"})

    sim.clock(advance="PT35H")
    assert offer(stocked, 1001)["sale_price"] == before
    sim.clock(advance="PT2H")
    assert offer(stocked, 1001)["sale_price"] == "150.0000"


def test_content_of_an_owner_is_looked_at_again(sim, stocked):
    sim.config(offers_reject_rate=0.0)
    sim.do("offer_event", account="main", id=1002, type="approve")
    name = offer(stocked, 1002)["name"]

    assert save(stocked, {**UPDATE, "id": 1002, "name": "Alt nume"}).json["isError"] is False

    assert (state(stocked, 1002), offer(stocked, 1002)["name"]) == (11, "Alt nume")
    sim.clock(advance="P1D")
    assert (state(stocked, 1002), offer(stocked, 1002)["name"]) == (9, "Alt nume")
    assert name != "Alt nume"


def test_rejected_content_leaves_the_old_one(sim, stocked):
    sim.config(offers_reject_rate=1.0)
    name = offer(stocked, 1002)["name"]

    save(stocked, {**UPDATE, "id": 1002, "name": "Alt nume"})
    sim.clock(advance="P1D")

    assert (state(stocked, 1002), offer(stocked, 1002)["name"]) == (12, name)


def test_content_of_somebody_else_stays(sim, stocked):
    # Every fifth product of the seed belongs to nobody here.
    reply = save(stocked, {**UPDATE, "name": "Alt nume"})

    assert reply.messages == [
        "WARNING: You are not eligible to edit the product documentation. - Product id: 1001"
    ]
    assert offer(stocked, 1001)["name"] != "Alt nume"
    assert offer(stocked, 1001)["sale_price"] == "150.0000"


def test_name_and_part_number_change_one_after_the_other(stocked):
    reply = save(stocked, {**UPDATE, "id": 1002, "name": "Alt nume", "part_number": "NEW-1"})

    assert reply.messages[0].startswith(
        "You are trying to change both part_number and name at the same time for id 1002."
    )
    assert offer(stocked, 1002)["part_number"] != "NEW-1"


def test_the_marketplace_manages_what_it_stores(sim, fbe):
    sim.do("offers", account="fbe", n=1)

    reply = save(fbe, UPDATE)

    assert "ERROR: stock is managed by eMAG for this offer - Product id: 1001" in reply.messages


# -- many at once


def bad(id):
    return {**ATTACHED, "id": id, "sale_price": 0}


def test_some_may_fail_and_the_others_are_saved(main):
    reply = save(main, UNKNOWN, bad(2))

    assert reply.json["isError"] is True
    assert reply.messages == ["ERROR: sale_price has an invalid value - Product id: 2"]
    assert offer(main, 1041)


def test_all_or_nothing(sim, main):
    sim.config(bulk_product="all_or_nothing")

    save(main, UNKNOWN, bad(2))

    assert main.call("product_offer/count", {}).results["noOfItems"] == 0


def test_messages_do_not_always_say_whom_they_mean(sim, main):
    sim.config(bulk_suffix=0.0)

    assert save(main, bad(2)).messages == ["ERROR: sale_price has an invalid value"]


def test_more_than_fifty_are_refused(main):
    reply = save(main, *(bad(id) for id in range(1, 52)))

    assert reply.messages == ["ERROR: maximum 50 entities per request"]


def test_what_is_no_object_is_refused(main):
    assert save(main, "x", 5).messages == ["ERROR: Invalid content"] * 2


# -- faults


def test_doc_error_saved(sim, main):
    sim.fault("doc_error_saved", messages=["Mktp Family: family name is empty"])

    reply = save(main, UNKNOWN)

    assert (reply.json["isError"], reply.messages) == (True, ["Mktp Family: family name is empty"])
    assert offer(main, 1041)


def test_refused_as_doc_error(sim, main):
    sim.fault(
        "refused_as_doc_error", message="You already hold a Product associated with this PN:1."
    )

    reply = save(main, UNKNOWN)

    assert reply.messages == ["You already hold a Product associated with this PN:1."]
    assert main.call("product_offer/count", {}).results["noOfItems"] == 0


def test_partial_bulk(sim, main):
    sim.fault("partial_bulk", share=0.5)

    reply = save(main, UNKNOWN, ATTACHED)

    assert len(reply.messages) == 1
    assert set(sim.truth("offer", "main")) == {1041}


def test_warning_ok(sim, main):
    sim.fault("warning_ok")

    reply = save(main, UNKNOWN)

    assert (reply.json["isError"], len(reply.messages)) == (False, 1)


def test_unreachable_images_are_found_out_later(sim, main):
    sim.fault("image_unreachable", match={"route": "product_offer/save"})

    assert save(main, UNKNOWN).json["isError"] is False
    assert state(main, 1041) == 1

    sim.clock(advance="PT10M")
    assert state(main, 1041) == 8
    assert offer(main, 1041)["doc_errors"] == [
        {"message": "Photo Gallery Validation - No valid images have been found"}
    ]
