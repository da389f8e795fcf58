"""What happens around every request of a signed-in person. Neither costs a query."""

import time
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.services import visits

GetResponse = Callable[[HttpRequest], HttpResponse]

VISITS_ARE_NOTED_EVERY = 300  # seconds
MOST_SESSIONS = 10_000  # remembered by one process; forgetting one costs a write, nothing else
SEEN = "seen_at"


def stamp_session(request: HttpRequest) -> None:
    """A session that has just begun need not be noted again at once."""
    request.session[SEEN] = int(time.time())


class VisitMiddleware:
    """Keeps "last seen" of people and sessions exact to a few minutes.

    Each process remembers when it last wrote for a session, so that most requests write nothing
    and read nothing for it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.noted: dict[str, float] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        key = request.session.session_key
        if key and request.user.is_authenticated and self.is_due(key, request):
            adapter = get_adapter(request)
            visits.note_visit(
                request.user,
                session_key=key,
                ip=adapter.get_client_ip(request),
                user_agent=adapter.get_http_user_agent(request),
            )
        return response

    def is_due(self, key: str, request: HttpRequest) -> bool:
        now = time.time()
        last = self.noted.get(key) or request.session.get(SEEN, 0)
        if now - last < VISITS_ARE_NOTED_EVERY:
            return False
        if len(self.noted) >= MOST_SESSIONS:
            self.noted.clear()
        self.noted[key] = now
        return True


class EnrolmentMiddleware:
    """Who must set up two-factor gets to no other page before that is done."""

    # The pages on which it is done, and the way out.
    OPEN = frozenset(
        {
            "accounts:two_factor_needed",
            "mfa_activate_totp",
            "mfa_add_webauthn",
            "mfa_view_recovery_codes",
            "mfa_download_recovery_codes",
            "mfa_index",
            "account_reauthenticate",
            "account_logout",
        }
    )

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        person = request.user
        if not person.is_authenticated or not person.must_enroll_mfa:
            return None
        match = request.resolver_match
        if match is None or match.view_name in self.OPEN:
            return None
        url = reverse("accounts:two_factor_needed")
        if request.headers.get("HX-Request"):
            response = HttpResponse(status=204)
            response["HX-Redirect"] = url
            return response
        return HttpResponseRedirect(url)
