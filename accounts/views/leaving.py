"""Signing out: allauth's page, and a browser that keeps nothing of the person."""

from functools import wraps
from typing import Any

from allauth.account.views import logout
from django.http import HttpRequest, HttpResponse


@wraps(logout)
def leave(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """What the palette remembers, and whatever pages store one day, goes with the session."""
    response: HttpResponse = logout(request, **kwargs)
    if not request.user.is_authenticated:
        response["Clear-Site-Data"] = '"storage"'
    return response
