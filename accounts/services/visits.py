"""When and from where people are here. Exact to a few minutes, so that a click costs no write."""

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils import timezone

from accounts import devices
from accounts.models import User
from accounts.services.sessions import USER_AGENT_LENGTH
from core import audit, live


@transaction.atomic
def note_visit(person: User, *, session_key: str, ip: str, user_agent: str) -> None:
    """The person was here just now, with this session."""
    now = timezone.now()
    User.objects.filter(pk=person.pk).update(last_seen_at=now)
    UserSession.objects.update_or_create(
        session_key=session_key,
        defaults={
            "user": person,
            "ip": ip,
            "user_agent": user_agent[:USER_AGENT_LENGTH],
            "last_seen_at": now,
        },
    )


@transaction.atomic
def note_sign_in(person: User, *, ip: str, user_agent: str) -> None:
    audit.record("person.signed_in", person, by=person, note=f"{devices.device(user_agent)} · {ip}")
    live.touch("people", person.pk)


@transaction.atomic
def note_lock_out(email: str, *, ip: str) -> None:
    """Somebody typed too many wrong passwords for this address, or from this place."""
    person = User.objects.filter(email=email).first()
    audit.record("person.locked_out", person, by=None, note=ip, label=email)
    if person is not None:
        live.touch("people", person.pk)
