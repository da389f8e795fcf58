"""Keyset paging: the last page of a million rows costs what the first costs.

A page is found by the values of its neighbour row, never by counting rows from the start. Rows
without a value in the leading column come last in both directions; they form a segment of their
own, because PostgreSQL can walk an index for "a < 5" and for "a IS NULL", but not for both at once.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models import F, Q

from core import hunting
from core.statistics import ESTIMATE, forget_sizes, planned_rows, rows_of

__all__ = [
    "Count", "Cursor", "Page", "bounded", "count", "forget_sizes", "look", "read", "terms_of",
    "token",
]  # fmt: skip
EXACT_UP_TO = 10_000
# A plan's estimate may be wrong by some factor, but hardly ever by ten.
CLEARLY_MORE = 10 * EXACT_UP_TO


@dataclass(frozen=True)
class Cursor:
    """Where a page starts: the key of the row beside it, and the way to read from there."""

    forward: bool = True
    key: tuple[Any, ...] | None = None
    start: int | None = None  # rows known to lie before the neighbour; None when nobody counted

    @classmethod
    def parse(cls, text: str, types: Sequence[models.Field[Any, Any]]) -> Cursor | None:
        """Read what `token()` wrote. None where it is not ours: the first page is shown then."""
        if text == "last":
            return cls(forward=False)
        way, _, token = text.partition("-")
        if way not in {"after", "before"} or not token:
            return None
        try:
            start, *values = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
            if len(values) != len(types) or not isinstance(start, int | None):
                return None
            key = tuple(
                None if value is None else kind.to_python(value)
                for kind, value in zip(types, values, strict=True)
            )
        except (ValueError, TypeError, ValidationError, binascii.Error):
            return None
        return cls(forward=way == "after", key=key, start=start)


def token(way: str, key: Sequence[Any], start: int | None) -> str:
    raw = json.dumps([start, *key], cls=_ExactEncoder, separators=(",", ":"))
    return f"{way}-{base64.urlsafe_b64encode(raw.encode()).decode().rstrip('=')}"


class _ExactEncoder(DjangoJSONEncoder):
    """Django's encoder cuts microseconds, and a cut key would show a row twice or never."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if hasattr(o, "isoformat") else super().default(o)


@dataclass(frozen=True)
class Term:
    """One column of the order."""

    path: str
    descending: bool
    kind: models.Field[Any, Any]
    nullable: bool

    def order(self, forward: bool) -> str:
        return f"{'-' if self.descending == forward else ''}{self.path}"

    def value(self, record: models.Model) -> Any:
        found: Any = record
        for name in self.path.split("__"):
            found = getattr(found, name, None)
        return found


@dataclass
class Page:
    """The rows of one page and the addresses of its neighbours ("" where there is none)."""

    records: list[Any] = field(default_factory=list)
    start: int | None = 0  # rows before this page; None where nobody counted them
    newer: str = ""
    older: str = ""
    first_key: Sequence[Any] = ()

    @property
    def is_whole(self) -> bool:
        """Whether there is no other page."""
        return self.start == 0 and not self.newer and not self.older

    def end_at(self, total: int) -> None:
        """Read from the end: an exact total tells where this page and those before it stand."""
        self.start = max(total - len(self.records), 0)
        if self.newer:
            self.newer = token("before", self.first_key, self.start)

    @property
    def first_number(self) -> int | None:
        return None if self.start is None else self.start + 1

    @property
    def last_number(self) -> int | None:
        return None if self.start is None else self.start + len(self.records)


def look(
    queryset: models.QuerySet[Any],
    *,
    matching: models.QuerySet[Any],
    size: int,
    at: str = "",
    hunt: bool = False,
    counted: int | None = None,
) -> tuple[Page, Count]:
    """A page and how many rows there are; `counted` is their number, where somebody knows it.

    `matching` are the same rows, without the order and without what is only shown.
    `hunt` is for what an index finds that does not know the order: see core.hunting.
    """
    hunter = hunting.hunter(matching) if hunt else None
    page = read(queryset, size=size, at=at, hunter=hunter)
    if page.is_whole:
        return page, Count(len(page.records))
    if counted is not None:
        return page, Count(counted)
    if hunter is None:
        return page, count(matching)
    if hunter.found_many and not hunter.was_wrong:
        return page, Count(max(hunter.planned, size), is_exact=False, is_estimate=True)
    return page, _bounded(hunter.counted) if hunter.counted else _bounded_count(matching)


