"""Everything the simulator remembers: documents as JSON text in one SQLite file.

A document is written once as the text that a reply will contain, so a page of a hundred is a
join of a hundred texts. Keys that begin with an underscore are the simulator's own: they are
kept beside the text and never served.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from emag.simulator.answers import Texts, php_json

Document: TypeAlias = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS accounts (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, name TEXT NOT NULL, account TEXT,
  payload TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_due ON events (at, id);
CREATE TABLE IF NOT EXISTS past (kind TEXT, account TEXT, id, until REAL, json TEXT);
CREATE INDEX IF NOT EXISTS past_recent ON past (kind, account, until);
CREATE TABLE IF NOT EXISTS journal (
  n INTEGER PRIMARY KEY, wall REAL NOT NULL, at TEXT NOT NULL, account TEXT, route TEXT,
  method TEXT, path TEXT, bucket TEXT, limited INTEGER NOT NULL DEFAULT 0, status INTEGER,
  request TEXT, reply TEXT, size INTEGER, is_error INTEGER, ids TEXT, faults TEXT,
  applied INTEGER, took_ms REAL, stage TEXT);
CREATE INDEX IF NOT EXISTS journal_wall ON journal (wall);
CREATE TABLE IF NOT EXISTS effects (
  id INTEGER PRIMARY KEY, call INTEGER, wall REAL NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL,
  account TEXT, subject TEXT, detail TEXT);
CREATE INDEX IF NOT EXISTS effects_subject ON effects (kind, account, subject);
CREATE TABLE IF NOT EXISTS callbacks (
  id INTEGER PRIMARY KEY, wall REAL NOT NULL, at TEXT NOT NULL, account TEXT, kind TEXT,
  subject TEXT, url TEXT, status INTEGER, error TEXT, took_ms REAL);
"""

OPERATORS = {"gte": ">=", "lte": "<=", "gt": ">", "lt": "<", "ne": "<>"}


@dataclass(frozen=True, slots=True)
class Kind:
    """How documents of one kind are stored: columns to filter by, and how they are served."""

    name: str
    columns: tuple[str, ...] = ()
    order: str = "-id"
    indexes: tuple[tuple[str, ...], ...] = ()
    serve: Callable[[Document], Any] | None = None
    keeps_past: bool = False


KINDS: dict[str, Kind] = {}


def declare_kind(
    name: str,
    *,
    columns: Iterable[str] = (),
    order: str = "-id",
    indexes: Iterable[tuple[str, ...]] = (),
    serve: Callable[[Document], Any] | None = None,
    keeps_past: bool = False,
) -> None:
    """Say, at import, how documents of this kind are filtered (`columns`, top-level keys of the
    document) and served (`serve` makes the reply's form when it differs from what is stored).
    A kind that nobody declared works as well, only slower."""
    KINDS[name] = Kind(name, tuple(columns), order, tuple(indexes), serve, keeps_past)


