"""What live hints themselves register: core's own topics, and whether hints come through."""

from datetime import UTC, datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core import live, registry
from core.live.hub import hubs
from core.live.transport import transport


def register_own() -> None:
    """Called once, from CoreConfig.ready()."""
    live.register_topic("audit", "core.view_auditentry")
    live.register_topic("jobs", "core.view_jobrun")
    registry.register_probe("live", probe)
    transport()  # imported now rather than in the first commit: redis alone takes a quarter second


def probe() -> registry.Probe:
    """Pages notice changes at once; when not, they read themselves again every 30 seconds."""
    since = _cut_since()
    if since is None:
        return registry.Probe("live", _("Live updates"))
    message = _("The line to PostgreSQL is cut, so pages notice changes up to 30 seconds late.")
    if settings.REDIS_URL:
        message = _("Redis does not answer, so pages notice changes up to 30 seconds late.")
    at = datetime.fromtimestamp(since, UTC)
    return registry.Probe("live", _("Live updates"), registry.Level.WARN, message, at)


def _cut_since() -> float | None:
    cuts = [hub.deaf_since for hub in hubs() if hub.deaf_since]
    if settings.REDIS_URL:
        from core.live.over_redis import outage

        cuts += [outage.since] if outage.active else []
    return min(cuts, default=None)
