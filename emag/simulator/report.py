"""How a client did, by the simulator's own books."""

from __future__ import annotations

import json
from typing import Any

from emag.simulator.operations import Payload, operation
from emag.simulator.world import World


@operation("report")
def report(world: World, payload: Payload) -> dict[str, Any]:
    """{account}: orders placed, never returned by a read, acknowledged; the seconds from placing
    to the first sight of each; calls and refusals per bucket; calls spent for each order."""
    account = world.account(str(payload["account"])).key
    placed = {
        one["subject"]: one["wall"]
        for one in world.journal.effects(kind="order.placed", account=account)
    }
    seen: dict[str, float] = {}
    calls: dict[str, dict[str, int]] = {}
    with world.store.lock:
        rows = world.store.db.execute(
            "SELECT wall, route, bucket, limited, status, ids FROM journal "
            "WHERE account=? AND bucket IS NOT NULL ORDER BY n",
            (account,),
        ).fetchall()
    for row in rows:
        counts = calls.setdefault(row["bucket"], {"calls": 0, "limited": 0})
        counts["calls"] += 1
        counts["limited"] += row["limited"]
        if row["route"] == "order/read" and row["status"] == 200:
            for id in json.loads(row["ids"] or "[]"):
                seen.setdefault(str(id), row["wall"])
    acknowledged = world.journal.effects(kind="order.acknowledged", account=account)
    delays = sorted(round(seen[id] - wall, 3) for id, wall in placed.items() if id in seen)
    spent = sum(counts["calls"] for counts in calls.values())
    return {
        "placed": len(placed),
        "never_returned": sorted(int(id) for id in placed.keys() - seen.keys()),
        "acknowledged": sorted(int(one["subject"]) for one in acknowledged),
        "first_seen_after": {
            "median": delays[len(delays) // 2] if delays else None,
            "longest": delays[-1] if delays else None,
        },
        "buckets": calls,
        "calls_per_order": round(spent / len(seen), 3) if seen else None,
    }
