"""What a file of a list holds: its head, its rows one by one, which columns are amounts.

The same for a download and for an export at a set time, and for every kind of file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.functional import Promise

from core.columns import Column
from core.export import CHUNK_ROWS, Row, accessors, companions, exported_columns, plainer, stream

if TYPE_CHECKING:
    from core.export_sources import Details
    from core.filters import BaseFilterSet
    from core.tables import BaseTable


@dataclass(frozen=True)
class Content:
    """A file to be written: rows are read while it is.

    `amounts` says for a column of money which other column names its currency.
    """

    title: str
    head: Sequence[str]
    rows: Callable[[], Iterator[Row]]
    told: str = ""  # the filter, in words
    amounts: dict[int, int] = field(default_factory=dict)


def content_of(
    table: BaseTable,
    *,
    title: str,
    filters: BaseFilterSet | None = None,
    details: Details | None = None,
) -> Content:
    """The table's shown columns for every row its queryset matches, or for every detail of them."""
    told = in_words(filters) if filters is not None else ""
    own = _Own(table)
    if details is None:
        return Content(title, own.head, own.rows, told, own.amounts)
    lines = _Details(own, details)
    return Content(f"{title}: {details.label}", lines.head, lines.rows, told, lines.amounts)


def in_words(filters: BaseFilterSet) -> str:
    """Everything that filters, as a person would say it: "Status: New · Ordered on 24.11.2026"."""
    return " · ".join(filters.words())


def _currency_of(column: Column) -> str:
    """The path to the currency that an amount carries along; empty for what is no amount."""
    return next((path for _, path in column.also_exports if path.endswith("currency")), "")


Maker = Callable[[Any], Any]
SIMPLE = frozenset({str, int, Decimal})  # what a file holds as it comes from the database
REMEMBERED = 1_000


def _maker(column: Column) -> Maker | None:
    """What a file has in place of a value; None where that is the value itself."""
    return None if column.exports_as_is else _remembering(column.exporter())


def _remembering(turn: Maker) -> Maker:
    """Words are translated once, not a hundred thousand times."""
    known: dict[Any, Any] = {}

    def turned(value: Any) -> Any:
        if type(value) is not str:
            return turn(value)
        if value not in known:
            made = turn(value)
            made = str(made) if isinstance(made, Promise) else made
            if len(known) >= REMEMBERED:
                return made
            known[value] = made
        return known[value]

    return turned


def _row_maker(makers: Sequence[Maker | None]) -> Callable[[Row], list[Any]]:
    """This runs for every cell of every row: whatever can be left out is."""
    plain = plainer(timezone.get_current_timezone())

    def make(values: Row) -> list[Any]:
        return [
            value
            if turn is None and type(value) in SIMPLE
            else ""
            if value is None
            else plain(value if turn is None else turn(value))
            for turn, value in zip(makers, values, strict=True)
        ]

    return make


class _Own:
    """The columns of the list itself."""

    def __init__(self, table: BaseTable) -> None:
        self.table = table
        columns = exported_columns(table)
        self.paths = accessors(table, columns)
        self.makers = [_maker(column) for _, column in columns]
        self.head = [str(table.columns[name].header) for name, _ in columns]
        for path, label in companions(table):
            self.paths.append(path)
            self.makers.append(None)
            self.head.append(str(label))
        self.amounts = {
            index: self.paths.index(currency)
            for index, (_, column) in enumerate(columns)
            if (currency := _currency_of(column)) in self.paths
        }

    def rows(self) -> Iterator[Row]:
        make = self.maker()
        for values in stream(self.table.queryset, self.paths):
            yield make(values)

    def maker(self) -> Callable[[Row], list[Any]]:
        """What turns values of the database into those of a file, in the reader's zone."""
        return _row_maker(self.makers)


class _Details:
    """The columns of the list, repeated beside those of what hangs on each of its rows."""

    def __init__(self, own: _Own, details: Details) -> None:
        self.own, self.details = own, details
        # The amounts of a row stand on every line of it, so only those of the lines are added up.
        self.columns = list(details.columns)
        paths = [column.path for column in self.columns]
        for column in details.columns:
            if column.currency and column.currency not in paths:
                raise ValueError(f"{column.path} needs a column {column.currency}")
        first = len(own.head)
        self.head = own.head + [str(column.label) for column in self.columns]
        self.amounts = {
            first + index: first + paths.index(column.currency)
            for index, column in enumerate(self.columns)
            if column.currency
        }

    def rows(self) -> Iterator[Row]:
        """Chunk by chunk, so that memory stays flat and the list's own order is kept."""
        make = self.own.maker()
        found = stream(self.own.table.queryset, ["pk", *self.own.paths])
        while chunk := list(islice(found, CHUNK_ROWS)):
            hanging = self._hanging([values[0] for values in chunk])
            for pk, *values in chunk:
                if pk in hanging:
                    repeated = make(values)
                    for detail in hanging[pk]:
                        yield repeated + detail

    def _hanging(self, pks: Sequence[int]) -> dict[int, list[list[Any]]]:
        make = _row_maker([column.plain and _remembering(column.plain) for column in self.columns])
        found: dict[int, list[list[Any]]] = defaultdict(list)
        paths = [column.path for column in self.columns]
        for parent, *values in self.details.queryset(pks).values_list(self.details.parent, *paths):
            found[parent].append(make(values))
        return found
