"""An AWB after it was issued: from the seller's door to the customer's, or back, or nowhere.

Only `DLV` is a documented code. The others are this simulator's, and the switch
`awb.unknown_codes` renames them, so that nobody builds on them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emag.simulator import rma_life
from emag.simulator.callbacks import announce
from emag.simulator.checks import whole
from emag.simulator.events import event
from emag.simulator.offer_values import span
from emag.simulator.orders import arrivals, life
from emag.simulator.rng import seeded
from emag.simulator.store import Docs, Document, declare_kind
from emag.simulator.switches import declare

if TYPE_CHECKING:
    from emag.simulator.accounts import Account
    from emag.simulator.world import World

# A document's id is its reservation; the other two ids lead to it.
declare_kind(
    "awb",
    columns=("emag_id", "order_id", "rma_id"),
    order="-id",
    indexes=(("emag_id", "id"), ("order_id", "id")),
)
declare_kind("awb_barcode", order="id")

declare("awb.unknown_codes", "off", "on", "off", about="other codes than this simulator's own")
declare("awb.lost_rate", 0.002, about="share of parcels that get lost")

HOUR = 3_600
DELIVERED = "DLV"
STATES = {
    "REG": ("Registered", "AWB registered"),
    "PCK": ("Picked up", "Parcel picked up by the courier"),
    "TRN": ("In transit", "Parcel in transit"),
    "LKR": ("In locker", "Parcel waiting in the locker"),
    "OUT": ("Out for delivery", "Parcel out for delivery"),
    DELIVERED: ("Delivered", "AWB delivered"),
    "REF": ("Refused", "Parcel refused by the receiver"),
    "RET": ("Returned", "Parcel returned to the sender"),
    "LST": ("Lost", "Parcel lost"),
}
# From each state: the next one, and how long it takes.
_NEXT = {
    "REG": ("PCK", f"{4 * HOUR}-{24 * HOUR}"),
    "PCK": ("TRN", f"{2 * HOUR}-{8 * HOUR}"),
    "TRN": ("OUT", f"{8 * HOUR}-{30 * HOUR}"),
    "OUT": (DELIVERED, f"{2 * HOUR}-{9 * HOUR}"),
    "LKR": (DELIVERED, f"{4 * HOUR}-{60 * HOUR}"),
    "REF": ("RET", f"{24 * HOUR}-{72 * HOUR}"),
}


def awbs(world: World, account: Account | str) -> Docs:
    return world.docs("awb", account)


def state(world: World, account: Account, code: str) -> dict[str, str]:
    """The status object of a code, as this world names it."""
    name, about = STATES[code]
    if (
        code != DELIVERED
        and world.switches.get("awb.unknown_codes", account.key, account.platform) == "on"
    ):
        code = f"X{seeded(world.seed, 'awb-code', code).randint(10, 99)}"
    return {"code": code, "name": name, "description": about}


def start(world: World, account: Account, awb: Document, *, dropped_off: bool) -> None:
    """The tracking chain of a new AWB begins; a parcel taken to a locker needs no pickup."""
    awb["_state"] = "REG"
    awb["status"] = state(world, account, "REG")
    _plan(world, account, awb, "PCK" if dropped_off else "REG")


def _plan(world: World, account: Account, awb: Document, after: str) -> None:
    rng = world.rng("awb")
    following, delay = _NEXT[after]
    if rng.random() < float(world.switches.get("awb.lost_rate", account.key)) and after == "TRN":
        following = "LST"
    elif following == "OUT" and awb["_to_locker"]:
        following = "LKR"
    elif following == DELIVERED and rng.random() < float(
        world.switches.get("orders.refuse_rate", account.key)
    ):
        following = "REF"
    world.schedule(
        world.clock.instant() + span(delay, rng),
        "awb_moved",
        {"id": awb["reservation_id"], "from": awb["_state"], "to": following},
        account,
    )


@event("awb_moved")
def awb_moved(world: World, account: Account | None, payload: dict[str, Any]) -> None:
    awb = awbs(world, account).get(payload["id"]) if account else None
    if account is None or awb is None or awb["_state"] != payload["from"]:
        return
    move(world, account, awb, payload["to"])


def move(world: World, account: Account, awb: Document, code: str) -> None:
    """Put an AWB into a state, tell the seller, and let order and return follow."""
    awb["_state"] = code
    awb["status"] = state(world, account, code)
    awbs(world, account).put(awb["reservation_id"], awb)
    world.journal.effect("awb.moved", account.key, awb["reservation_id"], {"code": code})
    announce(world, account, "awb", awb["awb"][0]["awb_number"])
    if code in _NEXT:
        _plan(world, account, awb, code)
    if awb["rma_id"] is None:
        _follow(world, account, awb, code)
    else:
        rma_life.parcel_moved(world, account, awb["rma_id"], code)


def _follow(world: World, account: Account, awb: Document, code: str) -> None:
    """What the end of a delivery means for its order."""
    order = life.orders(world, account).get(whole(awb["order_id"]) or 0)
    move_order = {DELIVERED: "deliver", "REF": "refuse_delivery"}.get(code)
    if order is not None and move_order:
        arrivals.move(world, account, order, move_order, {})


def awb_event(world: World, account: Account, id: int, type: str) -> Document:
    """Something a trainer lets happen; the names are below."""
    codes = {
        "pick_up": "PCK",
        "transit": "TRN",
        "load": "LKR",
        "out": "OUT",
        "deliver": DELIVERED,
        "refuse": "REF",
        "return": "RET",
        "lose": "LST",
    }
    awb = awbs(world, account).get(id)
    if awb is None:
        raise LookupError(f"There is no AWB {id} in {account.key}")
    if type not in codes:
        raise ValueError(f"AWBs know no event {type!r}")
    move(world, account, awb, codes[type])
    return awb
