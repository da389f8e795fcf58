"""The addresses that eMAG calls."""

import json
import time

import pytest
from django.test import Client
from django.urls import reverse

from core.models import JobRun
from core.models.jobs import JobStatus
from emag.models import Nudge
from emag.pulls import nudges
from orders.models import Order
from tests.factories.emag import CredentialFactory
from tests.integration.emag.conftest import run_job

pytestmark = pytest.mark.django_db


@pytest.fixture
def credential():
    return CredentialFactory()


def address(credential, kind="order", token=None):
    return reverse("emag:hook", args=[token or credential.hook_token, kind])


def called(credential, kind="order", **query):
    return Client().get(address(credential, kind), query)


def noted():
    return list(Nudge.objects.values_list("external_id", flat=True))


def test_it_works(credential):
    response = called(credential, order_id="512340077")
    assert response.status_code == 200
    assert noted() == ["512340077"]
    run = JobRun.objects.get()
    assert (run.name, run.key, run.status) == (
        "emag.pull_order", str(credential.account_id), JobStatus.QUEUED,
    )  # fmt: skip


def test_it_is_open_to_strangers_and_needs_no_csrf_token(credential):
    client = Client(enforce_csrf_checks=True)
    response = client.post(address(credential), {"order_id": "5"})
    assert response.status_code == 200
    assert noted() == ["5"]


def test_json_is_understood(credential):
    body = json.dumps({"order_id": 512340077})
    response = Client().post(address(credential), body, content_type="application/json")
    assert response.status_code == 200
    assert noted() == ["512340077"]


@pytest.mark.parametrize("body", ["", "{", "[]", "7", '"x"', "[" * 5000, '{"order_id": {"a": 1}}'])
def test_nonsense_is_thanked_for_and_forgotten(credential, body):
    response = Client().post(address(credential), body, content_type="application/json")
    assert response.status_code == 200
    assert noted() == []


@pytest.mark.parametrize("number", ["", "0", "-5", "5e3", "abc", "٣", "9" * 20, "5;drop"])
def test_what_is_no_number_is_forgotten(credential, number):
    assert called(credential, order_id=number).status_code == 200
    assert noted() == []


def test_the_same_order_three_times_is_one_reading(credential):
    for _time in range(3):
        assert called(credential, order_id="5").status_code == 200
    assert noted() == ["5"]
    assert JobRun.objects.count() == 1


def test_many_orders_are_one_run(credential):
    for number in range(1, 20):
        called(credential, order_id=str(number))
    assert Nudge.objects.count() == 19
    assert JobRun.objects.count() == 1


def test_a_flood_fills_nothing(credential, monkeypatch):
    monkeypatch.setattr(nudges, "MOST_KEPT", 10)
    for number in range(1, 40):
        assert called(credential, order_id=str(number)).status_code == 200
    assert Nudge.objects.count() == 10
    assert JobRun.objects.count() == 2, "and one reading of everything that changed"


@pytest.mark.parametrize("kind", ["order", "cancel", "return", "awb", "documentation"])
def test_every_kind_is_known(credential, kind):
    assert called(credential, kind, order_id="7").status_code == 200
    assert noted() == ["7"]


def test_the_number_of_something_else_is_no_order(credential):
    """A return's own "id" is not the order's."""
    called(credential, "return", id="7")
    assert noted() == []


def test_a_wrong_token_is_not_there(credential):
    assert Client().get(address(credential, token="x" * 32)).status_code == 404
    assert Client().get(address(credential, kind="else")).status_code == 404
    assert not Nudge.objects.exists()


def test_each_account_has_its_own(credential):
    other = CredentialFactory()
    called(other, order_id="9")
    assert Nudge.objects.get().account == other.account


def test_a_paused_account_is_not_there(credential):
    credential.account.is_paused = True
    credential.account.paused_at = credential.account.created_at
    credential.account.save()
    assert called(credential, order_id="5").status_code == 404


def test_other_methods_are_refused(credential):
    assert Client().put(address(credential)).status_code == 405
    assert Client().head(address(credential) + "?order_id=5").status_code == 200
    assert noted() == []


def test_it_answers_fast(credential, django_assert_max_num_queries):
    with django_assert_max_num_queries(14):
        called(credential, order_id="5")


# --- What comes of it -------------------------------------------------------------------------


def test_the_order_is_read_at_once(sim, main):
    numbers = sim.inject_orders(3, account=main.there)
    credential = main.emag_credential
    for number in numbers:
        called(credential, order_id=str(number))
    began = time.monotonic()
    run = run_job("emag.pull_order", main)
    assert time.monotonic() - began < 1.5
    assert run.counters["new"] == 3
    assert Order.objects.count() == 3
    assert not Nudge.objects.exists()


def test_an_order_that_emag_ships_is_read_too(sim, connect):
    fbe = connect("fbe", kind="fbe")
    (number,) = sim.inject_orders(1, account=fbe.there)
    called(fbe.emag_credential, order_id=str(number))
    run_job("emag.pull_order", fbe)
    assert Order.objects.get().external_id == str(number)


def test_an_order_that_nobody_knows_is_forgotten(sim, main):
    called(main.emag_credential, order_id="404")
    run = run_job("emag.pull_order", main)
    assert run.status == JobStatus.DONE
    assert run.counters["not_found"] == 1
    assert not Nudge.objects.exists()


def test_many_at_once_are_read_as_what_changed(sim, main, monkeypatch):
    monkeypatch.setattr(nudges, "MOST_AT_ONCE", 3)
    for number in sim.inject_orders(6, account=main.there):
        nudges.note(main.pk, "order", str(number))
    run_job("emag.pull_order", main)
    assert JobRun.objects.filter(name="emag.pull_orders", status=JobStatus.QUEUED).exists()


def test_a_call_while_emag_is_away_is_not_lost(sim, main):
    (number,) = sim.inject_orders(1, account=main.there)
    called(main.emag_credential, order_id=str(number))
    sim.fault("http_503", count=1)
    assert run_job("emag.pull_order", main).status == JobStatus.FAILED
    assert noted() == [str(number)]
    run_job("emag.pull_order", main)
    assert Order.objects.count() == 1


def test_a_reading_of_everything_makes_notes_needless(sim, main):
    (number,) = sim.inject_orders(1, account=main.there)
    nudges.note(main.pk, "order", str(number))
    run_job("emag.pull_orders", main)
    assert Order.objects.count() == 1
    assert not Nudge.objects.exists()