def read(
    queryset: models.QuerySet[Any],
    *,
    size: int,
    at: str = "",
    hunter: hunting.Hunter | None = None,
) -> Page:
    """The page of `size` rows that `at` points to; the first one where it points nowhere."""
    terms = terms_of(queryset)
    cursor = Cursor.parse(at, [term.kind for term in terms]) or Cursor()
    rows = _fetch(queryset, terms, cursor, size + 1, hunter)
    more = len(rows) > size
    if cursor.key is not None and (not rows or (not cursor.forward and not more)):
        # The rows beside the cursor are gone, or the way back has reached the top.
        return read(queryset, size=size, hunter=hunter)
    rows = rows[:size]
    if not cursor.forward:
        rows.reverse()
    has_newer = cursor.key is not None if cursor.forward else more
    has_older = more if cursor.forward else cursor.key is not None
    page = Page(rows, start=_start(cursor, len(rows)) if has_newer else 0)
    if has_newer:
        page.first_key = [term.value(rows[0]) for term in terms]
        page.newer = token("before", page.first_key, page.start)
    if has_older:
        page.older = token("after", [term.value(rows[-1]) for term in terms], page.last_number)
    return page


def beside(
    queryset: models.QuerySet[Any], record: models.Model, *, hunt: bool = False
) -> tuple[Any, Any]:
    """The rows before and after a record, which itself may have left the list; None at its ends."""
    terms = terms_of(queryset)
    key = tuple(term.value(record) for term in terms)
    hunter = hunting.hunter(queryset.order_by()) if hunt else None
    found = (_fetch(queryset, terms, Cursor(forward, key), 1, hunter) for forward in (False, True))
    before, after = (rows[0] if rows else None for rows in found)
    return before, after


def _start(cursor: Cursor, found: int) -> int | None:
    if cursor.key is None:
        return 0 if cursor.forward else None  # the first page, or the last
    if cursor.start is None or cursor.forward:
        return cursor.start
    return max(cursor.start - found, 0)


def terms_of(queryset: models.QuerySet[Any]) -> list[Term]:
    """The order of the queryset, made unique by the primary key at its end."""
    model = queryset.model
    names = [str(name) for name in queryset.query.order_by or model._meta.ordering or ("pk",)]
    descending = names[-1].startswith("-")
    bare = {name.lstrip("-") for name in names}
    if not bare & {"pk", model._meta.pk.name}:
        names.append("-pk" if descending else "pk")
    terms = [_term(queryset, name) for name in names]
    for term in terms[1:]:
        if term.nullable:
            raise ValueError(f"{term.path} may be empty, so it can only be the first to sort by")
    return terms


def _term(queryset: models.QuerySet[Any], name: str) -> Term:
    path = name.lstrip("-")
    annotation = queryset.query.annotations.get(path)
    if annotation is not None:
        return Term(path, name.startswith("-"), annotation.output_field, nullable=True)
    meta, nullable = queryset.model._meta, False
    kind: Any = meta.pk
    for part in path.split("__"):
        try:
            kind = meta.pk if part == "pk" else meta.get_field(part)
        except FieldDoesNotExist as error:
            raise ValueError(f"{queryset.model.__name__} cannot be sorted by {path}") from error
        nullable = nullable or kind.null or getattr(kind, "output_field", kind).null
        if kind.is_relation:
            meta = kind.related_model._meta
    if isinstance(kind, models.GeneratedField):
        kind = kind.output_field
    return Term(path, name.startswith("-"), kind, nullable)


def _fetch(
    queryset: models.QuerySet[Any],
    terms: list[Term],
    cursor: Cursor,
    limit: int,
    hunter: hunting.Hunter | None,
) -> list[Any]:
    lead, rest, key = terms[0], terms[1:], cursor.key
    if not lead.nullable:
        segments = [(Q(), terms, key)]
    else:
        in_empty = key is not None and key[0] is None
        segments = [
            (Q((f"{lead.path}__isnull", False)), terms, None if in_empty else key),
            (
                Q((f"{lead.path}__isnull", True)),
                rest,
                key[1:] if key is not None and in_empty else None,
            ),
        ]
        if not cursor.forward:
            segments.reverse()
        if key is not None and in_empty == cursor.forward:
            segments = segments[1:]  # the walk begins in the second segment
    rows: list[Any] = []
    for within, part_terms, part_key in segments:
        if part_key is not None:
            within &= Q(beyond(part_terms, part_key, forward=cursor.forward))
        part = queryset.filter(within).order_by(*(t.order(cursor.forward) for t in part_terms))
        wanted = limit - len(rows)
        rows.extend(hunter.first(part, within, wanted) if hunter else part[:wanted])
        if len(rows) >= limit:
            break
    return rows


