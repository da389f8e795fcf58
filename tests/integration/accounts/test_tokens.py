import datetime as dt
import hashlib

import pytest
import time_machine
from django.test import RequestFactory
from django.utils import timezone

from accounts.choices import Role
from accounts.models import ApiToken
from accounts.services import mfa, people
from accounts.services.tokens import create_token, revoke_token
from accounts.tokens import authenticate
from core.errors import RuleViolation
from core.models import AuditEntry
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


def request(secret, kind="Bearer"):
    return RequestFactory().get("/api/", headers={"Authorization": f"{kind} {secret}"})


def test_it_works(manager, django_assert_num_queries):
    token, secret = create_token(manager, name=" till ", by=manager)
    assert authenticate(request(secret)) == manager
    with django_assert_num_queries(1):
        person = authenticate(request(secret))
    assert person.has_perm("accounts.view_user")
    assert token.name == "till"
    assert AuditEntry.objects.get().verb == "token.created"


def test_the_secret_is_stored_nowhere(manager):
    token, secret = create_token(manager, name="till", by=manager)
    token.refresh_from_db()
    assert token.hash == hashlib.sha256(secret.encode()).hexdigest()
    assert secret.startswith(token.prefix)
    assert len(secret) - len(token.prefix) > 32
    stored = str(list(ApiToken.objects.values())) + str(list(AuditEntry.objects.values()))
    assert secret not in stored


def test_scopes_narrow_what_it_may_do(manager):
    _, secret = create_token(manager, name="x", scopes=["accounts.view_company"], by=manager)
    person = authenticate(request(secret))
    assert person.has_perm("accounts.view_company")
    assert not person.has_perm("accounts.view_user")


def test_a_scope_beyond_the_role_is_refused(viewer):
    with pytest.raises(RuleViolation, match=r"does not allow: accounts\.invite_user"):
        create_token(viewer, name="x", scopes=["accounts.invite_user"], by=viewer)


def test_a_token_loses_what_its_owner_loses(owner, manager):
    _, secret = create_token(manager, name="x", scopes=["accounts.view_user"], by=manager)
    people.change_role(manager, role=Role.VIEWER, by=owner)
    assert not authenticate(request(secret)).has_perm("accounts.view_user")


def test_everybody_makes_their_own(owner, viewer):
    with pytest.raises(RuleViolation, match="makes their own"):
        create_token(viewer, name="x", by=owner)


def test_a_token_expires(manager):
    ends = timezone.now() + dt.timedelta(days=30)
    _, secret = create_token(manager, name="x", expires_at=ends, by=manager)
    assert authenticate(request(secret))
    with time_machine.travel(ends):
        assert authenticate(request(secret)) is None


def test_a_token_of_yesterday_is_not_made(manager):
    with pytest.raises(RuleViolation, match="expired already"):
        create_token(manager, name="x", expires_at=timezone.now(), by=manager)


def test_a_revoked_token_opens_nothing(manager):
    token, secret = create_token(manager, name="x", by=manager)
    revoke_token(token, by=manager)
    revoke_token(token, by=manager)
    assert authenticate(request(secret)) is None
    assert AuditEntry.objects.filter(verb="token.revoked").count() == 1


def test_a_manager_revokes_but_not_an_owners(owner, manager, viewer):
    theirs, _ = create_token(viewer, name="x", by=viewer)
    revoke_token(theirs, by=manager)
    owners, _ = create_token(owner, name="x", by=owner)
    with pytest.raises(RuleViolation, match="Only an owner"):
        revoke_token(owners, by=manager)


def test_a_deactivated_person_has_no_tokens(owner, viewer):
    _, secret = create_token(viewer, name="x", by=viewer)
    people.deactivate_person(viewer, by=owner)
    assert authenticate(request(secret)) is None


def test_a_token_is_no_way_round_two_factor(manager):
    _, secret = create_token(manager, name="x", by=manager)
    mfa.set_role_policy(Role.MANAGER, require_mfa=True, by=None)
    assert authenticate(request(secret)) is None


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer nonsense", "Bearer mf_nonsense", "Basic mf_x", "mf_x"],
)
def test_anything_else_is_nobody(header):
    assert authenticate(RequestFactory().get("/", headers={"Authorization": header})) is None


def test_last_used_is_written_every_few_minutes(manager, django_assert_num_queries):
    now = timezone.now()
    token, secret = create_token(manager, name="x", by=manager)
    with time_machine.travel(now) as clock:
        with django_assert_num_queries(2):
            authenticate(request(secret))
        with django_assert_num_queries(1):
            authenticate(request(secret))
        clock.shift(dt.timedelta(minutes=6))
        authenticate(request(secret))
    token.refresh_from_db()
    assert token.last_used_at >= now + dt.timedelta(minutes=6)


def test_the_page_shows_the_secret_once(manager, manager_client):
    page = manager_client.post("/you/tokens/add/", {"name": "till", "expires": "30", "scopes": []})
    secret = page.context["secret"]
    assert secret in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert secret not in manager_client.get("/you/security/").content.decode()
    assert ApiToken.objects.get().expires_at.date() > timezone.localdate() + dt.timedelta(days=28)


def test_the_form_offers_what_the_role_holds(viewer_client):
    form = viewer_client.get("/you/tokens/add/").context["form"]
    offered = {name for _, group in form.fields["scopes"].choices for name, _label in group}
    assert "accounts.view_company" in offered
    assert "accounts.invite_user" not in offered


def test_pickers_make_none(client):
    client.force_login(UserFactory(role=Role.PICKER), backend="accounts.backends.RoleBackend")
    assert client.get("/you/tokens/add/").status_code == 403


def test_nobody_revokes_a_strangers_token_by_its_number(viewer, viewer_client, manager):
    token, _ = create_token(manager, name="x", by=manager)
    assert viewer_client.post(f"/tokens/{token.pk}/revoke/").status_code == 404
    token.refresh_from_db()
    assert token.is_usable