class Store:
    """One SQLite connection behind one lock: a request is one transaction."""

    def __init__(self, path: str | None = None) -> None:
        self.path = path or ":memory:"
        self.lock = threading.RLock()
        self.db = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self._depth = 0
        self._tables: set[str] = set()
        self.db.execute("PRAGMA journal_mode=WAL")
        # A killed process loses nothing that was committed; only a power cut would.
        self.db.execute("PRAGMA synchronous=OFF")
        self.db.execute("PRAGMA cache_size=-65536")
        self.db.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, for this thread alone; may be nested, the outermost one commits."""
        with self.lock:
            outermost = self._depth == 0
            self._depth += 1
            try:
                if outermost:
                    self.db.execute("BEGIN IMMEDIATE")
                yield
                if outermost:
                    self.db.execute("COMMIT")
            finally:
                self._depth -= 1
                if outermost and self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                    self._tables.clear()  # some may have been made in what was taken back

    def clear(self) -> None:
        """Forget everything; the tables stay."""
        with self.transaction():
            names = [
                *self.tables(),
                "meta",
                "accounts",
                "events",
                "past",
                "journal",
                "effects",
                "callbacks",
            ]
            for name in names:
                self.db.execute(f"DELETE FROM {name}")  # noqa: S608

    @contextmanager
    def savepoint(self) -> Iterator[Callable[[], None]]:
        """A part of a transaction that may be taken back alone, by calling what is given."""

        def take_back() -> None:
            self.db.execute("ROLLBACK TO part")
            self._tables.clear()

        self.db.execute("SAVEPOINT part")
        yield take_back
        self.db.execute("RELEASE part")

    def close(self) -> None:
        with self.lock:
            self.db.close()

    # -- small named values

    def meta(self, name: str, default: Any = None) -> Any:
        with self.lock:
            row = self.db.execute("SELECT value FROM meta WHERE name=?", (name,)).fetchone()
        return default if row is None else json.loads(row[0])

    def set_meta(self, name: str, value: Any) -> None:
        with self.transaction():
            self.db.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (name, json.dumps(value)))

    def next_number(self, name: str, first: int, step: int = 1) -> int:
        """The next id of a sequence that survives a restart."""
        with self.transaction():
            number = int(self.meta(f"number:{name}", first))
            self.set_meta(f"number:{name}", number + step)
        return number

    # -- tables of documents

    def table(self, kind: Kind) -> str:
        name = f"doc_{kind.name}"
        if name not in self._tables:
            columns = "".join(f", {quoted(column)}" for column in kind.columns)
            with self.transaction():
                self.db.execute(
                    f"CREATE TABLE IF NOT EXISTS {name} "
                    f"(account TEXT, id, json TEXT, hidden TEXT, wire TEXT{columns})"
                )
                self.db.execute(
                    f"CREATE UNIQUE INDEX IF NOT EXISTS {name}_key ON {name} (account, id)"
                )
                for number, index in enumerate(kind.indexes):
                    inside = ", ".join(quoted(column) for column in index)
                    self.db.execute(
                        f"CREATE INDEX IF NOT EXISTS {name}_{number} ON {name} (account, {inside})"
                    )
            self._tables.add(name)
        return name

    def tables(self) -> list[str]:
        with self.lock:
            rows = self.db.execute(
                "SELECT name FROM sqlite_master WHERE type='table' AND name LIKE 'doc_%'"
            ).fetchall()
        return [row[0] for row in rows]


class Docs:
    """The documents of one kind in one account.

    Filters: `column=value`, `column=[…]` (any of), `column__gte`, `__lte`, `__gt`, `__lt`, `__ne`.
    """

    def __init__(self, store: Store, kind: str, account: str, now: Callable[[], float]) -> None:
        self.store = store
        self.kind = KINDS.get(kind) or Kind(kind)
        self.account = account
        self._now = now

    @property
    def _table(self) -> str:
        return self.store.table(self.kind)

    def get(self, id: int | str) -> Document | None:
        with self.store.lock:
            row = self.store.db.execute(
                f"SELECT json, hidden FROM {self._table} WHERE account=? AND id=?",  # noqa: S608
                (self.account, id),
            ).fetchone()
        return None if row is None else whole(row)

    def put(self, id: int | str, doc: Mapping[str, Any]) -> None:
        self.put_many([(id, doc)])

    def put_many(self, pairs: Iterable[tuple[int | str, Mapping[str, Any]]]) -> None:
        """Write many documents in one go (20,000 orders in a few seconds)."""
        columns = self.kind.columns
        marks = ",".join("?" * (5 + len(columns)))
        with self.store.transaction():
            if self.kind.keeps_past:
                pairs = list(pairs)
                self._keep_past([id for id, _ in pairs])
            self.store.db.executemany(
                f"INSERT OR REPLACE INTO {self._table} VALUES ({marks})",  # noqa: S608
                (self._row(id, doc) for id, doc in pairs),
            )

    def delete(self, id: int | str) -> None:
        with self.store.transaction():
            self.store.db.execute(
                f"DELETE FROM {self._table} WHERE account=? AND id=?",  # noqa: S608
                (self.account, id),
            )

    def find(self, *, order: str = "", **index: Any) -> list[Document]:
        return [whole(row) for row in self._select("json, hidden", order, None, 0, index)]

    def first(self, *, order: str = "", **index: Any) -> Document | None:
        rows = self._select("json, hidden", order, 1, 0, index)
        return whole(rows[0]) if rows else None

    def ids(self, *, order: str = "", limit: int | None = None, **index: Any) -> list[Any]:
        return [row[0] for row in self._select("id", order, limit, 0, index)]

    def count(self, **index: Any) -> int:
        where, values = self._where(index)
        with self.store.lock:
            row = self.store.db.execute(
                f"SELECT count(*) FROM {self._table} WHERE {where}",  # noqa: S608
                values,
            ).fetchone()
        return int(row[0])

    def page(self, offset: int, limit: int, order: str = "", **index: Any) -> list[Document]:
        return [whole(row) for row in self._select("json, hidden", order, limit, offset, index)]

    def texts(
        self, offset: int = 0, limit: int | None = None, order: str = "", **index: Any
    ) -> Texts:
        """The ready texts of a page, for `ok(...)`."""
        column = "wire" if self.kind.serve else "json"
        rows = self._select(f"{column}, id", order, limit, offset, index)
        return Texts((row[0] for row in rows), ids=[row[1] for row in rows])

    def before(self, instant: float) -> dict[Any, str]:
        """The texts of documents as they were at `instant`, of those that changed since."""
        with self.store.lock:
            rows = self.store.db.execute(
                "SELECT id, json FROM past WHERE kind=? AND account=? AND until>? "
                "ORDER BY until DESC",
                (self.kind.name, self.account, instant),
            ).fetchall()
        return {row[0]: row[1] for row in rows}  # the oldest comes last and wins

    # -- inside

    def _row(self, id: int | str, doc: Mapping[str, Any]) -> tuple[Any, ...]:
        served = {key: value for key, value in doc.items() if not key.startswith("_")}
        hidden = {key: value for key, value in doc.items() if key.startswith("_")}
        ascii_only = (
            hash(id) if isinstance(id, int) else len(id)
        ) % 2 == 0  # as seen: some escape, some do not
        text = php_json(served, ascii_only=ascii_only)
        wire = (
            php_json(self.kind.serve(dict(doc)), ascii_only=ascii_only) if self.kind.serve else None
        )
        columns = (scalar(doc.get(column)) for column in self.kind.columns)
        return (self.account, id, text, json.dumps(hidden) if hidden else "", wire, *columns)

    def _keep_past(self, ids: list[Any]) -> None:
        now = self._now()
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            marks = ",".join("?" * len(part))
            self.store.db.execute(
                f"INSERT INTO past SELECT ?, account, id, ?, json FROM {self._table} "  # noqa: S608
                f"WHERE account=? AND id IN ({marks})",
                (self.kind.name, now, self.account, *part),
            )

    def _column(self, name: str) -> str:
        if name == "id" or name in self.kind.columns:
            return quoted(name)
        source = "hidden" if name.startswith("_") else "json"
        return f"json_extract({source}, '$.{quoted(name)}')"

    def _where(self, index: Mapping[str, Any]) -> tuple[str, list[Any]]:
        parts, values = ["account=?"], [self.account]
        for key, value in index.items():
            name, _, operator = key.rpartition("__")
            if operator not in OPERATORS:
                name, operator = key, ""
            column = self._column(name)
            if operator:
                parts.append(f"{column} {OPERATORS[operator]} ?")
                values.append(scalar(value))
            elif isinstance(value, list | tuple | set | frozenset):
                parts.append(f"{column} IN ({','.join('?' * len(value))})")
                values.extend(scalar(one) for one in value)
            elif value is None:
                parts.append(f"{column} IS NULL")
            else:
                parts.append(f"{column} = ?")
                values.append(scalar(value))
        return " AND ".join(parts), values

    def _select(
        self, what: str, order: str, limit: int | None, offset: int, index: Mapping[str, Any]
    ) -> list[sqlite3.Row]:
        where, values = self._where(index)
        terms = [term.strip() for term in (order or self.kind.order).split(",")]
        by = ", ".join(
            f"{self._column(term.lstrip('-'))}{' DESC' if term.startswith('-') else ''}"
            if term != "random"
            else "random()"
            for term in terms
        )
        sql = f"SELECT {what} FROM {self._table} WHERE {where} ORDER BY {by}"  # noqa: S608
        if limit is not None or offset:
            sql += f" LIMIT {-1 if limit is None else int(limit)} OFFSET {int(offset)}"
        with self.store.lock:
            return self.store.db.execute(sql, values).fetchall()


def whole(row: sqlite3.Row) -> Document:
    document: Document = json.loads(row[0])
    if row[1]:
        document.update(json.loads(row[1]))
    return document


def scalar(value: Any) -> Any:
    """A value SQLite can compare: lists and objects are told apart by their text."""
    if isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, int | float | str):
        return value
    return json.dumps(value)


def quoted(name: str) -> str:
    if not name.replace("_", "").isalnum():
        raise ValueError(f"Not a column name: {name!r}")
    return f'"{name}"'
