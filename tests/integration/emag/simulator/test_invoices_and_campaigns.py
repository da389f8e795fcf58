"""Invoices that follow from orders, campaign proposals, Smart Deals, and what was removed."""

import pytest

from .goods import ATTACHED, save


@pytest.fixture
def sold(sim, main):
    """Five orders that were finalised in March."""
    sim.do("offers", account="main", n=20)
    ids = sim.inject_orders(5, account="main", payment="cod", voucher=False)
    for id in ids:
        main.call(f"order/acknowledge/{id}")
        sim.order_event(id, "finalize", account="main")
    return ids


def invoices(caller, path="customer-invoice/read", **filters):
    return caller.call(path, filters).results


def test_it_works(main, sold):
    found = invoices(main)

    assert found["total_results"] == 5
    [invoice] = invoices(main, order_id=sold[0])["invoices"]
    order = main.order(sold[0])
    net = sum(float(line["sale_price"]) * line["quantity"] for line in order["products"])
    assert (invoice["category"], invoice["is_storno"]) == ("normal", 0)
    assert invoice["date"] == "2026-03-03"
    assert invoice["total_without_vat"] == pytest.approx(net, abs=0.05)
    assert invoice["total_with_vat"] == pytest.approx(
        invoice["total_without_vat"] + invoice["total_vat_value"]
    )
    assert invoice["customer"]["name"] == order["customer"]["billing_name"]
    assert invoice["lines"][0]["vat_rate"] in (21, 11, 0)


def test_reversals_have_invoices_too(sim, main, sold):
    invoices(main)
    sim.order_event(sold[0], "return_all", account="main")

    [storno] = invoices(main, category="storno")["invoices"]

    [normal] = invoices(main, order_id=sold[0], category="normal")["invoices"]
    assert storno["reversal_for"] == normal["number"]
    assert storno["total_with_vat"] == -normal["total_with_vat"]
    assert storno["lines"][0]["quantity"] < 0
    assert invoices(main)["total_results"] == 6


def test_a_month_is_invoiced_when_it_is_over(sim, main, sold):
    assert invoices(main, "invoice/read") == {"total_results": 0, "invoices": []}

    sim.clock(at="2026-04-02 09:00:00")

    found = invoices(main, "invoice/read")
    assert found["total_results"] == 1
    [invoice] = found["invoices"]
    assert (invoice["category"], invoice["name"], invoice["date"]) == (
        "FC",
        "Commission",
        "2026-03-31",
    )
    assert invoice["total_without_vat"] > 0
    assert invoice["total_with_vat"] == pytest.approx(invoice["total_without_vat"] * 1.21, abs=0.01)
    assert invoices(main, "invoice/read") == found


def test_filters_of_invoices(main, sold):
    number = invoices(main)["invoices"][0]["number"]

    assert invoices(main, number=number)["total_results"] == 1
    assert invoices(main, date_start="2026-03-04")["total_results"] == 0
    assert invoices(main, date_end="2026-03-03")["total_results"] == 5
    page = invoices(main, itemsPerPage=2, currentPage=3)
    assert (page["total_results"], len(page["invoices"])) == (5, 1)
    assert main.call("customer-invoice/read", {"date_start": "3.3.2026"}).json["isError"] is True
    assert main.call("customer-invoice/read", {"category": "FC"}).json["isError"] is True


def test_a_thousand_on_a_page(sim, main):
    sim.config(page_over="error400")

    assert main.call("invoice/read", {"itemsPerPage": 1000}).status == 200
    assert main.call("invoice/read", {"itemsPerPage": 1001}).status == 400


def test_categories_of_invoices(main):
    found = main.call("invoice/categories", {}).results

    assert found[0] == {"category": "FC", "name": "Commission"}
    assert len(found) == 5


# -- campaigns

PROPOSAL = {"id": 1042, "campaign_id": 101, "sale_price": 99.99, "stock": 10}
INTERVAL = {
    "start_date": {
        "date": "2026-03-10 00:00:00.000000",
        "timezone_type": 3,
        "timezone": "Europe/Bucharest",
    },
    "end_date": {
        "date": "2026-03-12 00:00:00.000000",
        "timezone_type": 3,
        "timezone": "Europe/Bucharest",
    },
    "voucher_discount": 10,
    "index": 1,
}


def propose(caller, **changes):
    return caller.call("campaign_proposals/save", [{**PROPOSAL, **changes}])


def test_a_proposal(main):
    save(main, ATTACHED)

    reply = propose(main)

    assert reply.json["isError"] is False
    assert reply.results == ["Campaign proposals successfully saved"]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"campaign_id": 5}, "Campaign not found for id: 5"),
        ({"id": 7}, "ERROR: Offer not found - Product id: 7"),
        ({"sale_price": 0}, "ERROR: sale_price has an invalid value - Product id: 1042"),
        ({"stock": 256}, "ERROR: stock has an invalid value - Product id: 1042"),
        ({"stock": None}, "ERROR: stock is mandatory - Product id: 1042"),
        ({"campaign_id": 102}, "ERROR: max_qty_per_order is mandatory - Product id: 1042"),
        ({"campaign_id": 104}, "ERROR: voucher_discount is mandatory - Product id: 1042"),
        (
            {"voucher_discount": 9},
            "ERROR: voucher_discount has an invalid value - Product id: 1042",
        ),
        ({"campaign_id": 103}, "ERROR: date_intervals is mandatory - Product id: 1042"),
        (
            {"campaign_id": 103, "date_intervals": [{**INTERVAL, "index": 2}]},
            "ERROR: date_intervals has an invalid value - Product id: 1042",
        ),
        (
            {"campaign_id": 103, "date_intervals": [INTERVAL] * 31},
            "ERROR: date_intervals has an invalid value - Product id: 1042",
        ),
        (
            {"campaign_id": 103, "date_intervals": [{**INTERVAL, "end_date": {"date": "x"}}]},
            "ERROR: date_intervals has an invalid value - Product id: 1042",
        ),
    ],
)
def test_what_is_refused(main, changes, text):
    save(main, ATTACHED)

    reply = propose(main, **changes)

    assert (reply.json["isError"], reply.results) == (True, [])
    assert text in reply.messages


def test_intervals_of_multi_deals(main):
    save(main, ATTACHED)

    reply = propose(main, campaign_id=103, date_intervals=[INTERVAL, {**INTERVAL, "index": 2}])

    assert reply.json["isError"] is False


def smart(caller, query):
    return caller.call(f"smart-deals-price-check{query}", method="GET")


def test_smart_deals(sim, main):
    sim.do("offers", account="main", n=40)
    docs = sim.truth("offer", "main").values()
    contested = next(doc for doc in docs if doc["number_of_offers"] > 1 and doc["buy_button_rank"])
    alone = next(doc for doc in docs if doc["number_of_offers"] == 1)

    found = smart(main, f"?productId={contested['id']}").results["smart_deals_price"]
    assert 0 < found < float(contested["best_offer_sale_price"])
    assert smart(main, f"?productId={alone['id']}").results == {"smart_deals_price": None}
    assert smart(main, "?productId=7").json["isError"] is True
    assert smart(main, "").json["isError"] is True


# -- messages


def test_messages_are_gone(sim, main):
    for action in ("read", "count", "save"):
        assert main.call(f"message/{action}", {}).status == 404

    sim.config(messages_gone="410")
    assert main.call("message/read", {}).status == 410

    sim.config(messages_version="4.4")
    assert main.call("message/read", {}).results == []
