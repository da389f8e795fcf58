import datetime as dt

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import jobs
from accounts.choices import Role
from accounts.models import ApiToken, User
from accounts.services import sessions
from core.errors import RuleViolation
from core.models import AuditEntry
from tests.factories.accounts import PASSWORD, UserFactory
from tests.integration.accounts.conftest import work

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"


@pytest.fixture
def ana():
    return UserFactory(email="ana@shop.ro", role=Role.OWNER, password=PASSWORD)


def signed_in(person, **extra):
    client = Client(headers={"User-Agent": FIREFOX}, **extra)
    client.post("/sign-in/", {"login": person.email, "password": PASSWORD})
    return client


def test_it_works(ana):
    here = signed_in(ana)
    signed_in(ana, REMOTE_ADDR="192.168.1.7")
    page = here.get("/you/security/").content.decode()
    assert page.count("Firefox on Linux") == 2
    assert "your network (192.168.1.7)" in page
    assert page.count("This device") == 1


def test_signing_out_elsewhere(ana):
    here, elsewhere = signed_in(ana), signed_in(ana)
    assert here.post("/you/sessions/end-others/")["Location"] == "/you/security/"
    assert here.get("/you/").status_code == 200
    assert elsewhere.get("/you/").status_code == 302
    assert [place.is_here for place in sessions.described(ana, here=here.session.session_key)] == [
        True
    ]
    assert AuditEntry.objects.filter(verb="person.signed_out_elsewhere").exists()


def test_it_ends_sessions_that_nobody_wrote_down_too(ana):
    here, elsewhere = signed_in(ana), signed_in(ana)
    UserSession.objects.filter(session_key=elsewhere.session.session_key).delete()
    here.post("/you/sessions/end-others/")
    assert elsewhere.get("/you/").status_code == 302


def test_signing_out_one_place(ana):
    here, elsewhere = signed_in(ana), signed_in(ana)
    other = UserSession.objects.get(session_key=elsewhere.session.session_key)
    here.post(f"/you/sessions/{other.pk}/end/")
    assert elsewhere.get("/you/").status_code == 302
    assert here.get("/you/").status_code == 200


def test_nobody_ends_the_session_of_somebody_else_by_its_number(ana):
    eve = UserFactory(password=PASSWORD)
    client, target = signed_in(eve), signed_in(ana)
    number = UserSession.objects.get(session_key=target.session.session_key).pk
    client.post(f"/you/sessions/{number}/end/")
    assert target.get("/you/").status_code == 200


def test_a_manager_signs_somebody_out(ana):
    viewer, manager = UserFactory(password=PASSWORD), UserFactory(role=Role.MANAGER)
    client = signed_in(viewer)
    number = UserSession.objects.get(user=viewer).pk
    sessions.end_session(viewer, number, by=manager)
    assert client.get("/you/").status_code == 302
    with pytest.raises(RuleViolation, match="Only an owner"):
        sessions.end_session(ana, 1, by=manager)


def test_sessions_that_ran_out_are_not_listed(ana):
    signed_in(ana)
    Session.objects.update(expire_date=timezone.now() - dt.timedelta(seconds=1))
    assert sessions.described(ana) == []


def test_being_here_is_noted_every_few_minutes(ana, django_assert_num_queries):
    now = timezone.now()
    with time_machine.travel(now) as clock:
        client = signed_in(ana)
        clock.shift(dt.timedelta(minutes=4))
        with django_assert_num_queries(2):
            client.get("/you/")
        clock.shift(dt.timedelta(minutes=2))
        client.get("/you/", REMOTE_ADDR="192.168.1.9")
        with django_assert_num_queries(2):
            client.get("/you/")
    ana.refresh_from_db()
    row = UserSession.objects.get()
    assert row.last_seen_at == ana.last_seen_at
    assert now + dt.timedelta(minutes=6) <= row.last_seen_at
    assert row.ip == "192.168.1.9"


def test_each_of_two_places_is_noted(ana):
    now = timezone.now()
    with time_machine.travel(now) as clock:
        first, second = signed_in(ana), signed_in(ana)
        clock.shift(dt.timedelta(minutes=6))
        first.get("/you/")
        second.get("/you/")
    assert all(s.last_seen_at > now + dt.timedelta(minutes=5) for s in UserSession.objects.all())


def test_a_very_long_user_agent_is_cut(ana):
    client = Client(headers={"User-Agent": "x" * 5000})
    assert client.post("/sign-in/", {"login": ana.email, "password": PASSWORD}).status_code == 302


def test_what_has_ended_is_swept_away(ana):
    signed_in(ana)
    Session.objects.update(expire_date=timezone.now() - dt.timedelta(days=1))
    old, now = timezone.now() - dt.timedelta(days=100), timezone.now()
    for n, dates in enumerate(({"revoked_at": old}, {"expires_at": old}, {"revoked_at": now}, {})):
        ApiToken.objects.create(user=ana, name=str(n), prefix="mf_", hash=str(n), **dates)
    work(jobs.sweep_sessions)
    assert not Session.objects.exists()
    assert not UserSession.objects.exists()
    assert set(ApiToken.objects.values_list("name", flat=True)) == {"2", "3"}


def test_the_last_sign_in_is_the_last_time_seen(ana):
    signed_in(ana)
    assert User.objects.get(pk=ana.pk).last_seen_at is not None
