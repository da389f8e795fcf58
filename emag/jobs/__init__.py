"""What is read from eMAG by itself, and when. One run for each account.

The names are stable; `manage.py job_run NAME` and the Sync page start them. None begins on a round
minute, as eMAG asks: repeated jobs begin at an offset of their own, daily ones at an odd second.
"""

from emag.jobs.care import check_health, purge
from emag.jobs.reading import (
    pull_offers,
    pull_order,
    pull_orders,
    pull_reference_data,
    reread_orders,
    sweep_new_orders,
)

__all__ = [
    "check_health",
    "pull_offers",
    "pull_order",
    "pull_orders",
    "pull_reference_data",
    "purge",
    "reread_orders",
    "sweep_new_orders",
]
