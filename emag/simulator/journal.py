"""What really happened: every call with its reply, and every effect with its cause.

Tests judge a client by this, never by what the client says of itself.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from emag.simulator.store import Store

NEW_EFFECT = (
    "INSERT INTO effects (call, wall, at, kind, account, subject, detail) VALUES (?,?,?,?,?,?,?)"
)
NEW_CALLBACK = (
    "INSERT INTO callbacks (wall, at, account, kind, subject, url, status, error, took_ms) "
    "VALUES (?,?,?,?,?,?,?,?,?)"
)


class Journal:
    def __init__(self, store: Store, now: Callable[[], str]) -> None:
        self.store = store
        self._now = now
        #: The call being handled; effects are filed under it. Guarded by the store's lock.
        self.current: int | None = None
        self._filed = 0

    # -- writing

    def open(self, *, wall: float, **facts: Any) -> int:
        """File a call the moment it is let in or turned away; `close` adds how it ended."""
        names = ["wall", "at", *facts]
        values = [wall, self._now(), *facts.values()]
        with self.store.transaction():
            cursor = self.store.db.execute(
                f"INSERT INTO journal ({','.join(names)}) VALUES ({','.join('?' * len(names))})",  # noqa: S608
                values,
            )
        return int(cursor.lastrowid or 0)

    def close(self, n: int, **facts: Any) -> None:
        with self.store.transaction():
            self.store.db.execute(
                f"UPDATE journal SET {','.join(f'{name}=?' for name in facts)} WHERE n=?",  # noqa: S608
                [*facts.values(), n],
            )

    def begin(self, n: int | None) -> None:
        """From here on effects belong to call `n`."""
        self.current, self._filed = n, 0

    def end(self) -> int:
        """The call's action is over; how many effects it had."""
        self.current = None
        return self._filed

    def effect(self, kind: str, account: str | None, id: Any, detail: Any = None) -> None:
        """Something changed in the world: `kind` such as "order.acknowledged", of which object."""
        self._filed += 1
        with self.store.transaction():
            self.store.db.execute(
                NEW_EFFECT,
                (
                    self.current,
                    time.time(),
                    self._now(),
                    kind,
                    account,
                    str(id),
                    json.dumps(detail),
                ),
            )

    def effects_of_many(self, kind: str, account: str, ids: Iterable[Any]) -> None:
        now, wall = self._now(), time.time()
        with self.store.transaction():
            self.store.db.executemany(
                NEW_EFFECT,
                ((self.current, wall, now, kind, account, str(id), "null") for id in ids),
            )

    def callback(
        self,
        *,
        account: str,
        kind: str,
        subject: str,
        url: str,
        status: int | None,
        error: str,
        took_ms: float,
    ) -> None:
        with self.store.transaction():
            self.store.db.execute(
                NEW_CALLBACK,
                (time.time(), self._now(), account, kind, subject, url, status, error, took_ms),
            )

    def prune(self, keep: int) -> None:
        with self.store.transaction():
            self.store.db.execute(
                "DELETE FROM journal WHERE n <= (SELECT max(n) FROM journal) - ?", (keep,)
            )
            self.store.db.execute(
                "DELETE FROM past WHERE rowid <= (SELECT max(rowid) FROM past) - ?", (keep,)
            )

    # -- reading

    def calls(
        self, *, since: float = 0.0, last: int | None = None, **where: Any
    ) -> list[dict[str, Any]]:
        """Calls, oldest first, each with its effects. Filters: account, route, status…"""
        clauses, values = ["wall >= ?"], [since]
        for name, value in where.items():
            if not name.isidentifier():
                raise ValueError(f"Not a field of the journal: {name!r}")
            clauses.append(f"{name} = ?")
            values.append(value)
        limit = "" if last is None else f" LIMIT {int(last)}"
        with self.store.lock:
            rows = self.store.db.execute(
                f"SELECT * FROM journal WHERE {' AND '.join(clauses)} ORDER BY n DESC{limit}",  # noqa: S608
                values,
            ).fetchall()
            effects: dict[int, list[dict[str, Any]]] = defaultdict(list)
            if rows:
                for effect in self.effects(call__between=(rows[-1]["n"], rows[0]["n"])):
                    effects[effect["call"]].append(effect)
        return [self._call(dict(row), effects) for row in reversed(rows)]

    def _call(
        self, row: dict[str, Any], effects: dict[int, list[dict[str, Any]]]
    ) -> dict[str, Any]:
        for name in ("ids", "faults"):
            row[name] = json.loads(row[name]) if row[name] else []
        for name in ("limited", "is_error", "applied"):
            row[name] = None if row[name] is None else bool(row[name])
        row["effects"] = effects.get(row["n"], [])
        return row

    def effects(self, **where: Any) -> list[dict[str, Any]]:
        """Effects, oldest first. Filters: kind, account, subject, call."""
        clauses, values = ["1=1"], []
        for name, value in where.items():
            field, _, operator = name.partition("__")
            if not field.isidentifier():
                raise ValueError(f"Not a field of the journal: {field!r}")
            if operator == "between":
                clauses.append(f"{field} BETWEEN ? AND ?")
                values.extend(value)
            else:
                clauses.append(f"{field} = ?")
                values.append(str(value) if field == "subject" else value)
        with self.store.lock:
            rows = self.store.db.execute(
                f"SELECT * FROM effects WHERE {' AND '.join(clauses)} ORDER BY id",  # noqa: S608
                values,
            ).fetchall()
        return [{**dict(row), "detail": json.loads(row["detail"] or "null")} for row in rows]

    def callbacks(self) -> list[dict[str, Any]]:
        with self.store.lock:
            return [
                dict(row) for row in self.store.db.execute("SELECT * FROM callbacks ORDER BY id")
            ]

    def referee(
        self, account: str | None = None, bucket: str | None = None
    ) -> dict[str, dict[str, int]]:
        """Per account and bucket: the calls in the widest second and the widest minute, over any
        moment and not only over aligned windows, with those that were turned away."""
        with self.store.lock:
            rows = self.store.db.execute(
                "SELECT account, bucket, wall, limited FROM journal "
                "WHERE bucket IS NOT NULL ORDER BY wall"
            ).fetchall()
        times: dict[tuple[str, str], list[float]] = defaultdict(list)
        limited: dict[tuple[str, str], int] = defaultdict(int)
        for row in rows:
            if (account and row["account"] != account) or (bucket and row["bucket"] != bucket):
                continue
            key = (row["account"], row["bucket"])
            times[key].append(row["wall"])
            limited[key] += row["limited"]
        return {
            f"{key[0]} {key[1]}": {
                "second": widest(moments, 1.0),
                "minute": widest(moments, 60.0),
                "calls": len(moments),
                "limited": limited[key],
            }
            for key, moments in times.items()
        }


def widest(moments: list[float], span: float) -> int:
    """The most moments that fit into any half-open span.

    >>> widest([0.0, 0.5, 0.9, 1.0], 1.0)
    3
    """
    most = first = 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - span:
            first += 1
        most = max(most, last - first + 1)
    return most
