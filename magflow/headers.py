"""Response headers that Django has no setting for."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

HEADERS = {
    # Pages show people's data and are always asked for afresh. Static files say otherwise.
    "Cache-Control": "no-store",
    # Other sites may not embed our pages, pictures or scripts.
    "Cross-Origin-Resource-Policy": "same-origin",
    # The camera reads barcodes at the packing bench; passkeys sign people in. That is all.
    "Permissions-Policy": "camera=(self), publickey-credentials-get=(self), "
    "publickey-credentials-create=(self), geolocation=(), microphone=(), payment=(), usb=()",
}


class ResourcePolicyMiddleware:
    """Adds the headers above to every response, static files included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response
