"""Connecting an account: the wizard, the test that names the cause, the command."""

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.choices import Fulfilment
from accounts.models import Company, MarketplaceAccount
from core.errors import RemoteUnavailable, RuleViolation, SetupNeeded
from core.models import AuditEntry, JobRun
from emag.client import client_for
from emag.models import Credential, Trouble
from emag.services import accounts, callbacks
from emag.services.difference import difference
from emag.services.usage import reset_usage, usage_of
from emag.sites import SITES, site
from outbox.services import lane_for, pause_lane
from tests.factories.accounts import CompanyFactory, MarketplaceAccountFactory
from tests.factories.emag import ApiCallFactory, CredentialFactory, EmagAccountFactory
from tests.wire import free_port

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "zxcv-geheim-9"


def facts(**more):
    return {
        "site": "emag-ro", "role": "main", "name": "RO main", "username": "main",
        "password": PASSWORD, "base_url": "", **more,
    }  # fmt: skip


def test_it_works(manager_client, sim):
    """From nothing to an account whose orders are being read."""
    sim.add_account("ro", username="main", password=PASSWORD)
    sim.inject_orders(2, account="ro:main")
    company = CompanyFactory()
    response = manager_client.post(
        "/connect/emag/", facts(company=company.pk, base_url=sim.url("ro"))
    )
    account = MarketplaceAccount.objects.get()
    assert response["Location"] == f"/connect/emag/{account.pk}/"
    page = manager_client.get(response["Location"]).content.decode()
    assert "Not tested yet" in page
    assert "registered" in page, "what eMAG wants to know about our address"
    manager_client.post(f"/connect/emag/{account.pk}/test/")
    page = manager_client.get(response["Location"]).content.decode()
    assert "Works" in page
    report = manager_client.get(f"/connect/emag/{account.pk}/difference/").content.decode()
    assert "2 missing" in report
    manager_client.post(f"/connect/emag/{account.pk}/read/")
    assert set(JobRun.objects.filter(key=str(account.pk)).values_list("name", flat=True)) == {
        "emag.pull_orders", "emag.pull_offers",
    }  # fmt: skip
    for address in ("", "credentials/"):
        page = manager_client.get(f"/connect/emag/{account.pk}/{address}").content.decode()
        assert PASSWORD not in page


def test_without_a_company_it_says_what_comes_first(manager_client):
    page = manager_client.get("/connect/emag/").content.decode()
    assert "First the company" in page


def test_what_was_typed_wrong_stays(manager_client):
    response = manager_client.post("/connect/emag/", facts(name=""))
    assert response.status_code == 422
    assert not MarketplaceAccount.objects.exists()


def test_viewers_connect_nothing(viewer_client):
    account = EmagAccountFactory()
    for method, address in (
        ("get", "/connect/emag/"), ("get", f"/connect/emag/{account.pk}/"),
        ("get", f"/connect/emag/{account.pk}/credentials/"),
        ("post", f"/connect/emag/{account.pk}/test/"),
        ("post", f"/connect/emag/{account.pk}/read/"),
        ("get", f"/connect/emag/{account.pk}/difference/"),
        ("post", f"/connect/emag/{account.pk}/count-anew/"),
    ):  # fmt: skip
        assert getattr(viewer_client, method)(address).status_code == 403


def test_an_account_of_another_marketplace(manager_client):
    account = MarketplaceAccountFactory(platform="bazaar")
    assert manager_client.get(f"/connect/emag/{account.pk}/").status_code == 404
    page = manager_client.get(account.get_absolute_url()).content.decode()
    assert "panel-emag_connection" not in page


def test_the_page_of_an_account_says_how_it_stands(manager_client):
    credential = CredentialFactory(trouble_kind=Trouble.IP, trouble="Register 203.0.113.9.")
    page = manager_client.get(credential.account.get_absolute_url()).content.decode()
    assert "Our address is not registered" in page
    assert "Register 203.0.113.9." in page


# --- Credentials ------------------------------------------------------------------------------


