"""Reading offers, the light updates, stock, and how orders move it."""

import json
import time

import pytest

from .goods import UNKNOWN, UPDATE, offer, save

# The order of the keys is the live one; what stands behind an underscore is never served.
SHAPE = {
    "part_number_key": str,
    "brand_name": str,
    "buy_button_rank": (int, type(None)),
    "category_id": int,
    "id": int,
    "brand": str,
    "name": str,
    "part_number": str,
    "sale_price": str,
    "currency": str,
    "description": str,
    "url": str,
    "warranty": int,
    "general_stock": int,
    "estimated_stock": int,
    "weight": str,
    "status": int,
    "recommended_price": (str, type(None)),
    "images": list,
    "attachments": list,
    "vat_id": int,
    "family": type(None),
    "reversible_vat_charging": bool,
    "min_sale_price": str,
    "max_sale_price": str,
    "offer_details": dict,
    "availability": list,
    "stock": list,
    "handling_time": list,
    "ean": list,
    "commission": type(None),
    "validation_status": list,
    "translation_validation_status": list,
    "offer_validation_status": dict,
    "auto_translated": int,
    "ownership": bool,
    "best_offer_sale_price": str,
    "best_offer_recommended_price": (str, type(None)),
    "main_offer_price": str,
    "number_of_offers": int,
    "genius_eligibility": int,
    "genius_eligibility_type": int,
    "genius_computed": int,
    "recycleWarranties": int,
    "manufacturer": bool,
    "eu_representative": bool,
}


@pytest.fixture
def stocked(sim, main):
    sim.do("offers", account="main", n=120)
    return main


def ids(caller, **filters):
    return [one["id"] for one in caller.call("product_offer/read", filters).results]


def light(caller, *sent):
    return caller.call("offer/save", {"data": list(sent)})


def test_it_works(stocked):
    reply = stocked.call("product_offer/read", {"currentPage": 1, "itemsPerPage": 2, "status": 1})

    assert len(reply.results) == 2
    for key, kinds in SHAPE.items():
        assert isinstance(reply.results[0][key], kinds), key
    assert not [key for key in reply.results[0] if key.startswith("_")]
    assert rb"<\/p>\r\n" in reply.body
    assert rb"http:\/\/" in reply.body, "pictures, from its own address"


def test_pages_are_of_a_hundred_at_most_and_never_overlap(stocked):
    first, second = (ids(stocked, currentPage=page, itemsPerPage=500) for page in (1, 2))

    assert (len(first), len(second)) == (100, 20)
    assert len({*first, *second}) == 120
    assert ids(stocked, currentPage=3) == []
    assert ids(stocked, currentPage=0)[:3] == first[:3]


def test_too_large_pages_may_be_an_error(sim, stocked):
    sim.config(page_over="error400")

    assert stocked.call("product_offer/read", {"itemsPerPage": 101}).status == 400


