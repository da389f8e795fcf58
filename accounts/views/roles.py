"""Roles: who may do what, and what a role must do to sign in."""

from django.contrib.auth.decorators import permission_required
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts import roles
from accounts.choices import Role
from accounts.forms import PolicyForm
from accounts.models import RolePolicy, User
from accounts.services import mfa
from accounts.views._dialogs import ask
from core.pages import AuthedRequest, render_page


@require_safe
@permission_required("accounts.view_user", raise_exception=True)
def role_list(request: AuthedRequest) -> HttpResponse:
    required = set(RolePolicy.objects.filter(require_mfa=True).values_list("role", flat=True))
    active = User.objects.filter(is_active=True).order_by()
    counts = dict(active.values_list("role").annotate(Count("pk")))
    lacking = dict(active.filter(has_mfa=False).values_list("role").annotate(Count("pk")))
    columns = [
        {
            "role": Role(role),
            "people": counts.get(role, 0),
            "lacking": lacking.get(role, 0),
            "require_mfa": role in required,
        }
        for role in Role.values
    ]
    groups = [
        {
            "label": group.label,
            "rows": [
                (p.label, [role in p.roles for role in Role.values]) for p in group.permissions
            ],
        }
        for group in roles.GROUPS
    ]
    return render_page(request, "accounts/role_list.html", {"columns": columns, "groups": groups})


@permission_required("accounts.change_rolepolicy", raise_exception=True)
def role_policy(request: AuthedRequest, role: str) -> HttpResponse:
    """Demand two-factor of a role, or no longer."""
    if role not in Role.values:
        raise Http404
    is_required = RolePolicy.objects.filter(role=role, require_mfa=True).exists()
    label = Role(role).label
    lacking = User.objects.filter(role=role, is_active=True, has_mfa=False).count()
    form = PolicyForm(request.POST or None, initial={"require_mfa": not is_required})
    if is_required:
        title, button = _("%(role)s: two-factor no longer required?"), _("No longer require it")
        says = _("Who has it keeps it; nobody else is asked to set it up.")
    else:
        title, button = _("%(role)s: require two-factor?"), _("Require it")
        says = ngettext(
            "%(n)s person of this role has none yet and must set it up with the next click.",
            "%(n)s people of this role have none yet and must set it up with the next click.",
            lacking,
        ) % {"n": lacking}
    return ask(
        request,
        form,
        lambda require_mfa: mfa.set_role_policy(role, require_mfa=require_mfa, by=request.user),
        title=title % {"role": label},
        says=says,
        button=button,
        message=_("The rule for “%(role)s” is changed.") % {"role": label},
        url=reverse("accounts:role_list"),
    )
