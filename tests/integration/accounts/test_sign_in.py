"""Signing in by email and password, over the pages as a browser sends them."""

import pytest
from django.conf import settings
from django.contrib.auth import hashers
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from accounts.models import User
from accounts.services import people
from core.models import AuditEntry
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
SIGN_IN = "/sign-in/"


@pytest.fixture
def ana():
    return UserFactory(email="ana@shop.ro", name="Ana Pop", role=Role.OWNER, password=PASSWORD)


def sign_in(client, email="ana@shop.ro", password=PASSWORD, **more):
    return client.post(SIGN_IN, {"login": email, "password": password, **more})


def session_cookie(response):
    return response.cookies[settings.SESSION_COOKIE_NAME]


def test_it_works(client, ana):
    response = sign_in(client)
    assert response.status_code == 302
    assert response["Location"] == "/"
    assert client.get("/you/").status_code == 200
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor_id) == ("person.signed_in", ana.pk)


def test_capitals_in_the_address_do_not_matter(client, ana):
    assert sign_in(client, email=" ANA@Shop.RO ").status_code == 302


@pytest.mark.parametrize(
    ("target", "goes"),
    [
        ("/people/?role=owner", "/people/?role=owner"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\\evil.example", "/"),
    ],
)
def test_the_page_after_it_is_one_of_ours(client, ana, target, goes):
    assert sign_in(client, next=target)["Location"] == goes


def test_a_page_asked_for_by_a_stranger_comes_after_signing_in(client, ana):
    response = client.get("/people/")
    assert response.status_code == 302
    assert response["Location"] == "/sign-in/?next=/people/"


def test_staying_signed_in_is_a_choice(client, ana):
    assert session_cookie(sign_in(client))["max-age"] == ""
    kept = session_cookie(sign_in(Client(), remember="on"))
    assert kept["max-age"] == 30 * 24 * 3600


def test_the_session_key_changes_with_signing_in(client, ana):
    session = client.session
    session["before"] = True
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    sign_in(client)
    assert client.session.session_key != session.session_key


@pytest.mark.parametrize("email", ["ana@shop.ro", "nobody@shop.ro"])
def test_a_wrong_password_and_an_unknown_address_look_the_same(client, ana, email):
    response = sign_in(client, email=email, password="wrong wrong wrong")
    assert response.status_code == 200
    assert response.context["form"].errors == {
        "__all__": ["This email and password do not go together."]
    }


@pytest.mark.parametrize("state", ["unknown", "invited", "deactivated", "known"])
def test_each_refusal_costs_one_hash(client, ana, state, monkeypatch):
    """Somebody with a stopwatch must not learn who works here."""
    UserFactory(email="invited@shop.ro", invited=True)
    UserFactory(email="deactivated@shop.ro", is_active=False, password=PASSWORD)
    UserFactory(email="known@shop.ro", password=PASSWORD)
    hasher = hashers.get_hasher()
    hashed = []
    encode = type(hasher).encode
    monkeypatch.setattr(
        type(hasher), "encode", lambda self, *a, **k: hashed.append(1) or encode(self, *a, **k)
    )
    sign_in(client, email=f"{state}@shop.ro", password="wrong wrong wrong")
    assert len(hashed) == 1


def test_a_deactivated_person_is_told_nothing(client, ana):
    UserFactory(email="old@shop.ro", is_active=False, password=PASSWORD)
    response = sign_in(client, email="old@shop.ro")
    assert "do not go together" in str(response.context["form"].errors)


def test_there_is_no_sign_up():
    assert Client().get("/accounts/signup/").status_code == 404


def test_a_signed_in_person_does_not_sign_in_again(client, ana):
    sign_in(client)
    assert client.get(SIGN_IN)["Location"] == "/"


def test_signing_out_ends_the_session(client, ana):
    sign_in(client)
    assert client.get("/sign-out/").status_code == 200  # a link alone signs nobody out
    assert client.post("/sign-out/")["Location"] == reverse("account_login")
    assert client.get("/you/").status_code == 302


def test_passwords_are_hashed_with_argon2():
    assert settings.PASSWORD_HASHERS  # the tests' own; the product's is in magflow.settings
    from magflow import settings as product

    assert product.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")


@pytest.mark.parametrize("password", ["short", "password123", "1234567890123", "ana@shop.ro1"])
def test_weak_passwords_are_refused(client, ana, password):
    sign_in(client)
    answer = client.post("/you/password/", {"oldpassword": PASSWORD, "password1": password})
    assert answer.context["form"].errors["password1"]


def test_changing_the_password_signs_out_everywhere_else(client, ana):
    sign_in(client)
    elsewhere = Client()
    sign_in(elsewhere)
    answer = client.post(
        "/you/password/", {"oldpassword": PASSWORD, "password1": "brand new horse battery"}
    )
    assert answer["Location"] == "/you/security/"
    assert client.get("/you/").status_code == 200
    assert elsewhere.get("/you/").status_code == 302
    assert AuditEntry.objects.filter(verb="person.password_changed", actor=ana).exists()


def test_changing_the_password_needs_the_old_one(client, ana):
    sign_in(client)
    answer = client.post(
        "/you/password/", {"oldpassword": "no", "password1": "brand new horse battery"}
    )
    assert answer.context["form"].errors == {"oldpassword": ["This is not your current password."]}
    ana.refresh_from_db()
    assert ana.check_password(PASSWORD)


def test_a_page_costs_two_queries_before_its_own(client, ana, django_assert_num_queries):
    sign_in(client)
    with django_assert_num_queries(2):  # the session, the person
        client.get("/you/")


def test_a_deactivated_person_is_out_with_the_next_click(client, ana):
    UserFactory(role=Role.OWNER)
    sign_in(client)
    people.deactivate_person(ana, by=None)
    assert client.get("/you/").status_code == 302


def test_an_invited_person_cannot_sign_in_before_joining(client):
    User.objects.create_user("new@shop.ro", name="New")
    assert sign_in(client, email="new@shop.ro", password="").status_code == 200


def test_a_flood_of_attempts_meets_a_page_of_ours(client, ana, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    sign_in(client, password="wrong wrong wrong")
    response = sign_in(client, password="wrong wrong wrong")
    assert response.status_code == 429
    assert "Too many attempts" in response.content.decode()
