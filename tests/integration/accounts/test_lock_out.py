"""Guessing passwords: who is locked out, for how long, and who is not."""

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import lockout
from accounts.choices import Role
from accounts.services import people
from core.errors import RuleViolation
from core.models import AuditEntry
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana():
    return UserFactory(email="ana@shop.ro", password=PASSWORD)


def attempt(email="ana@shop.ro", password="wrong wrong wrong", ip="10.0.0.1", client=None):
    client = client or Client()
    return client.post("/sign-in/", {"login": email, "password": password}, REMOTE_ADDR=ip)


def guess(times, **how):
    return [attempt(**how).status_code for _ in range(times)]


def test_it_works(ana):
    assert guess(5) == [200, 200, 200, 200, 429]
    assert attempt(password=PASSWORD).status_code == 429


def test_the_page_says_until_when(ana):
    with time_machine.travel(dt.datetime(2026, 11, 25, 10, 0, tzinfo=dt.UTC), tick=False):
        guess(4)
        response = attempt()
    assert int(response["Retry-After"]) == 15 * 60
    assert response.context["minutes"] == 15
    assert "<b>12:15</b>" in response.content.decode()  # in Bucharest


def test_trying_while_locked_out_does_not_make_it_longer(ana):
    start = timezone.now()
    with time_machine.travel(start) as clock:
        guess(5)
        clock.shift(dt.timedelta(minutes=14))
        assert attempt(password=PASSWORD).status_code == 429
        clock.shift(dt.timedelta(minutes=1, seconds=1))
        assert attempt(password=PASSWORD).status_code == 302


def test_counting_goes_over_all_clients_and_processes(ana):
    """Nothing but the database knows of the first four."""
    for _ in range(4):
        attempt(client=Client())
    assert attempt(client=Client()).status_code == 429


def test_capitals_and_blanks_are_the_same_address(ana):
    for email in ("ana@shop.ro", "ANA@shop.ro", " ana@shop.ro ", "Ana@Shop.ro"):
        attempt(email=email)
    assert attempt().status_code == 429


def test_the_person_elsewhere_is_not_locked_out(ana):
    guess(5)
    assert attempt(password=PASSWORD, ip="10.0.0.2").status_code == 302


def test_others_in_the_same_place_are_not_locked_out(ana):
    UserFactory(email="dan@shop.ro", password=PASSWORD)
    guess(5)
    assert attempt(email="dan@shop.ro", password=PASSWORD).status_code == 302


def test_an_address_nobody_has_is_locked_out_all_the_same():
    assert guess(5, email="nobody@shop.ro")[-1] == 429


def test_one_place_cannot_go_through_many_addresses(ana):
    for n in range(12):
        guess(4, email=f"person{n}@shop.ro")
    assert guess(2, email="somebody@shop.ro") == [200, 429]
    assert attempt(password=PASSWORD).status_code == 429
    assert attempt(password=PASSWORD, ip="10.0.0.2").status_code == 302


def test_signing_in_clears_ones_own_count_only(ana):
    UserFactory(email="eve@shop.ro", password=PASSWORD)
    for n in range(12):
        guess(4, email=f"person{n}@shop.ro")
    attempt(email="eve@shop.ro", password=PASSWORD)  # a working account must not buy more guesses
    assert guess(2, email="somebody@shop.ro")[-1] == 429


def test_a_few_mistakes_are_forgiven_after_signing_in(ana):
    guess(4)
    assert attempt(password=PASSWORD).status_code == 302
    assert guess(4) == [200, 200, 200, 200]


def test_many_places_guessing_one_address_are_slowed_down(ana):
    answers = [attempt(ip=f"10.0.1.{n}") for n in range(12)]
    assert "do not go together" in answers[9].content.decode()
    assert "Too many attempts" in answers[10].content.decode()


def test_a_locked_out_address_is_written_down_once(ana):
    guess(8)
    entry = AuditEntry.objects.get(verb="person.locked_out")
    assert (entry.subject_id, entry.note) == (ana.pk, "10.0.0.1")


def test_a_manager_unlocks(ana):
    manager = UserFactory(role=Role.MANAGER)
    guess(5)
    assert lockout.person_locked_until(ana.email) > timezone.now()
    people.unlock_person(ana, by=manager)
    assert lockout.person_locked_until(ana.email) is None
    assert attempt(password=PASSWORD).status_code == 302


def test_nobody_is_unlocked_who_is_not_locked_out(ana):
    with pytest.raises(RuleViolation, match="not locked out"):
        people.unlock_person(ana, by=None)


def test_confirming_the_password_is_counted_as_well(ana):
    client = Client()
    client.force_login(ana, backend="accounts.backends.RoleBackend")
    session = client.session
    session.save()
    answers = [
        client.post("/you/confirm/", {"password": f"wrong {n}"}, REMOTE_ADDR="10.0.0.1").status_code
        for n in range(5)
    ]
    assert answers[-1] == 429


def test_the_address_a_visitor_claims_is_not_believed(ana):
    for n in range(5):
        response = Client().post(
            "/sign-in/",
            {"login": ana.email, "password": "wrong"},
            REMOTE_ADDR="10.0.0.1",
            headers={"X-Forwarded-For": f"1.2.3.{n}"},
        )
    assert response.status_code == 429
