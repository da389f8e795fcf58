"""Takes in what a page brought: compare, map, store; set by set, in one transaction a page.

An order that has not changed since it was taken in costs one comparison and no write. A page that
is refused is taken again piece by piece, so that only the bad piece is set aside for a person.

examine() is the first half and writes nothing. Whoever reads many pages calls it in the threads
that ask for them: one page is compared and mapped while PostgreSQL stores another.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Protocol

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import MarketplaceAccount
from core import failpoints, live
from core.errors import MagFlowError
from core.setwise import execute_with_arrays
from emag.models import PayloadStatus, RejectedPayload, Snapshot
from emag.pulls import versions
from emag.reading import Unreadable
from emag.services.forgetting import forget_orders

log = logging.getLogger("magflow.emag")

# Part of every digest: a new number makes everything be mapped again after the mapping changed.
MAPPING_VERSION = b"1"
LONGEST_MESSAGE = 1_000
LONGEST_PAYLOAD = 1_000_000  # characters of a rejected payload that are kept

# Nothing to do with what was stored: the database is away, or somebody else was in the way.
NOT_THE_PAYLOAD = (OperationalError, InterfaceError)


class Neutral(Protocol):
    """What an order and an offer have in common once they are mapped."""

    external_id: str


class Report(Protocol):
    """What an import did, by external id."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    stale: tuple[str, ...]


@dataclass(frozen=True)
class Intake:
    """How one kind of thing is taken in."""

    key: Callable[[dict[str, Any]], tuple[str, str]]  # raw → (kind, external id)
    map: Callable[[dict[str, Any], datetime], Any]  # raw, read at → neutral; raises Unreadable
    store: Callable[[Sequence[Any]], Any]  # neutral ones → a Report; within our transaction
    kind: str  # what a payload without a readable key is filed under
    keeps_versions: bool = False  # whether what a payload replaces is kept, too


@dataclass(slots=True)
class Entry:
    """One payload of a page on its way in."""

    kind: str
    external_id: str
    raw: dict[str, Any]
    text: str
    digest: bytes
    neutral: Any = None
    why: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.external_id


@dataclass
class Taken:
    """What became of a page, in numbers; `newest` is the latest change that it spoke of."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    keys: set[tuple[str, str]] = field(default_factory=set)
    newest: datetime | None = None

    def saw(self, moment: datetime | None) -> None:
        if moment is not None and (self.newest is None or moment > self.newest):
            self.newest = moment


def digest_of(text: str) -> bytes:
    return blake2b(
        text.encode("utf-8", "surrogatepass"), digest_size=16, key=MAPPING_VERSION
    ).digest()


def canonical(raw: Any) -> str:
    """The same content always gives the same text, in whatever order the keys came."""
    return json.dumps(raw, sort_keys=True, separators=(",", ":"), default=_number)


def _number(value: Any) -> float | str:
    """The same text for who parsed with Decimals as for the client, which does not."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} is nothing that JSON holds")
    near = float(value)
    return near if Decimal(repr(near)) == value else str(value)


class Page(Protocol):
    """A reply of the client that holds a list."""

    @property
    def items(self) -> list[dict[str, Any]]: ...
    @property
    def read_at(self) -> datetime: ...
    @property
    def call_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Examined:
    """A page of which is known what there is to do: what shall be stored, what cannot be read."""

    items: list[dict[str, Any]]
    read_at: datetime
    call_id: str
    taken: Taken
    fresh: list[Entry]
    rejects: list[Entry]


def take_in(account: MarketplaceAccount, intake: Intake, page: Page) -> Taken:
    """Take in the rows of one page. Safe to repeat; older never replaces newer."""
    return store(account, intake, examine(account, intake, page))


def examine(account: MarketplaceAccount, intake: Intake, page: Page) -> Examined:
    """Compare a page with what is known and map what differs.

    By the time it is stored, somebody else may have stored a newer version. That does no harm: the
    import looks again, under its lock.
    """
    taken = Taken()
    entries, rejects = _entries(intake, page.items)
    known = _known(account, entries)
    open_before = _open_rejects(account, entries)
    fresh = []
    for entry in entries:
        taken.keys.add(entry.key)
        digest, changed_at = known.get(entry.key, (None, None))
        if digest == entry.digest and entry.key not in open_before:
            taken.unchanged += 1
            taken.saw(changed_at)
        elif _map(entry, intake, page.read_at):
            taken.saw(_changed_at(entry))
            fresh.append(entry)
        else:
            rejects.append(entry)
    return Examined(page.items, page.read_at, page.call_id, taken, fresh, rejects)


