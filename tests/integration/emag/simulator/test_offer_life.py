"""What the marketplace decides about offers by itself, and who wins the buy box."""

import pytest

from emag.simulator import buybox

from .goods import ATTACHED, NEW_PRODUCT, UNKNOWN, offer, save


@pytest.fixture(autouse=True)
def _nobody_rejects(sim):
    sim.config(offers_reject_rate=0.0)


def state(caller, id=1041):
    return offer(caller, id)["validation_status"][0]["value"]


def test_it_works(sim, main):
    save(main, UNKNOWN)
    assert state(main) == 1

    sim.clock(advance="PT2H")
    assert state(main) == 4

    sim.clock(advance="P6D")
    read = offer(main, 1041)
    assert state(main) == 9
    assert read["validation_status"][0]["description"] == "Approved documentation"
    key = read["part_number_key"]
    assert len(key) == 9
    assert key[0] == "D"
    assert any(sign.isdigit() for sign in key)
    assert read["buy_button_rank"] == 1
    assert sim.effects(kind="offer.approved")
    query = f"documentation/find_by_eans?eans[]={UNKNOWN['ean'][0]}"
    [match] = main.call(query, method="GET").results[UNKNOWN["ean"][0]]["products"]
    assert (match["part_number_key"], match["vendor_has_offer"]) == (key, True)


def test_unknown_brands_are_looked_at_first(sim, main):
    save(main, {**UNKNOWN, "brand": "Nimeni"})

    sim.clock(advance="PT2H")
    assert state(main) == 2
    sim.clock(advance="P4D")
    assert state(main) == 4


def test_brands_can_be_rejected(sim, main):
    sim.config(offers_reject_rate=1.0)
    save(main, {**UNKNOWN, "brand": "Nimeni"})

    sim.clock(advance="P4D")

    assert state(main) == 5


def test_mistakes_are_always_found(sim, main):
    save(main, {**UNKNOWN, "characteristics": []})

    sim.clock(advance="P7D")

    read = offer(main, 1041)
    assert read["validation_status"][0]["value"] == 8
    assert {"message": "characteristic with id 5401 was not set"} in read["doc_errors"]
    assert read["part_number_key"] is None

    save(main, {**UNKNOWN, "handling_time": [{"warehouse_id": 1, "value": 0}]})
    assert state(main) == 4
    sim.clock(advance="P7D")
    assert state(main) == 9


def test_a_dispute_about_a_barcode_is_sold_meanwhile(sim, main):
    save(main, {**NEW_PRODUCT, "brand": "Montero"})

    read = offer(main, 1041)
    assert read["validation_status"][0]["value"] == 3
    assert read["part_number_key"] not in (None, "DXK7T2BBM")

    sim.clock(advance="P5D")
    assert state(main) == 9


def test_a_lost_dispute_ends_the_offer(sim, main):
    sim.config(offers_reject_rate=1.0)
    save(main, {**NEW_PRODUCT, "brand": "Montero"})

    sim.clock(advance="P5D")

    read = offer(main, 1041)
    assert (read["validation_status"][0]["value"], read["status"]) == (6, 0)


def translation(caller):
    return offer(caller, 1041)["translation_validation_status"][0]["value"]


def test_another_language_is_translated(sim, main):
    save(main, {**UNKNOWN, "source_language": "en_GB"})
    assert translation(main) == 16

    sim.clock(advance="P2D")
    assert translation(main) in (15, 17, 14)
    sim.clock(advance="P4D")
    assert translation(main) in (17, 14)


def test_nothing_is_translated_that_cannot_be_sold(main):
    save(main, {**UNKNOWN, "source_language": "en_GB", "stock": [{"warehouse_id": 1, "value": 0}]})

    assert translation(main) == 13


def test_a_price_far_from_the_market_waits(sim, main):
    save(main, ATTACHED)

    main.call("offer/save", [{"id": 1042, "sale_price": 20, "min_sale_price": 1}])

    read = offer(main, 1042)
    assert read["offer_validation_status"] == {
        "value": 2,
        "description": "Invalid price",
        "errors": None,
    }
    assert read["buy_button_rank"] is None

    sim.do("offer_event", account="main", id=1042, type="price_ok")
    assert offer(main, 1042)["offer_validation_status"]["value"] == 1


def test_an_offer_begins_on_its_day(sim, main):
    save(main, {**UNKNOWN, "start_date": "2026-03-10"})
    assert offer(main, 1041)["status"] == 0

    sim.clock(advance="P7D")

    assert offer(main, 1041)["status"] == 1


