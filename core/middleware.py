"""What happens around every view: a number, the person's language, and errors people understand."""

import logging
import secrets
from collections.abc import Callable
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import resolve_url
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme

from core import audit
from core.error_views import refusal
from core.errors import MagFlowError, RemoteError

GetResponse = Callable[[HttpRequest], HttpResponse]

log = logging.getLogger("magflow.errors")

# No letters and digits that people mix up when they read a number out over the telephone.
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"


def new_request_id() -> str:
    """A number to quote and to find in the log, such as "k7f3x-9qwm2"."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


class RequestIdMiddleware:
    """Gives every request a number: on the log lines, in the audit trail, in X-Request-ID.

    A number that comes with the request is ignored: a stranger could forge what we search for.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        number = new_request_id()
        request.id = number  # type: ignore[attr-defined]
        with audit.acting(source="page", request_id=number):
            response = self.get_response(request)
        response["X-Request-ID"] = number
        return response


class PersonMiddleware:
    """Speaks the signed-in person's language and time zone; before sign-in, the browser's."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = request.user
        language = getattr(person, "language", "") or translation.get_language_from_request(request)
        zone = _zone(getattr(person, "time_zone", ""))
        with translation.override(language), timezone.override(zone):
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response


def _zone(name: str) -> ZoneInfo | None:
    """The zone of that name; None, the company's zone, when there is none."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):  # the zone data of this host may be older
        return None


class HtmxLoginMiddleware:
    """An expired sign-in sends the whole window to the login page, never puts it into a table."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "HX-Request" not in request.headers or response.status_code != 302:
            return response
        login = resolve_url(settings.LOGIN_URL)
        if urlsplit(response["Location"]).path != login:
            return response
        answer = HttpResponse(status=204)
        answer["HX-Redirect"] = f"{login}?{self._way_back(request)}"
        patch_vary_headers(answer, ["HX-Request", "Cookie"])
        return answer

    @staticmethod
    def _way_back(request: HttpRequest) -> str:
        # The person looks at the page, not at the fragment whose address this request has.
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
        way = page.path + (f"?{page.query}" if page.query else "")
        is_ours = way.startswith("/") and url_has_allowed_host_and_scheme(way, allowed_hosts=None)
        query = QueryDict(mutable=True)
        query["next"] = way if is_ours and page.netloc == request.get_host() else "/"
        return query.urlencode(safe="/")


class ErrorMiddleware:
    """Answers a MagFlowError with its message: as a toast to htmx, as a page to everybody else."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, MagFlowError):
            return None  # a bug: Django logs it and error_views.server_error answers
        level = logging.WARNING if isinstance(error, RemoteError) else logging.INFO
        log.log(level, "%s: %s", error.code, error, extra={"request": request})
        return refusal(request, error)
