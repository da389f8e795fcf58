"""order/volumetry/read: weights and sizes of what an order contains."""

from __future__ import annotations

from typing import Any

from emag.simulator.answers import Answer, failed, ok
from emag.simulator.checks import whole
from emag.simulator.orders.editing import NOT_FOUND
from emag.simulator.rng import seeded
from emag.simulator.routing import Call, route
from emag.simulator.switches import declare

declare(
    "volumetry.shape", "list", "list", "object", about="whether results is a list of one object"
)


@route("order/volumetry/read", bucket="orders")
def order_volumetry_read(call: Call) -> Answer:
    id = whole(call.body.get("order_id"))
    if id is None:
        return failed("ERROR: order_id is mandatory")
    kind = whole(call.body.get("type", 3))
    if kind not in (2, 3):
        return failed("ERROR: type has an invalid value")
    order = call.world.docs("order", call.account).get(id)
    if order is None or order["type"] != kind:
        return failed(NOT_FOUND)
    wanted = call.body.get("product_id")
    ids = dict.fromkeys(
        str(line["product_id"])
        for line in order["products"]
        if wanted in (None, "") or str(wanted) == str(line["product_id"])
    )
    found = {
        "order_id": id,
        "type": order["type"],
        "volumetric_data": [measured(call, product_id) for product_id in ids],
    }
    return ok(found if call.switch("volumetry.shape") == "object" else [found])


def measured(call: Call, product_id: str) -> dict[str, Any]:
    """What measurements/save said of the offer; else what its parcel would plausibly be."""
    number = whole(product_id)
    offer = None if number is None else call.world.docs("offer", call.account).get(number)
    said = (offer or {}).get("_measurements") or {}
    rng = seeded(call.world.seed, "parcel", product_id)
    usual = {
        "weight": round(rng.uniform(0.1, 4), 2),
        "length": rng.randint(10, 45),
        "width": rng.randint(8, 35),
        "height": rng.randint(2, 25),
    }
    # measurements/save speaks of millimetres and grams, this route of centimetres and kilograms.
    for key, factor in (("weight", 1000), ("length", 10), ("width", 10), ("height", 10)):
        if said.get(key):
            usual[key] = round(float(said[key]) / factor, 2)
    return {"product_id": number if number is not None else product_id, **usual}
