"""Faults of the gateway and of the line: statuses, silence, resets, cut and slow bodies.

Where a fault may strike before or after the action, `applied` says which: the client sees the
same, the world is another.
"""

from __future__ import annotations

import gzip
import time
from email.utils import formatdate
from typing import Any

from emag.simulator.answers import Answer
from emag.simulator.faults import Hits, declare_fault
from emag.simulator.replies import Reply, gateway
from emag.simulator.routing import Call, Route
from emag.simulator.world import World

STATUSES = {"http_408": 408, "http_500": 500, "http_502": 502, "http_503": 503, "http_504": 504}
FLAP = (504, 504, 502, 500)
LONG = 120.0

declare_fault(
    "http_429", "429 although nothing is used up; `retry_after` sets the header, however silly"
)
for _name, _status in STATUSES.items():
    declare_fault(
        _name,
        f"status {_status}; `body` is json, html or empty, `delay` in seconds; "
        "with `applied` the write happens all the same",
    )
declare_fault(
    "flap", "statuses of `sequence` (504, 504, 502, 500), one for each call, then well again"
)
declare_fault("outage", "503 with a page of HTML for every call")
declare_fault("timeout_before", "no reply for `seconds`; the write is not applied")
declare_fault("timeout_after", "no reply for `seconds`; the write is applied")
declare_fault(
    "drop", "the connection is reset before the reply; `applied` true lets the write happen"
)
declare_fault(
    "truncate", "the body breaks off: at byte `at`, or after `percent` (50); `chunked` cuts a chunk"
)
declare_fault("slow_body", "the body drips with `rate` bytes a second (2000)")
declare_fault("slow_page", "the reply takes `seconds` (20)")
declare_fault("html_200", "200 with a page of HTML; `applied` false keeps the write from happening")
declare_fault("bad_gzip", "the body says gzip and is not, or (`cut`) breaks off inside the stream")
declare_fault("wrong_content_type", "JSON under another `type` (text/html)")
declare_fault("empty_200", "200 with nothing in it; `applied` false keeps the write from happening")
declare_fault("clock_skew", "the Date header is `seconds` off (600)")
declare_fault("creds_revoked", "the sign-in is refused from now on")
declare_fault("ip_revoked", "the address is refused from now on")


def too_many(params: dict[str, Any] | None = None) -> Reply:
    reply = gateway(429)
    if params and "retry_after" in params:
        reply.headers["Retry-After"] = str(params["retry_after"])
    return reply


def before_limits(hits: Hits) -> Reply | None:
    if "drop" in hits and not hits.waiting["drop"].get("applied"):
        hits.take("drop")
        return Reply(0, reset=True)
    return None


def gateway_limit(hits: Hits) -> Reply | None:
    params = hits.take("http_429")
    return None if params is None else too_many(params)


def before_action(hits: Hits, world: World) -> Reply | None:
    """Faults that keep the action from happening."""
    if hits.take("outage") is not None:
        return gateway(503, html=True)
    flapping = hits.waiting.get("flap")
    if flapping is not None:
        sequence = flapping.get("sequence", FLAP)
        if flapping["_strike"] <= len(sequence):
            hits.take("flap")
            return gateway(int(sequence[flapping["_strike"] - 1]), html=True)
    silent = hits.take("timeout_before")
    if silent is not None:
        return Reply(0, hang=float(silent.get("seconds", LONG)))
    return instead_of_reply(hits, applied=False)


def instead_of_reply(hits: Hits, *, applied: bool) -> Reply | None:
    """Statuses and pages in place of the true reply, before or after the action."""
    for name, status in STATUSES.items():
        params = hits.waiting.get(name)
        if params is not None and bool(params.get("applied", False)) is applied:
            hits.take(name)
            body = params.get("body", "html" if status in (502, 504) else "json")
            reply = gateway(status, html=body == "html", empty=body == "empty")
            reply.delay = float(params.get("delay", 0))
            return reply
    for name, content, kind in (
        (
            "html_200",
            b"<!DOCTYPE html><html><title>eMAG</title><body>Revenim imediat</body></html>",
            "text/html",
        ),
        ("empty_200", b"", "application/json"),
    ):
        params = hits.waiting.get(name)
        if params is not None and bool(params.get("applied", True)) is applied:
            hits.take(name)
            return Reply(200, {"Content-Type": kind}, content)
    return None


def instead_of_action(hits: Hits, call: Call) -> Answer | None:
    """Faults that change what the action is asked, or answer in its place."""
    from emag.simulator.shaping import refusal, turn_pages

    turn_pages(hits, call)
    return refusal(hits)


def after_action(hits: Hits, world: World, reply: Reply, call: Call | None) -> Reply:
    """Faults that hide what happened: the action is done, the reply is lost or another."""
    if call is None:
        return reply
    silent = hits.take("timeout_after")
    if silent is not None:
        return Reply(0, hang=float(silent.get("seconds", LONG)))
    if hits.take("drop") is not None:
        return Reply(0, reset=True)
    return instead_of_reply(hits, applied=True) or reply


def on_the_line(hits: Hits, world: World, reply: Reply) -> None:
    """Faults of the transport; the reply itself is right."""
    slow = hits.take("slow_page")
    if slow is not None:
        reply.delay += float(slow.get("seconds", 20))
    skewed = hits.take("clock_skew")
    if skewed is not None:
        reply.headers["Date"] = formatdate(
            time.time() + float(skewed.get("seconds", 600)), usegmt=True
        )
    if not reply.body:
        return
    typed = hits.take("wrong_content_type")
    if typed is not None:
        reply.headers["Content-Type"] = str(typed.get("type", "text/html; charset=UTF-8"))
    zipped = hits.take("bad_gzip")
    if zipped is not None:
        reply.headers["Content-Encoding"] = "gzip"
        if zipped.get("cut"):
            packed = gzip.compress(reply.body)
            reply.body = packed[: len(packed) // 2]
    cut = hits.take("truncate")
    if cut is not None:
        reply.cut_at = (
            int(cut["at"]) if "at" in cut else len(reply.body) * int(cut.get("percent", 50)) // 100
        )
        reply.chunked = bool(cut.get("chunked"))
    drip = hits.take("slow_body")
    if drip is not None:
        reply.trickle = float(drip.get("rate", 2000))


def latency(profile: Any, route: Route | None, world: World) -> float:
    """How long it takes: 0.3 s for small calls, 2–7 s for full pages, and a heavy tail."""
    if profile == "off" or route is None:
        return 0.0
    rng = world.rng("latency")
    typical = 3.5 if route.name.endswith("/read") else 0.3
    seconds = min(60.0, typical * rng.lognormvariate(0, 0.35))
    if rng.random() < 0.002:
        seconds = rng.uniform(20, 60)
    return seconds * (3 if profile == "slow" else 1)
