"""AWBs: what a strict server insists on, what an AWB does to its order, tracking, labels."""

import base64

import pytest

from .goods import RECEIVER, SENDER, order_of, parcel, without


@pytest.fixture
def order(sim, main):
    """An acknowledged order that was paid in cash on delivery, to the customer's door."""
    [id] = sim.inject_orders(1, account="main", payment="cod", locker=False, legal=False)
    main.call(f"order/acknowledge/{id}")
    return id


def ship(caller, *sent):
    return caller.call("awb/save", {"data": list(sent)})


def awb_of(caller, result, **filters):
    return caller.call("awb/read", filters or {"emag_id": result["awb"][0]["emag_id"]}).results


def test_it_works(main, order):
    reply = ship(main, parcel(order))

    assert reply.json == {
        "isError": False,
        "messages": [],
        "errors": [],
        "results": [
            {
                "emag_id": 910001,
                "order_id": str(order),
                "awb": [
                    {
                        "emag_id": 920001,
                        "awb_number": "4EMGLN000000001",
                        "awb_barcode": "4EMGLN000000001001",
                    }
                ],
            }
        ],
    }
    assert awb_of(main, reply.results[0]) == {
        "emag_id": 910001,
        "reservation_id": 481000001,
        "order_id": str(order),
        "rma_id": None,
        "type": 3,
        "weight": 1.2,
        "awb": reply.results[0]["awb"],
        "status": {"code": "REG", "name": "Registered", "description": "AWB registered"},
        "courier": {"courier_account_id": 11001, "courier_name": "SAMEDAY"},
        "currency": "RON",
        "cash_on_delivery": "204.9700",
    }


def test_the_first_awb_finalises_its_order(sim, main, order):
    ship(main, parcel(order))
    after = main.order(order)
    assert (after["status"], after["finalization_date"]) == (4, "2026-03-03 12:00:00")

    ship(main, parcel(order))

    effects = sim.effects(kind="awb.issued")
    assert [one["detail"]["is_first"] for one in effects] == [True, False]
    assert len(sim.effects(kind="order.finalized")) == 1


def test_one_object_is_enough(main, order):
    assert main.call("awb/save", parcel(order)).json["isError"] is False


def test_a_barcode_for_each_parcel(main, order):
    packages = [{"weight": 1, "length": 9, "width": 9, "height": 9}] * 3

    [result] = ship(main, parcel(order, parcel_number=3, weight=3, packages=packages)).results

    assert [one["awb_barcode"][-3:] for one in result["awb"]] == ["001", "002", "003"]


def test_missing_currency_is_a_warning(main, order):
    reply = ship(main, without(parcel(order), "currency"))

    assert reply.json["isError"] is False
    assert "RON" in reply.messages[0]


REFUSED = [
    ({"order_id": None}, "ERROR: order_id: is mandatory"),
    ({"sender": None}, "ERROR: sender: is mandatory"),
    ({"receiver": None}, "ERROR: receiver: is mandatory"),
    ({"is_oversize": None}, "ERROR: is_oversize: is mandatory"),
    ({"cod": None}, "ERROR: cod: is mandatory"),
    ({"order_id": 1}, "ERROR: order_id: order not found"),
    ({"parcel_number": 0}, "ERROR: parcel_number: cannot be 0 together with envelope_number"),
    ({"parcel_number": 1000}, "ERROR: parcel_number: has an invalid value"),
    ({"cod": -1}, "ERROR: cod: has an invalid value"),
    ({"cod": "lots"}, "ERROR: cod: has an invalid value"),
    ({"weight": 3}, "ERROR: weight: must be equal to the sum of the package weights"),
    (
        {"packages": [{"weight": 1.2}]},
        "ERROR: packages: weight, length, width and height are mandatory",
    ),
    ({"currency": "BGN"}, "ERROR: currency: has an invalid value"),
    ({"observation": "x" * 256}, "ERROR: observation: has an invalid value"),
    ({"locker_id": "ab"}, "ERROR: locker_id: has an invalid value"),
    ({"courier_account_id": 1}, "ERROR: courier_account_id: account not found"),
    ({"courier_account_id": 11005}, "ERROR: courier_account_id: account is inactive"),
    ({"courier_account_id": 11004}, "ERROR: courier_account_id: account has the wrong type"),
    ({"receiver": {**RECEIVER, "phone1": "123"}}, "ERROR: receiver.phone1: has an invalid value"),
    (
        {"receiver": {**RECEIVER, "phone1": "0700+000001"}},
        "ERROR: receiver.phone1: has an invalid value",
    ),
    ({"receiver": {**RECEIVER, "name": "Io"}}, "ERROR: receiver.name: has an invalid value"),
    (
        {"receiver": {**RECEIVER, "locality_id": 7}},
        "ERROR: receiver.locality_id: has an invalid value",
    ),
    ({"receiver": without(RECEIVER, "street")}, "ERROR: receiver.street: is mandatory"),
    ({"receiver": without(RECEIVER, "legal_entity")}, "ERROR: receiver.legal_entity: is mandatory"),
    ({"sender": {**SENDER, "address_id": "1"}}, "ERROR: sender.address_id: has an invalid value"),
    ({"sender": "me"}, "ERROR: sender: has an invalid value"),
]


