"""What the pages answer: to whom, in full and in part, when refused, at what price."""

import pytest
from django.conf import settings
from django.urls import reverse

from accounts import links, platforms
from accounts.choices import Role
from accounts.models import Company, MarketplaceAccount, User
from accounts.services.tokens import create_token
from tests.conftest import signed_in
from tests.factories.accounts import (
    PASSWORD,
    BankAccountFactory,
    CompanyFactory,
    MarketplaceAccountFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def text(response):
    return response.content.decode()


# --- People -----------------------------------------------------------------------------------


def test_the_people_page(owner_client, viewer):
    page = owner_client.get("/people/")
    assert viewer.email in text(page)
    assert "<html" in text(page)
    part = owner_client.get("/people/", headers=HTMX)
    assert viewer.email in text(part)
    assert "<html" not in text(part)


@pytest.mark.parametrize(("people", "queries"), [(1, 4), (60, 5)])
def test_the_people_page_has_a_price(owner_client, people, queries, django_assert_num_queries):
    UserFactory.create_batch(people)
    with django_assert_num_queries(queries):  # session, person, tabs, rows; count of a long list
        owner_client.get("/people/")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=stefan", {"Ștefan"}),
        ("role=picker", {"Ștefan"}),
        ("status=invited", {"Ioana"}),
        ("status=deactivated", {"Dan"}),
        ("has_mfa=true", {"Ștefan"}),
    ],
)
def test_people_are_filtered(owner_client, query, found):
    UserFactory(name="Ștefan", role=Role.PICKER, has_mfa=True)
    UserFactory(name="Ioana", invited=True)
    UserFactory(name="Dan", is_active=False)
    page = text(owner_client.get(f"/people/?{query}", headers=HTMX))
    assert {name for name in ("Ștefan", "Ioana", "Dan") if f">{name}</a>" in page} == found


@pytest.mark.parametrize("column", ["name", "email", "role", "has_mfa", "last_seen_at"])
def test_people_are_sorted(owner_client, column):
    UserFactory.create_batch(3)
    for sort in (column, f"-{column}"):
        assert owner_client.get(f"/people/?sort={sort}").status_code == 200


def test_people_are_exported(owner_client, viewer):
    answer = owner_client.get("/people/?export=csv")
    csv = b"".join(answer.streaming_content).decode()
    assert viewer.email in csv
    assert "Viewer" in csv
    assert "Active" in csv


