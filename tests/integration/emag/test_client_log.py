"""Every call is in the log: without secrets and people, findable, for thirty days."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from core import partitions
from core.errors import RemoteError
from emag.client import EmagClient, errors
from emag.client.log import CallLog, Record
from emag.client.masking import mask
from emag.client.mentions import mentions
from emag.client.routes import ORDER_READ
from emag.models.calls import TABLE, ApiCall, Outcome, pretty
from emag.sites import site
from tests.contract.payloads import ORDER_PAGE
from tests.emag_stage import PASSWORD
from tests.factories.emag import EmagAccountFactory

pytestmark = pytest.mark.django_db(transaction=True)
YES = {"isError": False, "messages": [], "errors": [], "results": []}


@pytest.fixture
def account(transactional_db):
    return EmagAccountFactory()


@pytest.fixture
def logged(stage, account):
    """A client that keeps a log."""
    client = stage.client()
    client.observe = CallLog(account.pk, client.line.secrets)
    return client


def test_it_works(stage, logged, account):
    stage.will_answer(ORDER_PAGE)
    rows = logged.read_orders(status=[1], type=3)
    call = ApiCall.objects.get()
    assert call.call_id == rows.call_id
    assert call.account == account
    assert (call.resource, call.action, str(call)) == ("order", "read", "order/read")
    assert (call.method, call.status, call.outcome) == ("POST", 200, Outcome.DONE)
    assert (call.bucket, call.is_read, call.items) == ("orders", True, 1)
    assert call.url == f"{stage.url}/order/read"
    assert '"status": [1]' in call.request_text
    assert '"id":512340077' in call.reply_text
    assert call.received_size == len(ORDER_PAGE.encode())
    assert not call.is_cut


@pytest.mark.parametrize(
    "word", ["512340077", "1041", "ARX-36N", "arx-36n", "DXK7T2BBM", " 512340077 "]
)
def test_calls_are_found_by_what_they_are_about(stage, logged, word):
    stage.will_answer(ORDER_PAGE)
    logged.read_orders()
    stage.answers.clear()
    stage.will_answer(YES)
    logged.read_vat()
    assert [str(call) for call in ApiCall.objects.mentioning(word)] == ["order/read"]


def test_a_change_is_found_by_its_order_also_where_it_failed(stage, logged):
    stage.will_answer("", 500)
    with pytest.raises(errors.OutcomeUnknown):
        logged.acknowledge_order(512340077)
    call = ApiCall.objects.mentioning("512340077").get()
    assert (call.outcome, call.error_code, call.action) == (
        Outcome.UNKNOWN, "emag_unknown", "acknowledge",
    )  # fmt: skip


OUTCOMES = [
    (YES, 200, Outcome.DONE),
    ({**YES, "messages": ["Default currency was used"]}, 200, Outcome.REMARKS),
    ({"isError": True, "messages": ["no"]}, 200, Outcome.REFUSED),
    ({"message": "API rate limit exceeded"}, 429, Outcome.LIMITED),
    ({"message": "no"}, 401, Outcome.ACCESS),
    ("<html></html>", 503, Outcome.UNAVAILABLE),
    ({"results": []}, 200, Outcome.UNKNOWN),
]


@pytest.mark.parametrize(("body", "status", "outcome"), OUTCOMES)
def test_outcomes(stage, logged, body, status, outcome):
    stage.will_answer(body, status)
    try:
        logged.save_orders([{"id": 1}])
    except RemoteError:
        pass
    assert ApiCall.objects.get().outcome == outcome


def test_partly(stage, logged):
    stage.will_answer(
        {**YES, "results": {"1": {"isError": False}, "2": {"isError": True, "messages": ["no"]}}}
    )
    logged.save_offers([{"id": 1}, {"id": 2}])
    call = ApiCall.objects.get()
    assert (call.outcome, call.message, call.items) == (Outcome.PARTLY, "2: no", 2)


def test_products_that_are_not_saved(stage, logged):
    stage.will_answer({"isError": True, "messages": ["1 is not a valid EAN. - Product id: 1"]})
    logged.save_product_offers([{"id": 1}])
    assert ApiCall.objects.get().outcome == Outcome.REFUSED


def test_a_call_that_was_never_answered(account):
    from tests.wire import free_port

    client = EmagClient(
        site("emag-ro"), f"http://127.0.0.1:{free_port()}/api-3", "ana", PASSWORD, "stage:log",
        CallLog(account.pk), quick=True,
    )  # fmt: skip
    with pytest.raises(errors.Unavailable):
        client.read_vat()
    call = ApiCall.objects.get()
    assert (call.status, call.outcome, call.reply_text) == (None, Outcome.UNAVAILABLE, "")


# --- What is not in it ------------------------------------------------------------------------


def test_no_secret_is_kept(stage, logged):
    header = "YW5hOnp4Y3YtZ2VoZWltLTk="
    stage.will_answer(
        f'{{"isError":true,"messages":["{PASSWORD} and {header}"],"results":["{PASSWORD}"]}}'
    )
    with pytest.raises(errors.Rejected):
        logged.save_orders([{"id": 1, "note": PASSWORD}])
    call = ApiCall.objects.get()
    for text in (call.request_text, call.reply_text, call.message, call.url, str(call.mentions)):
        assert PASSWORD not in text
        assert header not in text
    assert "•••" in call.request_text


PEOPLE = ["Țepeș", "0700000001", "c0ffee5eed@emag.example", "Str. Exemplu", "Bd. Model"]


def test_nobody_is_named(stage, logged):
    stage.will_answer(ORDER_PAGE)
    logged.read_orders()
    text = ApiCall.objects.get().reply_text
    for person in PEOPLE:
        assert person not in text
        assert person.encode("ascii", "backslashreplace").decode() not in text
    for fact in ("512340077", "Pantofi sport Arvex Runner", "82.6364", '"shipping_tax":14.99',
                 "easybox Model 10", "RAMBURS"):  # fmt: skip
        assert fact in text, "what one needs to understand the call stays"


def test_nobody_is_named_in_a_waybill(stage, logged):
    stage.will_answer({"isError": True, "messages": ["ERROR: phone1"]})
    receiver = {"name": "Ioana Țepeș", "phone1": "0700000001", "street": "Bd. Model 10",
                "locality_id": 8801}  # fmt: skip
    with pytest.raises(errors.Rejected):
        logged.save_awb({"order_id": 512340077, "receiver": receiver})
    text = ApiCall.objects.get().request_text
    assert not [person for person in PEOPLE if person in text]
    assert "8801" in text


def test_masking_survives_hostile_texts():
    assert mask('{"billing_name": "a\\"b, \\"phone_1\\": 5", "x": 1}') == (
        '{"billing_name": "•••", "x": 1}'
    )
    assert mask('{"customer":{"name":"cut in the mid') == '{"customer":{"name":"•••"'
    assert mask('{"phone_1": 700000001, "shipping_tax": 14.99}') == (
        '{"phone_1": "•••", "shipping_tax": 14.99}'
    )


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (
            '{"customer":{"id":7,"at":{"home":[{"name":"Ana"}]},"name":"Ana Pop"},"name":"LED"}',
            '{"customer":{"id":7,"at":{"home":[{"name":"•••"}]},"name":"•••"},"name":"LED"}',
        ),
        (
            '{"receiver": {"note": "a } b", "name": "Ana"}, "name": "LED"}',
            '{"receiver": {"note": "a } b", "name": "•••"}, "name": "LED"}',
        ),
        ('{"sender":{"name":"A{na","zipcode":"01"}}', '{"sender":{"name":"•••","zipcode":"•••"}}'),
        (
            '{"customer":[{"name":"Ana"}],"name":"LED"}',
            '{"customer":[{"name":"•••"}],"name":"LED"}',
        ),
        ('{"phone_1":["0722","0733"],"id":1}', '{"phone_1":"•••","id":1}'),
        ('{"shipping_contact":{"first":"Ana"},"id":1}', '{"shipping_contact":"•••","id":1}'),
        ('{"customer":{"billing":{"name":"cut in', '{"customer":{"billing":{"name":"•••"'),
        ('{"phone_1":"","phone_2":[],"customer":{}}', '{"phone_1":"","phone_2":[],"customer":{}}'),
    ],
)
def test_nobody_hides_behind_a_brace(body, kept):
    assert mask(body) == kept


def test_deeper_than_anybody_nests():
    assert "Ana" not in mask('{"customer":' + '{"a":' * 30 + '{"name":"Ana"}' + "}" * 31)


def test_masking_takes_no_time_whatever_comes():
    began = time.perf_counter()
    for body in (
        '{"customer":{' * 20_000,
        '{"customer":["' + "[{" * 20_000,
        '"customer":{"\\' * 9_000,
    ):
        mask(body)
    assert time.perf_counter() - began < 2


# --- Size and time ----------------------------------------------------------------------------


def test_long_readings_keep_their_beginning(stage, logged):
    page = {**YES, "results": [{"id": n, "name": "x" * 400} for n in range(100)]}
    stage.will_answer(page)
    logged.read_offers()
    call = ApiCall.objects.get()
    assert call.is_cut
    assert len(call.reply_text) == 20_000
    assert call.received_size > 40_000
    assert "99" in call.mentions, "what lies behind the cut is still found"


def test_orders_and_refusals_are_kept_whole(stage, logged):
    page = {**YES, "results": [{"id": n, "name": "x" * 400} for n in range(100)]}
    stage.will_answer(page)
    logged.read_orders()
    assert not ApiCall.objects.get().is_cut
    stage.answers.clear()
    stage.will_answer({**page, "isError": True, "messages": ["no"]})
    with pytest.raises(errors.Rejected):
        logged.read_offers()
    assert not ApiCall.objects.first().is_cut


def test_it_outlives_what_the_caller_undoes(stage, logged):
    stage.will_answer(YES)
    logged.read_vat()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        1 / 0  # noqa: B018
    assert ApiCall.objects.count() == 1
    with pytest.raises(RuntimeError), transaction.atomic():
        logged.read_vat()  # the gate insists: no call inside a transaction
    assert ApiCall.objects.count() == 1


def test_from_threads(stage, logged):
    stage.will_answer(YES)

    def call():
        logged.read_orders()
        connection.close()

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    calls = ApiCall.objects.all()
    assert len({call.call_id for call in calls}) == 8


def test_a_log_that_cannot_be_written_does_not_undo_the_call(stage, logged, monkeypatch, caplog):
    stage.will_answer(YES)
    logged.observe = CallLog(10**30, ())  # no such number fits
    assert logged.read_orders().items == []
    assert "could not be kept" in caplog.text


HALF = "\\ud83d"  # half of a surrogate pair, as a text that was cut in the middle of a letter


def test_what_no_column_can_hold_does_not_undo_the_call(stage, logged):
    stage.will_answer(
        f'{{"isError":false,"messages":["ab{HALF}c\\u0000"],"errors":[],'
        f'"results":[{{"id":7,"part_number":"arx{HALF}-36"}}]}}'
    )
    assert [one["id"] for one in logged.read_orders().items] == [7]
    call = ApiCall.objects.get()
    assert call.mentions == ["7", "ARX-36"]
    assert call.message == "abc"


@pytest.mark.parametrize("problem", [ValueError, RecursionError, UnicodeEncodeError])
def test_whatever_the_log_trips_over_the_answer_counts(stage, logged, monkeypatch, caplog, problem):
    def trips(self, record):
        raise problem("utf-8", "x", 0, 1, "no") if problem is UnicodeEncodeError else problem("no")

    monkeypatch.setattr(CallLog, "row", trips)
    stage.will_answer({**YES, "results": [{"id": 7}]})
    assert [one["id"] for one in logged.read_orders().items] == [7]
    assert "could not be kept" in caplog.text


def test_it_is_cut_by_day_and_kept_for_thirty(account):
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    partitions.ensure(TABLE, now)
    log = CallLog(account.pk)
    for days in (0, 29, 40):
        log(Record(ORDER_READ, now - timedelta(days=days)))
    assert ApiCall.objects.count() == 3
    partitions.ensure(TABLE, now)
    kept = {call.at.date() for call in ApiCall.objects.all()}
    assert kept == {now.date(), (now - timedelta(days=29)).date()}
    assert TABLE in partitions.registered()


def test_what_mentions_are():
    assert mentions({"data": [{"id": 1041, "ean": ["5940000001041"]}]}) == ["1041", "5940000001041"]
    assert mentions({"1041": {"isError": False}}) == ["1041"]
    assert mentions([{"emag_id": 910001, "awb": [{"awb_number": "4EMGLN1"}]}]) == [
        "4EMGLN1", "910001",
    ]  # fmt: skip
    assert mentions(None, "x", [None, 5], {"a": 1}) == ["X"]


def test_pretty():
    assert pretty('{"a":[1]}') == '{\n  "a": [\n    1\n  ]\n}'
    assert pretty('{"a":[1') == '{"a":[1'
