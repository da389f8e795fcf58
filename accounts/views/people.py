"""People: the list, inviting somebody, one person."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.db.models import Count
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import links, lockout, mail
from accounts.choices import PERSON_STATUS_BADGES, PersonStatus
from accounts.filters import PersonFilter
from accounts.forms import InviteForm, PersonForm, RoleForm
from accounts.models import User
from accounts.models.people import STATUS_CONDITIONS
from accounts.services import mfa, people, rules, sessions
from accounts.tables import PersonTable
from accounts.views._dialogs import ask, confirmed
from core.errors import RuleViolation
from core.pages import AuthedRequest, done, is_partial, render_page
from core.tables import Tab, table_page


@permission_required("accounts.view_user", raise_exception=True)
def person_list(request: AuthedRequest) -> HttpResponseBase:
    return table_page(
        request,
        page="accounts.person_list",
        title=_("People"),
        table=PersonTable,
        filterset=PersonFilter,
        queryset=User.objects.for_list(),
        live="people",
        tabs=_tabs(),
        template="accounts/person_list.html",
    )


def _tabs() -> list[Tab]:
    counts = User.objects.aggregate(
        **{status: Count("pk", filter=condition) for status, condition in STATUS_CONDITIONS.items()}
    )
    return [
        Tab(_("Everybody"), "", sum(counts.values())),
        *(Tab(PersonStatus(s).label, f"status={s}", n) for s, n in counts.items()),
    ]


@permission_required("accounts.invite_user", raise_exception=True)
def person_invite(request: AuthedRequest) -> HttpResponse:
    """Add somebody; the page after it shows the link, since a first run has no mail server."""
    form = InviteForm(request.POST or None, by=request.user)
    if form.is_bound and form.is_valid():
        try:
            person = people.invite_person(**form.cleaned_data, by=request.user)
        except RuleViolation as error:
            form.add_error("email", str(error))
        else:
            return done(request, _("%(name)s is invited.") % {"name": person}, _link_url(person))
    status = 422 if form.is_bound else 200
    return render_page(request, "accounts/person_invite.html", {"form": form}, status=status)


@require_safe
@permission_required("accounts.invite_user", raise_exception=True)
def person_link(request: AuthedRequest, pk: int) -> HttpResponse:
    """The invitation's link, to be handed over by other ways than mail."""
    person = _person(request, pk)
    if person.status != PersonStatus.INVITED:
        return done(
            request,
            _("%(name)s has already joined.") % {"name": person},
            person.get_absolute_url(),
            level="info",
        )
    context = {
        "person": person,
        "link": request.build_absolute_uri(links.invitation_path(person)),
        "days": links.InvitationTokens.lifetime.days,
        "is_mailed": mail.is_configured(),
    }
    return render_page(request, "accounts/person_link.html", context)


@require_safe
@permission_required("accounts.view_user", raise_exception=True)
def person_detail(request: AuthedRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    may_manage = _may_manage(person, request.user)
    context: dict[str, Any] = {
        "person": person,
        "badge": PERSON_STATUS_BADGES[person.status],
        "locked_until": lockout.person_locked_until(person.email),
        "may_manage": may_manage,
        "is_oneself": person.pk == request.user.pk,
        "factors": mfa.factors_of(person) if person.has_mfa else [],
    }
    template = "accounts/_person.html" if is_partial(request) else "accounts/person_detail.html"
    return render_page(request, template, context)


@permission_required("accounts.change_user", raise_exception=True)
def person_edit(request: AuthedRequest, pk: int) -> HttpResponse:
    person = _person(request, pk)
    initial = {"name": person.name, "email": person.email, "language": person.language}
    return ask(
        request,
        PersonForm(request.POST or None, initial=initial),
        lambda **values: people.change_person(person, **values, by=request.user),
        title=_("Change %(name)s") % {"name": person},
        button=_("Save"),
        message=_("Saved."),
        url=person.get_absolute_url(),
    )


@permission_required("accounts.change_user", raise_exception=True)
def person_role(request: AuthedRequest, pk: int) -> HttpResponse:
    person = _person(request, pk)
    return ask(
        request,
        RoleForm(request.POST or None, initial={"role": person.role}, by=request.user),
        lambda role: people.change_role(person, role=role, by=request.user),
        title=_("Role of %(name)s") % {"name": person},
        button=_("Change role"),
        message=_("%(name)s has a new role.") % {"name": person},
        url=person.get_absolute_url(),
    )


@permission_required("accounts.deactivate_user", raise_exception=True)
def person_deactivate(request: AuthedRequest, pk: int) -> HttpResponse:
    person = _person(request, pk)
    return ask(
        request,
        confirmed(request),
        lambda: people.deactivate_person(person, by=request.user),
        title=_("Deactivate %(name)s?") % {"name": person},
        says=_(
            "They are signed out at once and their API tokens stop working. What they did stays in"
            " the audit trail. You can let them in again at any time."
        ),
        button=_("Deactivate"),
        message=_("%(name)s is deactivated.") % {"name": person},
        url=person.get_absolute_url(),
        danger=True,
    )


@require_POST
@permission_required("accounts.deactivate_user", raise_exception=True)
def person_activate(request: AuthedRequest, pk: int) -> HttpResponse:
    person = people.activate_person(_person(request, pk), by=request.user)
    return done(
        request, _("%(name)s may sign in again.") % {"name": person}, person.get_absolute_url()
    )


@require_POST
@permission_required("accounts.invite_user", raise_exception=True)
def person_resend(request: AuthedRequest, pk: int) -> HttpResponse:
    person = people.resend_invitation(_person(request, pk), by=request.user)
    return done(request, _("The invitation is on its way again."), _link_url(person))


@require_POST
@permission_required("accounts.secure_user", raise_exception=True)
def person_unlock(request: AuthedRequest, pk: int) -> HttpResponse:
    person = people.unlock_person(_person(request, pk), by=request.user)
    return done(request, _("%(name)s may try again.") % {"name": person}, person.get_absolute_url())


@permission_required("accounts.secure_user", raise_exception=True)
def person_reset_two_factor(request: AuthedRequest, pk: int) -> HttpResponse:
    person = _person(request, pk)
    return ask(
        request,
        confirmed(request),
        lambda: mfa.reset_factors(person, by=request.user),
        title=_("Reset two-factor of %(name)s?") % {"name": person},
        says=_(
            "For somebody who has lost their phone and their recovery codes. Make sure that it is"
            " really them who ask. Their password alone lets them in until they set it up again."
        ),
        button=_("Reset two-factor"),
        message=_("Two-factor of %(name)s is reset.") % {"name": person},
        url=person.get_absolute_url(),
        danger=True,
    )


@require_POST
@permission_required("accounts.secure_user", raise_exception=True)
def person_session_end(request: AuthedRequest, pk: int, session_id: int) -> HttpResponse:
    person = _person(request, pk)
    sessions.end_session(person, session_id, by=request.user)
    return done(
        request, _("%(name)s is signed out there.") % {"name": person}, person.get_absolute_url()
    )


def _person(request: AuthedRequest, pk: int) -> User:
    """Somebody the signed-in person may look after."""
    person = get_object_or_404(User, pk=pk)
    rules.check_may_manage(person, by=request.user)
    return person


def _may_manage(person: User, by: User) -> bool:
    try:
        rules.check_may_manage(person, by=by)
    except RuleViolation:
        return False
    return True


def _link_url(person: User) -> str:
    return reverse("accounts:person_link", args=[person.pk])