@pytest.mark.parametrize(("changes", "text"), REFUSED, ids=[text for _, text in REFUSED])
def test_what_is_refused(sim, main, order, changes, text):
    reply = ship(main, {**parcel(order), **changes})

    assert reply.json["isError"] is True
    assert text in reply.messages
    assert reply.results == []
    assert sim.truth("awb", "main") == {}
    assert main.order(order)["status"] == 2


def test_a_stored_address_needs_nothing_else(main, order):
    sender = {key: SENDER[key] for key in ("name", "contact", "phone1", "address_id")}

    assert ship(main, parcel(order, sender=sender)).json["isError"] is False


@pytest.mark.parametrize("status", [0, 1, 5])
def test_orders_that_cannot_be_shipped(sim, main, status):
    [id] = sim.inject_orders(1, account="main", payment="cod", status=status)

    assert ship(main, parcel(id)).json["isError"] is True


def test_orders_of_the_marketplace_are_not_shipped_by_the_seller(sim, fbe):
    [id] = sim.inject_orders(1, account="fbe", payment="cod")

    assert any("fulfilled by eMAG" in text for text in ship(fbe, parcel(id)).messages)


def test_a_paid_order_collects_nothing(sim, main):
    [id] = sim.inject_orders(1, account="main", payment="card", locker=False)
    sim.order_event(id, "pay", account="main")
    main.call(f"order/acknowledge/{id}")

    assert ship(main, parcel(id)).messages == ["ERROR: cod: must be 0 for a paid order"]
    assert ship(main, parcel(id, cod=0)).json["isError"] is False


def ordered(sim, main, **fields):
    [id] = sim.inject_orders(1, account="main", payment="cod", **fields)
    main.call(f"order/acknowledge/{id}")
    return id


def test_enforced_accounts(sim, main):
    def enforced(value):
        return ordered(sim, main, locker=False, enforced_vendor_courier_accounts=value)

    assert ship(main, parcel(enforced(None))).json["isError"] is False
    assert ship(main, parcel(enforced([11003, "11001"]))).json["isError"] is False
    assert ship(main, parcel(enforced([11003]))).messages == [
        "ERROR: courier_account_id: is not allowed for this order"
    ]
    assert (
        ship(main, parcel(enforced([]))).messages[-1].startswith("ERROR: order_id: no marketplace")
    )
    [chosen] = ship(main, without(parcel(enforced([11003])), "courier_account_id")).results
    assert awb_of(main, chosen)["courier"]["courier_account_id"] == 11003


def test_pickup_orders_go_to_their_locker(sim, main):
    id = ordered(sim, main, locker=True)
    street = main.order(id)["customer"]["shipping_street"]
    assert "[EasyBox #" in street

    [result] = ship(
        main, parcel(id, courier_account_id=11003, receiver={**RECEIVER, "street": street})
    ).results

    assert awb_of(main, result)["courier"]["courier_account_id"] in (11001, 11002)


def test_another_street_is_another_delivery(sim, main):
    id = ordered(sim, main, locker=True)

    [result] = ship(main, parcel(id, courier_account_id=11003)).results

    assert awb_of(main, result)["courier"]["courier_account_id"] == 11003


