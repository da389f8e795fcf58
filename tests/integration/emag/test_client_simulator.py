"""The client against the simulator: whatever its switches and faults make of a reply."""

import datetime as dt

import pytest

from core.errors import SetupNeeded
from emag.client import client_for, errors
from emag.models import ApiCall
from tests.factories.emag import CredentialFactory, EmagAccountFactory


@pytest.fixture
def client(connect):
    return client_for(connect("main"), quick=True)


def test_it_works(client, sim):
    numbers = sim.inject_orders(3, account="ro:main")
    rows = client.read_orders(status=1)
    assert {order["id"] for order in rows.items} == set(numbers)
    assert client.count_orders(type=3).items == 3
    assert ApiCall.objects.count() == 2
    assert not [call for call in sim.journal() if call["limited"]]


def test_what_nobody_connected(transactional_db):
    account = EmagAccountFactory()
    with pytest.raises(SetupNeeded, match="is not connected to eMAG yet") as caught:
        client_for(account)
    assert caught.value.url == f"/connect/emag/{account.pk}/credentials/"


@pytest.mark.parametrize("auth", ["403json", "200json", "401json"])
def test_a_wrong_password(connect, sim, auth):
    sim.config(auth_bad=auth)
    client = client_for(connect("main", stored="wrong"), quick=True)
    with pytest.raises(errors.WrongCredentials):
        client.read_vat()


@pytest.mark.parametrize("auth", ["200json", "403json"])
def test_an_address_that_is_not_registered(sim, transactional_db, auth):
    sim.config(auth_ip=auth)
    sim.add_account("ro", username="far", password="secret", ips=["203.0.113.5"])
    account = EmagAccountFactory()
    CredentialFactory(account=account, username="far", base_url=sim.url("ro"))
    with pytest.raises(errors.AddressNotAllowed) as caught:
        client_for(account, quick=True).read_vat()
    assert caught.value.address == "127.0.0.1"


def test_filters_are_heeded(client, sim):
    """Were they nested, eMAG would ignore them and answer everything."""
    sim.inject_orders(2, account="ro:main")
    assert client.read_orders(status=4).items == []
    assert client.read_orders(id=1).items == []
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
    assert client.read_orders(modified_after=later).items == []


def test_pages(client, sim):
    sim.inject_orders(5, account="ro:main")
    pages = [client.read_orders(number, 2).items for number in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert len({order["id"] for page in pages for order in page}) == 5


def test_accepting_twice(client, sim):
    [number] = sim.inject_orders(1, account="ro:main")
    assert not client.acknowledge_order(number).already
    assert client.acknowledge_order(number).already
    assert client.read_orders(id=number).items[0]["status"] == 2


def test_an_order_that_is_not_there(client):
    with pytest.raises(errors.Rejected):
        client.acknowledge_order(1)


FAULTS = [
    ("http_500", {}, errors.Unavailable, errors.OutcomeUnknown),
    ("http_502", {}, errors.Unavailable, errors.OutcomeUnknown),
    ("http_503", {}, errors.Unavailable, errors.Unavailable),
    ("http_429", {}, errors.TooManyCalls, errors.TooManyCalls),
    ("html_200", {}, errors.Unavailable, errors.OutcomeUnknown),
    ("no_iserror", {}, errors.Drift, errors.OutcomeUnknown),
    ("truncate", {}, errors.Unavailable, errors.OutcomeUnknown),
    ("drop", {}, errors.Unavailable, errors.OutcomeUnknown),
    ("iserror_200", {"message": "no"}, errors.Rejected, errors.Rejected),
    ("creds_revoked", {}, errors.WrongCredentials, errors.WrongCredentials),
    ("ip_revoked", {}, errors.AddressNotAllowed, errors.AddressNotAllowed),
]


@pytest.mark.parametrize(("name", "params", "after_read", "after_write"), FAULTS)
def test_faults(connect, sim, name, params, after_read, after_write):
    account = connect("main")
    [number] = sim.inject_orders(1, account="ro:main")
    sim.fault(name, **params)
    with pytest.raises(after_read) as caught:
        client_for(account, quick=True).read_orders()
    assert type(caught.value) is after_read
    if name == "http_429":
        return  # the gate is closed now
    with pytest.raises(after_write) as caught:
        client_for(account, quick=True).acknowledge_order(number)
    assert type(caught.value) is after_write


def test_messages_as_objects(client, sim):
    sim.fault("iserror_200", message="not like that")
    sim.fault("messages_objects")
    with pytest.raises(errors.Rejected) as caught:
        client.read_orders()
    assert [text for text in caught.value.messages if "not like that" in text]


def test_connections_stay_open(connect, sim):
    """A second client of the same account goes over the same connection."""
    account = connect("main")
    first, second = client_for(account), client_for(account, quick=True)
    assert first.line is second.line
    other = client_for(connect("other"))
    assert other.line is not first.line


def test_another_password_makes_another_line(connect):
    account = connect("main")
    first = client_for(account)
    account.emag_credential.password = "another"
    account.emag_credential.save()
    assert client_for(account).line is not first.line
