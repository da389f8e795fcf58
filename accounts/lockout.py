"""Locking out whoever guesses passwords. Counted in the database, so every process knows.

Two limits, each over the last 15 minutes: so many wrong passwords for one address from one place,
and many more from one place whatever the address. Nobody is locked out by what somebody else does
elsewhere. Trying again while locked out does not make it longer.
"""

import datetime as dt
import math
from typing import Any

from allauth.account.adapter import get_adapter
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

PERSON_LIMIT: int = settings.AXES_FAILURE_LIMIT  # wrong passwords for one address from one place
PLACE_LIMIT = 10 * PERSON_LIMIT  # wrong passwords from one place
LOCKED_FOR: dt.timedelta = settings.AXES_COOLOFF_TIME


class LockoutHandler(AxesDatabaseHandler):  # type: ignore[misc]
    """The counting of django-axes, with a limit of its own for each of the two counts."""

    def get_failures(self, request: HttpRequest, credentials: Any = None) -> int:
        """The higher of both counts, on the scale of the person's limit."""
        person, place = map(_failures, self.get_user_attempts(request, credentials))
        return max(person, place * PERSON_LIMIT // PLACE_LIMIT)

    def reset_user_attempts(self, request: HttpRequest, credentials: Any = None) -> int:
        """Signing in clears the person's own count. It must not clear the place's: whoever has one
        working account could go on guessing the others for ever."""
        person, _place = self.filter_user_attempts(request, credentials)
        return int(person.delete()[0])

    def locked_until(self, request: HttpRequest, credentials: Any = None) -> dt.datetime:
        person, place = self.get_user_attempts(request, credentials)
        rows = person if _failures(person) >= PERSON_LIMIT else place
        last = rows.aggregate(last=Max("attempt_time"))["last"] or timezone.now()
        return last + LOCKED_FOR


def _failures(attempts: "QuerySet[AccessAttempt]") -> int:
    return attempts.aggregate(sum=Sum("failures_since_start"))["sum"] or 0


def username_of(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """The address as it is stored, so that capitals do not make another person of it."""
    return str((credentials or {}).get("email") or "").strip().lower()


def place_of(request: HttpRequest) -> str:
    """The visitor's address, told in one way everywhere: what our own proxies say is believed."""
    return str(get_adapter(request).get_client_ip(request))


def is_locked_out(request: HttpRequest, email: str) -> bool:
    return bool(AxesProxyHandler.is_locked(request, {"email": email}))


def locked_response(
    request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None
) -> HttpResponse:
    """The page that says until when it is no use to try."""
    until = LockoutHandler().locked_until(request, credentials)
    seconds = max(1, math.ceil((until - timezone.now()).total_seconds()))
    context = {"until": until, "minutes": math.ceil(seconds / 60)}
    response = render(request, "accounts/locked_out.html", context, status=429)
    response["Retry-After"] = str(seconds)
    return response


def person_locked_until(email: str) -> dt.datetime | None:
    """Until when somebody is locked out somewhere; None when nowhere."""
    recent = AccessAttempt.objects.filter(
        username=email, attempt_time__gte=timezone.now() - LOCKED_FOR
    )
    by_place = recent.order_by().values("ip_address")
    counted = by_place.annotate(count=Sum("failures_since_start"), last=Max("attempt_time"))
    ends = [row["last"] + LOCKED_FOR for row in counted if row["count"] >= PERSON_LIMIT]
    return max(ends, default=None)


def forget_failures(email: str) -> int:
    """Forget the wrong passwords for an address; answers how many records there were."""
    return int(AccessAttempt.objects.filter(username=email).delete()[0])
