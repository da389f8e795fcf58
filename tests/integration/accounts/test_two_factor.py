"""The second step: set up, asked for, lost, demanded by a role."""

import re

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import jobs
from accounts.choices import Role
from accounts.models import RolePolicy, User
from accounts.services import mfa, people
from core import fields
from core.errors import RuleViolation
from core.models import AuditEntry, JobRun
from tests.factories.accounts import PASSWORD, UserFactory
from tests.integration.accounts.conftest import work
from tests.integration.accounts.two_factor import SECRET, code_of, factors, give_app, give_codes

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana():
    return UserFactory(email="ana@shop.ro", role=Role.MANAGER, password=PASSWORD)


def sign_in(client, person):
    return client.post("/sign-in/", {"login": person.email, "password": PASSWORD})


def set_up(client):
    """Follow the set-up page as a person with a phone does."""
    page = client.get("/you/two-factor/app/")
    secret = page.context["form"].secret
    return secret, client.post("/you/two-factor/app/", {"code": code_of(secret)})


def test_it_works(client, ana, django_capture_on_commit_callbacks):
    sign_in(client, ana)
    with django_capture_on_commit_callbacks(execute=True):
        secret, answer = set_up(client)
    assert answer["Location"] == "/you/two-factor/codes/"
    ana.refresh_from_db()
    assert ana.has_mfa
    assert factors(ana) == {"totp", "recovery_codes"}
    assert AuditEntry.objects.filter(verb="person.mfa_added", actor=ana).exists()
    assert JobRun.objects.filter(name="accounts.send_notice", args=["mfa_added", ana.pk]).exists()

    later = Client()
    assert sign_in(later, ana)["Location"] == "/sign-in/two-factor/"
    assert later.get("/you/").status_code == 302
    answer = later.post("/sign-in/two-factor/", {"code": code_of(secret, step=1)})
    assert answer["Location"] == "/"
    assert later.get("/you/").status_code == 200


def test_the_page_after_it_survives_the_second_step(client, ana):
    give_app(ana)
    client.post("/sign-in/", {"login": ana.email, "password": PASSWORD, "next": "/people/"})
    assert client.post("/sign-in/two-factor/", {"code": code_of()})["Location"] == "/people/"


def test_secrets_are_encrypted_in_the_database(ana):
    give_app(ana)
    give_codes(ana)
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert SECRET not in stored
    assert stored.count("v1:") == 2


def test_secrets_move_to_a_new_key(client, ana, settings):
    give_app(ana)
    codes = give_codes(ana)
    old, new = settings.FIELD_KEY, Fernet.generate_key().decode()
    settings.FIELD_KEY = f"{new},{old}"
    assert fields.reencrypt() == 2
    assert fields.reencrypt() == 0
    settings.FIELD_KEY = new  # the old key can go
    sign_in(client, ana)
    assert client.post("/sign-in/two-factor/", {"code": code_of()}).status_code == 302
    assert Authenticator.objects.get(type="recovery_codes").wrap().generate_codes() == codes


def test_the_password_alone_opens_nothing(client, ana):
    give_app(ana)
    sign_in(client, ana)
    for path in ("/", "/people/", "/you/", "/you/security/", "/you/two-factor/app/"):
        assert client.get(path)["Location"].startswith("/sign-in/")


def test_a_wrong_code_is_refused(client, ana):
    give_app(ana)
    sign_in(client, ana)
    answer = client.post("/sign-in/two-factor/", {"code": code_of(step=10)})
    assert "This code is not right" in answer.content.decode()


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_a_phone_may_be_half_a_minute_wrong(client, ana, step):
    with time_machine.travel(timezone.now(), tick=False):  # half a minute must not become more
        give_app(ana)
        sign_in(client, ana)
        answer = client.post("/sign-in/two-factor/", {"code": code_of(step=step)})
    assert answer.status_code == 302


