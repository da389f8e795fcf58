import pytest

from accounts import connections, platforms
from accounts.apps import working_accounts
from accounts.models import MarketplaceAccount
from accounts.services import marketplaces
from core.errors import RuleViolation, SetupNeeded, StaleData
from core.models import AuditEntry
from tests.factories.accounts import CompanyFactory, MarketplaceAccountFactory
from tests.factories.catalog import OfferFactory
from tests.factories.orders import OrderFactory
from tests.integration.accounts.conftest import Bazaar

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bazaar")]


def connect(**facts):
    facts = {
        "name": "RO main",
        "platform": "bazaar",
        "country": "RO",
        "fulfilment": "own",
        "by": None,
        **facts,
    }
    facts.setdefault("company", None)
    return marketplaces.connect_account(
        **{**facts, "company": facts["company"] or CompanyFactory()}
    )


def test_it_works(owner):
    account = connect(by=owner)
    assert (account.currency, account.time_zone) == ("RON", "Europe/Bucharest")
    assert (account.platform_label, account.fulfilment_label) == ("Bazaar", "BAZ")
    assert AuditEntry.objects.get(actor=owner).verb == "marketplace_account.connected"


def test_the_country_gives_currency_and_zone():
    account = connect(country="BG")
    assert (account.currency, account.time_zone) == ("EUR", "Europe/Sofia")


def test_what_is_chosen_wins_over_the_country():
    account = connect(country="BG", currency="RON", time_zone="Europe/Bucharest")
    assert (account.currency, account.time_zone) == ("RON", "Europe/Bucharest")


@pytest.mark.parametrize(
    ("facts", "error", "words"),
    [
        ({"platform": "gone"}, SetupNeeded, "No marketplace called “gone”"),
        ({"country": "HU"}, RuleViolation, "Bazaar does not work in Hungary"),
        ({"time_zone": "Europe/Cluj"}, RuleViolation, "not a time zone"),
    ],
)
def test_what_cannot_be_is_refused(facts, error, words):
    with pytest.raises(error, match=words):
        connect(**facts)
    assert not MarketplaceAccount.objects.exists()


def test_a_way_of_shipping_that_it_does_not_offer_is_refused(monkeypatch):
    monkeypatch.setattr(Bazaar, "fulfilments", {"own": "BAZ"})
    with pytest.raises(RuleViolation, match="does not offer “The marketplace ships”"):
        connect(fulfilment="marketplace")


def test_two_accounts_do_not_share_a_name():
    connect()
    with pytest.raises(RuleViolation, match="already an account called ro MAIN"):
        connect(name="ro MAIN")


def test_changing_an_account():
    account = connect()
    marketplaces.change_account(account, version=1, name="Main", invoice_on="delivered", by=None)
    account.refresh_from_db()
    assert (account.name, account.invoice_on, account.version) == ("Main", "delivered", 2)
    with pytest.raises(StaleData):
        marketplaces.change_account(account, version=1, name="Old", by=None)


def test_pausing_and_resuming(owner):
    account = connect()
    assert list(MarketplaceAccount.objects.working()) == [account]
    marketplaces.pause_account(account, reason=" Holidays ", by=owner)
    account.refresh_from_db()
    assert (account.is_paused, account.pause_reason) == (True, "Holidays")
    assert not MarketplaceAccount.objects.working().exists()
    with pytest.raises(RuleViolation, match="paused already"):
        marketplaces.pause_account(account, reason="Again", by=owner)

    marketplaces.resume_account(account, by=owner)
    account.refresh_from_db()
    assert (account.is_paused, account.pause_reason, account.paused_at) == (False, "", None)
    with pytest.raises(RuleViolation, match="is not paused"):
        marketplaces.resume_account(account, by=owner)


def test_jobs_run_for_every_account_that_works():
    working, resting = connect(), connect(name="BG main", country="BG")
    marketplaces.pause_account(resting, reason="Holidays", by=None)
    assert working_accounts() == [str(working.pk)]


def test_a_pause_has_a_reason():
    with pytest.raises(RuleViolation, match="Say why"):
        marketplaces.pause_account(connect(), reason="  ", by=None)


def test_an_account_outlives_its_adapter():
    account = MarketplaceAccountFactory(platform="gone", fulfilment="marketplace")
    assert account.platform_label == "gone"
    assert account.fulfilment_label == "The marketplace ships"


def test_a_platform_is_registered_once():
    with pytest.raises(ValueError, match="registered twice"):
        platforms.register(Bazaar())


# --- What an account holds already ------------------------------------------------------------


@pytest.mark.parametrize("make", [OrderFactory, OfferFactory])
@pytest.mark.parametrize("change", [{"country": "BG"}, {"platform": "gone"}])
def test_country_and_marketplace_stay_once_something_is_here(make, change):
    account = connect()
    make(account=account)
    with pytest.raises(RuleViolation, match="already has orders or offers"):
        marketplaces.change_account(account, by=None, **change)
    account.refresh_from_db()
    assert (account.country, account.platform) == ("RO", "bazaar")
    marketplaces.change_account(account, by=None, name="Other name", currency="EUR")


def test_before_that_they_may_change():
    account = connect()
    assert marketplaces.change_account(account, by=None, country="BG").country == "BG"


def test_the_form_says_so_before(owner_client):
    account = connect()
    url = f"/marketplaces/{account.pk}/edit/"
    assert "Stays as it is" not in owner_client.get(url).content.decode()
    order = OrderFactory(account=account)
    page = owner_client.get(url).content.decode()
    assert page.count("Stays as it is") == 2
    assert "keep theirs" in page
    form = owner_client.get(url).context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    data |= {"currency": "EUR", "country": "BG"}
    data = {name: value for name, value in data.items() if value is not False}
    assert owner_client.post(url, data).status_code == 302
    account.refresh_from_db()
    assert (account.country, account.currency) == ("RO", "EUR")
    order.refresh_from_db()
    assert order.currency == "RON"


# --- How the connection is --------------------------------------------------------------------


def test_the_list_says_how_the_connection_is(owner_client, monkeypatch):
    monkeypatch.setattr(connections, "_known_by", {})
    states = {}
    account, other = connect(), connect(name="Other")
    paused = connect(name="Resting")
    marketplaces.pause_account(paused, reason="stocktaking", by=None)
    page = owner_client.get("/marketplaces/").content.decode()
    assert page.count("Not connected") == 2, "nobody knows any better"
    connections.register("bazaar", lambda: states)
    states |= {
        account.pk: connections.WORKING,
        other.pk: connections.State("Refused", "red", "circle-x", "Wrong <password>"),
        paused.pk: connections.WORKING,
    }
    page = owner_client.get("/marketplaces/").content.decode()
    assert page.count("Working") == 1
    assert "Refused" in page
    assert "Wrong &lt;password&gt;" in page
    assert "Paused" in page
