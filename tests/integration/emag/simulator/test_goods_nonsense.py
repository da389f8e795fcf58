"""Nonsense of every kind in every key: refused or taken, but never the end of the simulator."""

import copy
import random

import pytest

from .goods import ATTACHED, UNKNOWN, UPDATE, parcel

NONSENSE = [
    None, "", 0, -1, 1.5, "x", [], {}, [None], [{}], [[]], {"a": 1}, True, 10**30, "9" * 40,
    "x" * 300, [{"id": None}], [{"warehouse_id": None, "value": []}], 1e308, [{"url": 5}],
    {"id": []}, [5], ["5"], [True], {"name": 5}, "\x00", "2026-13-45",
]  # fmt: skip
FILTERS = [
    "id", "status", "part_number", "part_number_key", "general_stock", "validation_status",
    "itemsPerPage", "currentPage", "valuesPerPage", "name", "modified", "region2", "country_code",
    "emag_id", "order_id", "product_id", "date_start", "date_end", "request_status", "type",
    "category", "number", "reservation_id",
]  # fmt: skip
READS = [
    "product_offer/read", "product_offer/count", "category/read", "locality/read", "rma/read",
    "awb/read", "invoice/read", "customer-invoice/read", "courier_accounts/read",
]  # fmt: skip


@pytest.fixture
def busy(sim, main):
    sim.do("offers", account="main", n=12)
    [order] = sim.inject_orders(1, account="main", payment="cod", locker=False)
    main.call(f"order/acknowledge/{order}")
    main.call("awb/save", [parcel(order)])
    sim.do("rma", account="main", order_id=order, request_status=2)
    return order


@pytest.mark.parametrize("strict", ["on", "off"])
def test_saves(sim, main, busy, strict):
    sim.config(strict=strict)
    rng = random.Random(7)
    [rma] = main.call("rma/read", {}).results
    sizes = {"id": 1001, "length": 1, "width": 1, "height": 1, "weight": 1}
    proposal = {"id": 1001, "campaign_id": 103, "sale_price": 5, "stock": 4, "date_intervals": []}
    bases = [
        ("product_offer/save", UNKNOWN),
        ("product_offer/save", UPDATE),
        ("product_offer/save", ATTACHED),
        ("offer/save", UPDATE),
        ("awb/save", parcel(busy)),
        ("rma/save", rma),
        ("measurements/save", sizes),
        ("campaign_proposals/save", proposal),
    ]
    for _ in range(300):
        path, base = rng.choice(bases)
        sent = copy.deepcopy(base)
        for key in rng.sample(list(sent), rng.choice((1, 1, 2, 3))):
            inner = sent[key]
            if isinstance(inner, dict) and inner and rng.random() < 0.5:
                inner[rng.choice(list(inner))] = rng.choice(NONSENSE)
            else:
                sent[key] = rng.choice(NONSENSE)
        assert main.call(path, [sent]).status == 200, (path, sent)


def test_reads(main, busy):
    rng = random.Random(7)
    for _ in range(200):
        path = rng.choice(READS)
        sent = {key: rng.choice(NONSENSE) for key in rng.sample(FILTERS, 3)}
        assert main.call(path, sent).status == 200, (path, sent)


def test_half_a_character_is_no_text(main):
    reply = main.call("product_offer/save", b'[{"id": 1, "name": "\\ud800"}]')

    assert reply.status == 400
