"""What each thing that can go wrong with a call is called, and what it never says."""

import datetime as dt
import socket
import time

import pytest

from core.errors import (
    ContractDrift,
    MagFlowError,
    RemoteAuthFailed,
    RemoteOutcomeUnknown,
    RemoteRejected,
    RemoteUnavailable,
)
from core.models import RateGate
from core.ratelimit import RateLimited
from emag.client import EmagClient, errors
from emag.sites import site
from tests.emag_stage import PASSWORD
from tests.wire import free_port

pytestmark = pytest.mark.django_db

YES = {"isError": False, "messages": [], "errors": [], "results": []}
GATEWAY = "<html><body><h1>504 Gateway Time-out</h1></body></html>"
ONE = [{"id": 1}]


def read(client):
    return client.read_orders()


def write(client):
    return client.save_orders(ONE)


def test_it_works(stage):
    stage.will_answer(YES)
    assert stage.client().read_orders().items == []


CASES = [
    # status, body, after a reading, after a change
    (401, {"message": "Unauthorized"}, errors.WrongCredentials, errors.WrongCredentials),
    (403, {"isError": True, "messages": ["You are not allowed to use this API."]},
     errors.WrongCredentials, errors.WrongCredentials),
    (200, {"isError": True, "messages": ["ERROR: You are not allowed to use this API"]},
     errors.WrongCredentials, errors.WrongCredentials),
    (200, {"isError": True, "messages": ["ERROR: Invalid username or password"]},
     errors.WrongCredentials, errors.WrongCredentials),
    (200, {"isError": True, "messages": ["Invalid credentials."]},
     errors.WrongCredentials, errors.WrongCredentials),
    (200, {"isError": True, "messages": ["Wrong user id 7 for the courier account"]},
     errors.Rejected, errors.Rejected),
    (400, {"isError": True, "messages": ["observation: invalid login in the text"]},
     errors.Invalid, errors.Invalid),
    (403, {"isError": True, "messages": ["ERROR: Invalid vendor ip [203.0.113.9]"]},
     errors.AddressNotAllowed, errors.AddressNotAllowed),
    (403, {"message": "Access to this resource is denied"}, errors.NoRights, errors.NoRights),
    (403, "<html>forbidden</html>", errors.NoRights, errors.NoRights),
    (429, {"message": "API rate limit exceeded"}, errors.TooManyCalls, errors.TooManyCalls),
    (503, GATEWAY, errors.Unavailable, errors.Unavailable),
    (408, "", errors.Unavailable, errors.Unavailable),
    (500, "", errors.Unavailable, errors.OutcomeUnknown),
    (502, GATEWAY, errors.Unavailable, errors.OutcomeUnknown),
    (504, {"message": "An invalid response was received from the upstream server"},
     errors.Unavailable, errors.OutcomeUnknown),
    (200, GATEWAY, errors.Unavailable, errors.OutcomeUnknown),
    (200, '{"isError":false,"messages":[],"resu', errors.Unavailable, errors.OutcomeUnknown),
    (200, "", errors.Unavailable, errors.OutcomeUnknown),
    (200, {"results": []}, errors.Drift, errors.OutcomeUnknown),
    (200, {"isError": None, "results": []}, errors.Drift, errors.OutcomeUnknown),
    (200, {"isError": True, "messages": ["No"]}, errors.Rejected, errors.Rejected),
    (200, {"isError": True, "messages": []}, errors.Rejected, errors.Rejected),
    (200, {"isError": 1, "messages": ["No"]}, errors.Rejected, errors.Rejected),
    (200, {"isError": "true", "messages": ["No"]}, errors.Rejected, errors.Rejected),
    (400, {"isError": True, "messages": ["No"]}, errors.Rejected, errors.Rejected),
    (400, "Bad Request", errors.Rejected, errors.Rejected),
    (405, GATEWAY, errors.Rejected, errors.Rejected),
    (404, {"message": "Invalid URL"}, errors.NotFound, errors.NotFound),
    (404, GATEWAY, errors.NotFound, errors.NotFound),
    (400, {"isError": True, "messages": [{"field": "status", "message": "is wrong"}]},
     errors.Invalid, errors.Invalid),
    (200, {"isError": True, "messages": ["Maximum input vars of 4000 exceeded"]},
     errors.Invalid, errors.Invalid),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "after_read", "after_write"), CASES)
def test_the_kind(stage, status, body, after_read, after_write):
    stage.will_answer(body, status)
    for call, expected in ((read, after_read), (write, after_write)):
        with pytest.raises(expected) as caught:
            call(stage.client())
        assert type(caught.value) is expected
        assert caught.value.call_id
        assert caught.value.remote == "eMAG"
    assert len(stage.seen) == 2, "nothing is repeated behind the caller's back"


def test_every_kind_has_a_code_of_its_own():
    kinds = [
        errors.TooManyCalls, errors.Unavailable, errors.Rejected, errors.Invalid, errors.NotFound,
        errors.WrongCredentials, errors.AddressNotAllowed, errors.NoRights, errors.OutcomeUnknown,
        errors.Drift,
    ]  # fmt: skip
    codes = {kind.code for kind in kinds}
    assert len(codes) == len(kinds) >= 7
    assert all(code in errors.__doc__ for code in codes)


