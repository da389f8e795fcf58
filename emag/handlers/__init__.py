"""How eMAG and Fashion Days carry out what MagFlow asks of a marketplace."""

from emag.handlers import accepting, documents, lines, moving, offers
from emag.sites import PLATFORMS
from outbox.registry import set_pace

__all__ = ["accepting", "documents", "lines", "moving", "offers"]

for platform in PLATFORMS:
    set_pace(platform, per_second=3.0)
