"""Repeats a reading from the call log, to see what eMAG answers now."""

import json
from urllib.parse import parse_qsl, urlsplit

from django.utils.translation import gettext as _

from accounts.models import User
from core import audit
from core.errors import RemoteError, RuleViolation
from emag.client import client_for
from emag.client.masking import MASK
from emag.client.routes import SAFE, Route
from emag.models.calls import ApiCall


def is_repeatable(call: ApiCall) -> bool:
    """Only what changes nothing, and only where no part of the request had to be masked."""
    return (
        call.is_read
        and (call.resource, call.action) in SAFE
        and MASK not in call.request_text
        and MASK not in call.url
    )


def repeat(call: ApiCall, *, by: User) -> ApiCall:
    """Make the same reading now; returns its own entry in the log, also where it failed."""
    if not is_repeatable(call):
        raise RuleViolation(_("Only readings can be repeated: they change nothing at eMAG."))
    route = SAFE[call.resource, call.action]
    client = client_for(call.account, quick=True, replay_of=call.call_id)
    audit.record("emag_call.repeated", call.account, by=by, note=str(call))
    try:
        made = client.repeat(
            route, body=_body(call), query=_query(call), number=_number(route, call)
        )
    except RemoteError as error:
        if not error.call_id:  # it never left
            raise
        made = error.call_id
    return ApiCall.objects.select_related("account").get(call_id=made)


def _body(call: ApiCall) -> object:
    text = call.request_text
    return json.loads(text) if text else None


def _query(call: ApiCall) -> dict[str, list[str]] | None:
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(urlsplit(call.url).query):
        query.setdefault(name, []).append(value)
    return query or None


def _number(route: Route, call: ApiCall) -> str:
    """The number inside the address, where the address holds one."""
    if "{id}" not in route.path:
        return ""
    before = route.path.partition("{id}")[0]
    return urlsplit(call.url).path.rpartition(before)[2].partition("/")[0]
