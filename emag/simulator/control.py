"""The control plane over HTTP: /__sim__/… for programs, / for a person with a browser.

Never reachable through the marketplace's port. It asks for no password, so it answers only to
those who call it by a local name: a page from elsewhere cannot use a visitor's browser for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from emag.simulator import control_page
from emag.simulator import goods_invariants as _invariants  # noqa: F401 - it registers itself
from emag.simulator import goods_operations as _operations  # noqa: F401 - it registers itself
from emag.simulator import report as _report  # noqa: F401 - it registers itself
from emag.simulator.operations import OPERATIONS, perform
from emag.simulator.replies import Reply
from emag.simulator.server import Handler

PREFIX = "/__sim__/"
JSON = {"Content-Type": "application/json"}
#: Noun in the path → operation of its events.
EVENT_NOUNS = {
    "orders": "order_event",
    "offers": "offer_event",
    "awb": "awb_event",
    "rma": "rma_event",
}
LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
#: Paths of the documentation → operation, where they differ.
READS = (
    "journal",
    "effects",
    "callbacks",
    "referee",
    "report",
    "invariants",
    "status",
    "accounts",
    "switches",
    "known_faults",
    "faults",
)


def respond(handler: Handler, body: bytes) -> Reply:
    path, _, query = handler.path.partition("?")
    if not is_local(handler):
        return problem(403, "The control plane answers only to local names")
    if not path.startswith(PREFIX):
        return control_page.respond(handler.world, handler.command, path, query, body)
    try:
        payload = given(body, query)
        name, more = operation_of(handler.command, path.removeprefix(PREFIX).strip("/"), payload)
        return Reply(200, dict(JSON), json.dumps(perform(handler.world, name, more)).encode())
    except LookupError as error:
        return problem(404, str(error.args[0]) if error.args else "Not found")
    except (ValueError, TypeError) as error:
        return problem(400, str(error))


def is_local(handler: Handler) -> bool:
    """Called by a local name or by the very address it listens on, and from its own pages only."""
    host = handler.headers.get("Host", "")
    name = host.rpartition(":")[0] or host
    allowed = LOCAL_NAMES | {str(handler.connection.getsockname()[0])}
    origin = handler.headers.get("Origin")
    return name in allowed and origin in (None, f"http://{host}")


def problem(status: int, message: str) -> Reply:
    return Reply(status, dict(JSON), json.dumps({"error": message}).encode())


def given(body: bytes, query: str) -> dict[str, Any]:
    payload = json.loads(body) if body.strip() else {}
    if not isinstance(payload, dict):
        raise ValueError("The body is a JSON object")
    return {**{key: number_or_text(value) for key, value in parse_qsl(query)}, **payload}


def number_or_text(value: str) -> Any:
    return int(value) if value.lstrip("-").isdecimal() else value


def operation_of(method: str, path: str, payload: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The operation behind a documented path; raises LookupError."""
    parts = path.split("/")
    more = dict(payload)
    match (method, parts):
        case ("POST", ["op", name]):
            return name, more
        case ("POST", ["config"]):
            scope = more.pop("scope", "")
            return "config", {"values": more.pop("values", more), "scope": scope}
        case ("POST", ["faults"]):
            return "fault", more
        case ("DELETE", ["faults"]):
            return "remove_fault", {}
        case ("DELETE", ["faults", id]):
            return "remove_fault", {"id": id}
        case ("POST", [noun, id, "event"]) if noun in EVENT_NOUNS:
            return EVENT_NOUNS[noun], {**more, "id": number_or_text(id)}
        case ("GET", ["state", kind]):
            return "state", {**more, "kind": kind}
        case ("GET", [name]) if name in READS:
            return name, more
        case ("POST", [name]) if name in OPERATIONS:
            return name, more
    raise LookupError(f"There is nothing at {method} {PREFIX}{path}")
