"""Every app's urls."""

from django.contrib import admin
from django.urls import include, path

from magflow import health

urlpatterns = [
    path("health/", health.health, name="health"),
    path("", include("ops.urls")),
    path("", include("core.urls")),
    path("", include("accounts.urls")),
    path("", include("accounts.sign_in_urls")),
    path("", include("outbox.urls")),
    path("", include("catalog.urls")),
    path("", include("orders.urls")),
    path("", include("emag.urls")),
    path("admin/", admin.site.urls),
]

handler500 = "core.error_views.server_error"
