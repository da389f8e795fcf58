"""The trainer's page: plain HTML and small forms, nothing to load from elsewhere."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from emag.simulator.control_html import QUICK_FAULTS, STATUS, page
from emag.simulator.operations import perform
from emag.simulator.replies import Reply
from emag.simulator.world import World

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
}


def respond(world: World, method: str, path: str, query: str, body: bytes) -> Reply:
    if method == "POST" and path.startswith("/do/"):
        said, is_bad = act(
            world, path.removeprefix("/do/"), dict(parse_qsl(body.decode("utf-8", "replace")))
        )
        return Reply(
            303,
            {
                "Location": "/?" + urlencode({"said": said, "bad": int(is_bad)}),
                "Content-Type": "text/html",
            },
        )
    if method == "GET" and path == "/":
        told = dict(parse_qsl(query))
        return Reply(
            200, {"Content-Type": "text/html; charset=utf-8", **HEADERS}, page(world, told).encode()
        )
    return Reply(404, {"Content-Type": "text/plain"}, b"Not found")


def act(world: World, name: str, fields: dict[str, str]) -> tuple[str, bool]:
    """What a form asked for; the sentence to show, and whether it is a complaint."""
    try:
        payload = payload_of(name, fields)
        result = perform(world, name, payload)
    except (ValueError, LookupError, TypeError) as error:
        return str(error.args[0] if error.args else error), True
    return sentence(name, result), False


def payload_of(name: str, fields: dict[str, str]) -> dict[str, Any]:
    if name == "order":
        kind, _, value = fields.get("kind", "").partition("=")
        wish: dict[str, Any] = (
            {} if not kind else {kind: int(value) if value.isdecimal() else value}
        )
        if kind in ("locker", "legal", "deposit", "complete"):
            wish = {kind: value == "1"}
        return {"account": fields.get("account", ""), "n": int(fields.get("n") or 1), **wish}
    if name == "fault":
        chosen = fields["name"]
        match = {key: fields[key] for key in ("route", "account") if fields.get(key)}
        count = int(fields["count"]) if fields.get("count") else None
        params = dict(QUICK_FAULTS[chosen].params) if chosen in QUICK_FAULTS else {}
        if fields.get("minutes"):
            params["duration"] = float(fields["minutes"]) * 60
        return {"name": chosen, "match": match, "count": count, "params": params}
    if name == "account":
        if not fields.get("username"):
            raise ValueError("Say what the user is called")
        return {**fields, "offers": int(fields.get("offers") or 0)}
    if name == "config":
        return {"values": {fields["name"]: fields["value"]}, "scope": ""}
    if name == "clock":
        return {key: value for key, value in fields.items() if value}
    return {key: int(value) if value.isdecimal() else value for key, value in fields.items()}


def sentence(name: str, result: Any) -> str:
    match name:
        case "order":
            shown = ", ".join(map(str, result[:8]))
            return f"Placed {len(result)}: {shown}{'…' if len(result) > 8 else ''}"
        case "order_event":
            return f"Order {result.get('id')} is {STATUS.get(result.get('status'), '?')} now"
        case "account":
            return f"{result['username']} may call on {result['platform']} now"
        case "clock":
            return f"It is {result['now']} in the marketplace"
        case "rma" | "rma_event":
            return f"Return {result.get('id') or result.get('emag_id')}: done"
        case "invariants":
            return "; ".join(result) or "Everything is in order"
        case "scenario":
            return f"The scenario is {result['scenario']} now"
    return "Done"
