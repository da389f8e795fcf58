"""What every page says on top while messages do not go through: another text for each cause."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Count, Min, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.paging import EXACT_UP_TO
from core.registry import Level, Probe, register_probe
from outbox.choices import CommandStatus, ErrorKind
from outbox.models import Command, Lane

# A single failed attempt is cured in two seconds; nobody needs to read about it.
NOTEWORTHY = 2


def register() -> None:
    probes: dict[str, Callable[[], Probe]] = {
        "outbox.auth": sign_in,
        "outbox.rate_limit": rate_limit,
        "outbox.unavailable": unavailable,
        "outbox.validation": validation,
        "outbox.unknown": unknown,
        "outbox.failed": failed,
    }
    for name, probe in probes.items():
        register_probe(name, probe)


def sign_in() -> Probe:
    """Somebody does not let us in: nothing is sent until a person puts that right."""
    label = _("Sign-in at marketplaces")
    lanes = Lane.objects.filter(paused_reason_kind=ErrorKind.AUTH).select_related("account")
    paused = list(lanes.order_by("paused_at")[:20])
    if not paused:
        return Probe("outbox.auth", label)
    names = ", ".join(dict.fromkeys(lane.account.name for lane in paused))
    reasons = " ".join(dict.fromkeys(lane.paused_reason for lane in paused))
    words = _("%(names)s: the marketplace does not let us in, so nothing is sent. %(reasons)s") % {
        "names": names, "reasons": reasons,
    }  # fmt: skip
    url = queue_url(account=[lane.account_id for lane in paused])
    if len({lane.account_id for lane in paused}) == 1:
        url = paused[0].account.get_absolute_url()  # where it is put right
    return _bad("outbox.auth", label, words, paused[0].paused_at, url, Level.BAD)


def rate_limit() -> Probe:
    """The budget of calls is used up: it goes on by itself."""
    label = _("Limits of marketplaces")
    lanes = Lane.objects.filter(resting_until__gt=timezone.now()).select_related("account")
    names = ", ".join(dict.fromkeys(lane.account.name for lane in lanes[:20]))
    if not names:
        return Probe("outbox.rate_limit", label)
    words = _("%(names)s: as many calls as the marketplace allows. Sending goes on by itself.")
    url = queue_url(status=[CommandStatus.QUEUED], error_kind=[ErrorKind.RATE_LIMIT])
    return _bad("outbox.rate_limit", label, words % {"names": names}, None, url)


def unavailable() -> Probe:
    """The marketplace does not answer: tried again by itself."""
    label = _("Marketplaces answer")
    waiting = Command.objects.retrying().filter(
        error_kind=ErrorKind.UNAVAILABLE, attempts__gte=NOTEWORTHY
    )
    n, since = _count(waiting)
    if not n:
        return Probe("outbox.unavailable", label)
    words = ngettext(
        "The marketplace cannot be reached. %(n)s message waits and is tried again by itself.",
        "The marketplace cannot be reached. %(n)s messages wait and are tried again by themselves.",
        n,
    )
    url = queue_url(status=[CommandStatus.WAITING], error_kind=[ErrorKind.UNAVAILABLE])
    return _bad("outbox.unavailable", label, words % {"n": n}, since, url)


def validation() -> Probe:
    """The marketplace refused what we sent: somebody has to correct it."""
    label = _("Messages accepted by marketplaces")
    n, since = _count(_failed(ErrorKind.VALIDATION))
    if not n:
        return Probe("outbox.validation", label)
    words = ngettext(
        "The marketplace refused %(n)s message. Correct it and send it again.",
        "The marketplace refused %(n)s messages. Correct them and send them again.",
        n,
    )
    url = queue_url(status=[CommandStatus.FAILED], error_kind=[ErrorKind.VALIDATION])
    return _bad("outbox.validation", label, words % {"n": n}, since, url)


def unknown() -> Probe:
    """Nobody knows whether it went through, and it must not be sent twice."""
    label = _("Messages with a clear answer")
    n, since = _count(Command.objects.filter(status=CommandStatus.UNCERTAIN, next_attempt_at=None))
    if not n:
        return Probe("outbox.unknown", label)
    words = ngettext(
        "%(n)s message got no clear answer. Say whether it went through: it is not sent again"
        " until you do.",
        "%(n)s messages got no clear answer. Say whether they went through: they are not sent"
        " again until you do.",
        n,
    )
    url = queue_url(status=[CommandStatus.UNCERTAIN])
    return _bad("outbox.unknown", label, words % {"n": n}, since, url, Level.BAD)


def failed() -> Probe:
    """Whatever else was given up."""
    label = _("Messages sent")
    kinds = [ErrorKind.RULE, ErrorKind.BUG, ErrorKind.UNAVAILABLE, ErrorKind.UNKNOWN]
    n, since = _count(_failed(*kinds))
    if not n:
        return Probe("outbox.failed", label)
    words = ngettext(
        "%(n)s message could not be sent. Look why, then retry or cancel it.",
        "%(n)s messages could not be sent. Look why, then retry or cancel them.",
        n,
    )
    url = queue_url(status=[CommandStatus.FAILED], error_kind=kinds)
    return _bad("outbox.failed", label, words % {"n": n}, since, url)


def queue_url(**filters: object) -> str:
    """The error queue, showing just these."""
    return f"{reverse('outbox:command_list')}?{urlencode(filters, doseq=True)}"


def _failed(*kinds: str) -> QuerySet[Command]:
    return Command.objects.needing_a_person().filter(
        status=CommandStatus.FAILED, error_kind__in=kinds
    )


def _count(commands: QuerySet[Command]) -> tuple[int, datetime | None]:
    """How many, and since when: no further than a list counts, since every page asks."""
    some = commands.order_by()[: EXACT_UP_TO + 1]
    found = some.aggregate(n=Count("pk"), since=Min("created_at"))
    return found["n"], found["since"]


def _bad(
    name: str,
    label: object,
    words: str,
    since: datetime | None,
    url: str,
    level: Level = Level.WARN,
) -> Probe:
    return Probe(
        name, str(label), level, words, since, url, banner=True, permission="outbox.view_command"
    )