@pytest.mark.parametrize("path", ["/companies/", "/marketplaces/"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_companies_and_accounts_are_exported(owner_client, path, kind):
    MarketplaceAccountFactory()
    assert b"".join(owner_client.get(f"{path}?export={kind}").streaming_content)


def test_inviting_shows_the_link(owner_client):
    form = {"name": "Ana", "email": "ana@shop.ro", "role": "picker", "language": "ro"}
    answer = owner_client.post("/people/invite/", form)
    person = User.objects.get(email="ana@shop.ro")
    assert answer["Location"] == f"/people/{person.pk}/link/"
    page = owner_client.get(answer["Location"])
    assert f"/invitation/{person.pk}/" in page.context["link"]
    assert page.context["link"].startswith("http://testserver/")


def test_a_refusal_keeps_what_was_typed(owner_client, viewer):
    form = {"name": "Typed name", "email": viewer.email, "role": "picker"}
    answer = owner_client.post("/people/invite/", form)
    assert answer.status_code == 422
    assert "Typed name" in text(answer)
    assert "already here" in text(answer)


def test_managers_are_not_offered_the_owners_role(manager_client):
    page = manager_client.get("/people/invite/")
    assert Role.OWNER not in dict(page.context["form"].fields["role"].choices)
    answer = manager_client.post(
        "/people/invite/", {"name": "A", "email": "a@b.ro", "role": "owner"}
    )
    assert answer.status_code == 422


def test_a_person_page(owner_client, viewer):
    create_token(viewer, name="till", by=viewer)
    page = text(owner_client.get(f"/people/{viewer.pk}/"))
    assert "till" in page
    assert "made an API token" not in page  # the history is about the person
    part = text(owner_client.get(f"/people/{viewer.pk}/", headers=HTMX))
    assert viewer.email in part
    assert "<html" not in part


def test_a_manager_sees_an_owner_and_can_do_nothing(manager_client, owner):
    page = text(manager_client.get(f"/people/{owner.pk}/"))
    assert owner.email in page
    assert "Change role" not in page
    assert manager_client.get(f"/people/{owner.pk}/edit/", headers=HTMX).status_code == 422
    assert manager_client.post(f"/people/{owner.pk}/deactivate/", headers=HTMX).status_code == 422
    owner.refresh_from_db()
    assert owner.is_active


def test_a_question_is_asked_in_the_dialog(owner_client, viewer):
    url = f"/people/{viewer.pk}/role/"
    assert "<html" not in text(owner_client.get(url, headers=HTMX))
    assert "<html" in text(owner_client.get(url))  # and on a page of its own without htmx
    wrong = owner_client.post(url, {"role": "nonsense"}, headers=HTMX)
    assert wrong.status_code == 422
    done = owner_client.post(url, {"role": "packer"}, headers=HTMX)
    assert (done.status_code, done["HX-Redirect"]) == (204, f"/people/{viewer.pk}/")
    viewer.refresh_from_db()
    assert viewer.role == Role.PACKER


def test_the_service_refuses_within_the_dialog(owner, owner_client):
    answer = owner_client.post(f"/people/{owner.pk}/role/", {"role": "viewer"}, headers=HTMX)
    assert answer.status_code == 422
    assert "is the last owner" in text(answer)


def test_one_click_changes(owner_client):
    person = UserFactory(is_active=False)
    answer = owner_client.post(f"/people/{person.pk}/activate/")
    assert answer["Location"] == f"/people/{person.pk}/"
    person.refresh_from_db()
    assert person.is_active
    assert owner_client.get(f"/people/{person.pk}/activate/").status_code == 405


def test_roles_are_shown_and_their_rules_changed(owner_client, manager_client):
    page = owner_client.get("/roles/")
    assert "Invite people" in text(page)
    question = owner_client.get("/roles/manager/policy/", headers=HTMX)
    assert "1 person of this role has none yet" in text(question)
    owner_client.post("/roles/manager/policy/", {"require_mfa": "True"})
    assert manager_client.get("/people/")["Location"] == "/you/two-factor-needed/"


def test_bulk_actions_on_people(owner_client, owner):
    people = UserFactory.create_batch(3)
    ids = ",".join(str(p.pk) for p in [*people, owner])
    preview = owner_client.post("/people/", {"action": "deactivate", "ids": ids}, headers=HTMX)
    assert "cannot deactivate yourself" in text(preview)
    form = {"action": "deactivate", "ids": ids, "step": "run"}
    owner_client.post("/people/", form, headers=HTMX)
    assert not User.objects.filter(pk__in=[p.pk for p in people], is_active=True).exists()
    owner.refresh_from_db()
    assert owner.is_active


def test_changing_the_role_of_many(owner_client):
    people = UserFactory.create_batch(3)
    form = {"action": "role", "ids": ",".join(str(p.pk) for p in people), "step": "run"}
    owner_client.post("/people/", {**form, "with-role": "packer"}, headers=HTMX)
    assert set(
        User.objects.filter(pk__in=[p.pk for p in people]).values_list("role", flat=True)
    ) == {"packer"}


# --- Invitation -------------------------------------------------------------------------------


def test_joining(client):
    person = UserFactory(name="", invited=True)
    path = links.invitation_path(person)
    assert client.get(path).status_code == 200
    answer = client.post(path, {"name": "Ana", "password": PASSWORD})
    assert answer["Location"] == "/"
    assert "Ana" in text(client.get("/you/"))
    assert client.get(path).status_code == 410


def test_joining_with_a_weak_password(client):
    person = UserFactory(invited=True)
    answer = client.post(links.invitation_path(person), {"name": "Ana", "password": "short"})
    assert answer.status_code == 422


@pytest.mark.parametrize("state", [{"is_active": False}, {}])
def test_an_invitation_that_is_dead(client, state):
    person = UserFactory(invited=bool(state), **state)
    assert client.get(links.invitation_path(person)).status_code == 410


def test_nobody_elses_invitation(client):
    one, other = UserFactory(invited=True), UserFactory(invited=True)
    token = links.invitation_tokens.make_token(one)
    assert client.get(f"/invitation/{other.pk}/{token}/").status_code == 410
    assert client.get(f"/invitation/999999/{token}/").status_code == 410


# --- Oneself ----------------------------------------------------------------------------------


def test_the_profile(viewer_client, viewer):
    form = {
        "name": "Vlad", "language": "ro", "time_zone": "Europe/Sofia",
        "theme": "dark", "density": "compact",
    }  # fmt: skip
    assert viewer_client.post("/you/", form)["Location"] == "/you/"
    viewer.refresh_from_db()
    assert (viewer.name, viewer.theme, viewer.preferences["density"]) == ("Vlad", "dark", "compact")
    assert viewer_client.post("/you/", {**form, "name": ""}).status_code == 422
    assert viewer_client.post("/you/", {**form, "time_zone": "Mars/Base"}).status_code == 422


def test_ones_role_and_address_are_not_ones_own_to_change(viewer_client, viewer):
    viewer_client.post(
        "/you/",
        {"name": "V", "theme": "dark", "density": "compact", "role": "owner", "email": "x@x.ro"},
    )
    viewer.refresh_from_db()
    assert viewer.role == Role.VIEWER
    assert viewer.email != "x@x.ro"


# --- Companies --------------------------------------------------------------------------------

COMPANY = {
    "name": "Comerț SRL", "country": "RO", "tax_id": "RO14399840", "is_vat_payer": "on",
    "street": "Lungă 1", "city": "Cluj",
}  # fmt: skip


def test_companies_begin_with_a_hint(owner_client, viewer_client):
    assert "Add a company" in text(owner_client.get("/companies/"))
    assert "Add a company" not in text(viewer_client.get("/companies/"))


def test_a_company_is_added_and_shown(owner_client):
    answer = owner_client.post("/companies/add/", COMPANY)
    company = Company.objects.get()
    assert answer["Location"] == f"/companies/{company.pk}/"
    page = text(owner_client.get(answer["Location"]))
    assert "RO14399840" in page
    assert "Comerț SRL" in text(owner_client.get("/companies/?q=comert", headers=HTMX))


def test_a_wrong_number_is_shown_at_its_field(owner_client):
    answer = owner_client.post("/companies/add/", {**COMPANY, "tax_id": "14399841"})
    assert answer.status_code == 422
    assert "a digit is wrong" in answer.context["form"].errors["tax_id"][0]


def test_two_people_editing_one_company(owner_client, manager_client):
    company = CompanyFactory(tax_id="14399840")
    form = {**COMPANY, "version": 1}
    owner_client.post(f"/companies/{company.pk}/edit/", {**form, "city": "Sibiu"})

    answer = manager_client.post(f"/companies/{company.pk}/edit/", {**form, "city": "Arad"})
    assert answer.status_code == 409
    assert "Arad" in text(answer)  # what was typed
    assert "Stored now: Sibiu" in text(answer)
    company.refresh_from_db()
    assert company.city == "Sibiu"

    again = {**form, "city": "Arad", "version": answer.context["form"]["version"].value()}
    assert manager_client.post(f"/companies/{company.pk}/edit/", again).status_code == 302
    company.refresh_from_db()
    assert company.city == "Arad"


def test_bank_accounts_of_a_company(owner_client):
    company = CompanyFactory()
    url = reverse("accounts:bank_account_add", args=[company.pk])
    form = {"iban": "RO49 AAAA 1B31 0075 9384 0000", "bank": "BT", "currency": "RON"}
    assert owner_client.post(url, {**form, "iban": "RO48"}, headers=HTMX).status_code == 422
    owner_client.post(url, form)
    account = company.bank_accounts.get()
    assert "RO49 AAAA 1B31 0075 9384 0000" in text(owner_client.get(f"/companies/{company.pk}/"))
    owner_client.post(reverse("accounts:bank_account_remove", args=[account.pk]))
    assert not company.bank_accounts.exists()


def test_choosing_the_main_bank_account(owner_client):
    company = CompanyFactory()
    BankAccountFactory(company=company)
    other = BankAccountFactory(company=company, iban="DE89370400440532013000", is_main=False)
    owner_client.post(reverse("accounts:bank_account_main", args=[other.pk]))
    other.refresh_from_db()
    assert other.is_main


# --- Marketplace accounts ---------------------------------------------------------------------

ACCOUNT = {
    "name": "RO main", "platform": "bazaar", "country": "RO", "fulfilment": "own",
    "invoice_on": "shipped", "accept_after": "0",
}  # fmt: skip


def test_without_a_marketplace_the_form_explains(owner_client, monkeypatch):
    monkeypatch.setattr(platforms, "_platforms", {})
    assert "No marketplace is installed" in text(owner_client.get("/marketplaces/add/"))


@pytest.mark.usefixtures("bazaar")
def test_without_a_company_the_form_explains(owner_client):
    assert "First the company" in text(owner_client.get("/marketplaces/add/"))


@pytest.mark.usefixtures("bazaar")
def test_an_account_is_added_changed_paused_and_resumed(owner_client):
    company = CompanyFactory()
    form = {**ACCOUNT, "company": company.pk}
    answer = owner_client.post("/marketplaces/add/", form)
    account = MarketplaceAccount.objects.get()
    url = f"/marketplaces/{account.pk}/"
    assert answer["Location"] == f"/bazaar/{account.pk}/", "its credentials come next"
    assert account.currency == "RON"
    page = text(owner_client.get(url))
    assert "BAZ" in page
    assert f"/bazaar/{account.pk}/" in page

    changed = {**form, "name": "RO big", "currency": "EUR", "version": 1}
    owner_client.post(f"{url}edit/", changed)
    account.refresh_from_db()
    assert (account.name, account.currency) == ("RO big", "EUR")

    assert owner_client.post(f"{url}pause/", {"reason": ""}, headers=HTMX).status_code == 422
    owner_client.post(f"{url}pause/", {"reason": "Holidays"}, headers=HTMX)
    assert "Holidays" in text(owner_client.get(url))
    owner_client.post(f"{url}resume/")
    account.refresh_from_db()
    assert not account.is_paused


@pytest.mark.usefixtures("bazaar")
def test_what_the_marketplace_does_not_do_is_said_in_the_form(owner_client):
    form = {**ACCOUNT, "company": CompanyFactory().pk, "country": "HU"}
    answer = owner_client.post("/marketplaces/add/", form)
    assert answer.status_code == 422
    assert "does not work in Hungary" in text(answer)


def test_an_account_without_its_adapter_says_so(owner_client):
    account = MarketplaceAccountFactory(platform="gone")
    assert "is not installed" in text(owner_client.get(f"/marketplaces/{account.pk}/"))


@pytest.mark.parametrize("path", ["/companies/", "/marketplaces/"])
def test_the_lists_have_a_price(owner_client, path, django_assert_num_queries):
    MarketplaceAccountFactory.create_batch(20)
    with django_assert_num_queries(3):  # session, person, rows
        owner_client.get(path)


# --- Who may open what ------------------------------------------------------------------------

READERS = {
    "/people/": {"owner", "manager"},
    "/people/invite/": {"owner", "manager"},
    "/roles/": {"owner", "manager"},
    "/companies/": {"owner", "manager", "accountant", "viewer"},
    "/companies/add/": {"owner", "manager", "accountant"},
    "/marketplaces/": {"owner", "manager", "accountant", "viewer"},
    "/marketplaces/add/": {"owner", "manager"},
    "/you/": set(Role.values),
    "/you/security/": set(Role.values),
    "/you/tokens/add/": {"owner", "manager", "accountant", "viewer"},
    "/admin/": {"owner", "manager"},
}


@pytest.mark.parametrize("path", READERS)
def test_who_may_open_it(path):
    allowed = set()
    for role in Role.values:
        status = signed_in(UserFactory(role=role)).get(path, follow=True).status_code
        assert status in {200, 403}
        if status == 200:
            allowed.add(role)
    assert allowed == READERS[path]


def test_strangers_are_led_to_the_sign_in(client):
    for path in READERS:
        chain = client.get(path, follow=True).redirect_chain
        assert chain[-1][0] == f"/sign-in/?next={path if path != '/admin/' else '%2Fadmin%2F'}"


def test_the_language_is_the_persons():
    assert settings.LANGUAGE_CODE == "en"
    client = signed_in(UserFactory(role=Role.OWNER, language="ro"))
    assert 'lang="ro"' in text(client.get("/you/"))
