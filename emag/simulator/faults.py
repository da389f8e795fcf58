"""Fault rules: what goes wrong, for which calls, how often, while it runs.

A rule names a fault and says whom it strikes. Each strike is journaled with the call, together
with whether a write was applied in spite of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from emag.simulator.clock import wire

if TYPE_CHECKING:
    from emag.simulator.world import World

#: Name → what the client sees. Filled by the modules that make the faults.
FAULTS: dict[str, str] = {}


def declare_fault(name: str, about: str) -> None:
    FAULTS[name] = about


@dataclass(slots=True)
class Rule:
    """`match`: route (a pattern like "order/*"), account, platform, method, page, nth ([3, 7],
    counted over the calls that match the rest), after and until (virtual times)."""

    id: int
    name: str
    match: dict[str, Any] = field(default_factory=dict)
    probability: float = 1.0
    #: How many strikes are left; None is without end.
    count: int | None = None
    params: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    strikes: int = 0

    def fits(self, facts: Mapping[str, Any], now: str) -> bool:
        match = self.match
        if "route" in match and not fnmatchcase(facts.get("route", ""), match["route"]):
            return False
        for name in ("account", "platform", "method", "page"):
            if name in match and str(match[name]) not in aliases(facts, name):
                return False
        if now < str(match.get("after", "")):
            return False
        return "until" not in match or now < str(match["until"])


def aliases(facts: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = str(facts.get(name, ""))
    return (value, value.partition(":")[2]) if name == "account" else (value,)


class Hits:
    """The faults that strike one call, by name."""

    def __init__(self, rules: Iterable[tuple[str, dict[str, Any]]] = ()) -> None:
        self.waiting: dict[str, dict[str, Any]] = {}
        for name, params in rules:
            self.waiting.setdefault(name, params)
        #: Names of the faults that were really made.
        self.made: list[str] = []

    def take(self, name: str) -> dict[str, Any] | None:
        params = self.waiting.get(name)
        if params is not None and name not in self.made:
            self.made.append(name)
        return params

    def __contains__(self, name: str) -> bool:
        return name in self.waiting


class FaultBook:
    """The rules in force."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rules: dict[int, Rule] = {}
        self._number = 0

    def add(
        self,
        name: str,
        *,
        match: Mapping[str, Any] | None = None,
        probability: float = 1.0,
        count: int | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Rule:
        if name not in FAULTS:
            raise ValueError(f"There is no fault {name!r}")
        with self.world.store.lock:
            self._number += 1
            rule = Rule(
                self._number, name, dict(match or {}), float(probability), count, dict(params or {})
            )
            if "duration" in rule.params:
                until = self.world.clock.instant() + float(rule.params["duration"])
                rule.match["until"] = wire(self.world.clock.local(until))
            self.rules[rule.id] = rule
        return rule

    def remove(self, id: int) -> None:
        with self.world.store.lock:
            self.rules.pop(id, None)

    def clear(self) -> None:
        with self.world.store.lock:
            self.rules.clear()

    def strike(self, facts: Mapping[str, Any]) -> Hits:
        """The faults of a call with these facts (route, account, platform, method, page)."""
        with self.world.store.lock:
            if not self.rules:
                return Hits()
            now = self.world.now_text()
            found = []
            for rule in list(self.rules.values()):
                if not rule.fits(facts, now):
                    continue
                rule.seen += 1
                nth = rule.match.get("nth")
                if nth is not None and rule.seen not in (nth if isinstance(nth, list) else [nth]):
                    continue
                if rule.count is not None and rule.strikes >= rule.count:
                    continue
                if rule.probability < 1 and self.world.rng("faults").random() >= rule.probability:
                    continue
                rule.strikes += 1
                found.append(
                    (rule.name, {**rule.params, "_rule": rule.id, "_strike": rule.strikes})
                )
        return Hits(found)

    def state(self) -> list[dict[str, Any]]:
        return [asdict(rule) for rule in self.rules.values()]

    def restore(self, state: Iterable[Mapping[str, Any]]) -> None:
        self.rules = {rule["id"]: Rule(**rule) for rule in state}
        self._number = max(self.rules, default=0)
