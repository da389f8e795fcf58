"""One call, from the gate to the verdict. Everything the client does goes through Line.call()."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import (
    ContractDrift,
    MagFlowError,
    RemoteError,
    RemoteOutcomeUnknown,
    RemoteUnavailable,
)
from core.http import Exchange, Remote, Reply
from core.http.remote import retry_after
from emag.client import errors
from emag.client.decoding import REMOTE, Envelope, Reader
from emag.client.encoding import MOST_ELEMENTS, body_of, elements
from emag.client.gates import MOST_JITTER, Budgets
from emag.client.log import Observer, Record
from emag.client.routes import Route

T = TypeVar("T")

API = "/api-3"
JSON = {"Content-Type": "application/json", "Accept": "application/json"}


class Understood:
    """The statuses whose body is looked at before they are judged; a redirect is not among them."""

    def __contains__(self, status: object) -> bool:
        return isinstance(status, int) and not 300 <= status < 400


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each part of a call may take, in seconds."""

    connect: float
    read: float  # between two pieces of the answer
    total: float


READING = Patience(connect=10, read=60, total=90)
WRITING = Patience(connect=10, read=30, total=30)
WATCHED = Patience(connect=5, read=10, total=10)  # a person waits for it


class Line:
    """The connection to one account: address, credentials, budgets. Threads share it."""

    def __init__(
        self,
        *,
        base_url: str,
        username: str,
        password: str,
        zone: ZoneInfo,
        budgets: Budgets,
        only_public: bool = False,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.zone = zone
        self.budgets = budgets
        self._only_public = only_public
        self._auth = (username, password)
        self._seen = threading.local()
        self._remotes: dict[Patience, Remote] = {}
        self._lock = threading.Lock()
        self.reader = Reader(self.remote(READING).secrets)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must stand in no log: the password, and the header that carries it."""
        return self.reader.secrets

    def remote(self, patience: Patience) -> Remote:
        """The connections that keep to these times; they are kept alive from call to call."""
        with self._lock:
            if patience not in self._remotes:
                self._remotes[patience] = Remote(
                    REMOTE,
                    self.base_url.removesuffix(API),
                    auth=self._auth,
                    connect_timeout=patience.connect,
                    read_timeout=patience.read,
                    total_timeout=patience.total,
                    most_logged=2000,
                    only_public=self._only_public,
                    observe=self._saw,
                )
            return self._remotes[patience]

    def _saw(self, exchange: Exchange) -> None:
        self._seen.exchange = exchange

    def call(
        self,
        route: Route,
        judge: Callable[[Envelope], T],
        *,
        number: int | str = "",
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        patience: float,
        is_watched: bool = False,
        observe: Observer,
        open_reply: Callable[[Reply], Envelope | None] | None = None,
    ) -> T:
        """Make one call and return what `judge` makes of the answer, or raise a RemoteError.

        `open_reply` takes replies that are no JSON, as labels are; None leaves them to the reader.
        """
        payload = b"" if body is None else body_of(body, self.zone)
        if elements(body) > MOST_ELEMENTS:
            raise errors.Invalid(
                _("This is more than eMAG takes in one call. Send it in smaller parts."),
                remote=REMOTE, fields=["*"],
            )  # fmt: skip
        waited = self.budgets.wait(route, patience, jitter=0 if is_watched else MOST_JITTER)
        record = Record(route, timezone.now(), body if body is not None else query, waited)
        record.sent = payload
        if number:
            record.request = [{"id": str(number)}, record.request]
        self._seen.exchange = None
        try:
            reply = self._send(route, number, payload, query, is_watched)
            record.received = reply.body
            envelope = open_reply(reply) if open_reply else None
            if envelope is None:
                envelope = self._open(route, reply, record.at)
            record.results = envelope.results
            answer = judge(envelope)
            record.succeeded(answer)
        except MagFlowError as error:
            record.failed(error)
            raise
        finally:
            record.exchange = self._seen.exchange
            observe(record)
        return answer

    def _send(
        self,
        route: Route,
        number: int | str,
        payload: bytes,
        query: Mapping[str, Any] | None,
        is_watched: bool,
    ) -> Reply:
        path = route.path.replace("{id}", str(number))
        usual = READING if route.safe else WRITING
        try:
            return self.remote(WATCHED if is_watched else usual).call(
                route.method,
                path if route.is_at_root else f"{self._below_root}{path}",
                params=query,
                data=payload or None,
                headers=JSON,
                safe=route.safe,
                ok=Understood(),
            )
        except RemoteError as problem:
            raise _named(problem) from problem

    @property
    def _below_root(self) -> str:
        return f"{API.lstrip('/')}/" if self.base_url.endswith(API) else ""

    def _open(self, route: Route, reply: Reply, read_at: dt.datetime) -> Envelope:
        try:
            envelope = self.reader.envelope(reply, read_at)
        except errors.TooManyCalls as problem:
            stated = retry_after(reply.headers.get("Retry-After", ""))
            problem.retry_after = self.budgets.refused(route.bucket, stated)
            raise
        except RemoteUnavailable as problem:
            problem.retry_after = retry_after(reply.headers.get("Retry-After", ""))
            raise
        self.budgets.granted(route.bucket, reply.headers)
        return envelope


def _named(problem: RemoteError) -> RemoteError:
    """What core.http found out about the connection, as one of the kinds that have codes here."""
    kinds: tuple[tuple[type[RemoteError], type[RemoteError]], ...] = (
        (RemoteUnavailable, errors.Unavailable),
        (RemoteOutcomeUnknown, errors.OutcomeUnknown),
        (ContractDrift, errors.Drift),
    )
    for general, ours in kinds:
        if isinstance(problem, general):
            made = ours(str(problem), remote=REMOTE, call_id=problem.call_id)
            if isinstance(made, errors.Unavailable):
                made.was_reached = False
            return made
    return problem
