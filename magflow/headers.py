"""Response headers that Django has no setting for."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

# What a page may load and do. Nothing of it differs from page to page, so it is one constant.
CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    # Small drawings inside style sheets, the two-factor QR code; pictures of products.
    "img-src": " ".join(["'self'", "data:", *settings.IMAGE_HOSTS]),
    "font-src": "'self'",
    "object-src": "'none'",
    "connect-src": "'self'",  # htmx, and the websocket of the same origin
    "manifest-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(
        f"{name} {sources}" for name, sources in CONTENT_SECURITY_POLICY.items()
    ),
    # Pages show people's data and are always asked for afresh. Static files say otherwise.
    "Cache-Control": "no-store",
    # Other sites may not embed our pages, pictures or scripts.
    "Cross-Origin-Resource-Policy": "same-origin",
    # The camera reads barcodes at the packing bench; passkeys sign people in. That is all.
    "Permissions-Policy": "camera=(self), publickey-credentials-get=(self), "
    "publickey-credentials-create=(self), geolocation=(), microphone=(), payment=(), usb=()",
}


class HeadersMiddleware:
    """Adds the headers above to every response, static files included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.headers = dict(HEADERS)
        if settings.PRODUCTION:
            self.headers["Content-Security-Policy"] += "; upgrade-insecure-requests"

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        return response
