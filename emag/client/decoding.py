"""How replies are read: what did eMAG say, did it mean yes, and if not, what kind of no was it?

HTTP 200 proves nothing here (§5, §6). The body decides first: gateways answer pages for browsers
with 200, refusals come with 200, and a refused sign-in may do so too.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from core.http import Reply
from core.http.redaction import redact_text
from emag.client import errors

REMOTE = "eMAG"
MOST_WORDS = 2000  # characters of one message; some quote a whole request

_VENDOR_IP = re.compile(r"invalid vendor ip(?:\s*\[?\s*([0-9a-f.:]*))?", re.I)
_NO_API = re.compile(r"not allowed to use this api", re.I)
# The whole message: "Invalid user id 7 for field owner" is about something else.
_BAD_SIGN_IN = re.compile(
    r"(?:ERROR:\s*)?(?:invalid|wrong|bad)\s+(?:credentials|user(?:name)?|password|login)"
    r"(?:\s*(?:/|and|or)\s*password)?[.!]?",
    re.I,
)
_FIELD = re.compile(
    r"^(?:ERROR:\s*)?([a-z][a-z0-9]*(?:_[a-z0-9]+)*)(?::| is mandatory| has an inv| accepts)"
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A reply that could be read. `is_error` is what eMAG says, which not always means "no"."""

    is_error: bool
    messages: list[str]
    results: Any
    status: int
    call_id: str
    read_at: dt.datetime
    fields: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the replies of one account: knows what must never be quoted from them."""

    secrets: tuple[str, ...] = field(default=(), repr=False)

    def envelope(self, reply: Reply, read_at: dt.datetime) -> Envelope:
        """The reply's content, or the error that it means."""
        body = _json(reply.body)
        messages = self.words(body)
        self._check_access(reply, body, messages)
        if reply.status == 429:
            raise errors.TooManyCalls(
                _("eMAG counted too many calls. They go on by themselves."),
                remote=REMOTE, call_id=reply.call_id,
            )  # fmt: skip
        if reply.status in {408, 425, 503}:
            raise self._error(errors.Unavailable, _("eMAG has no time for us right now."), reply)
        if reply.status >= 500:
            raise self._lost(_("eMAG had an error of its own (%(status)s)."), reply)
        if reply.status == 204:
            return Envelope(False, [], None, 204, reply.call_id, read_at)
        if not isinstance(body, dict):
            raise self._no_json(reply)
        if reply.status < 400 and body.get("isError") is None and not _is_rest(body):
            raise self._unreadable(reply)
        return Envelope(
            is_error=_is_true(body.get("isError")) or reply.status >= 400,
            messages=messages,
            results=body["results"] if "results" in body else body.get("data"),
            status=reply.status,
            call_id=reply.call_id,
            read_at=read_at,
            fields=_fields(body, messages),
        )

    def refusal(self, envelope: Envelope) -> errors.Rejected:
        """The error that a plain "no" is."""
        told: dict[str, Any] = {
            "remote": REMOTE, "call_id": envelope.call_id, "messages": envelope.messages,
        }  # fmt: skip
        if envelope.status == 404:
            return errors.NotFound(_("eMAG does not know what was asked for."), **told)
        if envelope.fields:
            return errors.Invalid(
                _("eMAG refused what was sent: some of it is not valid."),
                fields=envelope.fields, **told,
            )  # fmt: skip
        return errors.Rejected(_("eMAG refused the request."), **told)

    def words(self, body: Any) -> list[str]:
        """All messages of a body, as text: of `messages`, of `message`, of `errors`."""
        if not isinstance(body, dict):
            return []
        found: list[str] = []
        for key in ("messages", "message", "errors", "error"):
            found += _texts(body.get(key))
        return [redact_text(text[:MOST_WORDS], self.secrets) for text in dict.fromkeys(found)]

    def _check_access(self, reply: Reply, body: Any, messages: list[str]) -> None:
        """Body first: some of these come with 200, and then the status says nothing."""
        is_no = reply.status in {401, 403} or (
            isinstance(body, dict) and (_is_true(body.get("isError")) or reply.status >= 400)
        )
        if not is_no:
            return
        said = " ".join(messages)
        if found := _VENDOR_IP.search(said):
            raise errors.AddressNotAllowed(
                _("eMAG does not accept calls from our address %(address)s: it is not registered.")
                % {"address": found[1] or ""},
                remote=REMOTE, call_id=reply.call_id, address=found[1] or "",
            )  # fmt: skip
        is_bad_sign_in = any(_BAD_SIGN_IN.fullmatch(text) for text in messages)
        if reply.status == 401 or is_bad_sign_in or _NO_API.search(said):
            raise self._error(
                errors.WrongCredentials,
                _("eMAG does not accept the user and password, or the user may not use its API."),
                reply,
            )
        if reply.status == 403:
            raise errors.NoRights(
                _("The user at eMAG has no right to do this."),
                remote=REMOTE, call_id=reply.call_id, messages=messages,
            )  # fmt: skip

    def _no_json(self, reply: Reply) -> Exception:
        """A page for browsers, half a text, nothing at all."""
        if reply.status == 404:
            return self._error(errors.NotFound, _("There is no such address at eMAG."), reply)
        if 400 <= reply.status < 500:
            return self._error(errors.Rejected, _("eMAG refused the request (%(status)s)."), reply)
        problem = self._lost(_("eMAG sent an answer that cannot be read."), reply)
        if isinstance(problem, errors.Unavailable):
            problem.is_foreign = True
        return problem

    def _unreadable(self, reply: Reply) -> Exception:
        message = _("eMAG sent an answer that does not say whether it was a yes or a no.")
        return self._error(errors.Drift if reply.safe else errors.OutcomeUnknown, message, reply)

    def _lost(self, message: str, reply: Reply) -> Exception:
        kind = errors.Unavailable if reply.safe else errors.OutcomeUnknown
        return self._error(kind, message, reply)

    def _error(self, kind: type[Any], message: str, reply: Reply) -> Exception:
        text = message % {"status": reply.status} if "%(" in message else message
        made: Exception = kind(text, remote=REMOTE, call_id=reply.call_id)
        return made

    def drift(self, message: str, envelope: Envelope) -> errors.Drift:
        return errors.Drift(message, remote=REMOTE, call_id=envelope.call_id)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _is_true(value: Any) -> bool:
    """PHP's idea of true, however it was written: true, 1, "1", "true"."""
    return value not in (False, None, 0, "", "0", "false")


