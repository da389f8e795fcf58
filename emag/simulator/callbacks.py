"""Calls from the marketplace to the seller: hints that something happened, nothing more.

A new order is announced again and again until it is acknowledged; the other kinds are tried
three times. Faults may lose a callback, repeat it, delay it, or shuffle the order of several.
"""

from __future__ import annotations

import json
import threading
import time
from typing import Any
from urllib.parse import urlencode

from emag.simulator.accounts import Account
from emag.simulator.events import event
from emag.simulator.faults import Hits, declare_fault
from emag.simulator.outgoing import Unreachable, send
from emag.simulator.world import World

declare_fault("callback_lost", "callbacks never arrive")
declare_fault("callback_dup", "each callback arrives `times` times (default 3)")
declare_fault("callback_late", "callbacks arrive `seconds` later (default 60, virtual)")
declare_fault(
    "callback_ooo", "callbacks arrive out of order, and one names an id that does not exist"
)

NAMES = {
    "order": "order_id",
    "cancel": "order_id",
    "return": "rma_id",
    "awb": "awb",
    "documentation": "id",
}
TRIES = 3


def announce(
    world: World, account: Account, kind: str, subject: int | str, *, attempt: int = 1
) -> None:
    """Tell the seller, if there is a URL for this kind of callback."""
    if not account.callbacks.get(kind):
        return
    hits = world.faults.strike(
        {
            "route": f"callback/{kind}",
            "account": account.key,
            "platform": account.platform,
            "method": "GET",
        }
    )
    for delay, named in plan(world, hits, subject):
        world.schedule(
            world.clock.instant() + delay,
            "callback",
            {"kind": kind, "subject": named, "attempt": attempt},
            account,
        )
    if kind == "order":
        retry = float(world.switches.get("cb.retry", account.key, account.platform))
        if retry > 0:
            world.schedule(
                world.clock.instant() + retry,
                "callback_again",
                {"subject": subject, "attempt": attempt + 1},
                account,
            )


def plan(world: World, hits: Hits, subject: int | str) -> list[tuple[float, int | str]]:
    """When the callback is sent, and of which object: (seconds from now, id)."""
    if hits.take("callback_lost") is not None:
        return []
    late = hits.take("callback_late")
    delay = float(late.get("seconds", 60)) if late is not None else 0.0
    sends: list[tuple[float, int | str]] = [(delay, subject)]
    double = hits.take("callback_dup")
    if double is not None:
        sends *= int(double.get("times", 3))
    shuffled = hits.take("callback_ooo")
    if shuffled is not None:
        rng = world.rng("callbacks")
        sends = [
            (when + rng.uniform(0, float(shuffled.get("seconds", 5))), named)
            for when, named in sends
        ]
        if isinstance(subject, int) and rng.random() < 0.3:
            sends.append((delay, subject + 999_999_000))
    return sends


@event("callback")
def send_now(world: World, account: Account | None, payload: dict[str, Any]) -> None:
    if account is not None:
        world.outbox.put((account.key, payload))


@event("callback_again")
def repeat(world: World, account: Account | None, payload: dict[str, Any]) -> None:
    """The new order is announced until somebody acknowledges it."""
    if account is None:
        return
    order = world.docs("order", account).get(payload["subject"])
    if order is not None and order["status"] == 1:
        announce(world, account, "order", payload["subject"], attempt=payload["attempt"])


class Callers:
    """Threads that make the calls, so that a slow seller does not stop the marketplace."""

    def __init__(self, world: World, count: int = 4) -> None:
        self.world = world
        self.threads = [
            threading.Thread(target=self._work, name=f"callback-{n}", daemon=True)
            for n in range(count)
        ]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        for _ in self.threads:
            self.world.outbox.put(None)
        for thread in self.threads:
            thread.join(timeout=2)

    def _work(self) -> None:
        while (job := self.world.outbox.get()) is not None and not self.world.stopping.is_set():
            account = self.world.accounts.get(job[0])
            if account is not None:
                self._call(account, job[1])

    def _call(self, account: Account, payload: dict[str, Any]) -> None:
        world, kind, subject = self.world, payload["kind"], payload["subject"]
        url, started = account.callbacks.get(kind, ""), time.monotonic()
        if not url:
            return
        name = (
            world.switches.get("cb.params", account.key)
            if kind in ("order", "cancel")
            else NAMES[kind]
        )
        status, error = None, ""
        try:
            timeout = float(world.switches.get("cb.timeout", account.key))
            if world.switches.get("cb.method", account.key) == "post_json":
                status, _ = send(
                    "POST",
                    url,
                    json.dumps({name: subject}).encode(),
                    timeout=timeout,
                    content_type="application/json",
                )
            else:
                mark = "&" if "?" in url else "?"
                status, _ = send("GET", f"{url}{mark}{urlencode({name: subject})}", timeout=timeout)
        except Unreachable as problem:
            error = str(problem)
        if world.stopping.is_set():
            return
        world.journal.callback(
            account=account.key,
            kind=kind,
            subject=str(subject),
            url=url,
            status=status,
            error=error,
            took_ms=round((time.monotonic() - started) * 1000, 1),
        )
        failed = status is None or not 200 <= status < 300
        if failed and kind != "order" and payload["attempt"] < TRIES:
            again = {**payload, "attempt": payload["attempt"] + 1}
            world.schedule(world.clock.instant() + 60, "callback", again, account)
