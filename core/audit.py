"""The audit trail: who changed what, when, from what to what.

A service records what it did in its own transaction, so that a change and its entry exist both or
not at all:

    audit.record("person.invited", person, by=request.user, changes={"role": ("", "picker")})
"""

import contextvars
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.utils import timezone

from core import append_only, live, partitions, setwise
from core.models import AuditEntry
from core.text import fold, truncate

TABLE = partitions.PartitionedTable("core_auditentry", by="month")
LONGEST_VALUE = 500  # a changed description is told, not archived
HIDDEN = "•••"

Changes = Mapping[str, tuple[object, object]]
Row = tuple[int, str, Changes]  # primary key, what it is called, what changed


@dataclass(frozen=True)
class Acting:
    """On whose behalf code runs: a page, a job, a command, the API; and under which number."""

    source: str = "page"
    request_id: str = ""


NOBODY = Acting()
_acting: contextvars.ContextVar[Acting] = contextvars.ContextVar("acting", default=NOBODY)


@contextmanager
def acting(*, source: str, request_id: str = "") -> Iterator[Acting]:
    """Everything recorded inside carries this source and number."""
    now = Acting(source, request_id)
    token = _acting.set(now)
    try:
        yield now
    finally:
        _acting.reset(token)


def current() -> Acting:
    return _acting.get()


def entry(
    verb: str,
    subject: models.Model | None,
    *,
    by: AbstractBaseUser | None,
    changes: Changes | None = None,
    note: str = "",
    label: str = "",
) -> AuditEntry:
    """An entry that is not saved yet; for those who write many at once with record_many()."""
    here = current()
    told = {
        name: [_plain(before), _plain(after)] for name, (before, after) in (changes or {}).items()
    }
    return AuditEntry(
        actor_id=by.pk if by else None,
        actor_name=truncate(_name(by), 120) if by else "",
        verb=verb,
        subject_type=subject._meta.label_lower if subject else "",
        subject_id=subject.pk if subject and isinstance(subject.pk, int) else None,
        subject_label=truncate(label or (str(subject) if subject else ""), 200),
        changes=told,
        note=note,
        source=here.source,
        request_id=here.request_id,
    )


def record(
    verb: str,
    subject: models.Model | None,
    *,
    by: AbstractBaseUser | None,
    changes: Changes | None = None,
    note: str = "",
    label: str = "",
) -> AuditEntry:
    """Write down that `by` (None: MagFlow itself) did `verb` to `subject`."""
    made = entry(verb, subject, by=by, changes=changes, note=note, label=label)
    made.save(force_insert=True)
    live.touch("audit", made.pk)
    return made


def record_many(entries: Iterable[AuditEntry]) -> list[AuditEntry]:
    """Write down many things at once, as an import does: a statement for each thousand."""
    made = AuditEntry.objects.bulk_create(entries, batch_size=1000)
    if made:
        live.touch("audit", *(one.pk for one in made))
    return made


def record_rows(
    verb: str, model: type[models.Model], rows: Iterable[Row], *, by: AbstractBaseUser | None
) -> None:
    """Write down one verb for many rows of a model, in one COPY: for imports of thousands.

    The same entries as record() makes; nobody gets them back.
    """
    here, now = current(), timezone.now()
    actor = (by.pk, truncate(_name(by), 120)) if by else (None, "")
    kind = model._meta.label_lower
    made = []
    for pk, label, changes in rows:
        told = {name: [_plain(old), _plain(new)] for name, (old, new) in changes.items()}
        label = truncate(label, 200)
        words = [actor[1], verb, label, AuditEntry.words_of(told)]
        made.append(
            (now, *actor, verb, kind, pk, label, json.dumps(told), "", here.source,
             here.request_id, fold(" ".join(filter(None, words))))
        )  # fmt: skip
    if made:
        setwise.copy_rows(AuditEntry, _COLUMNS, made)
        live.touch("audit")


_COLUMNS = (
    "at", "actor_id", "actor_name", "verb", "subject_type", "subject_id", "subject_label",
    "changes", "note", "source", "request_id", "search_text",
)  # fmt: skip


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What differs between two pictures of the same thing, in the order of the later one.

    >>> changed({"role": "picker", "name": "Ana"}, {"role": "packer", "name": "Ana"})
    {'role': ('picker', 'packer')}
    """
    names = [*after, *(name for name in before if name not in after)]
    return {
        name: (before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    }


def troubles() -> list[str]:
    """What is not as it must be with the trail itself; empty when all is well."""
    found = [
        f"{table} is not append-only: its trigger is missing or switched off."
        for table in append_only.unguarded(TABLE.table)
    ]
    if stray := partitions.misplaced(TABLE):
        found.append(f"{stray} entries lie outside the monthly parts; the daily upkeep moves them.")
    return found


def _name(person: AbstractBaseUser) -> str:
    full = getattr(person, "get_full_name", None)
    return str(full() if full else "") or str(person)


def _plain(value: object) -> object:
    """The value as JSON holds it and a person reads it; secrets are never written down."""
    if getattr(value, "is_secret", False):
        return HIDDEN if value else ""
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [_plain(inner) for inner in items]
    # NUL is the one character that PostgreSQL refuses in text and JSON.
    return truncate(str(value).replace("\x00", ""), LONGEST_VALUE)
