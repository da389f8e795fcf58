"""What the worker does for people: mail them, and clear away what has ended."""

import datetime as dt

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import links, mail
from accounts.choices import PersonStatus
from accounts.models import ApiToken, User
from core.jobs import Run, job

DEAD_TOKENS_ARE_KEPT = dt.timedelta(days=90)


@job(title=_("Mail an invitation"), manual=False)
def send_invitation(run: Run, person_id: int) -> None:
    """The link is made here, so that it is never written down anywhere."""
    person = User.objects.filter(pk=person_id).first()
    if person is None or person.status != PersonStatus.INVITED:
        run.log(_("Nobody is waiting for this invitation any more."))
        return
    link = links.absolute(links.invitation_path(person))
    mail.send("invitation", person, {"link": link, "days": links.InvitationTokens.lifetime.days})


@job(title=_("Mail a link for a new password"), manual=False, hidden=True)
def send_password_reset(run: Run, email: str) -> None:
    """Asked for with any address. Only here is looked whose it is, so the page cannot tell."""
    person = User.objects.filter(email=email, is_active=True).first()
    if person is None:
        return
    if person.status == PersonStatus.INVITED:
        send_invitation(run, person.pk)
        return
    minutes = int(links.ResetTokens.lifetime.total_seconds() // 60)
    link = links.absolute(links.reset_path(person))
    mail.send("password_reset", person, {"link": link, "minutes": minutes})


@job(title=_("Mail a notice about an account"), manual=False)
def send_notice(run: Run, notice: str, person_id: int, to: str = "") -> None:
    """Tell people what happened to the security of their account."""
    person = User.objects.filter(pk=person_id).first()
    if person is not None:
        mail.send(notice, person, {}, to=to)


@job(at="03:40", title=_("Clear ended sessions and dead tokens"))
def sweep_sessions(run: Run) -> None:
    now = timezone.now()
    run.count("sessions", Session.objects.filter(expire_date__lt=now).delete()[0])
    alive = Session.objects.filter(session_key=OuterRef("session_key"))
    run.count("devices", UserSession.objects.filter(~Exists(alive)).delete()[0])
    dead = now - DEAD_TOKENS_ARE_KEPT
    run.count("tokens", ApiToken.objects.filter(revoked_at__lt=dead).delete()[0])
    run.count("tokens", ApiToken.objects.filter(expires_at__lt=dead).delete()[0])
