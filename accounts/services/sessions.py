"""Where a person is signed in, and signing them out there."""

import datetime as dt
from dataclasses import dataclass

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from accounts import devices
from accounts.models import User
from accounts.services import rules
from core import audit, live

USER_AGENT_LENGTH: int = UserSession._meta.get_field("user_agent").max_length


def sessions_of(person: User) -> QuerySet[UserSession]:
    """Where the person is signed in now, the most recent first."""
    alive = Session.objects.filter(
        session_key=OuterRef("session_key"), expire_date__gt=timezone.now()
    )
    found: QuerySet[UserSession] = UserSession.objects.filter(Exists(alive), user=person)
    return found.order_by("-last_seen_at", "-pk")


@dataclass(frozen=True, slots=True)
class Place:
    """One place where a person is signed in, in words."""

    pk: int
    device: devices.Device
    where: str
    last_seen_at: dt.datetime
    began_at: dt.datetime
    is_here: bool


def described(person: User, *, here: str = "") -> list[Place]:
    """Where the person is signed in, for showing; `here` is the key of the session that asks."""
    return [
        Place(
            pk=row.pk,
            device=devices.device(row.user_agent),
            where=devices.place(row.ip),
            last_seen_at=row.last_seen_at,
            began_at=row.created_at,
            is_here=row.session_key == here,
        )
        for row in sessions_of(person)
    ]


@transaction.atomic
def end_session(person: User, session_id: int, *, by: User) -> None:
    """Sign the person out in one place."""
    rules.check_may_manage(person, by=by)
    chosen = UserSession.objects.filter(user=person, pk=session_id)
    if _delete(chosen):
        audit.record("person.signed_out", person, by=by)
        live.touch("people", person.pk)


@transaction.atomic
def end_other_sessions(person: User, *, keep: str, by: User) -> User:
    """Sign the person out everywhere but here. The caller renews the hash of its own session."""
    person = User.objects.locked().get(pk=person.pk)
    rules.check_may_manage(person, by=by)
    end_all(person, keep=keep)
    audit.record("person.signed_out_elsewhere", person, by=by)
    live.touch("people", person.pk)
    return person


def end_all(person: User, *, keep: str | None = None) -> None:
    """End every session, also those nobody wrote down: the hash they carry is worth nothing now."""
    User.objects.filter(pk=person.pk).update(session_epoch=F("session_epoch") + 1)
    person.refresh_from_db(fields=["session_epoch"])
    forget(person, keep=keep)


def forget(person: User, *, keep: str | None = None) -> None:
    """Delete the rows of the person's sessions."""
    _delete(UserSession.objects.filter(user=person).exclude(session_key=keep or ""))


def _delete(chosen: "QuerySet[UserSession]") -> int:
    keys = list(chosen.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    return int(chosen.delete()[0])
