"""Pages and counts of a resource, with the limits that all reads share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emag.simulator.answers import Answer, Texts, failed, ok
from emag.simulator.checks import Checks, whole
from emag.simulator.routing import Call
from emag.simulator.store import Docs

PER_PAGE = 100
MAX_PAGE = 65_535


def filter_checks(body: Mapping[str, Any]) -> Checks:
    """Checks of the filters of a read."""
    return Checks(
        body,
        missing=lambda key: f"ERROR: {key} is mandatory",
        invalid=lambda key: f"ERROR: {key} has an invalid value",
    )


def window(call: Call, most: int = PER_PAGE) -> tuple[int, int] | Answer:
    """Offset and limit of the page that was asked for, or what is wrong with it."""
    limit = whole(call.body.get("itemsPerPage", min(most, PER_PAGE)))
    page = whole(call.body.get("currentPage", 1))
    if limit is None or limit < 1:
        return failed("ERROR: itemsPerPage has an invalid value")
    if page is None or page > MAX_PAGE:
        return failed("ERROR: currentPage has an invalid value")
    if limit > most:
        if call.switch("page.over") == "error400":
            return failed(f"ERROR: itemsPerPage accepts maximum {most} elements", status=400)
        limit = most
    return (max(page, 1) - 1) * limit, limit


def order_of(call: Call, usual: str = "", oldest: str = "id") -> str:
    """How the answer is sorted: nobody promises anything, so a switch may change it."""
    return {"random": "random", "oldest": oldest}.get(call.switch("read.order"), usual)


def page_of(call: Call, docs: Docs, index: Mapping[str, Any], *, most: int = PER_PAGE) -> Answer:
    """One page of ready texts."""
    found = window(call, most)
    if isinstance(found, Answer):
        return found
    offset, limit = found
    texts: Texts = docs.texts(offset, limit, order_of(call), **index)
    return ok(texts)


def counted(call: Call, number: int, most: int = PER_PAGE) -> Answer:
    """What `count` answers: items, and pages of the size that was asked for."""
    found = window(call, most)
    if isinstance(found, Answer):
        return found
    limit = found[1]
    counts = {"noOfItems": number, "noOfPages": -(-number // limit), "itemsPerPage": limit}
    if call.switch("count.as_strings") == "on":
        return ok({key: str(value) for key, value in counts.items()})
    return ok(counts)
