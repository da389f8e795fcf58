"""The application's addresses, the page of every component, and a page with a bug."""

from django.urls import include, path

from core.views.ui_kit import ui_kit


def broken(request):
    """A page with a bug."""
    raise ZeroDivisionError("a bug of ours")


urlpatterns = [
    path("ui-kit/", ui_kit, name="ui_kit"),
    path("broken/", broken, name="broken"),
    path("", include("magflow.urls")),
]
handler500 = "core.error_views.server_error"
