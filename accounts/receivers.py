"""What the sign-in libraries tell us, handed to our services. Nothing else listens to them."""

from typing import Any

from allauth.account import signals as account_signals
from allauth.account.adapter import get_adapter
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest

from accounts.middleware import stamp_session
from accounts.models import User
from accounts.services import mfa, people, visits


def connect() -> None:
    """Called once, from AppConfig.ready()."""
    user_logged_in.connect(start_session)
    account_signals.user_logged_in.connect(note_sign_in)
    user_locked_out.connect(note_lock_out)
    account_signals.password_changed.connect(note_password_changed)
    account_signals.password_reset.connect(note_password_changed)
    mfa_signals.authenticator_added.connect(note_factor_added)
    mfa_signals.authenticator_removed.connect(note_factor_removed)
    mfa_signals.authenticator_reset.connect(note_codes_renewed)


def start_session(request: HttpRequest, user: User, **kwargs: Any) -> None:
    stamp_session(request)
    people.note_seen(user)


def note_sign_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    adapter = get_adapter(request)
    agent = adapter.get_http_user_agent(request)
    visits.note_sign_in(user, ip=adapter.get_client_ip(request), user_agent=agent)


def note_lock_out(request: Any, username: str, ip_address: str, **kwargs: Any) -> None:
    # Attempts while locked out are announced as well; they are not counted and have no number.
    if request.axes_failures_since_start is not None:
        visits.note_lock_out(username, ip=ip_address)


def note_password_changed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A changed password keeps the session it was changed in; a reset one keeps none."""
    here = request.session.session_key if request.user.is_authenticated else None
    people.note_password_changed(user, keep=here)


def note_factor_added(user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    mfa.note_factor_added(user, authenticator)


def note_factor_removed(user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    mfa.note_factor_removed(user, authenticator)


def note_codes_renewed(user: User, **kwargs: Any) -> None:
    mfa.note_codes_renewed(user)
