"""The pages of the call log."""

import json

import pytest

from accounts.choices import Role
from core.models import AuditEntry
from emag.client import client_for
from emag.models import ApiCall, Outcome
from emag.services.replay import is_repeatable
from tests.conftest import signed_in
from tests.factories.accounts import UserFactory
from tests.factories.emag import ApiCallFactory, CredentialFactory, EmagAccountFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_works(manager_client):
    call = ApiCallFactory(message="Default currency was used", outcome=Outcome.REMARKS)
    page = manager_client.get("/calls/").content.decode()
    assert "order/read" in page
    assert "Done, with remarks" in page
    assert call.account.name in page


def test_the_list_needs_few_queries(manager_client, django_assert_num_queries):
    account = EmagAccountFactory()
    ApiCallFactory.create_batch(30, account=account)
    manager_client.get("/calls/")
    with django_assert_num_queries(4):
        manager_client.get("/calls/")


@pytest.mark.parametrize(
    "query",
    [
        "q=512340077",
        "q=ARX-36n",
        "outcome=refused",
        "took_ms__gt=900",
        "resource=offer",
        "bucket=rest",
        "is_read=false",
        "status=400",
    ],
)
def test_filters(manager_client, query):
    account = EmagAccountFactory()
    ApiCallFactory(
        account=account,
        outcome=Outcome.REFUSED,
        took_ms=1000,
        resource="offer",
        action="save",
        bucket="rest",
        is_read=False,
        status=400,
        mentions=["512340077", "ARX-36N"],
    )
    ApiCallFactory(account=account, mentions=["512340078"])
    page = manager_client.get(f"/calls/?{query}").content.decode()
    assert "offer/save" in page
    assert "order/read" not in page


def test_one_account(manager_client):
    one, other = ApiCallFactory(), ApiCallFactory(resource="vat")
    CredentialFactory(account=one.account)
    CredentialFactory(account=other.account)
    page = manager_client.get(f"/calls/?account={one.account_id}").content.decode()
    assert "order/read" in page
    assert "vat/read" not in page


def test_one_call(manager_client):
    call = ApiCallFactory(
        outcome=Outcome.UNKNOWN, is_read=False, resource="awb", action="save", status=504,
        error_code="emag_unknown", message="eMAG had an error of its own (504).",
        request='{"data":[{"order_id":1}]}', reply="<html><script>alert(1)</script></html>",
    )  # fmt: skip
    page = manager_client.get(f"/calls/{call.pk}/").content.decode()
    assert "it was made or not" in page
    assert "emag_unknown" in page
    assert "&quot;order_id&quot;: 1" in page, "pretty"
    assert "<script>alert(1)" not in page
    assert "Repeat this reading" not in page


@pytest.mark.parametrize("role", [Role.PICKER, Role.PACKER, Role.VIEWER, Role.ACCOUNTANT])
def test_who_may_not_look(role):
    call = ApiCallFactory()
    client = signed_in(UserFactory(role=role))
    assert client.get("/calls/").status_code == 403
    assert client.get(f"/calls/{call.pk}/").status_code == 403
    assert client.post(f"/calls/{call.pk}/repeat/").status_code == 403


# --- Repeating --------------------------------------------------------------------------------


def test_a_reading_is_repeated(connect, sim, manager_client):
    account = connect("main")
    sim.inject_orders(1, account="ro:main")
    client_for(account, quick=True).read_orders(status=1)
    before = ApiCall.objects.get()
    sim.inject_orders(1, account="ro:main")
    response = manager_client.post(f"/calls/{before.pk}/repeat/", headers={"HX-Request": "true"})
    assert response.status_code == 200
    again = ApiCall.objects.exclude(pk=before.pk).get()
    assert again.replay_of == before.call_id
    assert (before.items, again.items) == (1, 2)
    assert json.loads(again.request_text) == json.loads(before.request_text)
    page = response.content.decode()
    assert page.count("<pre") == 4, "both replies, and what was said before"
    entry = AuditEntry.objects.filter(verb="emag_call.repeated").get()
    assert entry.note == "order/read"


def test_a_reading_with_its_words_in_the_address(stage, manager_client):
    account = EmagAccountFactory()
    CredentialFactory(account=account, base_url=stage.url)
    stage.will_answer({"isError": False, "results": {}})
    for resource, url, request in (
        ("documentation", f"{stage.url}/documentation/find_by_eans?eans%5B%5D=1&eans%5B%5D=2", ""),
        ("api/v1/commission", stage.url.replace("/api-3", "/api/v1/commission/estimate/1041"), ""),
    ):
        call = ApiCallFactory(
            account=account, resource=resource, method="GET", url=url, request=request,
            action="find_by_eans" if resource == "documentation" else "estimate",
        )  # fmt: skip
        assert manager_client.post(f"/calls/{call.pk}/repeat/").status_code == 200
    first, second = stage.seen
    assert (first.path, first.query) == (
        "/api-3/documentation/find_by_eans", {"eans[]": ["1", "2"]},
    )  # fmt: skip
    assert second.path == "/api/v1/commission/estimate/1041"


def test_a_repetition_that_fails_is_shown_too(stage, manager_client):
    account = EmagAccountFactory()
    CredentialFactory(account=account, base_url=stage.url)
    stage.will_answer("", 500)
    call = ApiCallFactory(account=account)
    response = manager_client.post(f"/calls/{call.pk}/repeat/")
    assert response.status_code == 200
    assert "No answer" in response.content.decode()


def test_changes_are_not_repeated(manager_client):
    call = ApiCallFactory(resource="awb", action="save", is_read=False)
    response = manager_client.post(f"/calls/{call.pk}/repeat/")
    assert response.status_code == 422
    assert ApiCall.objects.count() == 1


def test_what_was_masked_is_not_repeated():
    assert is_repeatable(ApiCallFactory.build(account=None))
    assert not is_repeatable(ApiCallFactory.build(account=None, request='{"email": "•••"}'))
    assert not is_repeatable(ApiCallFactory.build(account=None, is_read=False))
    assert not is_repeatable(ApiCallFactory.build(account=None, resource="awb", action="save"))
