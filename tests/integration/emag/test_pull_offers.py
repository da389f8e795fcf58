"""Reading all offers, and what eMAG lets us choose from."""

import datetime as dt

import pytest
from django.utils import timezone

from catalog.models import Offer
from catalog.services import stock_known
from core.jobs import runs
from core.models.jobs import JobStatus
from emag.models import (
    Category,
    Characteristic,
    CourierAccount,
    HandlingTime,
    Locality,
    PickupAddress,
    Snapshot,
    VatRate,
)
from tests.integration.emag.conftest import run_job

OFFERS, REFERENCE = "emag.pull_offers", "emag.pull_reference_data"


def asked(sim, route):
    return [call for call in sim.journal() if call["path"].endswith(route)]


class TestOffers:
    def test_it_works(self, sim, connect):
        account = connect(offers=230)
        run = run_job(OFFERS, account)
        assert run.status == JobStatus.DONE, run.error
        there = sim.truth("offer", account.there)
        assert {int(n) for n in Offer.objects.values_list("external_id", flat=True)} == set(there)
        assert run.counters["new"] == len(there)
        assert run.done == run.total == len(there)
        # The pages, the empty one and the count.
        assert len(asked(sim, "product_offer/read")) == -(-len(there) // 100) + 1

    def test_the_second_reading_changes_nothing(self, sim, connect):
        account = connect(offers=30)
        run_job(OFFERS, account)
        run = run_job(OFFERS, account)
        assert run.counters["unchanged"] == 30
        assert "new" not in run.counters

    def test_a_whole_reading_leaves_its_time(self, sim, connect):
        """Unchanged offers are not written, and yet it is known when they were looked at."""
        account = connect(offers=30)
        run_job(OFFERS, account)
        before = timezone.now()
        run_job(OFFERS, account)
        known = stock_known(Offer.objects.values_list("account_id", "external_id"))
        assert len(known) == 30
        assert all(before < at < timezone.now() for _stock, at in known.values())

    def test_vat_rates_are_read_first(self, sim, connect):
        account = connect(offers=5)
        run_job(OFFERS, account)
        assert VatRate.objects.filter(account=account).exists()
        assert not Offer.objects.filter(vat_rate=None).exists()

    def test_a_page_that_fails_is_asked_for_again(self, sim, connect):
        account = connect(offers=230)
        sim.fault("http_502", match={"route": "product_offer/read", "page": 2}, count=2)
        run = run_job(OFFERS, account)
        assert run.counters["repeated"] == 2
        assert Offer.objects.count() == 230

    def test_the_same_number_on_two_accounts(self, sim, connect):
        one, two = connect("one", offers=10), connect("two", offers=10)
        run_job(OFFERS, one)
        run_job(OFFERS, two)
        assert Offer.objects.count() == 20
        assert Snapshot.objects.filter(kind="offer").count() == 20


class TestReference:
    def test_it_works(self, sim, main):
        run = run_job(REFERENCE, main)
        assert run.status == JobStatus.DONE, run.error
        for model in (VatRate, HandlingTime, CourierAccount, PickupAddress, Category):
            assert model.objects.filter(account=main).exists(), model
        assert Locality.objects.filter(site="emag-ro").exists()
        allowed = Category.objects.filter(account=main, is_allowed=True)
        assert allowed.exists()
        assert not allowed.filter(details_read_at=None).exists()
        assert Characteristic.objects.filter(values__len__gt=0).exists() or any(
            one.values for one in Characteristic.objects.all()
        )

    def test_what_is_fresh_is_not_asked_for(self, sim, main):
        run_job(REFERENCE, main)
        before = len(sim.journal())
        run_job(REFERENCE, main)
        assert len(sim.journal()) == before

    def test_couriers_are_old_after_an_hour_and_the_rest_after_a_day(self, sim, main):
        run_job(REFERENCE, main)
        hour_ago = timezone.now() - dt.timedelta(minutes=61)
        for model in (VatRate, HandlingTime, CourierAccount, PickupAddress, Category):
            model.objects.update(read_at=hour_ago)
        before = len(sim.journal())
        run_job(REFERENCE, main)
        new = sim.journal()[before:]
        assert {call["path"].rpartition("api-3/")[2] for call in new} == {"courier_accounts/read"}

    def test_what_is_gone_there_is_gone_here(self, sim, main):
        run_job(REFERENCE, main)
        long_ago = timezone.now() - dt.timedelta(days=2)
        CourierAccount.objects.update(read_at=long_ago)
        CourierAccount.objects.create(
            account=main, external_id="1", name="Gone", courier="X", read_at=long_ago
        )
        run_job(REFERENCE, main)
        assert not CourierAccount.objects.filter(name="Gone").exists()

    def test_it_goes_on_in_chunks(self, sim, main, monkeypatch):
        monkeypatch.setattr(runs, "CHUNK_SECONDS", 0.2)
        run = run_job(REFERENCE, main)
        assert run.status == JobStatus.DONE, run.error
        assert run.chunk >= 1
        assert not Category.objects.filter(is_allowed=True, details_read_at=None).exists()

    @pytest.mark.parametrize("rate", ["0.2100", 21, "21%"])
    def test_rates_are_fractions_whatever_form_they_come_in(self, rate):
        from emag.reading import rate as read

        assert str(read({"vat_rate": rate}, "vat_rate")) == "0.2100"
