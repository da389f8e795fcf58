"""Faults meet every route of goods, and none of them breaks the simulator itself."""

import http.client

import pytest

from emag.simulator.faults import FAULTS

from .goods import UNKNOWN, UPDATE, parcel

# These take their time, or end the connection; they are tested where they are made.
SLOW = {"timeout_before", "timeout_after", "slow_body", "slow_page", "outage", "http_504"}


@pytest.mark.parametrize("name", sorted(FAULTS.keys() - SLOW))
def test_no_route_breaks(sim, main, name):
    sim.do("offers", account="main", n=12)
    [order] = sim.inject_orders(1, account="main", payment="cod", locker=False)
    main.call(f"order/acknowledge/{order}")
    main.call("awb/save", [parcel(order)])
    sim.do("rma", account="main", order_id=order, request_status=2)
    [rma] = main.call("rma/read", {}).results
    sim.fault(name)

    for method, path, body in (
        ("POST", "product_offer/read", {"itemsPerPage": 5}),
        ("POST", "product_offer/read", {"itemsPerPage": 5, "currentPage": 2}),
        ("POST", "product_offer/read", {"id": 1001}),
        ("POST", "product_offer/count", {}),
        ("POST", "product_offer/save", {"data": [UNKNOWN, UPDATE]}),
        ("POST", "offer/save", {"data": [{"id": 1001, "status": 1}]}),
        ("PATCH", "offer_stock/1001", {"stock": 1}),
        ("GET", "documentation/find_by_eans?eans[]=5940000001041", None),
        ("POST", "category/read", {"id": 2735}),
        ("POST", "locality/read", {}),
        ("POST", "awb/save", {"data": [parcel(order)]}),
        ("POST", "awb/read", {"emag_id": 920001}),
        ("GET", "awb/read_pdf?emag_id=920001", None),
        ("POST", "rma/read", {}),
        ("POST", "rma/save", {"data": [rma]}),
        ("POST", "customer-invoice/read", {}),
        ("GET", "smart-deals-price-check?productId=1001", None),
    ):
        try:
            main.call(path, body, method=method)
        except (OSError, http.client.HTTPException):
            main.connection = None

    assert [call["route"] for call in sim.journal() if call["stage"] == "broken"] == []
