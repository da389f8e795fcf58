"""Finding rows by an index that does not know their order, such as that of a fragment of a text.

PostgreSQL has two ways: walk the list in its order and look at each row, or fetch all that match
and sort them. Which is quick depends on how often the fragment occurs, and of that it has only a
guess: a wrong one costs seconds at a million rows. So it is not left to choose:

* what seems rare is fetched and sorted, unless it turns out to be more than seemed;
* otherwise the next few thousand rows of the list are walked first. A common fragment fills its
  page there; one that does not is rare enough to be fetched and sorted after all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from core.statistics import planned_rows, rows_of

FEW = 1_000  # sorted in a millisecond
NEAR = 4_000  # rows walked at least: some milliseconds
FAR = 10 * NEAR  # and at most
COUNTED = 10_000


@dataclass
class Hunter:
    """One search through one list."""

    planned: int  # how many match, as PostgreSQL guesses
    rows: int  # of the whole table
    was_wrong: bool = False  # there are more than that; `planned` is all that is known then
    found_many: bool = False
    counted: int | None = None  # how many match, where looking for them has told

    def first(self, part: QuerySet[Any], within: Q, limit: int) -> list[Any]:
        """The first rows of `part`; `within` is where of the list it lies, without the filter."""
        names = [str(name) for name in part.query.order_by]
        lead = names[0]
        if any(name.lstrip("-") in part.query.annotations for name in names):
            return self._sorted(part, limit, is_start=not within)
        if self.planned <= FEW and not self.was_wrong:
            pks = list(_few(part))
            if len(pks) <= FEW:
                return self._rows(part, pks, limit, is_start=not within)
            self.planned, self.was_wrong = FEW, True
        near, is_all = self._near(part, within, lead, limit)
        found = list(near[:limit])
        self.found_many = len(found) >= limit
        if self.found_many or is_all:
            return found
        return self._sorted(part, limit, is_start=not within)

    def _near(
        self, part: QuerySet[Any], within: Q, lead: str, limit: int
    ) -> tuple[QuerySet[Any], bool]:
        """The part up to a row some thousand rows on, and whether that is all of it.

        As far as a page should reach if the guess is right, and as far again for bad luck.
        """
        column, is_falling = lead.lstrip("-"), lead.startswith("-")
        reach = min(max(NEAR, 4 * limit * self.rows // self.planned), FAR)
        walk = part.model._base_manager.filter(within).order_by(*part.query.order_by)
        edge = walk.values_list(column, flat=True)[reach : reach + 1].first()
        if edge is None:
            return part, True
        return part.filter((f"{column}__{'gte' if is_falling else 'lte'}", edge)), False

    def _sorted(self, part: QuerySet[Any], limit: int, *, is_start: bool) -> list[Any]:
        """Everything that matches, sorted; only what is shown is read as whole rows."""
        matching = part.order_by(*_unindexed(part.query.order_by)).values_list("pk", flat=True)
        pks = list(matching[: COUNTED + 1] if is_start else matching[:limit])
        return self._rows(part, pks, limit, is_start=is_start)

    def _rows(
        self, part: QuerySet[Any], pks: list[Any], limit: int, *, is_start: bool
    ) -> list[Any]:
        """The first of these, which are all that match or more than anybody counts."""
        if is_start:
            self.counted = len(pks)
        found = {row.pk: row for row in part.order_by().filter(pk__in=pks[:limit])}
        return [found[pk] for pk in pks[:limit] if pk in found]


def hunter(queryset: QuerySet[Any]) -> Hunter | None:
    """None where the table is so small that nothing has to be minded."""
    rows = rows_of(queryset.model._meta.db_table)
    return Hunter(max(planned_rows(queryset), 1), rows) if rows > NEAR else None


def _few(part: QuerySet[Any]) -> QuerySet[Any, Any]:
    """The keys of all that match, sorted; where there are more than a few, any of them."""
    some = part.order_by().values("pk")[: FEW + 1]
    rows: QuerySet[Any] = part.model._base_manager.filter(pk__in=some)
    return rows.order_by(*_unindexed(part.query.order_by)).values_list("pk", flat=True)


def _unindexed(order: Any) -> list[Any]:
    """The same order, said so that no index can promise it: what matches is sorted."""
    names = [str(name) for name in order]
    lead = Coalesce(F(names[0].lstrip("-")), F(names[0].lstrip("-")))
    return [lead.desc() if names[0].startswith("-") else lead.asc(), *names[1:]]
