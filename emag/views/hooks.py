"""The addresses that eMAG calls when something happens (§8).

Nothing signs such a call, so it is only ever a hint to read an order by the interface: what it says
is not stored, and it is answered the same whether we know the order or not. The token in the
address is what only eMAG and the seller know.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from emag.models import Credential
from emag.pulls import nudges
from emag.services.callbacks import KINDS

# Only the first is documented. The others are what eMAG calls the same elsewhere.
ORDER_NAMES = ("order_id", "orderId", "id")
LONGEST_BODY = 65_536
LONGEST_NUMBER = 19


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def hook(request: HttpRequest, token: str, kind: str) -> HttpResponse:
    """Note the order that the call names, have it read at once, and say thanks."""
    account_id = account_of(token)
    if account_id is None or kind not in KINDS:
        return HttpResponse(status=404, content_type="text/plain")
    number = order_number(request, kind)
    if number and request.method != "HEAD":
        nudges.note(account_id, "order", number)
    return HttpResponse("OK", content_type="text/plain")


def account_of(token: str) -> int | None:
    """Whose address it is. Every token is compared, and in full, so time tells nothing of them."""
    known = Credential.objects.filter(account__is_paused=False)
    asked, found = token.encode(), None
    for account_id, theirs in known.values_list("account_id", "hook_token"):
        if secrets.compare_digest(theirs.encode(), asked):
            found = account_id
    return found


def order_number(request: HttpRequest, kind: str) -> str:
    """The order that a call is about; empty where it names none that can exist."""
    given = {**_body(request), **request.GET.dict()}
    # In calls about something else, "id" is the number of that.
    names = ORDER_NAMES if kind in {"order", "cancel"} else ORDER_NAMES[:2]
    for name in names:
        text = str(given.get(name) or "").strip()
        if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER and int(text):
            return str(int(text))
    return ""


def _body(request: HttpRequest) -> dict[str, Any]:
    """JSON or a form, whichever came; nothing where it is neither."""
    if request.method != "POST" or int(request.headers.get("Content-Length") or 0) > LONGEST_BODY:
        return {}
    if request.content_type != "application/json":
        return request.POST.dict()
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    found = found[0] if isinstance(found, list) and found else found
    return found if isinstance(found, dict) else {}
