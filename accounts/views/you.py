"""What people see and change about themselves. For anybody who is signed in."""

from allauth.mfa.models import Authenticator
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.choices import Density
from accounts.forms import ProfileForm, TokenForm
from accounts.models import ApiToken
from accounts.services import mfa, people, sessions, tokens
from core.errors import RuleViolation
from core.pages import AuthedRequest, done, render_page


def profile(request: AuthedRequest) -> HttpResponse:
    person = request.user
    initial = {
        "name": person.name,
        "language": person.language,
        "time_zone": person.time_zone,
        "theme": person.theme,
        "density": person.preferences.get("density", Density.COMFORTABLE),
    }
    form = ProfileForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        people.change_profile(person, **form.cleaned_data)
        return done(request, _("Saved."), reverse("accounts:profile"))
    status = 422 if form.is_bound else 200
    return render_page(request, "accounts/profile.html", {"form": form}, status=status)


@require_safe
def security(request: AuthedRequest) -> HttpResponse:
    """Password, second factor, places where one is signed in, tokens."""
    person = request.user
    factors = mfa.factors_of(person)
    context = {
        "factors": factors,
        "has_app": any(factor.type == Authenticator.Type.TOTP for factor in factors),
        "codes_left": mfa.recovery_codes_left(person),
        "sessions": sessions.described(person, here=request.session.session_key or ""),
        "tokens": person.tokens.usable(),
        "passkeys_work": mfa.passkeys_work(request.get_host()),
    }
    return render_page(request, "accounts/security.html", context)


@require_safe
def two_factor_needed(request: AuthedRequest) -> HttpResponse:
    """Where somebody is sent who has to set up two-factor before anything else."""
    if not request.user.must_enroll_mfa:
        return done(request, _("Two-factor is set up."), reverse("accounts:security"))
    context = {"passkeys_work": mfa.passkeys_work(request.get_host())}
    return render_page(request, "accounts/two_factor_needed.html", context)


@require_POST
def session_end(request: AuthedRequest, session_id: int) -> HttpResponse:
    sessions.end_session(request.user, session_id, by=request.user)
    return done(request, _("Signed out there."), reverse("accounts:security"))


@require_POST
def session_end_others(request: AuthedRequest) -> HttpResponse:
    here = request.session.session_key or ""
    with transaction.atomic():
        person = sessions.end_other_sessions(request.user, keep=here, by=request.user)
        # Ending the others changed what every session must carry. This one goes on, and must say
        # so with the same commit: another tab of it may ask in the very next moment.
        request.session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        request.session.save()
    return done(request, _("You are signed out everywhere else."), reverse("accounts:security"))


@permission_required("accounts.add_apitoken", raise_exception=True)
def token_create(request: AuthedRequest) -> HttpResponse:
    """Make an API token; its secret is on the answer to this very request and nowhere else."""
    form = TokenForm(request.POST or None, person=request.user)
    if form.is_bound and form.is_valid():
        try:
            token, secret = tokens.create_token(
                request.user,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=form.expires_at,
                by=request.user,
            )
        except RuleViolation as error:
            form.add_error(None, str(error))
        else:
            context = {"token": token, "secret": secret}
            response = render_page(request, "accounts/token_created.html", context)
            response["Cache-Control"] = "no-store"
            return response
    status = 422 if form.is_bound else 200
    return render_page(request, "accounts/token_create.html", {"form": form}, status=status)


@require_POST
def token_revoke(request: AuthedRequest, pk: int) -> HttpResponse:
    """One's own token, or with the right for it somebody else's."""
    mine = (
        ApiToken.objects.all()
        if request.user.has_perm("accounts.secure_user")
        else request.user.tokens
    )
    token = tokens.revoke_token(get_object_or_404(mine, pk=pk), by=request.user)
    is_own = token.user_id == request.user.pk
    url = reverse("accounts:security") if is_own else token.user.get_absolute_url()
    return done(request, _("“%(name)s” opens nothing any more.") % {"name": token.name}, url)
