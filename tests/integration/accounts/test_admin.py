"""The Django admin: our sign-in, read-only, everything opens."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse

from accounts.choices import Role
from accounts.models import ApiToken, User
from accounts.services.tokens import create_token
from core import audit
from core.models import AuditEntry
from core.records import ReadOnlyAdmin
from tests.conftest import signed_in
from tests.factories.accounts import (
    PASSWORD,
    BankAccountFactory,
    MarketplaceAccountFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def models():
    return list(admin.site._registry)


def test_there_is_no_second_sign_in_page(client):
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/sign-in/?next=%2Fadmin%2F"
    UserFactory(email="ana@shop.ro", role=Role.OWNER, password=PASSWORD)
    form = {"login": "ana@shop.ro", "password": PASSWORD, "next": "/admin/"}
    assert client.post("/sign-in/", form)["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_signing_out_and_the_password_are_the_usual_pages(owner_client):
    assert owner_client.post("/admin/logout/")["Location"] == reverse("account_logout")
    assert owner_client.get("/admin/password_change/")["Location"] == reverse(
        "account_change_password"
    )


@pytest.mark.parametrize("role", [Role.PICKER, Role.PACKER, Role.ACCOUNTANT, Role.VIEWER])
def test_others_stay_outside(role):
    assert signed_in(UserFactory(role=role)).get("/admin/", follow=True).status_code == 403


def test_everything_is_read_only():
    assert models()
    assert all(isinstance(admin.site._registry[m], ReadOnlyAdmin) for m in models())
    assert Group not in models()


@pytest.fixture
def world(owner):
    BankAccountFactory()
    MarketplaceAccountFactory()
    create_token(owner, name="till", by=owner)
    audit.record("person.changed", owner, by=owner, changes={"name": ("Ștefan", "Dan")})


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("who", ["owner_client", "manager_client"])
def test_every_list_and_record_opens(who, request):
    client = request.getfixturevalue(who)
    for model in models():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        answer = client.get(reverse(f"{name}_changelist"), {"q": "x"})
        assert answer.status_code == 200, name
        for row in model._default_manager.all()[:1]:
            assert client.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200, name
        assert client.get(reverse(f"{name}_add")).status_code == 403, name


def test_lists_have_search_and_dates():
    for model in models():
        options = admin.site._registry[model]
        assert options.search_fields or model.__name__ == "RolePolicy", model
        assert options.date_hierarchy or model.__name__ == "RolePolicy", model


def test_a_record_is_not_changed_by_posting(owner, owner_client):
    viewer = UserFactory()
    url = reverse("admin:accounts_user_change", args=[viewer.pk])
    assert owner_client.post(url, {"name": "Changed", "role": "owner"}).status_code == 403
    assert (
        owner_client.post(reverse("admin:accounts_user_delete", args=[viewer.pk])).status_code
        == 403
    )
    assert User.objects.get(pk=viewer.pk).role == Role.VIEWER


@pytest.mark.usefixtures("world")
def test_the_search_folds_as_everywhere(owner_client):
    page = owner_client.get(reverse("admin:core_auditentry_changelist"), {"q": "stefan"})
    assert page.context["cl"].result_count == 1
    assert AuditEntry.objects.count() == 2


@pytest.mark.usefixtures("world")
def test_the_hash_of_a_token_is_not_shown(owner_client):
    token = ApiToken.objects.get()
    page = owner_client.get(reverse("admin:accounts_apitoken_change", args=[token.pk]))
    assert token.hash not in page.content.decode()
