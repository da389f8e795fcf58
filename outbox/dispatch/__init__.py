"""Carrying commands out: claimed, sent, recorded, tried again, looked up.

`drain(lane)` is the only way in. What each file holds: `claiming` which row is next and whose it
is; `carrying` the call itself and what its error means; `recording` how a row changes; `backoff`
when to try again; `draining` the loop.
"""

from outbox.dispatch.draining import Report, drain

__all__ = ["Report", "drain"]
