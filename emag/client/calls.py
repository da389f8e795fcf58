"""What the methods of the client share: reading a page, counting, saving a handful of things."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from core.http import Reply
from core.ratelimit import PATIENCE
from emag.client import errors
from emag.client.answers import Count, Raw, Rows, Saved
from emag.client.decoding import REMOTE, Envelope, object_of, rows_of
from emag.client.line import Line
from emag.client.log import Observer, keep_nothing
from emag.client.routes import Route

T = TypeVar("T")
PER_PAGE = 100
LAST_PAGE = 65_535


class Calls:
    """One account's line, and how long to wait for a place in its budget."""

    def __init__(
        self,
        line: Line,
        *,
        patience: float = PATIENCE,
        quick: bool = False,
        observe: Observer = keep_nothing,
    ) -> None:
        self.line = line
        self.patience = patience
        self.is_quick = quick
        self.observe = observe

    def _ask(
        self,
        route: Route,
        judge: Callable[[Envelope], T],
        *,
        number: int | str = "",
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        open_reply: Callable[[Reply], Envelope | None] | None = None,
    ) -> T:
        return self.line.call(
            route, judge, number=number, body=body, query=query, patience=self.patience,
            is_watched=self.is_quick, observe=self.observe, open_reply=open_reply,
        )  # fmt: skip

    def _read(
        self,
        route: Route,
        filters: Mapping[str, Any] | None = None,
        *,
        page: int | None = None,
        per_page: int | None = None,
        query: Mapping[str, Any] | None = None,
        judge: Callable[[Envelope], Rows] | None = None,
    ) -> Rows:
        """One page. Filters stand at the top of the body: inside "data" they would be ignored."""
        body = _filters(route, filters or {}, page, per_page)
        return self._ask(route, judge or self._rows, body=body, query=query)

    def _count(self, route: Route, filters: Mapping[str, Any], per_page: int = PER_PAGE) -> Count:
        return self._ask(route, self._counted, body=_filters(route, filters, None, per_page))

    def _get(
        self, route: Route, query: Mapping[str, Any] | None = None, number: int | str = ""
    ) -> Rows:
        return self._ask(route, self._rows, query=query, number=number)

    def _save(self, route: Route, entities: Sequence[Mapping[str, Any]]) -> Saved:
        return self._ask(route, self._saved, body=_wrapped(route, entities))

    def repeat(self, route: Route, *, body: Any, query: Any, number: int | str) -> str:
        """Make a reading as it stands in the call log; the number of the new call."""
        if not route.safe:
            raise ValueError(f"{route.path} changes something; it is not repeated.")
        envelope = self._ask(
            route, self._as_it_is, body=body, query=query, number=number, open_reply=label_in
        )
        return envelope.call_id

    def _as_it_is(self, envelope: Envelope) -> Envelope:
        self._must_be_yes(envelope)
        return envelope

    # --- Verdicts -------------------------------------------------------------------------------

    def _rows(self, envelope: Envelope) -> Rows:
        self._must_be_yes(envelope)
        results = envelope.results
        try:
            items = rows_of(results)
        except ValueError as problem:
            raise self._drift(envelope, str(problem)) from None
        result = results if isinstance(results, dict) else items[0] if len(items) == 1 else {}
        return Rows(envelope.messages, envelope.call_id, items, result, envelope.read_at)

    def _keyed(self, envelope: Envelope) -> Rows:
        """An object with keys of its own, such as EANs; it comes as [] where it is empty."""
        self._must_be_yes(envelope)
        try:
            result = object_of(envelope.results)
        except ValueError as problem:
            raise self._drift(envelope, str(problem)) from None
        return Rows(envelope.messages, envelope.call_id, [], result, envelope.read_at)

    def _counted(self, envelope: Envelope) -> Count:
        self._must_be_yes(envelope)
        try:
            found = object_of(envelope.results)
            numbers = [int(found[key]) for key in ("noOfItems", "noOfPages", "itemsPerPage")]
        except (ValueError, TypeError, KeyError):
            raise self._drift(envelope, repr(envelope.results)[:200]) from None
        return Count(envelope.messages, envelope.call_id, *numbers)

    def _saved(self, envelope: Envelope) -> Saved:
        self._must_be_yes(envelope)
        return Saved(envelope.messages, envelope.call_id, envelope.results)

    def _must_be_yes(self, envelope: Envelope) -> None:
        if envelope.is_error:
            raise self.line.reader.refusal(envelope)

    def _drift(self, envelope: Envelope, seen: str) -> errors.Drift:
        message = _("eMAG sent an answer of another shape than agreed: %(seen)s")
        return errors.Drift(message % {"seen": seen}, remote=REMOTE, call_id=envelope.call_id)


def _filters(
    route: Route, filters: Mapping[str, Any], page: int | None, per_page: int | None
) -> Raw:
    """The body of a read. eMAG ignores a filter it does not know, and then answers everything."""
    body = {name: value for name, value in filters.items() if value is not None}
    if unknown := body.keys() - route.filters:
        raise ValueError(f"{route.path} has no filter {', '.join(sorted(unknown))}.")
    if page is not None:
        if not 1 <= page <= LAST_PAGE:
            raise ValueError(f"There is no page {page}.")
        body["currentPage"] = page
    if per_page is not None:
        if not 1 <= per_page <= route.most_per_page:
            raise ValueError(f"A page of {route.path} holds 1 to {route.most_per_page}.")
        body["itemsPerPage"] = per_page
    return body


def _wrapped(route: Route, entities: Sequence[Mapping[str, Any]]) -> Raw:
    if not 1 <= len(entities) <= route.most_saved:
        raise ValueError(f"{route.path} takes 1 to {route.most_saved} at once.")
    return {"data": [dict(entity) for entity in entities]}


def label_in(reply: Reply) -> Envelope | None:
    """A label is no JSON; an error is, and comes with 200 as well."""
    if reply.status != 200:
        return None
    if not reply.body:
        raise errors.Unavailable(
            _("eMAG sent an empty label."), remote=REMOTE, call_id=reply.call_id
        )
    if reply.body.lstrip().startswith((b"%PDF", b"^XA")):
        return Envelope(False, [], reply.body, 200, reply.call_id, timezone.now())
    return None
