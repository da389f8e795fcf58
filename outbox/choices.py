"""How a command stands, what kind of trouble it met, and how both look to people."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CommandStatus(models.TextChoices):
    QUEUED = "queued", pgettext_lazy("sent to a marketplace", "Queued")
    RUNNING = "running", pgettext_lazy("sent to a marketplace", "Being sent")
    WAITING = "waiting", pgettext_lazy("sent to a marketplace", "Trying again")
    UNCERTAIN = "uncertain", pgettext_lazy("sent to a marketplace", "Uncertain")
    DONE = "done", pgettext_lazy("sent to a marketplace", "Done")
    FAILED = "failed", pgettext_lazy("sent to a marketplace", "Failed")
    CANCELLED = "cancelled", pgettext_lazy("sent to a marketplace", "Cancelled")


# The tabs of the error queue.
PENDING = frozenset({CommandStatus.QUEUED, CommandStatus.RUNNING})
RETRYING = frozenset({CommandStatus.WAITING})
NEEDS_HUMAN = frozenset({CommandStatus.FAILED, CommandStatus.UNCERTAIN})
RESOLVED = frozenset({CommandStatus.DONE, CommandStatus.CANCELLED})

OPEN = PENDING | RETRYING | NEEDS_HUMAN
UNDER_WAY = OPEN - {CommandStatus.FAILED}  # it may still happen without anybody asking again
UNSENT = frozenset({CommandStatus.QUEUED, CommandStatus.WAITING})
# An act in one of these blocks a second one of the same key; a state only while it is UNSENT.
GIVEN_UP = frozenset({CommandStatus.FAILED, CommandStatus.CANCELLED})

STATUS_BADGES: dict[str, tuple[str, str]] = {
    CommandStatus.QUEUED: ("blue", "clock"),
    CommandStatus.RUNNING: ("blue", "send"),
    CommandStatus.WAITING: ("amber", "rotate-clockwise"),
    CommandStatus.UNCERTAIN: ("red", "help-circle"),
    CommandStatus.DONE: ("green", "check"),
    CommandStatus.FAILED: ("red", "alert-triangle"),
    CommandStatus.CANCELLED: ("grey", "ban"),
}


class Family(models.TextChoices):
    """Do this once; or make theirs equal to ours, however often it changed meanwhile."""

    ACT = "act", _("Once")
    STATE = "state", _("Latest value")


class Priority(models.IntegerChoices):
    URGENT = 10, _("Urgent")
    NORMAL = 50, _("Normal")
    LOW = 90, _("When there is time")


class ErrorKind(models.TextChoices):
    """Why it did not go through; decides the words, the banner and who can help."""

    RATE_LIMIT = "rate_limit", _("Too many calls")
    AUTH = "auth", _("Sign-in refused")
    VALIDATION = "validation", _("Refused by the marketplace")
    UNAVAILABLE = "unavailable", _("Marketplace not reachable")
    UNKNOWN = "unknown", _("No clear answer")
    RULE = "rule", _("Not possible here")
    BUG = "bug", _("Error in MagFlow")


class AttemptOutcome(models.TextChoices):
    STARTED = "started", _("Being sent")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")
    UNAVAILABLE = "unavailable", _("Not reachable")
    LIMITED = "limited", _("Put off: too many calls")
    AUTH = "auth", _("Sign-in refused")
    UNKNOWN = "unknown", _("No clear answer")
    RULE = "rule", _("Not possible here")
    BUG = "bug", _("Error in MagFlow")
    DIED = "died", _("Worker died")
    LOOKED = "looked", _("Looked it up")


ATTEMPT_BADGES: dict[str, tuple[str, str]] = {
    AttemptOutcome.STARTED: ("blue", "send"),
    AttemptOutcome.DONE: ("green", "check"),
    AttemptOutcome.REFUSED: ("red", "alert-triangle"),
    AttemptOutcome.UNAVAILABLE: ("amber", "rotate-clockwise"),
    AttemptOutcome.LIMITED: ("grey", "clock"),
    AttemptOutcome.AUTH: ("red", "alert-triangle"),
    AttemptOutcome.UNKNOWN: ("red", "help-circle"),
    AttemptOutcome.RULE: ("red", "ban"),
    AttemptOutcome.BUG: ("red", "alert-triangle"),
    AttemptOutcome.DIED: ("amber", "alert-triangle"),
    AttemptOutcome.LOOKED: ("grey", "search"),
}