def test_the_addresses_to_enter_at_emag_are_shown_and_answer(manager_client, client):
    credential = CredentialFactory()
    page = manager_client.get(reverse("emag:connect_account", args=[credential.account_id]))
    for one in callbacks.addresses(credential):
        assert one.url in page.content.decode()
        path = one.url.removeprefix(settings.SITE_URL)
        assert client.get(path, {"id": "5"}).status_code == 200
    assert "eMAG cannot call it" in page.content.decode(), "only its own computer reaches it"


def test_the_password_is_kept_where_none_is_typed(manager_client):
    account = CredentialFactory(username="main", password=PASSWORD, base_url="").account
    manager_client.post(
        f"/connect/emag/{account.pk}/credentials/", {"username": "other", "password": ""}
    )
    credential = Credential.objects.get()
    assert (credential.username, credential.password.reveal()) == ("other", PASSWORD)
    entry = AuditEntry.objects.get(verb="emag_account.credentials_changed")
    assert entry.changes == {"username": ["main", "other"]}


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://127.0.0.1:2/ro/api-3",
        "https://127.0.0.1:1/ro/api-3",
        "http://localhost:1/ro/api-3",
        "",
    ],
)
def test_the_stored_password_goes_to_no_other_address(manager_client, elsewhere):
    account = CredentialFactory(
        username="main", password=PASSWORD, base_url="http://127.0.0.1:1/ro/api-3"
    ).account
    path = f"/connect/emag/{account.pk}/credentials/"
    answer = manager_client.post(path, {"username": "main", "password": "", "base_url": elsewhere})
    assert answer.status_code == 422
    assert "it would go to another address" in answer.content.decode()
    assert Credential.objects.get().base_url == "http://127.0.0.1:1/ro/api-3"
    manager_client.post(path, {"username": "main", "password": "typed", "base_url": elsewhere})
    credential = Credential.objects.get()
    assert (credential.base_url, credential.password.reveal()) == (elsewhere, "typed")


def test_another_path_is_the_same_address(manager):
    account = CredentialFactory(username="main", base_url="http://127.0.0.1:1/ro/api-3").account
    accounts.connect(account, username="main", base_url="http://127.0.0.1:1/bg/api-3", by=manager)
    assert Credential.objects.get().base_url == "http://127.0.0.1:1/bg/api-3"


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/x?y=1", "http://a:b@127.0.0.1:1/x"])
def test_an_address_is_nothing_but_one(manager, address):
    account = EmagAccountFactory()
    with pytest.raises(RuleViolation, match="may hold no user"):
        accounts.connect(account, username="main", password="x", base_url=address, by=manager)


def test_a_production_site_calls_nobody_in_its_own_network(manager, settings, stage):
    """Neither what is typed, nor what was stored before, nor what a name leads to by now."""
    settings.PRODUCTION = True
    account = EmagAccountFactory()
    for address in (stage.url, stage.url.replace("http:", "https:"), "https://localhost/api-3"):
        with pytest.raises(RuleViolation):
            accounts.connect(account, username="main", password="x", base_url=address, by=manager)
    stored = CredentialFactory(account=account, base_url=stage.url)
    assert accounts.check_connection(stored).cause == Trouble.ADDRESS
    with pytest.raises(SetupNeeded):
        client_for(account)
    Credential.objects.update(base_url=stage.url.replace("http:", "https:"))
    with pytest.raises(RemoteUnavailable, match="not on the public internet"):
        client_for(account).read_vat()
    assert stage.seen == []


def test_a_host_that_is_listed_is_called(manager, settings, sim):
    settings.PRODUCTION = True
    settings.EMAG_OTHER_HOSTS = ["127.0.0.1"]
    sim.add_account("ro", username="main", password=PASSWORD)
    credential = accounts.connect(
        EmagAccountFactory(), username="main", password=PASSWORD, base_url=sim.url("ro"), by=manager
    )
    assert accounts.check_connection(credential).ok


def test_a_new_password_lets_everything_go_on(manager):
    credential = CredentialFactory(
        username="main", base_url="", trouble_kind=Trouble.PASSWORD, trouble="refused"
    )
    pause_lane("emag", credential.account, reason_kind="auth", reason="refused")
    accounts.connect(credential.account, username="main", password="new", by=manager)
    assert Credential.objects.get().trouble_kind == ""
    assert not lane_for("emag", credential.account).is_paused
    entry = AuditEntry.objects.get(verb="emag_account.credentials_changed")
    assert entry.changes == {"password": ["•••", "•••"]}


