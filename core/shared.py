"""One answer for all who would get the same: a list that a hundred people look at is read once.

A hint makes every open page read itself again at the same moment. Those whose pages are the same,
by address, role, language, zone and preferences, share one answer, as long as no newer hint of its
topic has come in: what a shared answer does not show yet, a hint is on its way for. Where this
process hears no hints nothing is shared.

While hints pour in there is always a newer one. But a page that reads itself because it was told
says by which hint (X-Told, see live.js), and all pages of one address are told in the same moment.
What began to be read after that hint shows all that they know of, and for what came later they are
told again. A hint that another web process told may not have come in here yet: who was told by it
takes only what begins to be read from now on.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import get_language

from core.live.hub import hubs
from core.pages import AuthedRequest, is_partial

T = TypeVar("T")
LONGEST = 2.0  # seconds; times are told by the minute
OLDEST = "oldest_shared"  # of a request: when the oldest value that it was given began to be read
NOT_SHARED = frozenset({"view", "export", "_panel"})  # a person's own, or no page at all


class Asked(NamedTuple):
    """When those were told who ask; whether this process has heard all that they were told of."""

    told: float
    is_ours: bool


@dataclass
class Kept:
    """Something and when it began to be read; whoever holds the lock is reading it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    began: float = 0.0
    it: Any = None

    def is_good(self, topic: str, asked: Asked) -> bool:
        """Whether it shows all that they know of who ask."""
        return self.began >= asked.told or (asked.is_ours and self.is_latest(topic))

    def is_latest(self, topic: str) -> bool:
        return bool(topic and _is_current(topic, self.began))


_kept: dict[object, Kept] = {}


def answer(
    request: AuthedRequest, topic: str, make: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """What make() answers, or what it has just answered somebody who would see the same.

    For views whose fragment depends on nothing but what the key below is made of.
    """
    if request.method != "GET" or not is_partial(request) or NOT_SHARED & set(request.GET):
        return make()
    if not _is_current(topic, time.monotonic()):
        return make()
    one, asked = _place(_key(request)), _asked(request)
    with one.lock:
        if not one.is_good(topic, asked):
            began, response = time.monotonic(), make()
            if isinstance(response, HttpResponse) and response.status_code == 200:
                one.began = min(began, getattr(request, OLDEST, began))
                one.it = (response.content, dict(response.headers))
            return response
        content, headers = one.it
    return HttpResponse(content, headers=headers)


def value(request: HttpRequest, name: str, topic: str, make: Callable[[], T]) -> T:
    """What make() says, or has just said: of what is the same for everybody and costs much.

    What has no topic is good only for those who were told before it began.
    """
    if not _is_current(topic, time.monotonic()):
        return make()
    one, asked = _place(name), _asked(request)
    with one.lock:
        if not one.is_good(topic, asked):
            began = time.monotonic()
            one.it, one.began = make(), began
        elif not one.is_latest(topic):
            # Good enough for who asks, but the answer that it becomes part of is no younger.
            setattr(request, OLDEST, min(one.began, getattr(request, OLDEST, one.began)))
        return cast(T, one.it)


def _place(key: object) -> Kept:
    """Where it is kept. What nobody may use any more makes room for what is new."""
    if key not in _kept:
        horizon = time.monotonic() - LONGEST
        for other, one in list(_kept.items()):
            if one.began < horizon and not one.lock.locked():
                _kept.pop(other, None)
    return _kept.setdefault(key, Kept())


def told_at(request: HttpRequest) -> float:
    """When the hint came in because of which this is asked; now, where a person asks."""
    return _asked(request).told


def _asked(request: HttpRequest) -> Asked:
    now, stamp = time.monotonic(), request.headers.get("X-Told", "")
    if not stamp:
        return Asked(now, is_ours=True)
    moments = [hub.moment(stamp) for hub in hubs()]
    told = next((moment for moment in moments if moment is not None), None)
    if told is None:
        return Asked(now, is_ours=False)
    return Asked(min(max(told, now - LONGEST), now), is_ours=True)


def _key(request: AuthedRequest) -> tuple[str, ...]:
    user = request.user
    return (
        request.path,
        request.GET.urlencode(),
        str(user.role),
        get_language() or "",
        timezone.get_current_timezone_name(),
        json.dumps(user.preferences, sort_keys=True),
    )


def _is_current(topic: str, moment: float) -> bool:
    """Whether this process would know of anything that happened to the topic since then."""
    here = hubs()
    if not here or time.monotonic() - moment > LONGEST:
        return False
    return not any(hub.told_since(topic, moment) for hub in here)
