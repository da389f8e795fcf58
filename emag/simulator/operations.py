"""What the control plane can do. Each operation takes JSON and gives JSON, and is the same over
HTTP, from the control page, and from a test that runs the simulator in its own process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from emag.simulator import invariants, scenarios
from emag.simulator.accounts import Account
from emag.simulator.clock import WIRE_FORMAT, duration, wire
from emag.simulator.faults import FAULTS
from emag.simulator.orders import life
from emag.simulator.orders.arrivals import ensure_arrivals, move
from emag.simulator.orders.place import place, wish_from
from emag.simulator.seeding import prepare_account
from emag.simulator.switches import SWITCHES
from emag.simulator.world import World

Payload: TypeAlias = Mapping[str, Any]
Operation: TypeAlias = Callable[[World, Payload], Any]

OPERATIONS: dict[str, Operation] = {}


def operation(name: str) -> Callable[[Operation], Operation]:
    """Register an operation: `fn(world, payload)`, in a transaction, raising ValueError or
    LookupError with words for a person."""

    def register(do: Operation) -> Operation:
        OPERATIONS[name] = do
        return do

    return register


def perform(world: World, name: str, payload: Payload) -> Any:
    do = OPERATIONS.get(name)
    if do is None:
        raise LookupError(f"There is no operation {name!r}")
    with world.transaction():
        return do(world, payload)


# -- the world


@operation("reset")
def reset(world: World, payload: Payload) -> dict[str, Any]:
    """A new world: {seed, scenario, password}. Accounts are forgotten too."""
    world.reset(int(payload.get("seed", world.seed)))
    name = str(payload.get("scenario", "calm"))
    scenarios.choose(world, name)
    scenarios.populate(world, name, str(payload.get("password", "demo")))
    world.remember()
    return {"seed": world.seed, "scenario": name}


@operation("scenario")
def scenario(world: World, payload: Payload) -> dict[str, Any]:
    """Change the scenario of a running world: {name}. Its objects stay."""
    scenarios.choose(world, str(payload["name"]))
    world.remember()
    return {"scenario": world.scenario}


@operation("clock")
def clock(world: World, payload: Payload) -> dict[str, Any]:
    """{mode: real|frozen|speed|jump, at, speed, zone, advance: "PT6H"}; advancing runs the due."""
    moment = moment_of(payload.get("at"))
    given = (payload.get("mode"), payload.get("speed"), payload.get("zone"), moment)
    if any(value is not None for value in given):
        speed = payload.get("speed")
        world.clock.set(
            mode=payload.get("mode"),
            at=moment,
            speed=None if speed is None else float(speed),
            zone=payload.get("zone"),
        )
    if payload.get("advance"):
        target = world.clock.instant() + duration(payload["advance"]).total_seconds()
        world.events.run_due(until=target)
        world.clock.set(mode="jump", at=target)
    world.remember()
    world.wake.set()
    return {"now": world.now_text(), "speed": world.clock.speed}


def moment_of(given: Any) -> datetime | None:
    return datetime.strptime(given, WIRE_FORMAT) if given else None  # noqa: DTZ007


@operation("config")
def config(world: World, payload: Payload) -> dict[str, Any]:
    """{"values": {switch: value}, "scope": ""|platform|account}; the values before."""
    scope = str(payload.get("scope") or "")
    before = world.switches.set(payload["values"], scope)
    if any(name.startswith("orders.") for name in before):
        ensure_arrivals(world)
    world.remember()
    return before


@operation("switches")
def switches(world: World, payload: Payload) -> dict[str, Any]:
    return {
        name: {"value": world.switches.get(name), "choices": switch.choices, "about": switch.about}
        for name, switch in sorted(SWITCHES.items())
    }


@operation("account")
def account(world: World, payload: Payload) -> dict[str, Any]:
    """Add an account, or change one: {platform, username, password, kind, callbacks, ips,
    api_right,    weight, offers: how many a new one starts with}."""
    given = dict(payload)
    offers = int(given.pop("offers", 0))
    known = world.accounts.get(f"{given.get('platform', 'ro')}:{given.get('username')}")
    if known is not None:
        for key, value in given.items():
            setattr(known, key, value)
        world.save_account(known)
    else:
        known = world.add_account(Account(**{"platform": "ro", **given}))
        prepare_account(world, known, count=offers)
    ensure_arrivals(world)
    return known.as_dict()


@operation("accounts")
def accounts(world: World, payload: Payload) -> list[dict[str, Any]]:
    return [one.as_dict() for one in world.accounts.values()]


# -- faults


@operation("fault")
def fault(world: World, payload: Payload) -> dict[str, Any]:
    """Add a rule: {name, match, probability, count, params}; its id."""
    rule = world.faults.add(
        str(payload["name"]),
        match=payload.get("match"),
        probability=float(payload.get("probability", 1)),
        count=payload.get("count"),
        params=payload.get("params"),
    )
    world.remember()
    return {"id": rule.id}


@operation("faults")
def faults(world: World, payload: Payload) -> list[dict[str, Any]]:
    return world.faults.state()


@operation("known_faults")
def known_faults(world: World, payload: Payload) -> dict[str, str]:
    return dict(sorted(FAULTS.items()))


@operation("remove_fault")
def remove_fault(world: World, payload: Payload) -> dict[str, Any]:
    """{id}, or all of them without one."""
    if payload.get("id") is None:
        world.faults.clear()
    else:
        world.faults.remove(int(payload["id"]))
    world.remember()
    return {}


# -- orders


@operation("order")
def order(world: World, payload: Payload) -> list[int]:
    """Place orders now: {account, n, at, over: "P3D", lines, payment, locker, legal, voucher,
    deposit, complete, …}; any other key overrides the order's own."""
    given = dict(payload)
    target = world.account(str(given.pop("account", "") or default_account(world)))
    count, over = int(given.pop("n", 1)), duration(given.pop("over", 0))
    moment = moment_of(given.pop("at", None))
    quiet = bool(given.pop("quiet", False))
    return place(world, target, count, wish_from(given), at=moment, over=over, quiet=quiet)


