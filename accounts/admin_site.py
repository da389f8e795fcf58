"""The Django admin: a window into the records for owners and managers, with our sign-in and looks.

Everything that a service writes is read-only there: a change that skips the service would skip its
rules, its audit entry and its live hint. settings.INSTALLED_APPS names AdminConfig.
"""

from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from core.records import ReadOnlyAdmin

# Records of libraries stand with ours; what a group is called.
ABOUT = {"usersessions": "accounts", "axes": "accounts", "django_q": "core"}
GROUP_NAMES = {"accounts": _("People and companies"), "core": _("Control room")}


def _merged(label: str, apps: list[Any]) -> dict[str, Any]:
    models = [model for app in apps for model in app["models"]]
    models.sort(key=lambda model: str(model["name"]))
    name = GROUP_NAMES.get(label, apps[0]["name"])
    return {**apps[0], "app_label": label, "name": name, "models": models}


class AdminSite(admin.AdminSite):
    """Signing in, with the second factor, and out are the pages that everybody uses."""

    site_title = _("MagFlow records")
    site_header = _("MagFlow records")
    index_title = _("Records")
    site_url = "/"
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only what may be looked at and not changed. What libraries register for themselves, their
        queues, secrets and tables we do not use, stays out."""
        if admin_class is not None and issubclass(admin_class, ReadOnlyAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The records by what they are about, not by the library that keeps them."""
        groups: dict[str, list[Any]] = {}
        for app in super().get_app_list(request, app_label):
            groups.setdefault(ABOUT.get(app["app_label"], app["app_label"]), []).append(app)
        return [_merged(label, apps) for label, apps in groups.items()]

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if request.user.is_authenticated:
            raise PermissionDenied
        target = request.GET.get("next", reverse("admin:index"))
        return redirect(f"{reverse('account_login')}?{urlencode({'next': target})}")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_change_password")


class AdminConfig(DjangoAdminConfig):
    """Django's admin app with our site."""

    default_site = "accounts.admin_site.AdminSite"
