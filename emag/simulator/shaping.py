"""Faults of the content: envelopes without isError, pages that shift, fields that drift."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from emag.simulator import drifting
from emag.simulator.answers import Answer, Texts, failed
from emag.simulator.checks import whole
from emag.simulator.faults import Hits, declare_fault
from emag.simulator.orders import life
from emag.simulator.orders.arrivals import move
from emag.simulator.orders.place import place
from emag.simulator.routing import Call

declare_fault("no_iserror", "the envelope lacks isError")
declare_fault("no_results", "the envelope lacks results")
declare_fault("iserror_200", "isError with `message`; nothing is applied unless `applied`")
declare_fault("messages_objects", "messages come as objects")
declare_fault("warning_ok", "success with a message beside it")
declare_fault(
    "page_shift_new", "after the page was served, `n` (3) new orders come in: items appear twice"
)
declare_fault(
    "page_shift_gone",
    "after the page was served, `n` (3) of its orders leave the filter: items are skipped",
)
declare_fault(
    "mutate_between", "after the page was served, one of its new orders is changed (`fields`)"
)
declare_fault("repeat_page", "the page before this one is served again")
declare_fault("short_page", "pages carry `n` (7) fewer than was asked for")
declare_fault("unordered", "the results of a page come in any order")

Documents = list[dict[str, Any]]
#: Faults that work on parsed documents, in the order they are made.
DRIFTS: dict[str, Callable[[Documents, dict[str, Any], Random], Any]] = {
    "unordered": lambda documents, params, rng: rng.shuffle(documents),
    "clock_dst": drifting.shift_times,
    "big_ids": drifting.big_ids,
    "unknown_enums": drifting.unknown_enums,
    "unicode": drifting.strange_text,
    "null_fields": drifting.null_fields,
    "type_drift": drifting.type_drift,
    "unknown_fields": drifting.unknown_fields,
}


def turn_pages(hits: Hits, call: Call) -> None:
    """Another page than the one that was asked for."""
    if hits.take("repeat_page") is not None:
        page = whole(call.body.get("currentPage", 1)) or 1
        call.body = {**call.body, "currentPage": max(1, page - 1)}
    short = hits.take("short_page")
    if short is not None:
        limit = whole(call.body.get("itemsPerPage", 100)) or 100
        call.body = {**call.body, "itemsPerPage": max(1, min(limit, 100) - int(short.get("n", 7)))}


def refusal(hits: Hits) -> Answer | None:
    params = hits.waiting.get("iserror_200")
    if params is None or params.get("applied"):
        return None
    hits.take("iserror_200")
    return refused(params)


def refused(params: dict[str, Any]) -> Answer:
    return failed(
        params.get("messages") or [params.get("message", "ERROR: An internal error occurred")]
    )


def world_moves(hits: Hits, call: Call, answer: Answer) -> Answer:
    """What changes behind a page that has just been made; in the call's own transaction."""
    if call.route.name != "order/read" or answer.is_error:
        return answer
    fresh = hits.take("page_shift_new")
    if fresh is not None:
        place(call.world, call.account, int(fresh.get("n", 3)))
    ids = answer.results.ids if isinstance(answer.results, Texts) else []
    gone = hits.take("page_shift_gone")
    if gone is not None:
        send_away(call, ids, int(gone.get("n", 3)))
    changed = hits.take("mutate_between")
    if changed is not None:
        for order in filter(None, map(life.orders(call.world, call.account).get, ids)):
            if order["status"] == life.NEW:
                move(
                    call.world, call.account, order, "staff_edit", {"fields": changed.get("fields")}
                )
                break
    return answer


def send_away(call: Call, ids: list[Any], count: int) -> None:
    """Orders of the page change their status, so that the next page begins too late."""
    left = count
    for order in filter(None, map(life.orders(call.world, call.account).get, ids)):
        name = {
            life.NEW: "customer_cancel",
            life.IN_PROGRESS: "finalize",
            life.PREPARED: "finalize",
        }.get(order["status"])
        if name is None:
            continue
        move(call.world, call.account, order, name, {})
        left -= 1
        if not left:
            return


def shape(hits: Hits, call: Call, answer: Answer) -> Answer:
    """The reply as the client will see it."""
    if not hits.waiting and call.switch("errors.scramble") == "off":
        return answer
    if isinstance(answer.results, list) and any(name in hits for name in DRIFTS):
        drift(hits, call, answer)
    refusing = hits.waiting.get("iserror_200")
    if refusing is not None and refusing.get("applied"):
        hits.take("iserror_200")
        answer.messages, answer.is_error, answer.results = refused(refusing).messages, True, []
    warned = hits.take("warning_ok")
    if warned is not None and not answer.is_error:
        answer.messages = [*answer.messages, warned.get("message", "Default currency RON was used")]
    if call.switch("errors.scramble") == "on":
        answer.messages = [
            drifting.scrambled(text, call.world.rng("scramble")) for text in answer.messages
        ]
    if hits.take("messages_objects") is not None:
        answer.messages = [{"field": "data", "message": text} for text in answer.messages] or [
            {"message": ""}
        ]
    for name, key in (("no_iserror", "isError"), ("no_results", "results")):
        if hits.take(name) is not None:
            answer.without = (*answer.without, key)
    mangled = hits.take("mangle")
    if mangled is not None:
        answer.headers.setdefault("Content-Type", "application/json")
        answer.raw_body = drifting.mangle(answer.body(), mangled)
    return answer


def drift(hits: Hits, call: Call, answer: Answer) -> None:
    documents = (
        answer.results.documents()
        if isinstance(answer.results, Texts)
        else json.loads(json.dumps(answer.results))
    )
    if not all(isinstance(document, dict) for document in documents):
        return
    rng = call.world.rng("drift")
    for name, change in DRIFTS.items():
        params = hits.take(name)
        if params is not None:
            change(documents, params, rng)
    answer.results = documents
