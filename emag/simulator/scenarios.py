"""Worlds to choose from: a calm one for tests, a shop that lives, days on which things go wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from emag.simulator import rma_life as returns
from emag.simulator.accounts import Account
from emag.simulator.orders.arrivals import ensure_arrivals, history
from emag.simulator.seeding import prepare_account
from emag.simulator.world import World

FaultSpec = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Scenario:
    about: str
    switches: dict[str, Any] = field(default_factory=dict)
    faults: tuple[FaultSpec, ...] = ()
    #: Where the virtual clock begins; None is now.
    starts: datetime | None = None
    speed: float = 1.0
    #: Demo accounts, offers and a past of orders.
    is_lived_in: bool = False
    history: int = 0
    fbe_history: int = 0


LIFE = {"orders.life": "on", "buybox.tick": 900.0}
#: What is saved is visible at once, and only what tests ask for comes back.
QUIET = {"offers.apply_lag": "0", "rma.life": "off"}
RARE: tuple[FaultSpec, ...] = (
    ("http_502", {"probability": 0.001}),
    ("http_503", {"probability": 0.001}),
    ("http_504", {"probability": 0.001}),
    ("timeout_before", {"probability": 0.0005, "params": {"seconds": 95}}),
    ("timeout_after", {"probability": 0.0005, "params": {"seconds": 95}}),
    ("null_fields", {"probability": 0.05, "params": {"rate": 0.005}}),
    ("type_drift", {"probability": 0.05, "params": {"rate": 0.005}}),
    ("callback_lost", {"probability": 0.02}),
)
HOSTILE: tuple[FaultSpec, ...] = (
    *(
        (name, {"probability": 0.05})
        for name in (
            "http_500",
            "http_502",
            "http_503",
            "http_504",
            "drop",
            "truncate",
            "html_200",
            "bad_gzip",
        )
    ),
    ("timeout_before", {"probability": 0.02, "params": {"seconds": 10}}),
    ("timeout_after", {"probability": 0.02, "params": {"seconds": 10}}),
    ("http_504", {"probability": 0.05, "params": {"applied": True}}),
    ("http_429", {"probability": 0.05}),
    ("page_shift_new", {"probability": 0.1}),
    ("page_shift_gone", {"probability": 0.1}),
    ("mutate_between", {"probability": 0.1}),
    ("stale_read", {"probability": 0.1, "params": {"lag": 30}}),
    ("null_fields", {"probability": 0.2, "params": {"rate": 0.05}}),
    ("type_drift", {"probability": 0.2, "params": {"rate": 0.05}}),
    ("unknown_fields", {"probability": 0.2}),
    ("unicode", {"probability": 0.2}),
    ("callback_lost", {"probability": 0.1}),
    ("callback_dup", {"probability": 0.1}),
)

SCENARIOS: dict[str, Scenario] = {
    "calm": Scenario("Nothing happens by itself and nothing goes wrong.", QUIET),
    "demo": Scenario(
        "A shop that lives: a past, and a new order every half minute.",
        {**LIFE, "orders.every": 25.0, "orders.autocancel_hours": 72.0},
        is_lived_in=True,
        history=150,
        fbe_history=40,
    ),
    "realistic": Scenario(
        "A usual day: few errors, natural shifts, callbacks that get lost.",
        {**LIFE, "orders.per_day": 200.0, "latency.profile": "real"},
        RARE,
        is_lived_in=True,
        history=400,
        fbe_history=100,
    ),
    "bad_day": Scenario(
        "The gateway staggers: errors in series, slow pages.",
        {**LIFE, "orders.per_day": 200.0},
        (
            (
                "flap",
                {
                    "match": {"route": "product_offer/read"},
                    "params": {"duration": 1800, "sequence": [504, 504, 502, 500] * 100},
                },
            ),
            ("http_504", {"probability": 0.05}),
            ("slow_page", {"probability": 0.1, "params": {"seconds": 20}}),
        ),
        is_lived_in=True,
        history=150,
        fbe_history=40,
    ),
    "black_friday": Scenario(
        "Ten times the orders, and limits that are always near.",
        {**LIFE, "orders.per_day": 4000.0, "rate.scale": 0.7, "rate.rush": "on"},
        is_lived_in=True,
        history=1500,
        fbe_history=300,
    ),
    "hostile": Scenario(
        "Everything goes wrong, often.",
        {**LIFE, "orders.per_day": 400.0},
        HOSTILE,
        is_lived_in=True,
        history=150,
        fbe_history=40,
    ),
    "dst_autumn": Scenario(
        "The night on which an hour comes twice.",
        starts=datetime.fromisoformat("2026-10-25 01:30:00"),
    ),
    "dst_spring": Scenario(
        "The night that lacks an hour.", starts=datetime.fromisoformat("2027-03-28 01:30:00")
    ),
    "bg_euro": Scenario(
        "Bulgaria's last minutes of the lev.", starts=datetime.fromisoformat("2025-12-31 23:50:00")
    ),
    "schema_drift": Scenario(
        "Fields, values and types of a version to come.",
        faults=(
            ("unknown_fields", {"params": {"rate": 0.2}}),
            ("unknown_enums", {"params": {"rate": 0.2}}),
            ("type_drift", {"params": {"rate": 0.2}}),
        ),
    ),
    "big_catalogue": Scenario(
        "Thirty thousand offers.", {"offers.fbs_count": 30_000}, is_lived_in=True, history=150
    ),
    "fbe": Scenario(
        "Five thousand orders that the marketplace ships itself.",
        is_lived_in=True,
        fbe_history=5000,
    ),
}


def choose(world: World, name: str) -> None:
    """Put a scenario's switches, faults and clock in force, in place of those of the one before."""
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise ValueError(f"There is no scenario {name!r}: {', '.join(SCENARIOS)}")
    world.scenario = name
    world.switches.scenario = dict(scenario.switches)
    world.faults.clear()
    for fault, given in scenario.faults:
        world.faults.add(fault, **given)
    if scenario.starts is not None:
        world.clock.set(mode="speed", at=scenario.starts, speed=scenario.speed)
    ensure_arrivals(world)


def populate(world: World, name: str, password: str = "demo") -> None:  # noqa: S107 - the documented one
    """Give a new world what its scenario tells of: accounts, offers, and the last days' orders."""
    scenario = SCENARIOS[name]
    if not scenario.is_lived_in:
        return
    for username, kind, vendor, weight in (
        ("demo-main", "fbs", "Arvex Shop", 1.0),
        ("demo-fbe", "fbe", "Arvex FBE", 0.2),
    ):
        if f"ro:{username}" not in world.accounts:
            world.add_account(Account("ro", username, password, kind, vendor, weight=weight))
    for account in list(world.accounts.values()):
        with world.transaction():
            # The past first: it leaves the stock alone, which is what is left after it.
            count = scenario.fbe_history if account.kind == "fbe" else scenario.history
            history(world, account, count, days=6.0)
            prepare_account(world, account)
            returns.history(world, account)
    ensure_arrivals(world)


def begin(world: World, name: str, password: str = "demo") -> None:  # noqa: S107
    """Start a world: a new one is filled, one that was kept goes on where it was."""
    if world.restored:
        ensure_arrivals(world)
        return
    choose(world, name)
    populate(world, name, password)
    world.remember()
