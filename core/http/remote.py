"""Remote: another system, and one call to it."""

import json as jsonlib
import logging
import os
import time
import uuid
from base64 import b64encode
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from django.conf import settings
from django.utils.translation import gettext as _
from requests.utils import get_environ_proxies

from core.errors import (
    ContractDrift,
    RemoteAuthFailed,
    RemoteError,
    RemoteOutcomeUnknown,
    RemoteRejected,
    RemoteUnavailable,
)
from core.http.redaction import redact_start, redact_text, redact_url
from core.http.wire import Attempt, BodyTooLarge, NotPublic, WatchedAdapter, read_body

log = logging.getLogger("magflow.http")

MOST_BYTES = 20_000_000
MOST_LOGGED = 20_000
MOST_RETRY_AFTER = 3600.0
SUCCESS = range(200, 300)
NOT_EXECUTED = frozenset({408, 425, 429, 503})
NO_ACCESS = frozenset({401, 403, 407})


@dataclass(frozen=True)
class Reply:
    """A whole answer with a status that the caller understands."""

    remote: str
    call_id: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    safe: bool

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON.

        What cannot be read is ContractDrift after a read. After a write it is an unknown outcome:
        something was done or not, and this text does not say which.
        """
        try:
            return jsonlib.loads(self.body)
        except (ValueError, RecursionError):
            kind = ContractDrift if self.safe else RemoteOutcomeUnknown
            message = _("%(remote)s sent an answer that cannot be read.") % {"remote": self.remote}
            raise kind(message, remote=self.remote, call_id=self.call_id) from None


@dataclass(frozen=True)
class Exchange:
    """One call as a call log keeps it: without secrets, its bodies cut."""

    remote: str
    call_id: str
    method: str
    url: str
    status: int | None
    ms: int
    sent: str
    received: str
    error: str


def keep_nothing(exchange: Exchange) -> None:
    """The observer of those who keep no call log."""


@dataclass
class Remote:
    """Another system: where it is, how long it may take, and who is told of every call.

    Threads may share one. What is in `auth` and `secrets` never reaches a log.
    """

    name: str  # for people too: "eMAG", "ANAF"
    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    auth: tuple[str, str] | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    connect_timeout: float = 5.0
    read_timeout: float = 30.0  # between two pieces of an answer
    total_timeout: float = 60.0  # for all of it, however slowly it drips
    most_bytes: int = MOST_BYTES
    most_logged: int = MOST_LOGGED  # characters of each body that the observer is told
    keep_alive: bool = True
    only_public: bool = False  # for an address that people typed: never into a network of ours
    observe: Callable[[Exchange], None] = keep_nothing

    def __post_init__(self) -> None:
        self._session = session = requests.Session()
        session.trust_env = False  # or a .netrc somewhere would send somebody's password along
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        agent = f"MagFlow/{settings.VERSION}"
        session.headers = requests.structures.CaseInsensitiveDict(
            {"User-Agent": agent, "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
        )
        session.headers.update(self.headers)
        if not self.keep_alive:
            session.headers["Connection"] = "close"
        session.mount("http://", WatchedAdapter(pool_connections=1, pool_maxsize=20))
        session.mount("https://", WatchedAdapter(pool_connections=1, pool_maxsize=20))
        if self.auth:
            header = b64encode(":".join(self.auth).encode()).decode()
            self.secrets = (*self.secrets, self.auth[1], header)

    def call(
        self,
        method: str,
        path: str = "",
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: bytes | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        safe: bool | None = None,
        ok: Container[int] = SUCCESS,
    ) -> Reply:
        """Send one request and return its answer, or raise a RemoteError.

        `safe` says that it changes nothing over there (by default a GET or HEAD does not), so that
        a lost answer means "try again" and not "who knows". `ok` are the statuses that the caller
        understands. Redirects are not followed: they would carry credentials to somebody else.
        """
        request = requests.Request(
            method, self._url(path), headers, None, data, params, self.auth, json=json
        )
        prepared = self._session.prepare_request(request)
        safe = method in {"GET", "HEAD"} if safe is None else safe
        return _Call(self, prepared, safe).run(self._session, ok)

    def _url(self, path: str) -> str:
        if path.startswith(("http://", "https://", "//")):
            raise ValueError("A path is expected; another host is another Remote.")
        return f"{self.base_url.rstrip('/')}/{path.lstrip('/')}" if path else self.base_url


class _Call:
    """One request on its way, and the verdict on what came of it."""

    def __init__(self, remote: Remote, request: requests.PreparedRequest, safe: bool) -> None:
        self.remote = remote
        self.request = request
        self.safe = safe
        self.id = uuid.uuid4().hex[:16]
        self.status: int | None = None
        self.body = b""

    def run(self, session: requests.Session, ok: Container[int]) -> Reply:
        began, error = time.monotonic(), ""
        try:
            response = self._exchange(session)
            if response.status_code not in ok:
                raise self._verdict(response)
        except RemoteError as problem:
            error = f"{problem.code}: {problem}"
            raise
        finally:
            self._tell(round((time.monotonic() - began) * 1000), error)
        return Reply(
            self.remote.name, self.id, response.status_code, response.headers, self.body, self.safe
        )

    def _exchange(self, session: requests.Session) -> requests.Response:
        remote, url = self.remote, self.request.url or ""
        with Attempt(remote.total_timeout, only_public=remote.only_public) as attempt:
            try:
                response = session.send(
                    self.request,
                    stream=True,
                    allow_redirects=False,
                    timeout=(remote.connect_timeout, remote.read_timeout),
                    verify=os.environ.get("REQUESTS_CA_BUNDLE") or True,
                    proxies=get_environ_proxies(url),
                )
                with response:
                    self.status = response.status_code
                    self.body = read_body(response.raw, remote.most_bytes)
            except NotPublic:
                message = _("%(remote)s is not on the public internet, so it is not called.")
                raise self._error(RemoteUnavailable, message) from None
            except BodyTooLarge:
                raise self._lost(_("%(remote)s sent more than can be taken.")) from None
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as problem:
                raise self._broken(attempt, problem) from problem
            # An answer that states no length looks whole wherever it was cut.
            if attempt.is_late or self._is_torso(response):
                raise self._broken(attempt, None)
        return response

    def _is_torso(self, response: requests.Response) -> bool:
        """Headers that break off read like an answer without a length and without a body."""
        has_length = {"content-length", "transfer-encoding"} & {h.lower() for h in response.headers}
        may_be_empty = self.request.method == "HEAD" or response.status_code in {204, 304}
        return not self.body and not has_length and not may_be_empty

    def _broken(self, attempt: Attempt, problem: Exception | None) -> RemoteError:
        why = redact_text(repr(problem), self.remote.secrets)  # it may quote the address
        log.info("%s %s broke off: %s", self.remote.name, self.id, why)
        if not attempt.has_left:
            message = _("%(remote)s cannot be reached.")
            return self._error(RemoteUnavailable, message)
        if attempt.is_late or isinstance(problem, requests.Timeout):
            return self._lost(_("%(remote)s did not answer in time."))
        return self._lost(_("The connection to %(remote)s broke off before its answer was whole."))

    def _lost(self, message: str) -> RemoteError:
        """The request went out and its answer is of no use."""
        return self._error(RemoteUnavailable if self.safe else RemoteOutcomeUnknown, message)

    def _error(self, kind: type[RemoteError], message: str, **more: Any) -> RemoteError:
        text = message % {"remote": self.remote.name, "status": self.status}
        return kind(text, remote=self.remote.name, call_id=self.id, **more)

    def _verdict(self, response: requests.Response) -> RemoteError:
        """What a status means that the caller did not ask for."""
        status = response.status_code
        if status in NOT_EXECUTED:
            wait = retry_after(response.headers.get("Retry-After", ""))
            message = _("%(remote)s has no time for us right now.")
            return self._error(RemoteUnavailable, message, retry_after=wait)
        if status in NO_ACCESS:
            return self._error(RemoteAuthFailed, _("%(remote)s does not accept our credentials."))
        if 400 <= status < 500:
            message = _("%(remote)s refused the request (%(status)s).")
            return self._error(RemoteRejected, message, messages=self._their_words(response))
        if status >= 500:
            return self._lost(_("%(remote)s had an error of its own (%(status)s)."))
        # A redirect or another 2xx than agreed: the address or the agreement changed.
        return self._error(
            ContractDrift, _("%(remote)s answered in an unexpected way (%(status)s).")
        )

    def _their_words(self, response: requests.Response) -> list[str]:
        if "html" in response.headers.get("Content-Type", ""):
            return []  # a page for browsers, not a message
        text = self.body[:2000].decode("utf-8", "replace").strip()
        return [text] if text else []

    def _tell(self, ms: int, error: str) -> None:
        remote, request = self.remote, self.request
        secrets, most = remote.secrets, remote.most_logged
        sent = request.body or ""
        text = sent if isinstance(sent, str) else bytes(sent).decode("utf-8", "replace")
        exchange = Exchange(
            remote=remote.name,
            call_id=self.id,
            method=request.method or "",
            url=redact_url(request.url or "", secrets),
            status=self.status,
            ms=ms,
            sent=redact_start(text, most, secrets),
            received=redact_start(self.body.decode("utf-8", "replace"), most, secrets),
            error=error,
        )
        log.log(
            logging.INFO if error else logging.DEBUG,
            "%s %s %s %s: %s in %d ms %s",
            exchange.remote, self.id, exchange.method, exchange.url, self.status, ms, error,
        )  # fmt: skip
        try:
            remote.observe(exchange)
        except Exception:  # the call was made; a log that cannot be written must not undo that
            log.exception("%s %s could not be kept in the call log", remote.name, self.id)


def retry_after(text: str, now: datetime | None = None) -> float | None:
    """Seconds to wait, from a number or a date; None for nonsense, an hour at most."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - (now or datetime.now(UTC))).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(seconds, MOST_RETRY_AFTER) if seconds >= 0 else None
