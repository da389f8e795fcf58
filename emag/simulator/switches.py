"""Every behaviour of the marketplace that is not certain, as a named switch with a default.

A switch is looked up from the nearest to the farthest: the call's own header, the account, the
platform, what was set while running, the scenario, the default declared here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Switch:
    name: str
    default: Any
    choices: tuple[Any, ...] = ()
    about: str = ""


SWITCHES: dict[str, Switch] = {}


def declare(name: str, default: Any, *choices: Any, about: str = "") -> None:
    """Make a switch known, at import. With `choices` other values are refused."""
    SWITCHES[name] = Switch(name, default, choices, about)


for _name, _default, *_choices in (
    ("strict", "on", "on", "off"),
    ("errors.404", "json", "json", "html"),
    ("errors.405", "on", "on", "off"),
    ("errors.scramble", "off", "on", "off"),
    ("auth.bad", "403json", "403json", "200json", "401json"),
    ("auth.ip", "200json", "200json", "403json"),
    ("net.trust_xff", "off", "on", "off"),
    ("parse.bad", "400json", "400json", "200json"),
    ("vars.key", "messages", "messages", "message"),
    ("vars.limit", 4000),
    ("read.data_filters", "ignore", "ignore", "honour"),
    ("read.order", "newest", "newest", "oldest", "modified", "random"),
    ("save.envelope", "lenient", "lenient", "data_only", "bare_only"),
    ("bulk.limit", 50),
    ("page.over", "clamp", "clamp", "error400"),
    ("page.snapshot", "off", "on", "off"),
    ("latency.profile", "off", "off", "real", "slow"),
    ("http.gzip", "off", "on", "off"),
    ("count.as_strings", "off", "on", "off"),
    ("faults.header", "off", "on", "off"),
    ("php.profile", "observed", "observed", "documented", "random"),
    ("rate.limits", "on", "on", "off"),
    ("rate.scale", 1.0),
    ("rate.window", "fixed", "fixed", "sliding"),
    ("rate.clock", "wall", "wall", "virtual"),
    ("rate.clock_skew", 0.0),
    ("rate.count_rejected", "on", "on", "off"),
    ("rate.headers", "legacy", "legacy", "modern", "ietf", "none"),
    ("rate.retry_after", "off", "on", "off"),
    ("rate.attachments_bucket", "orders", "orders", "rest"),
    ("rate.ean_also_rest", "off", "on", "off"),
    ("rate.rush", "off", "on", "off"),
    ("journal.body_limit", 20_000),
    ("journal.keep", 100_000),
    ("cb.retry", 300.0),
    ("cb.params", "order_id"),
    ("cb.method", "get", "get", "post_json"),
    ("cb.timeout", 5.0),
    ("orders.window_error", "200", "200", "400"),
    ("orders.per_day", 0.0),
    ("orders.every", 0.0),
    ("orders.shared_ids", "off", "on", "off"),
    ("orders.fbs_id_base", 512_340_000),
    ("orders.fbe_id_base", 3_115_000_000),
    ("orders.life", "off", "on", "off"),
    ("orders.cancel_hazard", 0.02),
    ("orders.cancel_request_rate", 0.01),
    ("orders.staff_edit_rate", 0.01),
    ("orders.incomplete_rate", 0.03),
    ("orders.never_paid_rate", 0.02),
    ("orders.refuse_rate", 0.06),
    ("orders.autocancel_hours", 72.0),
    ("orders.late_cancel", "off", "on", "off"),
    ("orders.null_finalization", 0.0),
    ("orders.modified_lies", "off", "on", "off"),
    ("orders.return_days", 30),
):
    declare(_name, _default, *_choices)


class Switches:
    """The values in force. `scope` is "" for all, a platform ("ro"), or an account's key."""

    def __init__(self) -> None:
        self.scenario: dict[str, Any] = {}
        self.scopes: dict[str, dict[str, Any]] = {}

    def get(self, name: str, *scopes: str) -> Any:
        """The value of `name`; `scopes` from the nearest to the farthest."""
        switch = SWITCHES[name]
        for scope in (*scopes, ""):
            values = self.scopes.get(scope)
            if values is not None and name in values:
                return values[name]
        return self.scenario.get(name, switch.default)

    def set(self, values: Mapping[str, Any], scope: str = "") -> dict[str, Any]:
        """Set switches and return what they were. None gives a switch back to its default.
        Names may be written with underscores for dots, as keyword arguments must be."""
        wanted = {
            canonical(name): checked(canonical(name), value) for name, value in values.items()
        }
        chosen = self.scopes.setdefault(scope, {})
        before = {name: self.get(name, scope) for name in wanted}
        for name, value in wanted.items():
            if value is None:
                chosen.pop(name, None)
            else:
                chosen[name] = value
        return before

    def all(self) -> dict[str, Any]:
        return {name: self.get(name) for name in sorted(SWITCHES)}


def canonical(name: str) -> str:
    """The literal name of a switch.

    >>> canonical("page_over")
    'page.over'
    """
    if name in SWITCHES:
        return name
    for known in SWITCHES:
        if known.replace(".", "_") == name:
            return known
    raise ValueError(f"There is no switch {name!r}")


def checked(name: str, value: Any) -> Any:
    """`value` as its switch wants it: numbers from text, True and False for on and off."""
    switch = SWITCHES[name]
    if value is None:
        return None
    if switch.choices:
        if isinstance(value, bool) and "on" in switch.choices:
            value = "on" if value else "off"
        value = str(value)
        if value not in switch.choices:
            raise ValueError(
                f"{name} is one of {', '.join(map(str, switch.choices))}, not {value!r}"
            )
        return value
    try:
        return type(switch.default)(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} cannot be {value!r}") from error
