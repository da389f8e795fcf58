"""order/read, count, acknowledge, save, unlock-courier."""

from __future__ import annotations

from emag.simulator.answers import Answer, failed, ok
from emag.simulator.checks import whole
from emag.simulator.faults import declare_fault
from emag.simulator.listing import counted, window
from emag.simulator.orders import life, reading
from emag.simulator.orders.editing import NOT_FOUND, save_order
from emag.simulator.routing import Call, route
from emag.simulator.store import declare_kind

declare_kind(
    "order",
    columns=("type", "status", "payment_mode_id", "is_complete", "date", "modified"),
    order="-date,-id",
    indexes=(("type", "date", "id", "modified", "status"), ("status",)),
    keeps_past=True,
)
declare_fault("stale_read", "order reads show the state of `lag` seconds ago (virtual, default 60)")
declare_fault(
    "status1_again",
    "an acknowledged order shows status 1 for `seconds` more, or (`lost`) it is not acknowledged",
)
declare_fault(
    "ack_400",
    "acknowledge is answered 400 “already in progress”; applied unless `applied` is false",
)

IN_PROGRESS_ALREADY = "ERROR: Order is already in progress."
FBE_ACKNOWLEDGE = "ERROR: Orders fulfilled by eMAG cannot be acknowledged"
CANCELLED_ALREADY = "ERROR: Order is cancelled"


@route("order/read", bucket="orders")
def order_read(call: Call) -> Answer:
    found = window(call)
    if isinstance(found, Answer):
        return found
    try:
        index = reading.index_of(call)
    except reading.BadFilter as problem:
        return failed(problem.message, status=problem.status)
    docs = call.world.docs("order", call.account)
    texts = reading.page(call, docs, index, *found)
    stale = call.fault("stale_read")
    if stale is not None:
        texts = reading.as_replica(call, docs, texts, float(stale.get("lag", 60)))
    again = call.fault("status1_again")
    if again is not None and not again.get("lost"):
        texts = reading.as_if_new(
            docs,
            index,
            texts,
            found[0],
            call.world.clock.instant() - float(again.get("seconds", 300)),
        )
    profile = call.switch("php.profile")
    if profile != "observed":
        texts = reading.reshaped(texts, profile, call.world.rng("php"))
    return ok(texts)


@route("order/count", bucket="orders")
def order_count(call: Call) -> Answer:
    try:
        index = reading.index_of(call, counting=True)
    except reading.BadFilter as problem:
        return failed(problem.message, status=problem.status)
    return counted(call, call.world.docs("order", call.account).count(**index))


@route("order/acknowledge/{id:int}", bucket="orders")
def order_acknowledge(call: Call) -> Answer:
    """The only way from 1 to 2."""
    order = life.orders(call.world, call.account).get(call.args["id"])
    if order is None:
        return failed(NOT_FOUND)
    if order["type"] == 2:
        return failed(FBE_ACKNOWLEDGE)
    if order["status"] == life.CANCELLED:
        return failed(CANCELLED_ALREADY, status=400)
    if order["status"] != life.NEW:
        return failed(IN_PROGRESS_ALREADY, status=400)
    again = call.fault("status1_again")
    if again is not None and again.get("lost"):
        return ok()
    refused = call.fault("ack_400")
    if refused is None or refused.get("applied", True):
        life.acknowledge(call.world, call.account, order)
    return ok() if refused is None else failed(IN_PROGRESS_ALREADY, status=400)


@route("order/save", bucket="orders")
def order_save(call: Call) -> Answer:
    """Each order is judged alone; what is wrong comes as one flat list of messages."""
    errors: list[str] = []
    warnings: list[str] = []
    for sent in call.entities:
        wrong, remarks = save_order(call.world, call.account, sent)
        if len(call.entities) > 1:
            id = whole(sent.get("id")) if isinstance(sent, dict) else None
            wrong = [text if "Order id:" in text else f"{text} - Order id: {id}" for text in wrong]
        errors += wrong
        warnings += remarks
    return failed(errors) if errors else ok(messages=warnings)


@route("order/{id:int}/unlock-courier", bucket="orders")
def order_unlock_courier(call: Call) -> Answer:
    """Lift the restriction to certain courier accounts."""
    order = life.orders(call.world, call.account).get(call.args["id"])
    if order is None:
        return failed(NOT_FOUND)
    if order["type"] == 2:
        return failed("ERROR: Orders fulfilled by eMAG cannot be edited")
    if order["status"] not in (life.IN_PROGRESS, life.PREPARED):
        return failed("ERROR: Courier can be unlocked only in status 2 or 3")
    order["enforced_vendor_courier_accounts"] = None
    life.save(call.world, call.account, order)
    call.world.journal.effect("order.courier_unlocked", call.account.key, order["id"])
    return ok()