def test_one_user_for_two_accounts_would_break_the_limit(manager):
    CredentialFactory(username="main", base_url="")
    other = EmagAccountFactory()
    with pytest.raises(RuleViolation, match="a user of its own"):
        accounts.connect(other, username="main", password="x", by=manager)
    bulgaria = EmagAccountFactory(country="BG")
    accounts.connect(bulgaria, username="main", password="x", by=manager)


# --- The test of a connection -----------------------------------------------------------------


def credential_for(sim, *, password=PASSWORD, base_url=None, **there):
    sim.add_account("ro", username="main", password=PASSWORD, **there)
    return CredentialFactory(
        account=EmagAccountFactory(), username="main", password=password,
        base_url=base_url or sim.url("ro"),
    )  # fmt: skip


def test_it_names_the_password(sim):
    credential = credential_for(sim, password="wrong")
    check = accounts.check_connection(credential)
    assert (check.ok, check.cause) == (False, Trouble.PASSWORD)
    assert "Type the password again" in check.words
    assert lane_for("emag", credential.account).is_paused
    stored = Credential.objects.get()
    assert (stored.trouble_kind, stored.trouble) == (Trouble.PASSWORD, check.words)


def test_a_password_that_worked_before(sim):
    credential = credential_for(sim)
    assert accounts.check_connection(credential).ok
    sim.fault("creds_revoked")
    assert "before and does not any more" in accounts.check_connection(credential).words


def test_it_names_the_address_that_is_not_registered(sim):
    credential = credential_for(sim, ips=["203.0.113.5"])
    check = accounts.check_connection(credential)
    assert (check.cause, check.outgoing_ip) == (Trouble.IP, "127.0.0.1")
    assert Credential.objects.get().outgoing_ip == "127.0.0.1"


def test_it_names_missing_rights(stage):
    stage.will_answer({"isError": False, "messages": [], "results": [{"vat_id": 1}]})
    stage.will_answer({"message": "Access denied"}, 403)
    credential = CredentialFactory(base_url=stage.url)
    assert accounts.check_connection(credential).cause == Trouble.RIGHTS


def test_it_names_the_network(db):
    credential = CredentialFactory(base_url=f"http://127.0.0.1:{free_port()}/api-3")
    check = accounts.check_connection(credential)
    assert check.cause == Trouble.NETWORK
    assert not lane_for("emag", credential.account).is_paused, "a line that is down stops nothing"


@pytest.mark.parametrize("status", [200, 404])
def test_it_names_a_wrong_address(stage, status):
    stage.will_answer("<html>Welcome</html>", status, Content_Type="text/html")
    credential = CredentialFactory(base_url=stage.url)
    assert accounts.check_connection(credential).cause == Trouble.ADDRESS


def test_a_host_that_does_not_exist():
    credential = CredentialFactory(base_url="http://does-not-exist.invalid/api-3")
    check = accounts.check_connection(credential)
    assert check.cause == Trouble.ADDRESS
    assert "does-not-exist.invalid" in check.words


def test_it_does_not_blame_anybody_for_their_errors(stage):
    stage.will_answer("", 500)
    check = accounts.check_connection(CredentialFactory(base_url=stage.url))
    assert check.cause == Trouble.REMOTE


def test_a_success_wakes_what_rested(sim):
    credential = credential_for(sim, ips=["203.0.113.5"])
    accounts.check_connection(credential)
    sim.add_account("ro", username="main", password=PASSWORD, ips=[])
    assert accounts.check_connection(credential).ok
    assert not lane_for("emag", credential.account).is_paused
    assert Credential.objects.get().trouble == ""


def test_the_difference_report(connect, sim):
    account = connect("main")
    sim.inject_orders(3, account="ro:main")
    own, theirs, offers = difference(account)
    assert (own.there, own.here, own.missing) == (3, 0, 3)
    assert theirs.is_equal
    assert offers.there >= 0


# --- Usage ------------------------------------------------------------------------------------