@pytest.mark.parametrize(
    ("kind", "general"),
    [
        (errors.TooManyCalls, RateLimited),
        (errors.Unavailable, RemoteUnavailable),
        (errors.Invalid, RemoteRejected),
        (errors.NotFound, RemoteRejected),
        (errors.WrongCredentials, RemoteAuthFailed),
        (errors.AddressNotAllowed, RemoteAuthFailed),
        (errors.NoRights, RemoteRejected),  # of this work only: the account goes on
        (errors.OutcomeUnknown, RemoteOutcomeUnknown),
        (errors.Drift, ContractDrift),
    ],
)
def test_what_the_outbox_makes_of_it(kind, general):
    assert issubclass(kind, general)


def test_the_shape_of_messages(stage):
    """Texts, objects, objects with a field, nested lists, a lone text; each once."""
    stage.will_answer(
        {
            "isError": True,
            "messages": ["a", {"message": "b"}, {"field": "f", "message": "c"}, ["d"], "a", ""],
            "message": "e",
            "errors": {"price": ["g"]},
        }
    )
    with pytest.raises(errors.Rejected) as caught:
        read(stage.client())
    assert caught.value.messages == ["a", "b", "f: c", "d", "e", "g"]


def test_remarks_of_a_yes(stage):
    stage.will_answer({**YES, "messages": ["Default currency RON was used"]})
    assert write(stage.client()).messages == ["Default currency RON was used"]


@pytest.mark.parametrize("results", [7, "seven", True])
def test_results_of_a_shape_that_nobody_agreed(stage, results):
    stage.will_answer({**YES, "results": results})
    with pytest.raises(errors.Drift, match="another shape"):
        read(stage.client())


@pytest.mark.parametrize("results", [[], {"noOfItems": "many"}, {"noOfItems": 3}, None])
def test_a_count_without_numbers(stage, results):
    stage.will_answer({**YES, "results": results})
    with pytest.raises(errors.Drift):
        stage.client().count_orders()


@pytest.mark.parametrize(
    ("results", "numbers"),
    [
        ([{"id": 1}, {"id": 2}], [1, 2]),
        ({"0": {"id": 1}, "2": {"id": 2}}, [1, 2]),  # PHP lists with a gap
        ({"id": 1}, [1]),
        ([], []),
        ({}, []),
        (None, []),
        ("", []),
    ],
)
def test_lists_the_way_php_writes_them(stage, results, numbers):
    stage.will_answer({**YES, "results": results})
    assert [one["id"] for one in read(stage.client()).items] == numbers


def test_a_row_that_is_no_object_does_not_hold_up_the_others(stage):
    stage.will_answer({**YES, "results": [{"id": 1}, None, "x"]})
    assert read(stage.client()).items == [{"id": 1}, {"value": None}, {"value": "x"}]


# --- The line ---------------------------------------------------------------------------------


def unreachable(quick=True):
    address = f"http://127.0.0.1:{free_port()}/api-3"
    return EmagClient(site("emag-ro"), address, "ana", PASSWORD, "stage:nobody", quick=quick)


@pytest.mark.parametrize("call", [read, write])
def test_where_nobody_listens(call):
    with pytest.raises(errors.Unavailable, match="eMAG cannot be reached") as caught:
        call(unreachable())
    assert not caught.value.was_reached


def test_an_answer_that_never_comes(monkeypatch):
    """A change is then unknown, a reading simply not there."""
    from emag.client import line

    monkeypatch.setattr(line, "WATCHED", line.Patience(connect=1, read=0.3, total=0.5))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/api-3"
        client = EmagClient(site("emag-ro"), address, "a", "b", "stage:silent", quick=True)
        began = time.monotonic()
        with pytest.raises(errors.OutcomeUnknown, match="did not answer in time"):
            write(client)
        with pytest.raises(errors.Unavailable, match="did not answer in time"):
            read(client)
        assert time.monotonic() - began < 3


def test_how_long_a_call_may_take():
    from emag.client import line

    assert (line.READING.connect, line.READING.read, line.READING.total) == (10, 60, 90)
    assert (line.WRITING.connect, line.WRITING.total) == (10, 30)
    assert line.WATCHED.total == 10


def test_a_redirect_is_not_followed(stage):
    stage.will_answer("", 302, Location="http://example.com/api-3/order/read")
    with pytest.raises(errors.Drift):
        read(stage.client())
    assert len(stage.seen) == 1


# --- Too many calls ---------------------------------------------------------------------------


def test_too_many_calls_closes_the_gate_for_everybody(stage):
    stage.will_answer({"message": "API rate limit exceeded"}, 429, Retry_After="7")
    stage.will_answer(YES)
    client = stage.client(patience=0.5)
    with pytest.raises(errors.TooManyCalls) as caught:
        read(client)
    assert caught.value.retry_after == 7
    prefix = client.line.budgets.prefix
    other = EmagClient(site("emag-ro"), stage.url, "ana", PASSWORD, prefix, quick=True, patience=0)
    with pytest.raises(RateLimited) as waiting:
        read(other)
    assert 6 < waiting.value.retry_after <= 7
    assert len(stage.seen) == 1, "nobody asked while the gate was closed"
    other.read_vat()  # another budget


