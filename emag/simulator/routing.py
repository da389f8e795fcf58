"""The routes of the marketplace and what a route is given.

A route is a function under `emag/simulator/routes/`:

    @route("order/acknowledge/{id:int}", bucket="orders")
    def order_acknowledge(call: Call) -> Answer: ...

Patterns are below `/api-3`; those that begin with a slash stand at the root of the host.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from emag.simulator.answers import Answer

if TYPE_CHECKING:
    from emag.simulator.accounts import Account
    from emag.simulator.faults import Hits
    from emag.simulator.world import World

PARAMETER = re.compile(r"{(\w+)(?::(int|str))?}")
EPOCH = datetime.fromisoformat("1970-01-01")
API_ROOT = "/api-3/"


@dataclass(slots=True)
class Call:
    """One call of a route, already let in, signed in and parsed."""

    world: World
    account: Account
    route: Route
    #: The keys of a read: the top-level keys of the body (or of `data`, form-encoded).
    body: dict[str, Any] = field(default_factory=dict)
    #: The list of a save, whatever envelope it came in.
    entities: list[Any] = field(default_factory=list)
    #: The query string in PHP's notation: `eans[]=1&eans[]=2` is {"eans": ["1", "2"]}.
    query: dict[str, Any] = field(default_factory=dict)
    #: The parameters of the path.
    args: dict[str, Any] = field(default_factory=dict)
    #: Now on the virtual clock: local time of the platform, no zone.
    now: datetime = EPOCH
    hits: Hits | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    #: What the body really was, before any envelope was taken off.
    payload: Any = None

    def switch(self, name: str) -> Any:
        if name in self.overrides:
            return self.overrides[name]
        return self.world.switches.get(name, self.account.key, self.account.platform)

    def fault(self, name: str) -> dict[str, Any] | None:
        """The parameters of a fault rule that strikes this call, or None."""
        return self.hits.take(name) if self.hits is not None else None


Handler: TypeAlias = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    pattern: str
    bucket: str
    methods: tuple[str, ...]
    #: Most entities of one call; 0 where the call is not a save.
    bulk: int
    needs_sign_in: bool
    handler: Handler
    regex: re.Pattern[str]

    @property
    def name(self) -> str:
        return self.pattern

    @property
    def is_write(self) -> bool:
        return not self.pattern.endswith(("read", "count")) and self.methods != ("GET",)


ROUTES: list[Route] = []


def route(
    pattern: str,
    *,
    bucket: str = "rest",
    methods: tuple[str, ...] = ("POST",),
    bulk: int | None = None,
    needs_sign_in: bool = True,
) -> Callable[[Handler], Handler]:
    """Register a route. `bulk` (default 50 for patterns that end in /save) makes it a save: its
    body is read as an envelope and given as `call.entities`."""

    def register(handler: Handler) -> Handler:
        most = bulk if bulk is not None else (50 if pattern.endswith("/save") else 0)
        path = pattern if pattern.startswith("/") else API_ROOT + pattern
        ROUTES.append(Route(pattern, bucket, methods, most, needs_sign_in, handler, compiled(path)))
        return handler

    return register


def compiled(path: str) -> re.Pattern[str]:
    parts, position = [], 0
    for found in PARAMETER.finditer(path):
        parts.append(re.escape(path[position : found.start()]))
        inside = r"\d+" if found[2] == "int" else r"[^/]+"
        parts.append(f"(?P<{found[1]}>{inside})")
        position = found.end()
    parts.append(re.escape(path[position:]))
    return re.compile("".join(parts) + "/?$")


def find(path: str) -> tuple[Route, dict[str, Any]] | None:
    """The route of a path below the platform's root, with its parameters."""
    for candidate in ROUTES:
        found = candidate.regex.match(path)
        if found is not None:
            return candidate, {
                name: int(text) if f"{{{name}:int}}" in candidate.pattern else text
                for name, text in found.groupdict().items()
            }
    return None
