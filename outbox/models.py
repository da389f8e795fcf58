from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import MarketplaceAccount
from core.fields import SearchTextField
from outbox import intents
from outbox.choices import (
    GIVEN_UP,
    NEEDS_HUMAN,
    OPEN,
    PENDING,
    RESOLVED,
    RETRYING,
    UNDER_WAY,
    UNSENT,
    AttemptOutcome,
    CommandStatus,
    ErrorKind,
    Priority,
)


def one_of(*statuses: str) -> Q:
    """Sorted, so that a set says the same in every migration."""
    return Q(status__in=sorted(str(status) for status in statuses))


class Lane(models.Model):
    """The way to one executor for one account: what is sent there goes through one worker.

    The worker that drains it holds its session lock, which is the proof that it lives. A paused
    lane sends nothing until somebody resumes it; a resting one was told to wait a moment.
    """

    executor = models.CharField(_("sent to"), max_length=30)
    account = models.ForeignKey(
        MarketplaceAccount, on_delete=models.PROTECT, related_name="+", verbose_name=_("account")
    )
    paused_reason_kind = models.CharField(max_length=20, blank=True)  # an ErrorKind, or "person"
    paused_reason = models.TextField(_("reason"), blank=True)
    paused_at = models.DateTimeField(_("paused since"), null=True, blank=True)
    resumed_at = models.DateTimeField(null=True, blank=True, editable=False)
    resting_until = models.DateTimeField(_("goes on at"), null=True, blank=True)

    class Meta:
        verbose_name = _("lane")
        verbose_name_plural = _("lanes")
        default_permissions = ()
        ordering = ("executor", "account_id")
        constraints = (
            models.UniqueConstraint(fields=["executor", "account"], name="lane_once"),
            models.CheckConstraint(
                condition=Q(paused_at__isnull=True, paused_reason_kind="")
                | (Q(paused_at__isnull=False) & ~Q(paused_reason_kind="")),
                name="lane_pause",
            ),
        )

    def __str__(self) -> str:
        return f"{self.executor} {self.account_id}"

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    def is_resting(self, now: datetime) -> bool:
        return self.resting_until is not None and self.resting_until > now

    @property
    def lock_parts(self) -> tuple[str, str]:
        """The session lock that whoever drains this lane holds."""
        return "outbox.lane", str(self.pk)


class CommandQuerySet(models.QuerySet["Command"]):
    def locked(self) -> CommandQuerySet:
        return self.select_for_update(of=("self",), no_key=True).order_by("pk")

    def pending(self) -> CommandQuerySet:
        return self.filter(one_of(*PENDING))

    def retrying(self) -> CommandQuerySet:
        return self.filter(one_of(*RETRYING))

    def needing_a_person(self) -> CommandQuerySet:
        return self.filter(one_of(*NEEDS_HUMAN))

    def resolved(self) -> CommandQuerySet:
        return self.filter(one_of(*RESOLVED))

    def of_lane(self, lane: Lane) -> CommandQuerySet:
        return self.filter(executor=lane.executor, account_id=lane.account_id)

    def about(self, subject: models.Model) -> CommandQuerySet:
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)

    def like(self, command: Command) -> CommandQuerySet:
        """What failed in the same way at the same thing: one cause, one cure."""
        return self.filter(
            status=CommandStatus.FAILED,
            executor=command.executor,
            account_id=command.account_id,
            kind=command.kind,
            error_kind=command.error_kind,
        )