def test_sizes_of_one_piece_are_remembered(sim, main):
    sim.do("offers", account="main", n=20)
    one, two = (order_of(sim, quantity, locker=False) for quantity in (1, 2))
    for id in (one, two):
        main.call(f"order/acknowledge/{id}")

    assert ship(main, parcel(two, save_volumetric_awb_data=1)).messages == [
        "ERROR: save_volumetric_awb_data: only for one piece of one product in one parcel"
    ]
    assert ship(main, parcel(one, save_volumetric_awb_data=1)).json["isError"] is False

    [found] = main.call("order/volumetry/read", {"order_id": one}).results
    sizes = {"weight": 1.2, "length": 32.0, "width": 21.0, "height": 12.0}
    assert found["volumetric_data"][0].items() >= sizes.items()


# -- returns


@pytest.fixture
def returned(sim, main, order):
    ship(main, parcel(order))
    return sim.do("rma", account="main", order_id=order)


def fetch(order, rma, **changes):
    customer = {**RECEIVER, "legal_entity": 0}
    return parcel(
        order, rma_id=rma["emag_id"], sender=customer, receiver={**SENDER, "legal_entity": 1},
        cod=0, date="2026-03-04", **changes,
    )  # fmt: skip


def test_a_return_is_fetched(main, order, returned):
    reply = ship(main, fetch(order, returned))

    assert reply.json["isError"] is False
    read = awb_of(main, reply.results[0])
    assert (read["rma_id"], read["awb_type"]) == (returned["emag_id"], 2)
    [rma] = main.call("rma/read", {"emag_id": returned["emag_id"]}).results
    assert rma["awbs"] == [{"reservation_id": read["reservation_id"]}]
    assert main.order(order)["status"] == 4


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"date": None}, "ERROR: date: is mandatory"),
        ({"date": "2026-03-03"}, "ERROR: date: must be tomorrow or later"),
        ({"date": "04.03.2026"}, "ERROR: date: must be tomorrow or later"),
        ({"pickup_and_return": 1}, "ERROR: pickup_and_return: must be 0 for returns"),
        ({"dropoff_locker": 1}, "ERROR: dropoff_locker: is for orders only"),
        ({"cod": 5}, "ERROR: cod: must be 0 for returns"),
        ({"rma_id": 5}, "ERROR: rma_id: return not found"),
        ({"courier_account_id": 11003}, "ERROR: courier_account_id: account has the wrong type"),
    ],
)
def test_what_is_refused_of_returns(main, order, returned, changes, text):
    reply = ship(main, {**fetch(order, returned), **changes})

    assert text in reply.messages


# -- reading


def test_by_any_of_its_ids(sim, main, order):
    [result] = ship(main, parcel(order)).results
    whole = awb_of(main, result)

    assert awb_of(main, result, emag_id=result["emag_id"]) == whole
    assert awb_of(main, result, reservation_id=whole["reservation_id"]) == whole
    assert awb_of(main, result, reservation_id=result["emag_id"]) == whole
    assert awb_of(main, result, emag_id=5) == []
    assert main.call("awb/read", {"order_id": order}).json["isError"] is True

    sim.config(awb_read_by="barcode", awb_read_results="list")
    assert awb_of(main, result, emag_id=result["emag_id"]) == []
    assert awb_of(main, result) == [whole]


def test_tracking_ends_at_the_customer(sim, main, order):
    sim.config(orders_refuse_rate=0.0, awb_lost_rate=0.0)
    [result] = ship(main, parcel(order)).results

    seen = set()
    for _ in range(16):
        sim.clock(advance="PT6H")
        seen.add(awb_of(main, result)["status"]["code"])

    assert awb_of(main, result)["status"] == {
        "code": "DLV",
        "name": "Delivered",
        "description": "AWB delivered",
    }
    assert seen > {"REG", "DLV"}
    assert sim.effects(kind="order.delivered")


def test_refused_parcels_come_back(sim, main, order):
    sim.config(orders_refuse_rate=1.0, awb_lost_rate=0.0)
    [result] = ship(main, parcel(order)).results

    sim.clock(advance="P9D")

    assert awb_of(main, result)["status"]["code"] == "RET"
    assert main.order(order)["status"] == 4


