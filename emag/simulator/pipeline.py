"""From a request to a reply, in the order of a real gateway with an application behind it."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from emag.simulator import breaking, envelope, routing, shaping
from emag.simulator.accounts import Account
from emag.simulator.answers import Answer, Texts, failed, raw
from emag.simulator.faults import FAULTS, Hits
from emag.simulator.replies import Reply, gateway
from emag.simulator.routing import Call, Route
from emag.simulator.world import World

logger = logging.getLogger("emag.simulator")

NOT_ALLOWED = "You are not allowed to use this API."


@dataclass(slots=True)
class Request:
    """What came over the line; `path` is below the platform's root ("/api-3/order/read")."""

    method: str
    platform: str
    path: str
    query_string: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    ip: str = "127.0.0.1"

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")


class Exchange:
    """One request on its way through; each step may end it with a reply."""

    def __init__(self, world: World, request: Request) -> None:
        self.world = world
        self.request = request
        self.username, self.password = basic(request.header("authorization"))
        self.key = f"{request.platform}:{self.username}"
        self.account = world.accounts.get(self.key)
        self.hits = Hits()
        self.rate_headers: dict[str, str] = {}
        self.n: int | None = None
        #: Effects that the action had.
        self.filed = 0
        self.stage = "route"
        self.ids: list[Any] = []
        self.is_error: bool | None = None

    def switch(self, name: str) -> Any:
        return self.world.switches.get(name, self.key, self.request.platform)

    # -- the steps

    def run(self) -> Reply:
        started = time.monotonic()
        found = routing.find(self.request.path)
        if found is None:
            return self._close(self._unknown_path(), started)
        route, args = found
        if self.request.method not in route.methods and self.switch("errors.405") == "on":
            return self._close(gateway(405), started, route)
        payload, form_encoded = self._peek()
        self.hits = self._strike(route, payload)
        bucket = self._bucket(route)
        ruling = self.world.limits.ask(
            self.key,
            bucket,
            self.switch,
            self.world.clock.instant() if self.switch("rate.clock") == "virtual" else None,
        )
        self.rate_headers = ruling.headers
        self._open(route, bucket, ruling.wall, limited=not ruling.passed)
        reply = (
            breaking.before_limits(self.hits)
            or (None if ruling.passed else self._limited())
            or breaking.gateway_limit(self.hits)
            or self._sign_in(route)
            or breaking.before_action(self.hits, self.world)
            or self._act(route, args, payload, form_encoded)
        )
        return self._close(reply, started, route)

    def _peek(self) -> tuple[Any, bool]:
        """The payload as far as it can be read; a fault may be meant for one page only."""
        try:
            return envelope.parsed(self.request.body, self.request.header("content-type"))
        except envelope.Malformed:
            return None, False

    def _strike(self, route: Route, payload: Any) -> Hits:
        page = payload.get("currentPage", 1) if isinstance(payload, dict) else 1
        hits = self.world.faults.strike(
            {
                "route": route.name,
                "account": self.key,
                "platform": self.request.platform,
                "method": self.request.method,
                "page": page,
            }
        )
        named = self.request.header("x-sim-fault")
        if named in FAULTS and self.switch("faults.header") == "on":
            hits.waiting.setdefault(named, {})
        return hits

    def _bucket(self, route: Route) -> str:
        if route.name.startswith("order/attachments"):
            return str(self.switch("rate.attachments_bucket"))
        return route.bucket

    def _open(self, route: Route, bucket: str, wall: float, *, limited: bool) -> None:
        text = self.request.body.decode("utf-8", "replace")
        if self.request.query_string:
            text = f"?{self.request.query_string} {text}".rstrip()
        self.n = self.world.journal.open(
            wall=wall,
            account=self.key,
            route=route.name,
            method=self.request.method,
            path=self.request.path,
            bucket=bucket,
            limited=int(limited),
            request=text[: self.switch("journal.body_limit")],
        )

    def _limited(self) -> Reply:
        self.stage = "limit"
        return breaking.too_many()

    def _unknown_path(self) -> Reply:
        return gateway(404, html=self.switch("errors.404") == "html", text="Invalid URL")

    def _sign_in(self, route: Route) -> Reply | None:
        if not route.needs_sign_in:
            return None
        self.stage = "sign-in"
        account = self.account
        known = account is not None and account.password == self.password and account.api_right
        if not known or self.hits.take("creds_revoked") is not None:
            how = self.switch("auth.bad")
            status = {"403json": 403, "401json": 401, "200json": 200}[how]
            text = f"ERROR: {NOT_ALLOWED.rstrip('.')}" if how == "200json" else NOT_ALLOWED
            return self._reply(failed(text, status=status))
        ip = self.request.ip
        if self.switch("net.trust_xff") == "on" and self.request.header("x-forwarded-for"):
            ip = self.request.header("x-forwarded-for").split(",")[0].strip()
        barred = account is not None and account.ips and ip not in account.ips
        if barred or self.hits.take("ip_revoked") is not None:
            status = 200 if self.switch("auth.ip") == "200json" else 403
            return self._reply(failed(f"ERROR: Invalid vendor ip [{ip}]", status=status))
        return None

    def _act(self, route: Route, args: dict[str, Any], payload: Any, form_encoded: bool) -> Reply:
        self.stage = "body"
        if payload is None:
            status = 400 if self.switch("parse.bad") == "400json" else 200
            return self._reply(failed("ERROR: The request body is not valid JSON", status=status))
        if envelope.scalars(payload) > self.switch("vars.limit"):
            answer = failed("Maximum input vars of 4000 exceeded")
            if self.switch("vars.key") == "message":
                answer = raw(200, {"isError": True, "message": answer.messages[0], "results": []})
            return self._reply(answer)
        call = Call(
            world=self.world,
            account=self.account or Account(self.request.platform, ""),
            route=route,
            args=args,
            query=envelope.php_fields(parse_qsl(self.request.query_string, keep_blank_values=True)),
            now=self.world.clock.now(),
            hits=self.hits,
            payload=payload,
        )
        refusal = self._fill(call, payload, form_encoded)
        if refusal is not None:
            return self._reply(refusal)
        self.stage = "action"
        answer = self._perform(call)
        if self.stage == "action":
            self.stage = "done"
        return self._reply(answer, call)

    def _fill(self, call: Call, payload: Any, form_encoded: bool) -> Answer | None:
        nested = self.switch("read.data_filters") == "honour"
        call.body = envelope.filters(payload, form_encoded=form_encoded, nested=nested)
        if not call.route.bulk:
            return None
        found = envelope.entities(payload, self.switch("save.envelope"))
        if found is None:
            return failed("ERROR: The data of the request has no known form")
        most = min(call.route.bulk, self.switch("bulk.limit"))
        if len(found) > most:
            return failed(f"ERROR: maximum {most} entities per request")
        call.entities = found
        return None

    def _perform(self, call: Call) -> Answer:
        """The action itself: one transaction, its effects filed under this call."""
        instead = breaking.instead_of_action(self.hits, call)
        if instead is not None:
            return instead
        journal = self.world.journal
        try:
            with self.world.transaction():
                journal.begin(self.n)
                try:
                    answer = call.route.handler(call)
                    if isinstance(answer.results, Texts):
                        self.ids = answer.results.ids
                    answer = shaping.world_moves(self.hits, call, answer)
                finally:
                    self.filed = journal.end()
        except Exception:
            self.filed = 0  # it was rolled back
            # A broken route must not stop the marketplace; the journal shows it as what it is.
            logger.exception("The route %s failed", call.route.name)
            self.stage = "broken"
            return raw(500, {"message": "The simulator failed; see its log"})
        return answer

    # -- the reply

    def _reply(self, answer: Answer, call: Call | None = None) -> Reply:
        if call is not None:
            answer = shaping.shape(self.hits, call, answer)
        self.is_error = answer.is_error
        if not self.ids and isinstance(answer.results, list):
            self.ids = [
                one.get("id") for one in answer.results if isinstance(one, dict) and "id" in one
            ]
        reply = Reply(answer.status, dict(answer.headers), answer.body())
        reply.headers.setdefault("Content-Type", "application/json")
        return breaking.after_action(self.hits, self.world, reply, call)

    def _close(self, reply: Reply, started: float, route: Route | None = None) -> Reply:
        for name, value in self.rate_headers.items():
            reply.headers.setdefault(name, value)
        reply.headers.setdefault("Server", "nginx")
        is_rush = self.switch("rate.rush") == "on" and time.time() % 3600 < 60
        latency = breaking.latency(self.switch("latency.profile"), route, self.world)
        reply.delay += latency * (2 if is_rush else 1)
        breaking.on_the_line(self.hits, self.world, reply)
        limit = self.switch("journal.body_limit")
        facts: dict[str, Any] = {
            "status": reply.status,
            "reply": reply.body[:limit].decode("utf-8", "replace"),
            "size": len(reply.body),
            "is_error": None if self.is_error is None else int(self.is_error),
            "ids": json.dumps(self.ids),
            "faults": json.dumps(self.hits.made),
            "applied": int(self.filed > 0) if route is not None and route.is_write else None,
            "took_ms": round((time.monotonic() - started) * 1000, 2),
            "stage": self.stage,
        }
        journal = self.world.journal
        if self.n is None:
            self.n = journal.open(
                wall=time.time(),
                account=self.key,
                route=route.name if route else None,
                method=self.request.method,
                path=self.request.path,
                request=self.request.body[:limit].decode("utf-8", "replace"),
            )
        journal.close(self.n, **facts)
        if self.n % 1000 == 0:
            journal.prune(self.switch("journal.keep"))
        return reply


def handle(world: World, request: Request) -> Reply:
    """Answer one request of the marketplace."""
    return Exchange(world, request).run()


def basic(header: str) -> tuple[str, str]:
    """User name and password of an Authorization header; empty where there is none."""
    scheme, _, code = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(code, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password