class Command(models.Model):
    """Something that must happen elsewhere, once: what, where, for whom, and how far it is.

    The row is written with the change that wants it. Only outbox.dispatch carries it out, and only
    outbox.services lets a person decide about it.
    """

    kind = models.CharField(_("what"), max_length=80)  # "<app>.<class of the intent>"
    executor = models.CharField(_("sent to"), max_length=30)
    account = models.ForeignKey(
        MarketplaceAccount, on_delete=models.PROTECT, related_name="+", verbose_name=_("account")
    )
    # What it is about, for pages and so that one thing is never worked on twice at once. No foreign
    # key: the row tells what was sent, also when the thing is gone.
    subject_type = models.CharField(max_length=60, blank=True)  # "orders.order"
    subject_id = models.BigIntegerField(null=True, blank=True)
    subject_label = models.CharField(_("on which"), max_length=200, blank=True)
    payload = models.JSONField(_("content"), default=dict)
    once_key = models.CharField(max_length=200, null=True, blank=True)
    coalesce_key = models.CharField(max_length=200, null=True, blank=True)
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority.choices, default=Priority.NORMAL
    )
    status = models.CharField(
        _("status"), max_length=10, choices=CommandStatus.choices, default=CommandStatus.QUEUED
    )
    # Attempts of this round; what a person retries starts a new round.
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    looks = models.PositiveSmallIntegerField(default=0, editable=False)
    # Counts the claims: a result counts only for the claim it belongs to.
    claims = models.PositiveIntegerField(default=0, editable=False)
    # A batch it was in was refused as a whole: it goes alone, so that the others may pass.
    is_alone = models.BooleanField(default=False, editable=False)
    next_attempt_at = models.DateTimeField(_("next try"), null=True, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("asked for by"),
    )
    is_awaited = models.BooleanField(_("somebody waits for it"), default=False)
    result = models.TextField(_("result"), blank=True)
    error_kind = models.CharField(
        _("kind of trouble"), max_length=12, choices=ErrorKind.choices, blank=True
    )
    error = models.TextField(_("why"), blank=True)
    messages = models.JSONField(_("their words"), default=list, blank=True)  # verbatim
    created_at = models.DateTimeField(
        pgettext_lazy("sent", "asked for"), default=timezone.now, editable=False
    )
    ended_at = models.DateTimeField(_("settled"), null=True, blank=True)
    search_text = SearchTextField(sources=("subject_label", "payload_words"))

    objects = CommandQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("sent to a marketplace", "message")
        verbose_name_plural = pgettext_lazy("sent to a marketplace", "messages")
        default_permissions = ("view",)
        permissions = (("resolve_command", _("Can repeat, cancel and settle what was sent")),)
        ordering = ("-pk",)
        constraints = (
            # An act is done once: only what was given up makes room for another try of it.
            models.UniqueConstraint(
                fields=["once_key"],
                condition=~one_of(*GIVEN_UP),
                name="command_once",
            ),
            # Of a state one waits. One that runs may already have read the old value, so a new
            # change queues behind it.
            models.UniqueConstraint(
                fields=["coalesce_key"], condition=one_of(*UNSENT), name="command_coalesce"
            ),
            models.CheckConstraint(
                condition=Q(once_key__isnull=True) | Q(coalesce_key__isnull=True),
                name="command_one_key",
            ),
            models.CheckConstraint(condition=one_of(*CommandStatus.values), name="command_status"),
            # What waits has a time; what is uncertain has one while it is still looked up.
            models.CheckConstraint(
                condition=Q(status=CommandStatus.WAITING, next_attempt_at__isnull=False)
                | Q(status=CommandStatus.UNCERTAIN)
                | (
                    ~one_of(CommandStatus.WAITING, CommandStatus.UNCERTAIN)
                    & Q(next_attempt_at__isnull=True)
                ),
                name="command_next_attempt",
            ),
            models.CheckConstraint(
                condition=(one_of(*RESOLVED) & Q(ended_at__isnull=False))
                | (one_of(*OPEN) & Q(ended_at__isnull=True)),
                name="command_ended",
            ),
            models.CheckConstraint(
                condition=Q(subject_type="", subject_id__isnull=True)
                | (~Q(subject_type="") & Q(subject_id__isnull=False)),
                name="command_subject",
            ),
        )
        indexes = (
            models.Index(
                fields=["executor", "account", "priority", "id"],
                condition=Q(status=CommandStatus.QUEUED),
                name="command_claim",
            ),
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(next_attempt_at__isnull=False),
                name="command_due",
            ),
            models.Index(fields=["id"], condition=one_of(*PENDING), name="command_pending"),
            models.Index(fields=["id"], condition=one_of(*RETRYING), name="command_retrying"),
            models.Index(fields=["id"], condition=one_of(*NEEDS_HUMAN), name="command_needs_human"),
            models.Index(
                fields=["status", "error_kind", "id"],
                condition=one_of(*NEEDS_HUMAN),
                name="command_trouble",
            ),
            models.Index(
                fields=["ended_at", "id"], condition=one_of(*RESOLVED), name="command_resolved"
            ),
            models.Index(
                fields=["executor", "account"],
                condition=Q(status=CommandStatus.RUNNING),
                name="command_running",
            ),
            models.Index(
                fields=["coalesce_key"],
                condition=Q(status=CommandStatus.FAILED, coalesce_key__isnull=False),
                name="command_failed_state",
            ),
            models.Index(fields=["subject_type", "subject_id", "id"], name="command_about"),
            # Lists ask for each of their rows whether something is on its way.
            models.Index(
                fields=["subject_type", "subject_id"],
                condition=one_of(*UNDER_WAY),
                name="command_under_way",
            ),
        )

    def __str__(self) -> str:
        return f"{self.what}: {self.subject_label}" if self.subject_label else self.what

    def get_absolute_url(self) -> str:
        return reverse("outbox:command_detail", args=[self.pk])

    @property
    def what(self) -> str:
        return intents.title_of(self.kind)

    @property
    def payload_words(self) -> str:
        """Its numbers and words, so that people find what was sent about order 1234567."""
        return " ".join(str(value) for value in self.payload.values() if value not in (None, ""))

    @property
    def intent(self) -> intents.Intent | None:
        return intents.load(self.kind, self.payload)

    @property
    def is_repeat_safe(self) -> bool:
        """What nobody knows any more is not repeated."""
        found = intents.find(self.kind)
        return found is not None and found.spec.repeat_safe

    @property
    def needs_a_person(self) -> bool:
        return self.status in NEEDS_HUMAN

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def busy_keys(self) -> set[tuple[str, Any]]:
        """What no second one may touch while this one runs: its subject, its state."""
        keys: set[tuple[str, Any]] = {("#", self.pk)}
        if self.subject_id is not None:
            keys.add((self.subject_type, self.subject_id))
        if self.coalesce_key is not None:
            keys.add(("", self.coalesce_key))
        return keys


class Attempt(models.Model):
    """One try at a command: when, how long, what came of it, and where the log has the call."""

    command = models.ForeignKey(Command, on_delete=models.CASCADE, related_name="tries")
    number = models.PositiveIntegerField()  # the claim it belongs to
    started_at = models.DateTimeField(_("when"), default=timezone.now)
    took_ms = models.PositiveIntegerField(_("took"), null=True, blank=True)
    outcome = models.CharField(
        _("outcome"),
        max_length=12,
        choices=AttemptOutcome.choices,
        default=AttemptOutcome.STARTED,
    )
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    message = models.TextField(_("message"), blank=True)
    call_id = models.CharField(_("call"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        default_permissions = ()
        ordering = ("pk",)
        indexes = (
            models.Index(
                fields=["command"],
                condition=Q(outcome=AttemptOutcome.STARTED),
                name="attempt_started",
            ),
        )

    def __str__(self) -> str:
        return f"{self.command_id} × {self.number}"