def test_without_a_word_how_long_each_refusal_waits_longer(stage):
    client = stage.client()
    waits = []
    for _ in range(3):
        waits.append(client.line.budgets.refused("orders", None))
        client.line.budgets._opens.clear()
    assert waits == [1, 2, 4]
    for _ in range(3):
        last = client.line.budgets.refused("orders", None)
        client.line.budgets._opens.clear()
    assert 0 < last <= 60, "until the next full minute"


def test_those_refused_together_count_once(stage):
    budgets = stage.client().line.budgets
    assert {budgets.refused("orders", None) for _ in range(12)} == {1}


def test_headers_that_grant_less(stage):
    """A seller with half the limits does not run into it again and again."""
    headers = {"X_RateLimit_Limit_3second": "18", "X_RateLimit_Limit_minute": "360"}
    stage.will_answer(YES, 200, **headers)
    client = stage.client()
    read(client)
    limits = client.line.budgets.gate("orders").limits
    assert (limits.per_second, limits.per_minute) == (6, 360)
    client.line.budgets.learn("orders", {"X-RateLimit-Limit-second": "500"})
    assert client.line.budgets.gate("orders").limits.per_second == 12, "never more than documented"


def test_what_one_process_is_told_holds_for_all(stage):
    """Each has its own memory, and they share the budget."""
    stage.will_answer(YES, 200, X_RateLimit_Limit_second="2")
    client = stage.client()
    read(client)
    other = stage.client()
    other.line.budgets.prefix = client.line.budgets.prefix
    gate = other.line.budgets.gate("orders")
    assert gate.limits.per_second == 12, "it was told nothing yet"
    gate.wait(0)
    with pytest.raises(RateLimited):
        gate.wait(0)
    stage.answers.clear()
    stage.will_answer(YES)
    read(other)  # nothing is stated any more: again as documented
    gate.wait(0.2)
    gate.wait(0.2)


def test_attachments_keep_to_both_budgets_that_may_count_them(stage):
    stage.will_answer(YES)
    client = stage.client()
    client.save_attachments([{"order_id": 1}])
    names = RateGate.objects.filter(name__startswith=client.line.budgets.prefix)
    used = {name.rpartition(":")[2] for name in names.values_list("name", flat=True)}
    assert used == {"orders", "rest"}


# --- What is not sent -------------------------------------------------------------------------


NOW = dt.datetime(2026, 3, 3, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.read_offers(modified_after=NOW),
        lambda c: c.read_offers(1, 100, stat=1),
        lambda c: c.read_offers(1, 101),
        lambda c: c.read_invoices(1, 1001),
        lambda c: c.read_orders(0),
        lambda c: c.read_orders(65_536),
        lambda c: c.save_offers([{"id": n} for n in range(51)]),
        lambda c: c.save_offers([]),
        lambda c: c.find_by_eans([str(n) for n in range(101)]),
        lambda c: c.read_orders(created_before=NOW),
        lambda c: c.read_orders(created_after=NOW, created_before=NOW + dt.timedelta(days=29)),
        lambda c: c.read_orders(modified_after=NOW, modified_before=NOW - dt.timedelta(days=1)),
        lambda c: c.count_orders(modified_after=NOW),
        lambda c: c.read_orders(modified_after=NOW.replace(tzinfo=None)),
        lambda c: c.read_awb(),
        lambda c: c.read_awb(emag_id=1, reservation_id=2),
        lambda c: c.awb_pdf(1, format="A3"),
        lambda c: c.read_categories(language="xx"),
    ],
)
def test_what_emag_would_misunderstand_is_not_sent(stage, call):
    stage.will_answer(YES)
    with pytest.raises(ValueError, match=r"\w"):
        call(stage.client())
    assert stage.seen == []


def test_more_elements_than_php_counts(stage):
    stage.will_answer(YES)
    products = [{"id": n, "values": list(range(100))} for n in range(45)]
    with pytest.raises(errors.Invalid, match="smaller parts"):
        stage.client().save_product_offers(products)
    assert stage.seen == []


# --- Secrets ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])
def test_no_error_says_the_password(stage, status):
    """Not even where eMAG itself repeats it."""
    header = "YW5hOnp4Y3YtZ2VoZWltLTk="  # what the Authorization header says
    stage.will_answer(
        {"isError": True, "messages": [f"password {PASSWORD} of ana, Basic {header}"]}, status
    )
    client = stage.client()
    with pytest.raises(MagFlowError) as caught:
        read(client)
    error = caught.value
    told = f"{error!r} {error} {error.__dict__} {getattr(error, 'messages', '')} {client.__dict__}"
    assert PASSWORD not in told
    assert header not in told
    assert PASSWORD not in repr(client.line.reader)