def test_offers_without_stock_may_end(sim, main):
    sim.config(offers_auto_eol_days=10)
    save(main, {**ATTACHED, "stock": [{"warehouse_id": 1, "value": 0}]})

    sim.clock(advance="P9D")
    assert offer(main, 1042)["status"] == 1
    sim.clock(advance="P3D")
    assert offer(main, 1042)["status"] == 2


@pytest.mark.parametrize(
    ("type", "value"), [("block", 10), ("unblock", 9), ("reject", 8), ("approve", 9)]
)
def test_a_trainer_decides(sim, main, type, value):
    save(main, UNKNOWN)

    sim.do("offer_event", account="main", id=1041, type=type)

    assert state(main) == value


def test_a_trainer_hears_what_is_impossible(sim, main):
    save(main, UNKNOWN)

    with pytest.raises(ValueError, match="no event 'explode'"):
        sim.do("offer_event", account="main", id=1041, type="explode")
    with pytest.raises(LookupError, match="no offer 5"):
        sim.do("offer_event", account="main", id=5, type="approve")


# -- the buy box


@pytest.fixture
def rivals(sim, main):
    """Our offer at 150 against one at 140 and one, out of stock, at 100."""
    rival = {"handling": 1, "score": 90, "genius": False, "policy": "static", "floor": "90.0000"}
    product = sim.do(
        "product",
        account="main",
        name="Cafetieră",
        brand="Arvex",
        category=2711,
        eans=["5941111111110"],
        price="150.0000",
        competitors=[
            {**rival, "seller": "A", "price": "140.0000", "stock": 5},
            {**rival, "seller": "B", "price": "100.0000", "stock": 0},
        ],
    )
    save(main, {**ATTACHED, "part_number_key": product["key"], "emag_club": 0})
    return product


def place(caller):
    read = offer(caller, 1042)
    return read["buy_button_rank"], read["number_of_offers"]


def test_the_cheaper_one_wins(main, rivals):
    read = offer(main, 1042)

    assert place(main) == (2, 2)
    assert read["best_offer_sale_price"] == read["main_offer_price"] == "140.0000"
    assert read["best_offer_recommended_price"] is None


def test_a_lower_price_wins_it_back(main, rivals):
    main.call("offer/save", [{"id": 1042, "sale_price": 130}])

    assert place(main) == (1, 2)
    assert offer(main, 1042)["main_offer_price"] == "130.0000"


def test_without_stock_nobody_competes(main, rivals):
    main.call("offer_stock/1042", {"stock": 0}, method="PATCH")

    assert place(main) == (None, 1)


def test_both_accounts_of_a_seller_compete(sim, main, fbe, rivals):
    sim.world.docs("offer", "fbe")
    sim.config({"offers.apply_lag": "0"})
    other = {**sim.world.docs("offer", "main").get(1042), "id": 1042, "sale_price": "120.0000"}
    sim.world.docs("offer", "fbe").put(1042, other)

    main.call("offer/save", [{"id": 1042, "sale_price": 149}])

    assert place(main) == (3, 3)
    assert place(fbe) == (1, 3)


def test_competitors_react(sim, main):
    sim.do("offers", account="main", n=60)
    before = {id: doc["best_offer_sale_price"] for id, doc in sim.truth("offer", "main").items()}
    sim.config(buybox_tick=900.0)
    buybox.start(sim.world, "ro")

    sim.clock(advance="PT6H")

    after = {id: doc["best_offer_sale_price"] for id, doc in sim.truth("offer", "main").items()}
    assert sum(before[id] != after[id] for id in before) > 5


def test_demand_goes_to_the_first(sim, main, rivals):
    account = sim.world.account("main")
    doc = sim.world.docs("offer", account).get(1042)
    shares = buybox.shares(sim.world, account)

    assert buybox.share(doc, shares) == 0.10
    assert buybox.share({**doc, "buy_button_rank": 1}, shares) == 0.85
    assert buybox.share({**doc, "buy_button_rank": 4}, shares) == 0.0
    assert buybox.share({**doc, "general_stock": 0}, shares) == 0.0


def test_orders_come_for_what_wins(sim, main):
    sim.do("offers", account="main", n=120)
    sim.inject_orders(200, account="main", lines=1)

    offers = sim.truth("offer", "main")
    ranks = [
        offers[int(line["product_id"])]["buy_button_rank"]
        for order in sim.truth("order", "main").values()
        for line in order["products"]
    ]
    assert ranks.count(1) > 150
    assert None not in ranks