def test_a_code_works_once(client, ana):
    give_app(ana)
    sign_in(client, ana)
    code = code_of(step=1)
    assert client.post("/sign-in/two-factor/", {"code": code}).status_code == 302
    eve = Client()
    sign_in(eve, ana)
    assert "not right" in eve.post("/sign-in/two-factor/", {"code": code}).content.decode()


def test_codes_cannot_be_guessed_for_long(client, ana):
    give_app(ana)
    sign_in(client, ana)
    for n in range(10):
        client.post("/sign-in/two-factor/", {"code": f"{n:06}"})
    answer = client.post("/sign-in/two-factor/", {"code": code_of()})
    assert "Too many attempts" in answer.content.decode()


def test_a_recovery_code_works_once(client, ana):
    give_app(ana)
    code = give_codes(ana)[0]
    sign_in(client, ana)
    assert client.post("/sign-in/two-factor/", {"code": code}).status_code == 302
    again = Client()
    sign_in(again, ana)
    assert "not right" in again.post("/sign-in/two-factor/", {"code": code}).content.decode()
    assert mfa.recovery_codes_left(ana) == 9


def test_recovery_codes_are_shown_once(client, ana, django_capture_on_commit_callbacks):
    sign_in(client, ana)
    with django_capture_on_commit_callbacks(execute=True):
        set_up(client)
    first = client.get("/you/two-factor/codes/").content.decode()
    assert len(re.findall(r"\b\d{10}\b", first.split("</pre>")[0])) == 10
    assert not re.search(r"\b\d{10}\b", client.get("/you/two-factor/codes/").content.decode())


def test_what_protects_the_account_asks_who_it_is(client, ana):
    """Signing in a moment ago is enough; an open session found later is not."""
    client.force_login(ana, backend="accounts.backends.RoleBackend")
    answer = client.get("/you/two-factor/app/")
    assert answer["Location"] == "/you/confirm/?next=%2Fyou%2Ftwo-factor%2Fapp%2F"
    answer = client.post("/you/confirm/", {"password": PASSWORD, "next": "/you/two-factor/app/"})
    assert answer["Location"] == "/you/two-factor/app/"
    assert client.get("/you/two-factor/app/").status_code == 200


def test_removing_the_app(client, ana):
    give_app(ana)
    give_codes(ana)
    sign_in(client, ana)
    client.post("/sign-in/two-factor/", {"code": code_of()})
    assert client.get("/you/two-factor/app/remove/").status_code == 200
    assert client.post("/you/two-factor/app/remove/")["Location"] == "/you/two-factor/"
    ana.refresh_from_db()
    assert not ana.has_mfa
    assert factors(ana) == set()
    assert AuditEntry.objects.filter(verb="person.mfa_removed").count() == 2


# --- Demanded by a role -----------------------------------------------------------------------


def require(role, *, by=None):
    return mfa.set_role_policy(role, require_mfa=True, by=by)


def test_a_role_can_demand_it(client, ana, owner):
    sign_in(client, ana)
    assert client.get("/people/").status_code == 200
    require(Role.MANAGER, by=owner)
    assert client.get("/people/")["Location"] == "/you/two-factor-needed/"
    entry = AuditEntry.objects.get(verb="role_policy.changed")
    assert entry.changes == {"require_mfa": [False, True]}


def test_whoever_must_set_it_up_gets_nowhere_else(client, ana, django_capture_on_commit_callbacks):
    require(Role.MANAGER)
    sign_in(client, ana)
    for path in ("/", "/people/", "/you/", "/you/security/", "/companies/", "/admin/"):
        assert client.get(path)["Location"] == "/you/two-factor-needed/"
    htmx = client.get("/people/", headers={"HX-Request": "true"})
    assert (htmx.status_code, htmx["HX-Redirect"]) == (204, "/you/two-factor-needed/")
    assert client.post("/people/invite/", {"name": "x"})["Location"] == "/you/two-factor-needed/"
    assert client.get("/you/two-factor-needed/").status_code == 200

    with django_capture_on_commit_callbacks(execute=True):
        set_up(client)
    assert client.get("/people/").status_code == 200