def test_usage(manager, manager_client):
    account = CredentialFactory().account
    ApiCallFactory.create_batch(36, account=account)
    ApiCallFactory(account=account, outcome="limited")
    ApiCallFactory(account=EmagAccountFactory())
    orders, rest, ean = usage_of(account)
    assert (orders.minute, orders.hour, orders.day, orders.refused) == (37, 37, 37, 1)
    assert orders.share == 5
    assert (rest.day, ean.day) == (0, 0)
    address = reverse(
        "core:panel", args=("accounts.marketplace_account_detail", "emag_usage", account.pk)
    )
    page = manager_client.get(address).content.decode()
    assert "12 a second, 720 a minute" in page
    manager_client.post(f"/connect/emag/{account.pk}/count-anew/")
    assert usage_of(account)[0].day == 0
    ApiCallFactory(account=account)
    assert usage_of(account)[0].day == 1
    reset_usage(account, by=manager)
    assert AuditEntry.objects.filter(verb="emag_account.usage_reset").count() == 2


# --- The command ------------------------------------------------------------------------------


def run(monkeypatch, *more, password=PASSWORD, name="RO main", role="main", platform="emag-ro"):
    monkeypatch.setenv("EMAG_PASSWORD", password)
    out = StringIO()
    call_command(
        "account_connect", "--platform", platform, "--role", role, "--name", name,
        "--username", f"user of {name}", "--password-env", "EMAG_PASSWORD", *more, stdout=out,
    )  # fmt: skip
    return out.getvalue()


def test_the_command_makes_all_that_is_missing(monkeypatch):
    said = run(monkeypatch, "--base-url", "http://127.0.0.1:1/ro/api-3")
    assert "RO main (emag-ro, main) is added" in said
    account = MarketplaceAccount.objects.get()
    assert (account.platform, account.country, account.fulfilment) == ("emag", "RO", "own")
    assert account.emag_credential.password.reveal() == PASSWORD
    assert account.emag_credential.base_url == "http://127.0.0.1:1/ro/api-3"
    assert Company.objects.count() == 1
    assert PASSWORD not in said


def test_the_command_may_be_repeated(monkeypatch):
    run(monkeypatch)
    said = run(monkeypatch, password="another")
    assert "is up to date" in said
    assert Credential.objects.get().password.reveal() == "another"
    run(monkeypatch, name="RO FBE", role="fbe")
    assert MarketplaceAccount.objects.get(name="RO FBE").fulfilment == Fulfilment.MARKETPLACE
    assert Company.objects.count() == 1


def test_the_command_keeps_to_the_same_addresses(monkeypatch, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="must begin with https"):
        run(monkeypatch, "--base-url", "http://127.0.0.1:1/ro/api-3")
    assert not MarketplaceAccount.objects.exists()


@pytest.mark.parametrize("place", [one.name for one in SITES])
def test_every_platform(monkeypatch, place):
    run(monkeypatch, platform=place)
    account = MarketplaceAccount.objects.get()
    assert (account.platform, account.country) == (site(place).platform, site(place).country)


def test_the_command_asks_whose_account_it_is(monkeypatch):
    CompanyFactory(name="Una SRL")
    CompanyFactory(name="Alta SRL")
    with pytest.raises(CommandError, match=r"Alta SRL, Una SRL") as caught:
        run(monkeypatch)
    assert caught.value.returncode == 1
    run(monkeypatch, "--company", "una srl")
    assert MarketplaceAccount.objects.get().company.name == "Una SRL"


def test_the_command_refuses_what_it_cannot_mean(monkeypatch):
    run(monkeypatch)
    with pytest.raises(CommandError, match="another role") as caught:
        run(monkeypatch, role="fbe")
    assert caught.value.returncode == 1
    with pytest.raises(CommandError, match="empty or not set") as caught:
        run(monkeypatch, password="")
    assert caught.value.returncode == 2


def test_the_command_can_test(monkeypatch, sim):
    sim.add_account("ro", username="user of RO main", password=PASSWORD)
    address = ("--base-url", sim.url("ro"), "--check")
    assert "eMAG accepts" in run(monkeypatch, *address)
    with pytest.raises(CommandError, match="password") as caught:
        run(monkeypatch, *address, password="wrong")
    assert caught.value.returncode == 3