def test_parcels_get_lost(sim, main, order):
    sim.config(awb_lost_rate=1.0)
    [result] = ship(main, parcel(order)).results

    sim.clock(advance="P9D")

    assert awb_of(main, result)["status"]["code"] == "LST"


def test_codes_are_nothing_to_build_on(sim, main, order):
    sim.config(awb_unknown_codes="on")
    [result] = ship(main, parcel(order)).results

    assert awb_of(main, result)["status"]["code"] not in ("REG", "PCK")


def test_a_trainer_moves_a_parcel(sim, main, order):
    [result] = ship(main, parcel(order)).results

    sim.do("awb_event", account="main", id=481000001, type="deliver")

    assert awb_of(main, result)["status"]["code"] == "DLV"


def test_two_parcels_for_one_call(sim, main, order):
    sim.fault("awb_duplicate")

    assert len(ship(main, parcel(order)).results) == 1
    assert len(sim.effects(kind="awb.issued")) == 2


# -- labels


def label(caller, path, root=False):
    return caller.call(path, method="GET", root=root)


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("awb/read_pdf?emag_id=920001&awb_format=A4", False),
        ("awb/read_pdf?emag_id=920001", False),
        ("awb/read_pdf?emag_id=910001&awb_format=A6", False),
        ("awb/read_pdf/920001", False),
        ("awb/read_pdf?emag_id=920001", True),
    ],
)
def test_a_label_is_a_pdf(main, order, path, root):
    ship(main, parcel(order))

    reply = label(main, path, root)

    assert reply.headers["Content-Type"] == "application/pdf"
    assert reply.body.startswith(b"%PDF-1.4")
    assert reply.body.rstrip().endswith(b"%%EOF")
    assert b"4EMGLN000000001001" in reply.body
    start = int(reply.body.rsplit(b"startxref\n", 1)[1].split()[0])
    assert reply.body[start:].startswith(b"xref")


def test_errors_of_labels_come_with_200(main):
    reply = label(main, "awb/read_pdf?emag_id=5")

    assert (reply.status, reply.json["isError"]) == (200, True)
    assert reply.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("fault", ["label_json", "label_empty"])
def test_labels_that_are_none(sim, main, order, fault):
    ship(main, parcel(order))
    sim.fault(fault, count=1)

    reply = label(main, "awb/read_pdf?emag_id=920001")

    assert reply.status == 200
    assert reply.body == b"" or reply.json["isError"] is True
    assert label(main, "awb/read_pdf?emag_id=920001").body.startswith(b"%PDF")


def test_zpl(main, order):
    ship(main, parcel(order))

    reply = label(main, "awb/read_zpl?emag_id=920001")

    [delivery] = reply.results["deliveries"].values()
    text = base64.b64decode(delivery["awbs"]["content"][0]).decode()
    assert text.startswith("^XA")
    assert text.endswith("^XZ")
    assert "4EMGLN000000001001" in text
    assert label(main, "awb/read_pdf?emag_id=920001&awb_format=ZPL").body.startswith(b"^XA")


# -- sizes of parcels


def sizes(caller):
    return caller.call("awb/package/read", {}).results


def test_sizes_of_parcels(main):
    found = sizes(main)

    assert [one["label"] for one in found] == ["XL", "L", "M", "S", "XS"][::-1]
    changed = [{**one, "weight": 2.5, "is_default": one["label"] == "L"} for one in found]
    assert main.call("awb/package/save", changed).json["isError"] is False
    assert sizes(main) == changed


@pytest.mark.parametrize("harm", ["fewer", "weight", "label", "two defaults"])
def test_sizes_are_saved_all_or_none(main, harm):
    found = sizes(main)
    changed = [dict(one) for one in found]
    if harm == "fewer":
        changed.pop()
    elif harm == "weight":
        del changed[0]["weight"]
    elif harm == "label":
        changed[0]["label"] = "XXL"
    else:
        changed[0]["is_default"] = changed[1]["is_default"] = changed[2]["is_default"] = True

    assert main.call("awb/package/save", changed).json["isError"] is True
    assert sizes(main) == found
