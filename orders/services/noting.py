"""Notes on orders: written for colleagues, mended by their author, told to whom they name."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core import audit, live
from core.errors import RuleViolation
from core.text import truncate
from orders.mentions import colleagues, named_in
from orders.models import Mention, Order, OrderNote

LONGEST = 4_000


@transaction.atomic
def write_note(order: Order, text: str, *, by: User) -> OrderNote:
    """Write a note. Those it names with "@" are told, on whatever page they are."""
    text = _checked(text)
    name = truncate(str(by), 120)
    note = OrderNote.objects.create(order=order, author=by, author_name=name, text=text)
    audit.record("order.note_written", order, by=by)
    _tell(note, by)
    live.touch("orders", order.pk)
    return note


@transaction.atomic
def correct_note(note: OrderNote, text: str, *, by: User) -> OrderNote:
    """Give a fresh note of one's own other words; what it said before is kept with it."""
    text = _checked(text)
    note = _locked(note, by)
    if not note.is_correctable_by(by):
        raise RuleViolation(_("It can no longer be corrected. Write another note."))
    if note.text == text:
        return note
    note.earlier.append(note.text)
    note.text, note.corrected_at = text, timezone.now()
    note.save(update_fields=["text", "earlier", "corrected_at"])
    audit.record("order.note_corrected", note.order, by=by)
    _tell(note, by)
    live.touch("orders", note.order_id)
    return note


@transaction.atomic
def remove_note(note: OrderNote, *, by: User) -> None:
    """Take a note of one's own back: it calls nobody any more, and only auditors still see it."""
    note = _locked(note, by)
    note.removed_at = timezone.now()
    note.save(update_fields=["removed_at"])
    told = list(note.mentions.values_list("person", flat=True))
    note.mentions.all().delete()
    audit.record("order.note_removed", note.order, by=by)
    if told:
        live.touch("mentions", *told)
    live.touch("orders", note.order_id)


def read_mentions(person: User, *, mention: int | None = None, order: Order | None = None) -> int:
    """Take mentions of a person as seen: one, those on an order, or all; returns how many."""
    unread = Mention.objects.filter(person=person, read_at=None)
    if mention is not None:
        unread = unread.filter(pk=mention)
    if order is not None:
        unread = unread.filter(note__order=order)
    number = unread.update(read_at=timezone.now())
    if number:
        live.touch("mentions", person.pk)
    return number


def unread_mentions(person: User) -> int:
    return Mention.objects.filter(person=person, read_at=None).count()


def _checked(text: str) -> str:
    text = text.replace("\x00", "").strip()
    if not text:
        raise RuleViolation(_("Write something first."))
    if len(text) > LONGEST:
        raise RuleViolation(
            _("A note has %(most)s characters at most; this one has %(n)s.")
            % {"most": LONGEST, "n": len(text)}
        )
    return text


def _locked(note: OrderNote, by: User) -> OrderNote:
    here = OrderNote.objects.select_for_update().filter(pk=note.pk, removed_at=None).first()
    if here is None:
        raise RuleViolation(_("The note was removed meanwhile."))
    if not here.is_by(by):
        raise RuleViolation(_("Only its author may change a note."))
    return here


def _tell(note: OrderNote, by: User) -> None:
    """Keep whom the note names now; who was told already is not told twice."""
    people = colleagues() if "@" in note.text else []
    named = {person.pk for person in named_in(note.text, people)} - {by.pk}
    note.mentions.exclude(person__in=named).delete()
    known = set(note.mentions.values_list("person", flat=True))
    Mention.objects.bulk_create(Mention(note=note, person_id=pk) for pk in sorted(named - known))
    if named != known:
        live.touch("mentions", *(named ^ known))
