"""What can go wrong with a call to eMAG. The kinds say what to do; the codes say it to programs.

    code              kind                  what it means for the work
    emag_rate_limit   RemoteUnavailable     they counted too many calls: the gate is closed
    emag_unavailable  RemoteUnavailable     no connection, no time, no usable answer to a reading
    emag_rejected     RemoteRejected        understood and refused, in their own words
    emag_validation   RemoteRejected        refused because of what a field holds
    emag_not_found    RemoteRejected        no such address, or nothing with that number
    emag_credentials  RemoteAuthFailed      wrong user or password, or no right to use the API
    emag_address      RemoteAuthFailed      our address on the internet is not registered there
    emag_rights       RemoteRejected        the user may use the API, and not this part of it
    emag_unknown      RemoteOutcomeUnknown  a change was sent and no usable answer came
    emag_drift        ContractDrift         an answer to a reading that is not as agreed

A budget that is used up on our side raises core.ratelimit.RateLimited itself: nothing was sent.
"""

from collections.abc import Sequence

from core.errors import (
    ContractDrift,
    RemoteAuthFailed,
    RemoteOutcomeUnknown,
    RemoteRejected,
    RemoteUnavailable,
)
from core.ratelimit import RateLimited


class TooManyCalls(RateLimited):
    """They counted too many calls; the gate of that budget is closed for `retry_after` seconds."""

    code = "emag_rate_limit"


class Unavailable(RemoteUnavailable):
    """It could not be reached, or what was read did not arrive whole. Nothing was changed."""

    code = "emag_unavailable"
    was_reached = True  # somebody answered
    is_foreign = False  # with something that is not how this interface answers


class Rejected(RemoteRejected):
    """eMAG understood and refused; `messages` are its own words."""

    code = "emag_rejected"


class Invalid(Rejected):
    """Refused because of what fields hold; `fields` says which, where eMAG names them."""

    code = "emag_validation"

    def __init__(
        self,
        message: str,
        *,
        remote: str,
        call_id: str = "",
        code: str = "",
        messages: Sequence[str] = (),
        fields: Sequence[str] = (),
    ) -> None:
        super().__init__(message, remote=remote, call_id=call_id, code=code, messages=messages)
        self.fields = list(fields)


class NotFound(Rejected):
    """There is no such address, or nothing with this number."""

    code = "emag_not_found"


class WrongCredentials(RemoteAuthFailed):
    """The user and password are not accepted, or the user has no right to use the API at all.

    eMAG says the same words to both.
    """

    code = "emag_credentials"


class AddressNotAllowed(RemoteAuthFailed):
    """The call came from an address that is not registered with eMAG; `address` is what it saw."""

    code = "emag_address"

    def __init__(
        self, message: str, *, remote: str, call_id: str = "", code: str = "", address: str = ""
    ) -> None:
        super().__init__(message, remote=remote, call_id=call_id, code=code)
        self.address = address


class NoRights(Rejected):
    """The user may sign in, and may not do this. What it may do goes on."""

    code = "emag_rights"


class OutcomeUnknown(RemoteOutcomeUnknown):
    """A change was sent; whether it was made is not known."""

    code = "emag_unknown"


class Drift(ContractDrift):
    """The answer to a reading does not have the agreed shape."""

    code = "emag_drift"
