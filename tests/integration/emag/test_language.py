"""What is stored is everybody's: it does not speak the language of who happened to cause it."""

import json

import pytest
from django.utils import translation

from core import jobs
from core.models import JobRun
from emag.models import Credential, RejectedPayload, Trouble
from emag.services import accounts
from orders.models import Order
from outbox.models import Lane
from tests.contract.payloads import order
from tests.factories.accounts import UserFactory
from tests.factories.emag import CredentialFactory
from tests.integration.emag.conftest import run_job

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = 500_000_500


@pytest.fixture
def roman():
    return UserFactory(language="ro")


@pytest.fixture
def account(stage, little_waiting):
    return CredentialFactory(base_url=stage.url).account


def tells_of(stage, **facts):
    answer = {"isError": False, "messages": [], "results": [order(id=NUMBER, **facts)]}
    stage.will_answer(json.dumps(answer, default=float))


def read(account, *, by):
    """Somebody asks for one order to be read again."""
    row = jobs.enqueue("emag.pull_order", "order:3", str(NUMBER), key=str(account.pk), by=by)
    with translation.override(by.language):
        jobs.run_job(row.name, row.key, run_id=row.pk)
    return JobRun.objects.get(pk=row.pk)


def test_remarks(stage, account, roman):
    tells_of(stage, status=6)
    read(account, by=roman)
    [remark] = Order.objects.get().remarks
    assert remark == "Status “6” is not known here."


def test_rejected_payloads(stage, account, roman):
    tells_of(stage, products="none")
    read(account, by=roman)
    with translation.override("en"):
        read(account, by=UserFactory(language="en"))
        english = RejectedPayload.objects.get().messages
    read(account, by=roman)
    assert RejectedPayload.objects.get().messages == english


def test_why_an_account_rests(connect, roman):
    account = connect("wrong", stored="a wrong password")
    row = jobs.enqueue("emag.check_health", key=str(account.pk), by=roman)
    jobs.run_job(row.name, row.key, run_id=row.pk)
    credential = Credential.objects.get()
    assert credential.trouble.startswith("eMAG does not accept the user")
    assert Lane.objects.get().paused_reason == credential.trouble
    assert JobRun.objects.get(pk=row.pk).error == credential.trouble


def test_who_tests_is_answered_in_their_own_language(connect):
    account = connect("wrong", stored="a wrong password")
    with translation.override("ro"):
        check = accounts.check_connection(account.emag_credential)
        assert check.words.startswith("eMAG nu acceptă utilizatorul")
    assert Credential.objects.get().trouble.startswith("eMAG does not accept the user")


def test_the_cause_is_worded_for_who_reads_it(connect, manager, manager_client):
    account = connect("wrong", stored="a wrong password")
    run_job("emag.pull_orders", account)
    assert Credential.objects.get().trouble_kind == Trouble.PASSWORD
    addresses = (f"/connect/emag/{account.pk}/", account.get_absolute_url(), "/sync/")
    for language, words in (("en", "does not accept the user"), ("ro", "nu acceptă utilizatorul")):
        manager.language = language
        manager.save()
        for address in addresses:
            assert words in manager_client.get(address).content.decode(), address


def test_an_address_that_is_refused_is_named_as_it_is_now(connect, sim, manager_client):
    account = connect()
    Credential.objects.update(outgoing_ip="203.0.113.9")
    sim.fault("ip_revoked")
    run_job("emag.pull_orders", account)
    page = manager_client.get(f"/connect/emag/{account.pk}/").content.decode()
    assert "203.0.113.9" not in page
    assert "our internet address 127.0.0.1 is not registered" in page
