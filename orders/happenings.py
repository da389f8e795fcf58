"""What orders itself tells the timeline: the audit trail of an order, and its notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import registry
from core.audit_words import told
from core.models import AuditEntry
from orders import reasons, timeline
from orders.mentions import as_html
from orders.models import Mention, Order, OrderNote
from orders.timeline import MOST, Event, NoteShown
from outbox import words
from outbox.choices import NEEDS_HUMAN, STATUS_BADGES
from outbox.models import Command

# Icon and tone of what happens to orders; anything else is a grey point.
LOOKS = {
    "order.imported": ("sparkles", "blue"),
    "order.changed": ("refresh", "grey"),
    "order.accept_requested": ("send", "blue"),
    "order.accepted": ("checks", "green"),
    "order.move_requested": ("send", "blue"),
    "order.moved": ("arrow-right", "blue"),
    "order.followed": ("arrow-right", "grey"),
    "order.cancel_requested": ("send", "amber"),
    "order.restore_requested": ("send", "amber"),
    "order.return_requested": ("send", "amber"),
    "order.edit_requested": ("send", "blue"),
    "order.storno_requested": ("send", "amber"),
    "order.held": ("player-pause", "amber"),
    "order.released": ("player-play", "blue"),
    "order.document_added": ("file-text", "grey"),
    "order.document_revoked": ("ban", "amber"),
    "order.document_attached": ("file-text", "green"),
    "order.refresh_requested": ("refresh", "grey"),
    "order.note_removed": ("trash", "grey"),
}
# Told by the note itself.
NOTED = ("order.note_written", "order.note_corrected")
# What an import names without keeping it: see orders.services.differences.
PARTS = {
    "addresses": _("addresses"),
    "customer": _("customer"),
    "lines": _("products"),
    "vouchers": _("discounts"),
    "deposits": _("deposits"),
    "attachments": _("documents"),
    "proformas": _("pro-forma invoices"),
}


# What needs not be told where something else is.
SAID_BY = {
    "status": ("remote_state", "remote_status"),
    "remote_state": ("remote_status",),
    "cancel_code": ("cancel_text",),
}


def trail(order: Order, user: User) -> Iterator[Event]:
    """Every change: at the marketplace, by us, by MagFlow."""
    entries = (
        AuditEntry.objects.filter(subject_type=Order._meta.label_lower, subject_id=order.pk)
        .exclude(verb__in=NOTED)
        .defer("search_text")
        .order_by("-at", "-pk")[:MOST]
    )
    for entry in entries:
        icon, tone = LOOKS.get(entry.verb, ("point", "grey"))
        status = str((entry.changes.get("status") or ["", ""])[1] or "")
        yield Event(
            entry.at,
            icon,
            "red" if status == "cancelled" else tone,
            registry.verb_label(entry.verb),
            who=entry.actor_name,
            note="; ".join(filter(None, (entry.note, *_changes(entry, order)))),
            by=entry.actor_id,
            is_news=True,
            status=status,
        )


def _changes(entry: AuditEntry, order: Order) -> Iterator[str]:
    """What differs, each thing once: our status says what theirs and its code would say again."""
    if entry.verb == "order.imported":
        return  # the status it arrived with
    unsaid = {name for first, then in SAID_BY.items() if first in entry.changes for name in then}
    kept = {name: pair for name, pair in entry.changes.items() if name not in unsaid}
    if "cancel_code" in kept:
        platform = order.account.platform
        kept["cancel_code"] = [
            code and reasons.label(platform, code) for code in kept["cancel_code"]
        ]
    for name, before, after in told(entry.subject_type, kept):
        label = str(PARTS.get(name, name))
        yield label if before == after else f"{label}: {before} → {after}"  # alike: it is hidden


def notes(order: Order, user: User) -> Iterator[Event]:
    """What colleagues wrote; what they took back only for who may see the audit trail."""
    written = order.notes.order_by("-written_at", "-pk")
    if not user.has_perm("core.view_auditentry"):
        written = written.filter(removed_at=None)
    named = Mention.objects.select_related("person").defer("person__search_text")
    for note in written.prefetch_related(Prefetch("mentions", named))[:MOST]:
        yield Event(
            note.written_at,
            "message",
            "blue",
            _("Note"),
            who=note.author_name,
            by=note.author_id,
            is_faint=note.removed_at is not None,
            is_news=note.removed_at is None,
            written=shown(note, user),
        )


def refusals(commands: Iterable[Command], user: User) -> Iterator[Event]:
    """What the marketplace was asked for and did not do; what it did is in the audit trail."""
    may_look = user.has_perm("outbox.view_command")
    for command in commands:
        if command.status in NEEDS_HUMAN:
            yield Event(
                command.created_at,
                STATUS_BADGES[command.status][1],
                "red",
                f"{command.what}: {command.get_status_display()}",
                note=words.reason(command),
                url=command.get_absolute_url() if may_look else "",
            )


def shown(note: OrderNote, user: User) -> NoteShown:
    mentions = note.mentions.all()
    people = [mention.person for mention in mentions]
    names = {name for one in people for name in (str(one), one.get_short_name(), one.email)}
    is_mine = note.is_by(user) and note.removed_at is None
    earlier = note.earlier if user.has_perm("core.view_auditentry") else ()
    html = as_html(note.text, names)
    is_unread = any(one.person_id == user.pk and one.read_at is None for one in mentions)
    return NoteShown(note, html, is_mine, note.is_correctable_by(user), earlier, is_unread)


def register() -> None:
    timeline.register(trail)
    timeline.register(notes)
