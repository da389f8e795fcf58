"""Exchange rates: read from BNR as it writes them, kept, and looked up by day."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError
from django.utils import timezone

from core import jobs, rates
from core.errors import ContractDrift, RemoteUnavailable, SetupNeeded
from core.models import ExchangeRate, JobRun
from core.rates import parse, rate_on, to_lei
from core.registry import Level
from tests.wire import WireServer, answer, free_port

pytestmark = pytest.mark.django_db

DAY = b"""<?xml version="1.0" encoding="utf-8"?>
<DataSet xmlns="http://www.bnr.ro/xsd" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="http://www.bnr.ro/xsd nbrfxrates.xsd">
 <Header><Publisher>National Bank of Romania</Publisher><PublishingDate>2026-11-16</PublishingDate>
 <MessageType>DR</MessageType></Header>
 <Body><Subject>Reference rates</Subject><OrigCurrency>RON</OrigCurrency>
  <Cube date="2026-11-16">
   <Rate currency="EUR">5.0912</Rate>
   <Rate currency="HUF" multiplier="100">1.3017</Rate>
   <Rate currency="XDR">-</Rate>
  </Cube></Body></DataSet>"""


class Bank(WireServer):
    """Serves one document, whatever is asked for."""

    document = DAY
    status = 200

    def do_rates(self, sock, argument, request):
        sock.sendall(answer(self.status, self.document, "text/xml"))
        return True


@pytest.fixture
def bank(settings):
    made = Bank()
    settings.BNR_RATES_URL = f"{made.url}/rates"
    yield made
    made.close()


def known(currency, day, rate):
    return ExchangeRate.objects.create(
        currency=currency, on=date.fromisoformat(day), rate=Decimal(rate)
    )


def test_it_works(bank):
    assert rates.read_rates() == 2
    assert str(rate_on("EUR", date(2026, 11, 16))) == "1 EUR = 5.0912 RON (2026-11-16)"
    assert rate_on("HUF", date(2026, 11, 16)).rate == Decimal("0.013017"), (
        "for one, not for a hundred"
    )
    assert rates.read_rates() == 0, "what is there stays"


def test_many_days_in_one_document():
    year = DAY.replace(
        b"</Cube>", b'</Cube><Cube date="2026-11-17"><Rate currency="EUR">5.1</Rate></Cube>'
    )
    assert [(quote.on.day, quote.currency) for quote in parse(year)] == [
        (16, "EUR"), (16, "HUF"), (17, "EUR"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"<html><body>Moved</body></html>", "no rates"),
        (b"<!DOCTYPE html><html></html>", "document type"),
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', "document type"),
        (b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><x>&b;</x>', "document type"),
        (b"", "no element"),
        (b"\x00\x01", "."),
        (DAY[:300], "unclosed token"),
        (DAY.replace(b"5.0912", b"five"), "."),
        (DAY.replace(b"5.0912", b"NaN"), "EUR"),
        (DAY.replace(b"5.0912", b"-5"), "EUR"),
        (DAY.replace(b"5.0912", b"0"), "EUR"),
        (DAY.replace(b'multiplier="100"', b'multiplier="0"'), "."),
        (DAY.replace(b'currency="EUR"', b""), "currency"),
        (DAY.replace(b'date="2026-11-16"', b'date="0000-00-00"'), "."),
        (DAY.replace(b'date="2026-11-16"', b""), "date"),
        (DAY.replace(b"<OrigCurrency>RON", b"<OrigCurrency>EUR"), "not in lei"),
        (DAY.replace(b"<Rate", b"<Other").replace(b"</Rate", b"</Other"), "no rates"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_whole(bank, document, why):
    bank.document = document
    with pytest.raises(ContractDrift, match=why):
        rates.read_rates()
    assert not ExchangeRate.objects.exists()


def test_an_entity_is_never_opened(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("5.0912")
    document = DAY.replace(
        b'utf-8"?>', f'utf-8"?><!DOCTYPE x [<!ENTITY a SYSTEM "file://{secret}">]>'.encode()
    )
    with pytest.raises(ValueError, match="document type"):
        parse(document.replace(b"5.0912", b"&a;"))


def test_the_same_in_another_encoding_is_refused_too():
    text = (
        DAY.decode().replace("utf-8", "utf-16").replace("?>", '?><!DOCTYPE x [<!ENTITY a "b">]>', 1)
    )
    with pytest.raises(ValueError, match="document type"):
        parse(text.encode("utf-16"))


# --- Looking up -------------------------------------------------------------------------------


def test_the_last_one_published():
    known("EUR", "2026-11-13", "5.05")  # a Friday
    known("EUR", "2026-11-16", "5.09")
    assert rate_on("EUR", date(2026, 11, 15)).rate == Decimal("5.05")
    assert rate_on("EUR", date(2026, 11, 16)).rate == Decimal("5.09")
    assert rate_on("EUR", date(2026, 11, 16), before=True).rate == Decimal("5.05")
    assert rate_on("EUR", date(2026, 11, 18)).rate == Decimal("5.09")


@pytest.mark.parametrize("day", ["2026-11-12", "2026-11-21", "2027-01-01"])
def test_a_hole_in_our_data_is_not_papered_over(day):
    known("EUR", "2026-11-13", "5.05")
    with pytest.raises(SetupNeeded, match="EUR") as caught:
        rate_on("EUR", date.fromisoformat(day))
    assert caught.value.code == "no_rate"


def test_an_amount_in_lei():
    known("HUF", "2026-11-16", "0.013017")
    made = to_lei(Decimal(10_000), "HUF", date(2026, 11, 16))
    assert (made.amount, made.rate.on) == (Decimal("130.17"), date(2026, 11, 16))
    assert to_lei(Decimal("9.999"), "RON", date(2026, 11, 16)).amount == Decimal("10.00")
    assert to_lei(Decimal(1), "RON", date(2026, 11, 16)).rate is None


def test_the_database_says_no_to_nonsense():
    with pytest.raises(IntegrityError):
        known("EUR", "2026-11-16", "0")


# --- The job ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "newest", "due"),
    [
        ("2026-11-16 13:14", "2026-11-13", False),  # Monday, just before
        ("2026-11-16 13:20", "2026-11-13", True),
        ("2026-11-16 23:59", "2026-11-13", True),
        ("2026-11-16 13:20", "2026-11-16", False),
        ("2026-11-14 18:00", "2026-11-12", False),  # Saturday
        ("2026-07-01 13:20", "2026-06-30", True),  # summer time
        ("2026-11-14 03:00", None, True),  # the first run does not wait
    ],
)
def test_when_it_asks(now, newest, due):
    if newest:
        known("EUR", newest, "5")
    moment = datetime.fromisoformat(now).replace(tzinfo=rates.BUCHAREST)
    assert rates.is_due(moment) is due
    assert rates.is_due(moment.astimezone(UTC)) is due


def test_the_job_reads_once_and_rests(bank):
    with time_machine.travel("2026-11-16 12:00Z", tick=False):
        jobs.run_job("core.pull_exchange_rates")
        jobs.run_job("core.pull_exchange_rates")
    assert len(bank.seen) == 1
    assert [run.counters for run in JobRun.objects.order_by("pk")] == [{"new rates": 2}, {}]


def test_a_failure_is_seen_and_the_next_run_tries_again(bank, settings):
    settings.BNR_RATES_URL = f"http://127.0.0.1:{free_port()}/"
    jobs.run_job("core.pull_exchange_rates")
    failed = JobRun.objects.get()
    assert (failed.status, failed.error) == ("failed", "BNR cannot be reached.")
    settings.BNR_RATES_URL = f"{bank.url}/rates"
    jobs.run_job("core.pull_exchange_rates")
    assert JobRun.objects.latest("pk").counters == {"new rates": 2}


def test_the_old_address_answers_with_a_page(bank):
    bank.status, bank.document = 302, b"<html>"
    with pytest.raises(ContractDrift):
        rates.read_rates()
    bank.status = 503
    with pytest.raises(RemoteUnavailable):
        rates.read_rates()


def test_the_probe():
    assert rates.probe().level == Level.WARN
    today = timezone.localdate(timezone=rates.BUCHAREST)
    known("EUR", str(today - timedelta(days=8)), "5")
    assert rates.probe().level == Level.WARN
    known("EUR", str(today - timedelta(days=3)), "5")
    assert rates.probe().level == Level.OK
