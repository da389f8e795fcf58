"""The slot for reading one order again from its marketplace: an adapter says how.

refresh.register("bazaar", read_again)      # read_again(order, by) only queues a job
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from core.errors import SetupNeeded
from core.registry import DuplicateRegistration

if TYPE_CHECKING:
    from accounts.models import User
    from orders.models import Order

ReadAgain = Callable[["Order", "User | None"], object]

_readers: dict[str, ReadAgain] = {}


def register(platform: str, read_again: ReadAgain) -> None:
    if platform in _readers:
        raise DuplicateRegistration(f"There is already somebody who reads orders of {platform}.")
    _readers[platform] = read_again


def platforms() -> list[str]:
    """Those whose orders somebody reads."""
    return list(_readers)


def is_possible(platform: str) -> bool:
    return platform in _readers


def read_again(order: Order, by: User | None) -> None:
    """Have the order read again soon; what comes is imported like any other look at it."""
    reader = _readers.get(order.account.platform)
    if reader is None:
        raise SetupNeeded(
            _("The adapter for “%(platform)s” is not installed.")
            % {"platform": order.account.platform_label}
        )
    reader(order, by)
