"""What happens by itself, at its virtual time: a queue of named events in the store."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from emag.simulator.accounts import Account
    from emag.simulator.world import World

logger = logging.getLogger("emag.simulator")

EventHandler: TypeAlias = "Callable[[World, Account | None, dict[str, Any]], None]"

EVENTS: dict[str, EventHandler] = {}


def event(name: str) -> Callable[[EventHandler], EventHandler]:
    """Register what happens when an event of this name is due: `fn(world, account, payload)`."""

    def register(handler: EventHandler) -> EventHandler:
        EVENTS[name] = handler
        return handler

    return register


class Schedule:
    """The events to come. Each runs in a transaction of its own, with the clock at its moment."""

    def __init__(self, world: World) -> None:
        self.world = world

    def add(
        self,
        at: datetime | timedelta | float,
        name: str,
        payload: dict[str, Any] | None = None,
        account: str | None = None,
    ) -> None:
        if name not in EVENTS:
            raise ValueError(f"There is no event {name!r}")
        store = self.world.store
        with store.transaction():
            store.db.execute(
                "INSERT INTO events (at, name, account, payload) VALUES (?,?,?,?)",
                (self.world.clock.to_instant(at), name, account, json.dumps(payload or {})),
            )

    def next_instant(self) -> float | None:
        with self.world.store.lock:
            row = self.world.store.db.execute("SELECT min(at) FROM events").fetchone()
        return None if row[0] is None else float(row[0])

    def run_due(self, until: float | None = None, most: int = 1_000_000) -> int:
        """Run what is due, in order; an event may add others. Returns how many ran."""
        store, clock = self.world.store, self.world.clock
        ran = 0
        while ran < most:
            with store.transaction():
                limit = clock.instant() if until is None else until
                row = store.db.execute(
                    "SELECT * FROM events WHERE at <= ? ORDER BY at, id LIMIT 1",
                    (limit,),
                ).fetchone()
                if row is None:
                    return ran
                store.db.execute("DELETE FROM events WHERE id=?", (row["id"],))
                account = self.world.accounts.get(row["account"]) if row["account"] else None
                self._run(dict(row), account)
            ran += 1
        return ran

    def _run(self, row: Mapping[str, Any], account: Account | None) -> None:
        with self.world.clock.pinned(row["at"]):
            try:
                EVENTS[row["name"]](self.world, account, json.loads(row["payload"]))
            except Exception:
                # One event that fails must not stop the world; the journal keeps what it was.
                logger.exception("The event %s failed", row["name"])
                self.world.journal.effect(
                    "event.failed", row["account"], row["name"], json.loads(row["payload"])
                )