def test_a_page_of_a_hundred_is_quick(sim, main):
    sim.do("offers", account="main", n=1_000)
    main.call("product_offer/read", {"currentPage": 10})

    taken = []
    for page in (*range(1, 11), *range(1, 11)):
        started = time.perf_counter()
        main.call("product_offer/read", {"currentPage": page})
        taken.append(time.perf_counter() - started)

    assert sorted(taken)[len(taken) // 2] < 0.010
    served = [call["took_ms"] for call in sim.journal(route="product_offer/read")]
    assert sorted(served)[len(served) // 2] < 10


def test_filters(sim, stocked):
    everything = sim.truth("offer", "main")

    def those(keep):
        return sorted(id for id, doc in everything.items() if keep(doc))

    one = everything[1002]
    assert ids(stocked, id=1002) == [1002]
    assert ids(stocked, part_number=one["part_number"]) == [1002]
    assert ids(stocked, part_number_key=one["part_number_key"]) == [1002]
    assert sorted(ids(stocked, status=0)) == those(lambda doc: doc["status"] == 0)
    assert sorted(ids(stocked, general_stock=10)) == those(lambda doc: doc["general_stock"] <= 10)
    assert sorted(ids(stocked, estimated_stock=0)) == those(lambda doc: doc["estimated_stock"] == 0)
    assert sorted(ids(stocked, validation_status=8)) == those(lambda doc: doc["_validation"] == 8)
    assert sorted(ids(stocked, validation_status=[8, 0])) == those(
        lambda doc: doc["_validation"] in (0, 8)
    )
    assert sorted(ids(stocked, offer_validation_status=2)) == those(
        lambda doc: doc["_price_state"] == 2
    )
    assert ids(stocked, translation_validation_status=17) == []


def test_unknown_filters_mean_nothing(stocked):
    assert len(ids(stocked, stauts=0)) == 100


def test_known_filters_are_checked(stocked):
    reply = stocked.call("product_offer/read", {"general_stock": "many"})

    assert reply.messages == ["ERROR: general_stock has an invalid value"]


def test_count_follows_the_filters(sim, stocked):
    assert stocked.call("product_offer/count", {}).results == {
        "noOfItems": 120,
        "noOfPages": 2,
        "itemsPerPage": 100,
    }
    small = stocked.call("product_offer/count", {"status": 0, "itemsPerPage": 1}).results
    assert small["noOfItems"] == small["noOfPages"] == len(ids(stocked, status=0)) > 0

    sim.config(count_as_strings="on")
    assert stocked.call("product_offer/count", {}).results["noOfItems"] == "120"


def test_a_seeded_account_has_what_goes_wrong(sim, stocked):
    docs = sim.truth("offer", "main").values()

    assert {doc["_validation"] for doc in docs} >= {0, 3, 4, 8, 9, 11, 12}
    assert {doc["_price_state"] for doc in docs} == {1, 2}
    assert {doc["status"] for doc in docs} == {0, 1, 2}
    assert any(doc["buy_button_rank"] == 1 for doc in docs)
    assert any((doc["buy_button_rank"] or 0) > 1 for doc in docs)
    assert any(doc["general_stock"] == 0 for doc in docs)
    assert max(len(doc["name"]) for doc in docs) > 120


def test_big_errors(sim, stocked):
    sim.fault("big_errors", size=50_000)

    reply = stocked.call("product_offer/read", {"itemsPerPage": 1})

    assert len(json.dumps(reply.results[0]["validation_status"][0]["errors"])) > 50_000


# -- offer/save


@pytest.fixture
def few(sim, main):
    sim.do("offers", account="main", n=12)
    return main


def test_each_offer_is_judged_alone(few):
    reply = light(
        few,
        {"id": 1001, "sale_price": 149.99, "min_sale_price": 100, "max_sale_price": 300},
        {"id": 1002, "stock": [{"warehouse_id": 1, "value": -1}]},
        {"id": 9_999, "sale_price": 10},
    )

    assert reply.json == {
        "isError": False,
        "messages": [],
        "errors": [],
        "results": {
            "1001": {"isError": False, "messages": ["Offer 1001 updated successfully"]},
            "1002": {
                "isError": True,
                "messages": [
                    "Stock should be 0 or more",
                    "The stock field is mandatory. Its value must be a whole (integer) number. "
                    "Decimals are not allowed. (ex: 5)",
                ],
            },
            "9999": {"isError": True, "messages": ["Offer 9999 not found"]},
        },
    }
    assert offer(few, 1001)["sale_price"] == "149.9900"


def test_unknown_offers_may_be_told_above(sim, few):
    sim.config(offers_unknown_id="top")

    reply = light(few, {"id": 9_999, "sale_price": 10})

    assert (reply.json["isError"], reply.messages) == (True, ["Offer 9999 not found"])


@pytest.mark.parametrize(
    ("sent", "part"),
    [
        ({"stock": [{"warehouse_id": 1, "value": 1.5}]}, "Decimals are not allowed"),
        ({"stock": 5}, "The stock field is mandatory"),
        ({"stock": None}, "The stock field is mandatory"),
        ({"sale_price": 1.23456}, "accepts maximum 4 decimals"),
        ({"sale_price": 9_999_999}, "between min_sale_price and max_sale_price"),
        ({"min_sale_price": 9_999_999}, "max_sale_price must be greater"),
        ({"recommended_price": 0.01}, "recommended_price must be greater"),
        ({"status": 7}, "status has an invalid value"),
        ({"handling_time": [{"warehouse_id": 1}]}, "handling_time has an invalid value"),
        ({"currency_type": "CHF"}, "currency_type has an invalid value"),
    ],
)
def test_what_offer_save_refuses(few, sent, part):
    before = offer(few, 1001)

    result = light(few, {"id": 1001, **sent}).results["1001"]

    assert result["isError"] is True
    assert any(part in message for message in result["messages"])
    assert offer(few, 1001) == before


def test_documentation_cannot_be_touched_that_way(few):
    name = offer(few, 1001)["name"]

    assert light(few, {"id": 1001, "name": "Alt nume"}).results["1001"]["isError"] is False
    assert offer(few, 1001)["name"] == name


def test_three_bad_of_fifty(stocked):
    sent = [{"id": 1000 + n, "stock": [{"warehouse_id": 1, "value": n}]} for n in range(1, 51)]
    for place in (3, 17, 40):
        sent[place]["stock"][0]["value"] = -1

    results = light(stocked, *sent).results

    # The draft among them is no offer yet.
    failed = {id for id, result in results.items() if result["isError"]}
    assert failed >= {"1004", "1018", "1041"}
    assert len(failed) <= 4
    assert offer(stocked, 1050)["general_stock"] == 50


def test_prices_in_another_currency_are_converted(few):
    limits = {"min_sale_price": 20, "max_sale_price": 60}

    light(few, {"id": 1001, "sale_price": 30, "currency_type": "EUR", **limits})

    assert offer(few, 1001)["sale_price"] == "152.4000"


def test_an_old_recommendation_falls_with_a_higher_price(sim, few):
    prices = {"sale_price": 100, "recommended_price": 120}
    sim.do("offer", account="main", id=1001, min_sale_price=50, max_sale_price=400, **prices)

    light(few, {"id": 1001, "sale_price": 130})

    read = offer(few, 1001)
    assert (read["sale_price"], read["recommended_price"]) == ("130.0000", None)


def test_the_marketplaces_own_stock_is_not_the_sellers_to_change(sim, fbe):
    sim.do("offers", account="fbe", n=2)

    results = light(
        fbe,
        {"id": 1001, "stock": [{"warehouse_id": 1, "value": 5}]},
        {"id": 1002, "sale_price": sim.truth("offer", "fbe")[1002]["sale_price"]},
    ).results

    assert results["1001"]["isError"] is True
    assert results["1002"]["isError"] is False


def test_partial_bulk_reports_each(sim, few):
    sim.fault("partial_bulk", share=0.5)

    results = light(few, {"id": 1001, "status": 0}, {"id": 1002, "status": 0}).results

    assert [one["isError"] for one in results.values()].count(True) == 1


def test_exploring_forgives_rules_but_no_nonsense(sim, few):
    sim.config(strict="off")

    results = light(
        few, {"id": 1001, "sale_price": 9_999}, {"id": 1002, "sale_price": "nonsense"}
    ).results

    assert [one["isError"] for one in results.values()] == [False, True]
    assert save(few, {"id": 1003, "sale_price": "12.5"}).json["isError"] is False
    assert offer(few, 1003)["sale_price"] == "12.5000"


# -- what is saved is visible later


def test_saved_prices_show_after_a_while(sim, few):
    sim.config(offers_apply_lag="30-120")
    light(few, {"id": 1001, "sale_price": 149.99, "min_sale_price": 1, "max_sale_price": 999})
    before = offer(few, 1001)["sale_price"]

    sim.clock(advance="PT20S")
    assert offer(few, 1001)["sale_price"] == before
    sim.clock(advance="PT2M")
    assert offer(few, 1001)["sale_price"] == "149.9900"


def test_the_last_save_wins_whatever_the_lag(sim, few):
    sim.config(offers_apply_lag="0-600")
    for stock in range(20):
        light(few, {"id": 1001, "stock": [{"warehouse_id": 1, "value": stock}]})

    sim.clock(advance="PT1H")

    assert offer(few, 1001)["general_stock"] == 19


# -- offer_stock and measurements


def patch(caller, id, body):
    return caller.call(f"offer_stock/{id}", body, method="PATCH")


def test_stock_alone(few):
    reply = patch(few, 1001, {"stock": 21})

    assert (reply.status, reply.body) == (204, b"")
    assert offer(few, 1001)["stock"] == [{"warehouse_id": 1, "value": 21}]


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"stock": [{"warehouse_id": 1, "value": 5}]}},
        {"stock": [{"warehouse_id": 1, "value": 5}]},
        {"stock": "5"},
        {"stock": -1},
        {"stock": True},
        {"stock": 65_536},
        [],
    ],
)
def test_only_a_plain_number_is_understood(few, body):
    reply = patch(few, 1001, body)

    assert (reply.status, reply.json) == (400, {"message": "Invalid content"})