def test_whoever_must_set_it_up_may_leave(client, ana):
    require(Role.MANAGER)
    sign_in(client, ana)
    client.post("/sign-out/")
    assert client.get("/people/")["Location"].startswith("/sign-in/")


def test_enforcing_costs_no_query(client, ana, django_assert_num_queries):
    require(Role.MANAGER)
    give_app(ana)
    sign_in(client, ana)
    client.post("/sign-in/two-factor/", {"code": code_of()})
    with django_assert_num_queries(2):  # the session, the person
        assert client.get("/you/").status_code == 200


def test_the_demand_follows_role_and_factor(ana, owner):
    require(Role.PICKER)
    people.change_role(ana, role=Role.PICKER, by=owner)
    ana.refresh_from_db()
    assert ana.must_enroll_mfa
    give_app(ana)
    assert not ana.must_enroll_mfa
    mfa.reset_factors(ana, by=owner)
    ana.refresh_from_db()
    assert ana.must_enroll_mfa
    people.change_role(ana, role=Role.PACKER, by=owner)
    ana.refresh_from_db()
    assert not ana.must_enroll_mfa


def test_an_invited_person_is_asked_from_the_start(owner):
    require(Role.PICKER)
    person = people.invite_person(email="new@shop.ro", name="New", role=Role.PICKER, by=owner)
    assert person.must_enroll_mfa


def test_taking_the_demand_back(ana, owner):
    require(Role.MANAGER, by=owner)
    mfa.set_role_policy(Role.MANAGER, require_mfa=False, by=owner)
    ana.refresh_from_db()
    assert not ana.must_enroll_mfa


def test_only_owners_decide_what_a_role_must_do(ana):
    with pytest.raises(RuleViolation, match="Only an owner"):
        require(Role.PICKER, by=ana)
    assert not RolePolicy.objects.exists()


def test_saying_it_twice_writes_it_down_once(owner):
    require(Role.PICKER, by=owner)
    require(Role.PICKER, by=owner)
    assert AuditEntry.objects.filter(verb="role_policy.changed").count() == 1


# --- Lost phone -------------------------------------------------------------------------------


def test_somebody_who_lost_everything_is_helped(ana, owner):
    give_app(ana)
    client = Client()
    client.force_login(ana, backend="accounts.backends.RoleBackend")
    mfa.reset_factors(ana, by=owner)
    ana.refresh_from_db()
    assert not ana.has_mfa
    assert factors(ana) == set()
    assert client.get("/you/").status_code == 302
    assert sign_in(Client(), ana)["Location"] == "/"
    assert AuditEntry.objects.filter(verb="person.mfa_reset", actor=owner).exists()
    work(jobs.send_notice, "mfa_reset", ana.pk)
    assert "was reset" in mail.outbox[0].subject


def test_there_must_be_something_to_reset(ana, owner):
    with pytest.raises(RuleViolation, match="no two-factor to reset"):
        mfa.reset_factors(ana, by=owner)


def test_nobody_resets_their_own_behind_their_back(owner):
    give_app(owner)
    with pytest.raises(RuleViolation, match="your security page"):
        mfa.reset_factors(owner, by=owner)


def test_a_manager_does_not_reset_an_owner(ana, owner):
    give_app(owner)
    with pytest.raises(RuleViolation, match="Only an owner"):
        mfa.reset_factors(owner, by=ana)
    assert User.objects.get(pk=owner.pk).has_mfa


@pytest.mark.parametrize(
    ("host", "works"),
    [
        ("erp.example.com", True),
        ("localhost:8000", True),
        ("127.0.0.1:8000", False),
        ("192.168.1.5", False),
        ("[::1]:8000", False),
    ],
)
def test_passkeys_need_a_name(host, works):
    assert mfa.passkeys_work(host) is works
