"""The error tree. The message of a MagFlowError is written for people and may be shown to them.

What each kind means for the work that raised it is decided here once:

    RuleViolation         our own rule says no              nothing happened
    StaleData             somebody changed it first         nothing happened: read again
    SetupNeeded           something is not set up yet       nothing happened: a link says where
    RemoteUnavailable     no connection, told to wait       not executed: try later
    RemoteRejected        understood and refused            not executed: a person must look
    RemoteAuthFailed      credentials are not accepted      not executed: stop trying
    RemoteOutcomeUnknown  sent, no usable answer came       maybe executed: look, then repeat
    ContractDrift         answer is not as agreed           we cannot read what happened

Anything else that is raised is a bug and ends as a 500 with a number to quote.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as Text
else:
    Text = str


class MagFlowError(Exception):
    """Something a person can understand went wrong. `message` may be lazily translated."""

    code: str = "error"  # a short word for programs: logs, the API, tests
    status: ClassVar[int] = 422  # the HTTP status it is answered with

    def __init__(self, message: Text, *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        if code:
            self.code = code

    def __str__(self) -> str:
        return str(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        # The default rebuilds by calling the class with `args`, which leaves out keyword arguments.
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(cls: type[MagFlowError], args: tuple[Any, ...], state: dict[str, Any]) -> MagFlowError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


class RuleViolation(MagFlowError):
    """Our own rule says no."""

    code = "rule"


class StaleData(MagFlowError):
    """Somebody changed it first; what the person saw is out of date."""

    code = "stale"
    status = 409


class SetupNeeded(MagFlowError):
    """Something must be set up before this can work; `url` is the page where."""

    code = "setup"
    status = 409

    def __init__(self, message: Text, url: str = "", *, code: str = "") -> None:
        super().__init__(message, code=code)
        self.url = url


class RemoteError(MagFlowError):
    """A system outside MagFlow did not do what we asked. `call_id` finds the call in the log."""

    code = "remote"
    status = 502

    def __init__(self, message: Text, *, remote: str, call_id: str = "", code: str = "") -> None:
        super().__init__(message, code=code)
        self.remote = remote
        self.call_id = call_id


class RemoteUnavailable(RemoteError):
    """It could not be reached or told us to wait. Nothing was executed; try again later."""

    code = "remote_unavailable"
    status = 503

    def __init__(
        self,
        message: Text,
        *,
        remote: str,
        call_id: str = "",
        code: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, remote=remote, call_id=call_id, code=code)
        self.retry_after = retry_after  # seconds, when the other side said so


class RemoteRejected(RemoteError):
    """It understood and refused. `messages` are its own words, unchanged."""

    code = "remote_rejected"

    def __init__(
        self,
        message: Text,
        *,
        remote: str,
        call_id: str = "",
        code: str = "",
        messages: Sequence[str] = (),
    ) -> None:
        super().__init__(message, remote=remote, call_id=call_id, code=code)
        self.messages = list(messages)


class RemoteAuthFailed(RemoteError):
    """It does not accept our credentials or our address. Repeating makes it worse."""

    code = "remote_auth"


class RemoteOutcomeUnknown(RemoteError):
    """The request went out and no usable answer came back: it may have been executed."""

    code = "remote_unknown"


class ContractDrift(RemoteError):
    """The answer does not have the shape that was agreed."""

    code = "remote_drift"