def store(account: MarketplaceAccount, intake: Intake, page: Examined) -> Taken:
    """Write what examine() found; what cannot be read or is refused is set aside for a person."""
    failpoints.hit("pull.replied")
    taken, rejects = page.taken, list(page.rejects)
    if page.fresh:
        rejects += _take(account, intake, page.fresh, page.read_at, taken)
    if rejects:
        taken.rejected += len(rejects)
        taken.keys |= {entry.key for entry in rejects}
        reject(account, rejects, page.call_id)
    return taken


def _entries(intake: Intake, rows: Sequence[dict[str, Any]]) -> tuple[list[Entry], list[Entry]]:
    """The rows by their keys, each once, and those that have none."""
    found: dict[tuple[str, str], Entry] = {}
    nameless: list[Entry] = []
    for raw in rows:
        try:
            text = canonical(raw)
        except (RecursionError, ValueError, TypeError):
            text = "{}"  # nested without end: nothing that could be shown either
        digest = digest_of(text)
        try:
            kind, external_id = intake.key(raw)
        except Unreadable as problem:
            name = f"?{digest.hex()}"
            nameless.append(Entry(intake.kind, name, raw, text, digest, why=[str(problem)]))
        else:
            found[kind, external_id] = Entry(kind, external_id, raw, text, digest)
    return list(found.values()), nameless


def _known(
    account: MarketplaceAccount, entries: list[Entry]
) -> dict[tuple[str, str], tuple[bytes, datetime | None]]:
    rows = execute_with_arrays(
        _KNOWN,
        [
            [entry.kind for entry in entries],
            [entry.external_id for entry in entries],
            account.pk,
        ],
    )
    return {(kind, number): (bytes(digest), changed) for kind, number, digest, changed in rows}


# One look into the index for each, whatever the planner believes of a table that has just grown.
_KNOWN = f"""
    SELECT here.* FROM unnest(%b::text[], %b::text[]) AS wanted (kind, number)
     CROSS JOIN LATERAL (
           SELECT kind, external_id, digest, changed_at FROM {Snapshot._meta.db_table}
            WHERE account_id = %s AND kind = wanted.kind AND external_id = wanted.number
           OFFSET 0) AS here
"""  # noqa: S608 - only the table's own name


def _open_rejects(account: MarketplaceAccount, entries: list[Entry]) -> set[tuple[str, str]]:
    """What waits for a person: it is looked at again although it may be as it was."""
    rows = RejectedPayload.objects.open().filter(
        account=account, external_id__in=[entry.external_id for entry in entries]
    )
    return set(rows.values_list("kind", "external_id")) & {entry.key for entry in entries}


def _map(entry: Entry, intake: Intake, read_at: datetime) -> bool:
    try:
        entry.neutral = intake.map(entry.raw, read_at)
    except Unreadable as problem:
        entry.why = [str(problem)]
    except Exception as problem:  # a payload that trips our own code must not stop the others
        entry.why = [_unexpected(entry, problem)]
    return not entry.why


def _take(
    account: MarketplaceAccount,
    intake: Intake,
    entries: list[Entry],
    read_at: datetime,
    taken: Taken,
) -> list[Entry]:
    """Store them together, or without the bad ones, or one by one; returns what is set aside."""
    try:
        report = _store(account, intake, entries, read_at)
    except NOT_THE_PAYLOAD:
        raise
    except MagFlowError as problem:
        bad = _refused(entries, problem)
    except Exception as problem:  # the same: only the one that trips us is set aside
        if len(entries) == 1:
            entries[0].why = [_unexpected(entries[0], problem)]
        bad = [entry for entry in entries if entry.why]
    else:
        taken.new += len(report.new)
        taken.changed += len(report.changed)
        taken.unchanged += len(entries) - len(report.new) - len(report.changed)
        return []
    good = [entry for entry in entries if not entry.why]
    groups = [good] if bad else [[entry] for entry in good]
    for group in filter(None, groups):
        bad += _take(account, intake, group, read_at, taken)
    return bad


def _refused(entries: list[Entry], problem: MagFlowError) -> list[Entry]:
    """Those that the import names as bad; nobody, where it cannot tell which it is."""
    named = getattr(problem, "bad", {})
    for entry in entries:
        why = named.get((getattr(entry.neutral, "fulfilment", ""), entry.external_id))
        if why or len(entries) == 1:
            entry.why = list(why or getattr(problem, "messages", None) or [str(problem)])
    return [entry for entry in entries if entry.why]


