"""Exchange rates of the National Bank of Romania (BNR): read daily, kept for ever, never guessed.

A document in another currency needs the rate of a certain day, and shows which day it was. So a
conversion always names its ExchangeRate, and where there is none it says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from xml.parsers import expat
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import ContractDrift, SetupNeeded
from core.http import Remote
from core.models import ExchangeRate
from core.money import q2
from core.registry import Level, Probe

PROBE = "rates"
BUCHAREST = ZoneInfo("Europe/Bucharest")
PUBLISHED_FROM = time(13, 15)
LEI = "RON"
# Between Christmas and New Year, or over Easter, there may be no rate for four days.
OLDEST = timedelta(days=7)


# --- Asking -----------------------------------------------------------------------------------


def rate_on(currency: str, day: date, *, before: bool = False) -> ExchangeRate:
    """The rate of that day, or the last one published before it.

    With `before` the day itself does not count: for VAT the rate is the last one published before
    the day on which it became due. A rate older than a week is no answer but a hole in our data.
    """
    latest = day - timedelta(days=1) if before else day
    found = ExchangeRate.objects.known_on(currency, latest).first()
    if found is None or latest - found.on > OLDEST:
        raise SetupNeeded(
            _("There is no exchange rate for %(currency)s on %(day)s.")
            % {"currency": currency, "day": latest.isoformat()},
            code="no_rate",
        )
    return found


@dataclass(frozen=True)
class Converted:
    """An amount in lei, and the rate it was made with (none where it was lei already)."""

    amount: Decimal
    rate: ExchangeRate | None


def to_lei(amount: Decimal, currency: str, day: date, *, before: bool = False) -> Converted:
    """What an amount is worth in lei on that day, rounded to the ban."""
    if currency == LEI:
        return Converted(q2(amount), None)
    rate = rate_on(currency, day, before=before)
    return Converted(q2(amount * rate.rate), rate)


# --- Reading ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Quote:
    """One line of the bank's table: lei for one unit."""

    on: date
    currency: str
    rate: Decimal


def is_due(now: datetime) -> bool:
    """Whether the bank should have published something that we do not have yet."""
    newest = ExchangeRate.objects.order_by("-on").values_list("on", flat=True).first()
    if newest is None:
        return True
    here = now.astimezone(BUCHAREST)
    is_bank_day = here.weekday() < 5
    expected = here.date() if is_bank_day and here.time() >= PUBLISHED_FROM else None
    return expected is not None and newest < expected


def read_rates() -> int:
    """Fetch what the bank publishes now and keep what is new; returns how many rates were new."""
    bank = Remote("BNR", settings.BNR_RATES_URL, total_timeout=30, most_bytes=2_000_000)
    reply = bank.call("GET")
    try:
        quotes = parse(reply.body)
    except ValueError as problem:
        raise ContractDrift(
            _("BNR sent something that is no table of exchange rates: %s") % problem,
            remote="BNR",
            call_id=reply.call_id,
        ) from problem
    return keep(quotes)


@transaction.atomic
def keep(quotes: list[Quote]) -> int:
    """Store quotes. A rate once published never changes, so what we have stays."""
    before = ExchangeRate.objects.count()
    ExchangeRate.objects.bulk_create(
        [ExchangeRate(on=quote.on, currency=quote.currency, rate=quote.rate) for quote in quotes],
        ignore_conflicts=True,
    )
    return ExchangeRate.objects.count() - before


class _Table:
    """Collects the quotes while the parser walks through the bank's XML."""

    def __init__(self) -> None:
        self.quotes: list[Quote] = []
        self.root = ""
        self._base = ""
        self._on: date | None = None
        self._text = ""
        self._attributes: dict[str, str] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(" ")[2]
        self.root = self.root or tag
        if tag == "Cube":
            self._on = date.fromisoformat(attributes["date"])
        self._text, self._attributes = "", attributes

    def text(self, data: str) -> None:
        self._text += data

    def end(self, tag: str) -> None:
        tag = tag.rpartition(" ")[2]
        if tag == "OrigCurrency":
            self._base = self._text.strip()
        elif tag == "Rate":
            self._add()

    def _add(self) -> None:
        if self._on is None or self._base != LEI:
            raise ValueError("a rate without its day, or not in lei")
        value = self._text.strip()
        if value == "-":  # a currency that had no rate on that day
            return
        rate = Decimal(value) / Decimal(self._attributes.get("multiplier", "1"))
        currency = self._attributes["currency"]
        if not rate.is_finite() or rate <= 0 or len(currency) != 3:
            raise ValueError(f"{currency} {value}")
        self.quotes.append(Quote(self._on, currency, rate))


def parse(xml: bytes) -> list[Quote]:
    """The quotes in the bank's XML (one day or many). A ValueError for anything else."""
    table = _Table()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = table.start
    parser.EndElementHandler = table.end
    parser.CharacterDataHandler = table.text
    # The real document has no DOCTYPE. One that has could define entities that swell or that read
    # files of this host, so it is not even looked at.
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, KeyError, InvalidOperation, ArithmeticError) as problem:
        raise ValueError(str(problem)) from problem
    if table.root != "DataSet" or not table.quotes:
        raise ValueError("there are no rates in it")
    return table.quotes


def _refuse_doctype(*declaration: object) -> None:
    raise ValueError("it has a document type declaration")


# --- Watching ---------------------------------------------------------------------------------


def probe() -> Probe:
    """Are the rates up to date?"""
    label = gettext_lazy("Exchange rates")
    newest = ExchangeRate.objects.order_by("-on").values_list("on", flat=True).first()
    if newest is None:
        return Probe(PROBE, label, Level.WARN, gettext_lazy("None have been read from BNR yet."))
    since = datetime.combine(newest, PUBLISHED_FROM, UTC)
    if timezone.localdate(timezone=BUCHAREST) - newest > OLDEST:
        message = gettext_lazy("BNR has not been reached for more than a week.")
        return Probe(PROBE, label, Level.WARN, message, since)
    return Probe(PROBE, label, Level.OK, newest.isoformat(), since)
