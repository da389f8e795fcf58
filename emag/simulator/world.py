"""The simulated marketplace: its documents, clock, chance, schedule, switches and journal."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any

from emag.simulator.accounts import PLATFORMS, Account
from emag.simulator.clock import VirtualClock, wire
from emag.simulator.events import Schedule
from emag.simulator.faults import FaultBook
from emag.simulator.journal import Journal
from emag.simulator.limits import RateLimits
from emag.simulator.rng import Streams
from emag.simulator.store import Docs, Store
from emag.simulator.switches import Switches


class World:
    """Everything behind the server. One world is one store; threads take turns through it."""

    def __init__(self, path: str | None = None, *, seed: int = 1) -> None:
        self.store = Store(path)
        self.clock = VirtualClock()
        self.switches = Switches()
        self.accounts: dict[str, Account] = {}
        self.journal = Journal(self.store, lambda: wire(self.clock.now()))
        self.faults = FaultBook(self)
        self.limits = RateLimits(self.store)
        self.events = Schedule(self)
        #: Set when something new is due, so that the runner of events wakes up.
        self.wake = threading.Event()
        #: Set when the server stops: sleeping faults let go.
        self.stopping = threading.Event()
        #: Callbacks that wait for a caller.
        self.outbox: queue.Queue[tuple[str, dict[str, Any]] | None] = queue.Queue()
        #: Sets of ids that pages are cut from while the switch page.snapshot is on.
        self.snapshots: dict[Any, list[Any]] = {}
        self.scenario = "calm"
        self._idle = threading.Condition()
        self._in_flight = 0
        self._docs: dict[tuple[str, str], Docs] = {}
        self._restore(seed)

    # -- life

    def _restore(self, seed: int) -> None:
        self.restored = self.store.meta("state") is not None
        self.seed = int(self.store.meta("seed", seed))
        self.generation = int(self.store.meta("generation", -1)) + 1
        self.streams = Streams(self.seed, self.generation)
        with self.store.transaction():
            self.store.set_meta("seed", self.seed)
            self.store.set_meta("generation", self.generation)
        state = self.store.meta("state")
        if state:
            self.clock.restore(state["clock"])
            self.scenario = state["scenario_name"]
            self.switches.scenario = state["scenario"]
            self.switches.scopes = state["scopes"]
            self.faults.restore(state["faults"])
        with self.store.lock:
            for row in self.store.db.execute("SELECT value FROM accounts"):
                account = Account(**json.loads(row[0]))
                self.accounts[account.key] = account

    def reset(self, seed: int) -> None:
        """Forget everything and begin anew with this seed."""
        self.store.clear()
        self.accounts.clear()
        self._docs.clear()
        self.snapshots.clear()
        self.limits.clear()
        self.faults.clear()
        self.switches.scopes.clear()
        self.switches.scenario.clear()
        self.clock.set(mode="real")
        self.seed, self.generation = seed, 0
        self.streams = Streams(seed)
        self.store.set_meta("seed", seed)
        self.store.set_meta("generation", 0)

    def remember(self) -> None:
        """Keep clock, switches and faults, so that a restart goes on where it was."""
        self.store.set_meta(
            "state",
            {
                "clock": self.clock.state(),
                "scenario_name": self.scenario,
                "scenario": self.switches.scenario,
                "scopes": self.switches.scopes,
                "faults": self.faults.state(),
            },
        )

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While a call is being answered; the simulator does not end in the middle of one."""
        with self._idle:
            self._in_flight += 1
        try:
            yield
        finally:
            with self._idle:
                self._in_flight -= 1
                self._idle.notify_all()

    def wait_until_idle(self, seconds: float) -> bool:
        with self._idle:
            return self._idle.wait_for(lambda: not self._in_flight, seconds)

    def close(self) -> None:
        self.stopping.set()
        self.wake.set()
        self.store.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.store.transaction():
            yield

    # -- what routes and events use

    def docs(self, kind: str, account: Account | str) -> Docs:
        key = (
            account.key
            if isinstance(account, Account)
            else self.account(account).key
            if account
            else ""
        )
        found = self._docs.get((kind, key))
        if found is None:
            found = self._docs[kind, key] = Docs(self.store, kind, key, self.clock.instant)
        return found

    def shared_docs(self, kind: str, platform: str = "") -> Docs:
        """Documents that belong to no account: categories, localities, catalogue products."""
        key = f"*{platform}"
        found = self._docs.get((kind, key))
        if found is None:
            found = self._docs[kind, key] = Docs(self.store, kind, key, self.clock.instant)
        return found

    def rng(self, name: str) -> Random:
        return self.streams.stream(name)

    def schedule(
        self,
        at: datetime | timedelta | float,
        name: str,
        payload: dict[str, Any] | None = None,
        account: Account | str | None = None,
    ) -> None:
        """Let the event `name` happen: at a local time, after a timedelta, or at an instant."""
        key = account.key if isinstance(account, Account) else account
        self.events.add(at, name, payload, key)
        self.wake.set()

    def now_text(self) -> str:
        return wire(self.clock.now())

    # -- accounts

    def add_account(self, account: Account) -> Account:
        if account.platform not in PLATFORMS:
            raise ValueError(f"There is no platform {account.platform!r}: {', '.join(PLATFORMS)}")
        if not account.number:
            account.number = len(self.accounts) + 1
        account.vendor_name = account.vendor_name or account.username
        self.accounts[account.key] = account
        self.save_account(account)
        return account

    def save_account(self, account: Account) -> None:
        with self.store.transaction():
            self.store.db.execute(
                "INSERT OR REPLACE INTO accounts VALUES (?,?)",
                (account.key, json.dumps(account.as_dict())),
            )

    def account(self, name: str) -> Account:
        """An account by its key ("ro:demo-main") or, where that is clear, its user name."""
        if name in self.accounts:
            return self.accounts[name]
        found = [account for account in self.accounts.values() if account.username == name]
        if len(found) != 1:
            raise LookupError(f"There is no single account {name!r}")
        return found[0]
