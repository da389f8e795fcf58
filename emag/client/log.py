"""Writes the call log. It is written twelve times a second, so every millisecond counts."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from core.errors import (
    ContractDrift,
    MagFlowError,
    RemoteAuthFailed,
    RemoteOutcomeUnknown,
    RemoteRejected,
    RemoteUnavailable,
)
from core.http import Exchange
from core.http.redaction import MASK
from core.ratelimit import RateLimited
from emag.client.answers import ProductSave, Rows, SavedOffers
from emag.client.decoding import Envelope
from emag.client.errors import NoRights
from emag.client.masking import mask
from emag.client.mentions import mentions, storable
from emag.client.routes import Route
from emag.models.calls import ApiCall, Outcome, pack

log = logging.getLogger("magflow.emag")

MOST_KEPT = 1_000_000  # characters of a request or a reply
LONGEST_MESSAGE = 10_000
MOST_OF_SCAN = 20_000  # of one page among thousands that are read every hour


@dataclass(slots=True)
class Record:
    """A call on its way into the log."""

    route: Route
    at: dt.datetime
    request: Any = None
    waited: float = 0.0
    exchange: Exchange | None = None
    sent: bytes = b""
    received: bytes = b""
    results: Any = None
    outcome: Outcome = Outcome.DONE
    error_code: str = ""
    message: str = ""
    items: int = 0

    def succeeded(self, answer: object) -> None:
        self.outcome, said = _outcome_of(answer)
        self.message = "\n".join(said)
        self.items = _items_of(answer)

    def failed(self, error: MagFlowError) -> None:
        self.outcome = next((o for kind, o in _OUTCOMES if isinstance(error, kind)), Outcome.DRIFT)
        self.error_code = error.code
        self.message = "\n".join([str(error), *getattr(error, "messages", [])])


_OUTCOMES: tuple[tuple[type[MagFlowError], Outcome], ...] = (
    (RateLimited, Outcome.LIMITED),
    (NoRights, Outcome.ACCESS),
    (RemoteUnavailable, Outcome.UNAVAILABLE),
    (RemoteRejected, Outcome.REFUSED),
    (RemoteAuthFailed, Outcome.ACCESS),
    (RemoteOutcomeUnknown, Outcome.UNKNOWN),
    (ContractDrift, Outcome.DRIFT),
)


def _outcome_of(answer: object) -> tuple[Outcome, list[str]]:
    if isinstance(answer, SavedOffers):
        refused = answer.refused
        said = [f"{number}: {text}" for number, one in refused.items() for text in one.messages]
        if not refused:
            return Outcome.DONE, answer.messages
        return (Outcome.PARTLY if len(refused) < len(answer.by_id) else Outcome.REFUSED), said
    if isinstance(answer, ProductSave):
        if not answer.saved:
            return Outcome.REFUSED, answer.refusals + answer.remarks
        return (Outcome.REMARKS if answer.remarks else Outcome.DONE), answer.remarks
    messages = list(getattr(answer, "messages", []))
    return (Outcome.REMARKS if messages else Outcome.DONE), messages


def _items_of(answer: object) -> int:
    if isinstance(answer, Rows):
        return len(answer.items) or len(answer.result)
    if isinstance(answer, Envelope) and isinstance(answer.results, list | dict):
        return len(answer.results)
    return len(answer.by_id) if isinstance(answer, SavedOffers) else 0


@dataclass(frozen=True)
class CallLog:
    """The log of one account's calls. An instance is the observer of its client."""

    account_id: int
    secrets: tuple[str, ...] = field(default=(), repr=False)
    replay_of: str = ""

    def __call__(self, record: Record) -> None:
        """Write it down. A log that cannot be written must not undo what was done over there."""
        try:
            save_quickly(self.row(record))
        except Exception:  # whatever it trips over, the answer of the call is what counts
            log.exception("The call %s could not be kept", record.route.path)

    def row(self, record: Record) -> ApiCall:
        route, exchange = record.route, record.exchange
        most = MOST_OF_SCAN if route.is_scan and record.outcome == Outcome.DONE else MOST_KEPT
        received, is_cut = self._text(record.received, most)
        sent, _ = self._text(record.sent, MOST_KEPT)
        return ApiCall(
            at=record.at,
            call_id=exchange.call_id if exchange else "",
            account_id=self.account_id,
            resource=route.resource,
            action=route.action,
            method=route.method,
            url=exchange.url if exchange else route.path,
            bucket=route.bucket,
            is_read=route.safe,
            status=exchange.status if exchange else None,
            outcome=record.outcome,
            error_code=record.error_code,
            message=storable(record.message)[:LONGEST_MESSAGE],
            items=record.items,
            waited_ms=round(record.waited * 1000),
            took_ms=exchange.ms if exchange else 0,
            sent=pack(sent),
            received=pack(received),
            received_size=len(record.received),
            is_cut=is_cut,
            mentions=mentions(record.request, record.results),
            replay_of=self.replay_of,
        )

    def _text(self, body: bytes, most: int) -> tuple[str, bool]:
        """The body as it may be kept: secrets go from all of it, then it is cut, then people go."""
        if body.startswith(b"%PDF"):
            return f"(PDF, {len(body)} bytes)", False
        text = body.decode("utf-8", "replace")
        for secret in filter(None, self.secrets):
            text = text.replace(secret, MASK)
        return mask(text[:most]), len(text) > most


def save_quickly(row: ApiCall) -> None:
    """Insert without waiting for the disk: should the server lose power, half a second is missing.

    Calls are made outside transactions (the gate insists), so the row stays whatever the caller
    does next.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
        row.save(force_insert=True)


Observer = Callable[[Record], None]


def keep_nothing(record: Record) -> None:
    """The observer of a client that keeps no log."""