def _is_rest(body: Mapping[str, Any]) -> bool:
    """The few addresses beside the interface answer {"code": 200, "data": …}."""
    return "code" in body and "data" in body


def _texts(value: Any) -> list[str]:
    """Messages come as texts, as objects, alone or in lists, nested or by field."""
    if value in (None, "", [], {}, False):
        return []
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    if isinstance(value, dict):
        if "message" not in value:
            return [text for inner in value.values() for text in _texts(inner)]
        name = value.get("field")
        return [f"{name}: {text}" if name else text for text in _texts(value["message"])]
    return [str(value).strip()]


def _fields(body: Mapping[str, Any], messages: list[str]) -> list[str]:
    """The fields that are named as not valid; the input limit counts as one, `*`."""
    named = [
        str(one["field"])
        for key in ("errors", "messages")
        if isinstance(listed := body.get(key), list)
        for one in listed
        if isinstance(one, dict) and one.get("field")
    ]
    for text in messages:
        if text.startswith("Maximum input vars"):
            named.append("*")
        elif found := _FIELD.match(text):
            named.append(found[1])
    return list(dict.fromkeys(named))


def rows_of(results: Any) -> list[dict[str, Any]]:
    """The things in a list, whatever PHP made of it; one that is no object is kept as a value.

    >>> rows_of({"1": {"id": 5}, "7": {"id": 6}}), rows_of({"id": 5}), rows_of([3, {"id": 4}])
    ([{'id': 5}, {'id': 6}], [{'id': 5}], [{'value': 3}, {'id': 4}])
    """
    if results in (None, "", [], {}):
        return []
    if isinstance(results, dict):
        has_gaps = all(key.isdigit() for key in results)
        results = list(results.values()) if has_gaps else [results]
    if not isinstance(results, list):
        raise ValueError(f"{type(results).__name__} is no list")
    return [one if isinstance(one, dict) else {"value": one} for one in results]


def object_of(results: Any) -> dict[str, Any]:
    """The one object there is; an empty one comes as [], and some come in a list of one."""
    if results in (None, "", [], {}):
        return {}
    if isinstance(results, list) and len(results) == 1:
        results = results[0]
    if not isinstance(results, dict):
        raise ValueError(f"{type(results).__name__} is no object")
    return results