def beyond(terms: list[Term], key: tuple[Any, ...], *, forward: bool) -> Q | RowBeyond:
    """The condition "comes after this key in the walk"."""
    less = [term.descending == forward for term in terms]
    if len(set(less)) == 1:
        return RowBeyond(terms, key, less=less[0])
    condition, equal = Q(), Q()
    for term, value, is_less in zip(terms, key, less, strict=True):
        condition |= equal & Q((f"{term.path}__{'lt' if is_less else 'gt'}", value))
        equal &= Q((term.path, value))
    # Implied by the rest, but only this lets PostgreSQL start the index walk here.
    bound = Q((f"{terms[0].path}__{'lte' if less[0] else 'gte'}", key[0]))
    return bound & condition


class RowBeyond(models.Func):
    """(a, b) < (1, 2): a row comparison, which an index on (a, b) answers in one descent."""

    output_field = models.BooleanField()
    conditional = True

    def __init__(self, terms: list[Term], key: tuple[Any, ...], *, less: bool) -> None:
        values = [
            models.Value(value, output_field=term.kind)
            for term, value in zip(terms, key, strict=True)
        ]
        super().__init__(*(F(term.path) for term in terms), *values)
        self.operator = "<" if less else ">"

    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: Any, **extra: Any
    ) -> tuple[str, tuple[Any, ...]]:
        parts = [compiler.compile(expression) for expression in self.source_expressions]
        half = len(parts) // 2
        left, right = (", ".join(sql for sql, _ in side) for side in (parts[:half], parts[half:]))
        params = tuple(param for _, values in parts for param in values)
        return f"({left}) {self.operator} ({right})", params


@dataclass(frozen=True)
class Count:
    """How many rows match: exact up to ten thousand, beyond that a bound or an estimate."""

    number: int
    is_exact: bool = True
    is_estimate: bool = False


def count(queryset: models.QuerySet[Any], page: Page | None = None) -> Count:
    """Counting a million rows costs more than the page that shows fifty of them, so do not.

    Up to ten thousand are counted. Beyond that PostgreSQL's own statistics say about how many;
    where they do not say clearly, the answer is "more than ten thousand".
    """
    if page is not None and page.is_whole:
        return Count(len(page.records))
    table = queryset.model._meta.db_table
    query = queryset.query
    if not query.where and not query.distinct and not query.is_sliced and not query.group_by:
        return _count_of_table(table)
    if rows_of(table) > CLEARLY_MORE:
        planned = planned_rows(queryset)
        if planned > CLEARLY_MORE:
            return Count(planned, is_exact=False, is_estimate=True)
    return _bounded_count(queryset)


def _bounded_count(queryset: models.QuerySet[Any]) -> Count:
    return _bounded(queryset.order_by().values("pk")[: EXACT_UP_TO + 1].count())


def _bounded(number: int) -> Count:
    return Count(min(number, EXACT_UP_TO), is_exact=number <= EXACT_UP_TO)


def bounded(querysets: Mapping[str, models.QuerySet[Any]]) -> dict[str, int]:
    """The size of each, counted no further than a list counts its own rows; one statement."""
    parts, params = [], []
    for queryset in querysets.values():
        limited = queryset.order_by().values("pk")[: EXACT_UP_TO + 1]
        statement, values = limited.query.get_compiler(using=connection.alias).as_sql()
        parts.append(f"(SELECT count(*) FROM ({statement}) AS counted)")  # noqa: S608 - Django's own SQL
        params += values
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", params)
        return dict(zip(querysets, cursor.fetchone(), strict=True))


def _count_of_table(table: str) -> Count:
    quoted = connection.ops.quote_name(table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT estimate, CASE WHEN estimate > %(bound)s THEN NULL ELSE
                (SELECT count(*) FROM (SELECT 1 FROM {quoted} LIMIT %(bound)s + 1) few) END
            FROM ({ESTIMATE}) statistics
            """,  # noqa: S608 - the name is quoted and comes from the model
            {"bound": EXACT_UP_TO, "table": quoted},
        )
        estimate, exact = cursor.fetchone()
    if exact is None:
        return Count(estimate, is_exact=False, is_estimate=True)
    return Count(min(exact, EXACT_UP_TO), is_exact=exact <= EXACT_UP_TO)