def default_account(world: World) -> str:
    for one in world.accounts.values():
        if one.kind == "fbs":
            return one.key
    raise LookupError("There is no account yet")


@operation("order_event")
def order_event(world: World, payload: Payload) -> dict[str, Any]:
    """One move of an order: {id, type, account, …}; customer_cancel, cancel_request, staff_edit,
    pay, complete, late, auto_cancel, progress, finalize, deliver, refuse_delivery, return_all."""
    given = dict(payload)
    id, name = int(given.pop("id")), str(given.pop("type"))
    owner = owner_of(world, id, str(given.pop("account", "") or ""))
    found = life.orders(world, owner).get(id)
    if found is None:
        raise LookupError(f"There is no order {id} in {owner.key}")
    if not move(world, owner, found, name, given):
        raise ValueError(f"Order {id} in status {found['status']} cannot {name}")
    return life.orders(world, owner).get(id) or {}


def owner_of(world: World, id: int, name: str) -> Account:
    if name:
        return world.account(name)
    for one in world.accounts.values():
        if life.orders(world, one).get(id) is not None:
            return one
    raise LookupError(f"There is no order {id}")


# -- the truth


@operation("state")
def state(world: World, payload: Payload) -> dict[str, Any]:
    """The documents of a kind: {kind, account}; ids as text."""
    docs = world.docs(str(payload["kind"]), str(payload["account"]))
    return {str(id): docs.get(id) for id in docs.ids()}


@operation("journal")
def journal(world: World, payload: Payload) -> list[dict[str, Any]]:
    """The calls, oldest first: {since, last, account, route, status, bucket, limited}."""
    return world.journal.calls(**payload)


@operation("effects")
def effects(world: World, payload: Payload) -> list[dict[str, Any]]:
    """What changed, oldest first: {kind, account, subject}."""
    return world.journal.effects(**payload)


@operation("callbacks")
def callbacks(world: World, payload: Payload) -> list[dict[str, Any]]:
    return world.journal.callbacks()


@operation("referee")
def referee(world: World, payload: Payload) -> dict[str, dict[str, int]]:
    """The widest second and minute of every account and bucket."""
    return world.journal.referee(payload.get("account"), payload.get("bucket"))


@operation("invariants")
def check_invariants(world: World, payload: Payload) -> list[str]:
    """What is not as it must be; empty in a sound world."""
    return invariants.broken(world)


@operation("status")
def status(world: World, payload: Payload) -> dict[str, Any]:
    return {
        "now": wire(world.clock.now()),
        "speed": world.clock.speed,
        "seed": world.seed,
        "scenario": world.scenario,
        "accounts": {
            one.key: {
                "orders": life.orders(world, one).count(),
                "new": life.orders(world, one).count(status=1),
            }
            for one in world.accounts.values()
        },
    }