def test_stock_of_an_offer_that_is_none(few):
    reply = patch(few, 77, {"stock": 1})

    assert (reply.status, reply.json) == (404, {"message": "This offer does not exist"})


def test_stock_during_a_campaign(sim, few):
    proposal = {
        "id": 1001,
        "campaign_id": 102,
        "sale_price": 90,
        "stock": 5,
        "max_qty_per_order": 2,
    }
    assert few.call("campaign_proposals/save", [proposal]).json["isError"] is False
    assert patch(few, 1001, {"stock": 4}).status == 204

    sim.clock(at="2026-03-14 12:00:00")

    reply = patch(few, 1001, {"stock": 3})
    assert (reply.status, reply.json) == (
        400,
        {
            "message": "Validation errors in your request",
            "errors": [
                {
                    "message": "The offer is included in the active campaign Black Friday Stoc in "
                    "Site, thus the stock has NOT been changed.",
                    "field": "stock",
                }
            ],
        },
    )
    assert light(few, {"id": 1001, "status": 1}).results["1001"]["isError"] is True
    assert save(few, UPDATE).json["isError"] is True
    assert offer(few, 1001)["general_stock"] == 4


def test_updates_planned_into_a_campaign_are_refused(few):
    proposal = {
        "id": 1001,
        "campaign_id": 102,
        "sale_price": 90,
        "stock": 5,
        "max_qty_per_order": 2,
    }
    few.call("campaign_proposals/save", [proposal])

    assert save(few, {**UPDATE, "start_date": "2026-03-14"}).json["isError"] is True
    assert save(few, {**UPDATE, "start_date": "2026-03-20"}).json["isError"] is False


