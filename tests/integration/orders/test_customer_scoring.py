"""The numbers of the score: changed by owners, tried before they are saved, kept in the trail."""

import pytest
from django.urls import reverse

from accounts.choices import Role
from core import jobs
from core.errors import RuleViolation, StaleData
from core.models import AuditEntry, JobRun
from orders.models import Customer, CustomerBase, ScoringRules
from orders.services import customer_figures, customer_preview, import_orders
from orders.services.customer_rules import NAMES, change_rules, current_rules
from tests.conftest import signed_in
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.factories.orders import customer_in, order_in
from tests.work import drain

pytestmark = pytest.mark.django_db
URL = "/customers/scoring/"
GENEROUS = {"gold_from": 3, "silver_from": 2, "bronze_from": 1}


@pytest.fixture
def account():
    return MarketplaceAccountFactory()


def bought(account, people=3):
    shipped = {"status": "shipped", "remote_status": "4"}
    told = [order_in(customer=customer_in(external_id=str(n)), **shipped) for n in range(people)]
    import_orders(account, told)
    while customer_figures.take_nudges(account) is not None:
        pass


def typed(**changes):
    rules = current_rules()
    return {name: getattr(rules, name) for name in (*NAMES, "version")} | changes


def test_it_works(account, owner):
    bought(account)
    before = Customer.objects.values_list("tier", flat=True).distinct().get()
    rules = change_rules(by=owner, **GENEROUS)
    assert rules.version == 2
    assert JobRun.objects.filter(name="orders.sweep_customers", requested_by=owner).exists()
    drain()
    assert set(Customer.objects.values_list("tier", flat=True)) == {"gold"} != {before}
    run = JobRun.objects.get(name="orders.sweep_customers", requested_by=owner)
    assert (run.status, run.done, run.total) == ("done", 3, 3)
    entry = AuditEntry.objects.get(verb="scoring.changed")
    assert entry.changes["gold_from"] == [70, 3]


def test_the_same_numbers_change_nothing(account, owner):
    bought(account)
    change_rules(by=owner, gold_from=70)
    assert not AuditEntry.objects.filter(verb="scoring.changed").exists()
    assert not JobRun.objects.filter(name="orders.sweep_customers").exists()


@pytest.mark.parametrize(
    "numbers",
    [
        {"gold_from": 50},
        {"bronze_from": 60},
        dict.fromkeys(("weight_orders", "weight_recency", "weight_revenue", "weight_kept"), 0),
    ],
)
def test_numbers_nobody_could_be_scored_by(owner, numbers):
    with pytest.raises(RuleViolation):
        change_rules(by=owner, **numbers)
    assert current_rules().gold_from == 70


def test_who_looked_at_other_numbers_is_told(owner):
    change_rules(by=owner, risky_from=30)
    with pytest.raises(StaleData):
        change_rules(by=owner, version=1, risky_from=35)
    assert current_rules().risky_from == 30


class TestPreview:
    def test_it_counts_who_would_move_and_keeps_nothing(self, account):
        bought(account)
        found = customer_preview.preview(ScoringRules(**GENEROUS))
        assert (found.customers, found.moved, found.tiers["gold"]) == (3, 3, 3)
        assert not found.is_estimate
        assert not ScoringRules.objects.exists()
        assert customer_preview.preview(current_rules()).moved == 0

    def test_many_are_sampled(self, account, monkeypatch):
        bought(account, 40)
        monkeypatch.setattr(customer_preview, "SAMPLE", 39)
        found = customer_preview.preview(ScoringRules(**GENEROUS))
        assert found.is_estimate
        assert found.moved == found.customers == 40

    def test_it_says_what_saving_does(self, account, owner):
        bought(account)
        expected = customer_preview.preview(ScoringRules(**GENEROUS))
        change_rules(by=owner, **GENEROUS)
        drain()
        base = CustomerBase.objects.get(account=account)
        assert {name: getattr(base, name) for name in expected.tiers} == expected.tiers


class TestPage:
    def test_it_works(self, owner_client, account):
        bought(account)
        assert "How often they buy" in owner_client.get(URL).content.decode()
        tried = owner_client.post(f"{URL}preview/", typed(**GENEROUS)).content.decode()
        assert "Moves 3 customers to another tier" in tried
        assert owner_client.post(URL, typed(**GENEROUS)).status_code == 302
        page = owner_client.get(URL).content.decode()
        assert "gold from: 70 → 3" in page
        assert "Scoring everybody" in page
        drain()
        assert "Scoring everybody" not in owner_client.get(f"{URL}progress/").content.decode()

    def test_what_was_typed_stays(self, owner_client):
        response = owner_client.post(URL, typed(gold_from=20))
        assert response.status_code == 422
        page = response.content.decode()
        assert 'value="20"' in page
        assert "Gold must begin above silver" in page
        tried = owner_client.post(f"{URL}preview/", typed(gold_from=20)).content.decode()
        assert "Gold must begin above silver" in tried

    def test_somebody_was_quicker(self, owner_client, owner):
        mine = typed(risky_from=35)
        change_rules(by=owner, risky_from=30)
        response = owner_client.post(URL, mine)
        assert response.status_code == 409
        assert 'value="35"' in response.content.decode()
        assert current_rules().risky_from == 30

    @pytest.mark.parametrize("role", Role)
    def test_only_owners(self, role):
        client = signed_in(UserFactory(role=role))
        expected = 200 if role == Role.OWNER else 403
        assert client.get(reverse("orders:scoring_edit")).status_code == expected


def test_a_base_that_has_grown_is_measured_and_everybody_scored_anew(account):
    bought(account, 2)
    jobs.run_here("orders.count_customers", str(account.pk))
    drain()
    assert CustomerBase.objects.get(account=account).measured_on == 2
    assert not customer_figures.has_outgrown_its_yardstick(account)
    bought(account, 4)
    assert customer_figures.has_outgrown_its_yardstick(account)
    jobs.run_here("orders.count_customers", str(account.pk))
    drain()
    base = CustomerBase.objects.get(account=account)
    assert base.measured_on == 4
    assert base.average_revenue > 0