def _store(
    account: MarketplaceAccount, intake: Intake, entries: list[Entry], read_at: datetime
) -> Any:
    with transaction.atomic():
        report = intake.store([entry.neutral for entry in entries])
        stale = set(report.stale)
        current = [entry for entry in entries if entry.external_id not in stale]
        if intake.keeps_versions:
            known = {*report.changed, *report.unchanged}
            versions.keep(account, [e for e in current if e.external_id in known])
        _keep(account, current, read_at)
        if intake.keeps_versions and report.forgotten:
            forget_orders(account, report.forgotten)
        _settle(account, entries)
        failpoints.hit("pull.storing")
    failpoints.hit("pull.committed")
    return report


_UPSERT = f"""
    INSERT INTO {Snapshot._meta.db_table} AS kept
           (account_id, kind, external_id, text, digest, changed_at, read_at, imported_at)
    SELECT %s, kind, external_id, text, digest, changed_at, %s, now()
      FROM unnest(%b::text[], %b::text[], %b::text[], %b::bytea[], %b::timestamptz[])
           AS new (kind, external_id, text, digest, changed_at)
        ON CONFLICT (account_id, kind, external_id) DO UPDATE
       SET text = excluded.text, digest = excluded.digest, changed_at = excluded.changed_at,
           read_at = excluded.read_at, imported_at = excluded.imported_at
     WHERE kept.digest <> excluded.digest
"""  # noqa: S608 - only the table's own name


def _keep(account: MarketplaceAccount, entries: list[Entry], read_at: datetime) -> None:
    """Remember what was taken in, so that the same will be known again."""
    entries = sorted(entries, key=lambda entry: entry.key)  # everybody locks in one order
    execute_with_arrays(
        _UPSERT,
        [
            account.pk,
            read_at,
            [entry.kind for entry in entries],
            [entry.external_id for entry in entries],
            [entry.text for entry in entries],
            [entry.digest for entry in entries],
            [_changed_at(entry) for entry in entries],
        ],
    )


def forget(account: MarketplaceAccount, kind: str, external_ids: Sequence[str]) -> None:
    """Take these in again the next time they are read, although they may be as they were."""
    rows = Snapshot.objects.filter(account=account, kind=kind, external_id__in=external_ids)
    with transaction.atomic():
        locked = rows.select_for_update(no_key=True).order_by("kind", "external_id")
        Snapshot.objects.filter(pk__in=[row.pk for row in locked.only("pk")]).update(digest=b"")


def _changed_at(entry: Entry) -> datetime | None:
    return getattr(entry.neutral, "changed_at", None)


# --- What cannot be read ----------------------------------------------------------------------


def _unexpected(entry: Entry, problem: Exception) -> str:
    log.error("%s %s could not be taken in", entry.kind, entry.external_id, exc_info=problem)
    return _("MagFlow itself failed on it: %(error)s. The log has the details.") % {
        "error": type(problem).__name__
    }


def reject(account: MarketplaceAccount, entries: Sequence[Entry], call_id: str = "") -> None:
    """Set payloads aside for a person, each once; one that was ignored stays so while it is the
    same."""
    now = timezone.now()
    with transaction.atomic():
        before = {
            (row.kind, row.external_id): row
            for row in RejectedPayload.objects.select_for_update()
            .filter(account=account, external_id__in=[entry.external_id for entry in entries])
            .order_by("pk")
        }
        for entry in entries:
            row = before.get(entry.key) or RejectedPayload(
                account=account, kind=entry.kind, external_id=entry.external_id[:60], times=0
            )
            if row.status != PayloadStatus.IGNORED or bytes(row.digest) != entry.digest:
                row.status, row.settled_at = PayloadStatus.OPEN, None
            row.payload, row.digest = entry.text[:LONGEST_PAYLOAD], entry.digest
            row.messages, row.call_id = [storable(words) for words in entry.why], call_id
            row.last_at, row.times = now, row.times + 1
            row.save()
            before[entry.key] = row
        live.touch("payloads", *(row.pk for row in before.values()))


def storable(words: str) -> str:
    """Words that may quote the payload, without what no column can hold."""
    return words.encode("utf-8", "replace").decode().replace("\x00", "")[:LONGEST_MESSAGE]


def _settle(account: MarketplaceAccount, entries: Sequence[Entry]) -> None:
    """What was set aside and can be read now is settled by itself."""
    waiting = RejectedPayload.objects.filter(
        account=account,
        kind__in={entry.kind for entry in entries},
        external_id__in=[entry.external_id for entry in entries],
    ).exclude(status=PayloadStatus.RESOLVED)
    if waiting.update(status=PayloadStatus.RESOLVED, settled_at=timezone.now()):
        live.touch("payloads")