SIZES = {"id": 1001, "length": 320, "width": 210.5, "height": 120, "weight": 850.25}


def test_measurements(sim, few):
    assert few.call("measurements/save", {"data": [SIZES]}).json["isError"] is False
    assert sim.truth("offer", "main")[1001]["_measurements"]["width"] == "210.5"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"weight": None}, "ERROR: weight is mandatory - Product id: 1001"),
        ({"width": 210.555}, "ERROR: width accepts maximum 4 decimals - Product id: 1001"),
        ({"height": 1_000_000}, "ERROR: height has an invalid value - Product id: 1001"),
        ({"id": 77}, "Offer 77 not found"),
    ],
)
def test_measurements_are_checked(few, changes, text):
    assert text in few.call("measurements/save", [{**SIZES, **changes}]).messages


# -- orders move the stock


def stock_of(caller, id=1001):
    read = offer(caller, id)
    return read["general_stock"], read["estimated_stock"]


@pytest.fixture
def ordered(sim, few):
    """An order of three pieces of one offer that has ten."""
    patch(few, 1001, {"stock": 10})
    [id] = sim.inject_orders(1, account="main", lines=1)
    line = sim.truth("order", "main")[id]["products"][0]
    patch(few, line["product_id"], {"stock": 10})
    return id, int(line["product_id"]), int(line["quantity"])


def test_a_new_order_reserves_and_an_acknowledged_one_takes(few, ordered):
    id, product, units = ordered

    assert stock_of(few, product) == (10, 10 - units)
    few.call(f"order/acknowledge/{id}")
    assert stock_of(few, product) == (10 - units, 10 - units)


def test_a_cancelled_order_gives_back(sim, few, ordered):
    id, product, _ = ordered

    sim.order_event(id, "customer_cancel", account="main")

    assert stock_of(few, product) == (10, 10)


def test_an_order_cancelled_later_gives_back_too(few, ordered):
    id, product, _ = ordered
    few.call(f"order/acknowledge/{id}")

    few.save(few.order(id), status=0, reason_cancellation=1)

    assert stock_of(few, product) == (10, 10)


def test_a_sellers_save_overwrites_what_orders_took(sim, few, ordered):
    id, product, _ = ordered
    few.call(f"order/acknowledge/{id}")

    patch(few, product, {"stock": 10})

    assert stock_of(few, product) == (10, 10)


def test_selling_more_than_there_is_is_noticed(sim, few, ordered):
    id, product, units = ordered
    patch(few, product, {"stock": 0})

    few.call(f"order/acknowledge/{id}")

    assert stock_of(few, product) == (0, 0)
    [effect] = sim.effects(kind="stock.oversold")
    assert effect["detail"]["units"] == units


def test_somebody_buys_between_reading_and_saving(sim, few):
    sim.config(stock_race="on")
    patch(few, 1001, {"stock": 1})
    [id] = sim.truth("order", "main")
    assert stock_of(few)[0] == 1

    sim.config(stock_race="off")
    patch(few, 1001, {"stock": 0})
    few.call(f"order/acknowledge/{id}")

    assert sim.effects(kind="stock.oversold")


def test_stock_may_move_when_orders_are_acknowledged(sim, few):
    sim.config(stock_decrement_at="ack")
    [id] = sim.inject_orders(1, account="main", lines=1)
    line = sim.truth("order", "main")[id]["products"][0]
    general, estimated = stock_of(few, line["product_id"])

    assert general == estimated
    few.call(f"order/acknowledge/{id}")
    assert stock_of(few, line["product_id"])[0] == general - line["quantity"]


def test_new_offers_know_of_older_orders(sim, main):
    sim.inject_orders(30, account="main")

    sim.do("offers", account="main", n=120)

    assert any(doc["_reserved"] for doc in sim.truth("offer", "main").values())
    assert sim.invariants() == []


def test_an_invariant_bites(sim, few):
    docs = sim.world.docs("offer", "main")
    good = docs.get(1001)
    docs.put(1001, {**good, "general_stock": 3_000})

    assert any("1001" in sentence for sentence in sim.invariants())

    docs.put(1001, good)
    assert save(few, {**UNKNOWN, "id": 5_000}).json["isError"] is False
