"""Documents that we hang on orders: kept here or elsewhere, fetched by the marketplace.

The address of a file of ours is signed and ends one day: whoever has it may read that one file, as
the marketplace and its customer must. Every visit is written down, and a link can be ended at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.signing import BadSignature, Signer
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core import audit, live
from core.errors import RuleViolation
from orders.choices import AttachmentKind
from orders.intents import AttachDocument
from orders.models import DocumentVisit, Order, OrderDocument, OrderLine
from orders.services.asking import ask, check, locked
from outbox import services as outbox
from outbox.choices import GIVEN_UP, UNSENT, CommandStatus
from outbox.models import Command

LARGEST = 10 * 1024 * 1024
LONGEST_URL = 1024
PUBLIC_FOR = timedelta(days=90)
BEGINS = b"%PDF-"
_signer = Signer(salt="orders.documents")


def attach_document(
    order: Order,
    kind: str,
    name: str,
    *,
    by: User | None,
    file: File[bytes] | None = None,
    url: str = "",
    line: OrderLine | None = None,
    stamp: str = "",
    is_awaited: bool = False,
) -> OrderDocument:
    """Keep a PDF, or the address of one, and have it hung on the order at the marketplace.

    The very same is not hung twice: asked again, the document that is there is the answer.
    """
    _check(kind, file, url, line)
    document = OrderDocument(
        order=order,
        line=line,
        kind=kind,
        name=name.strip()[:60] or str(AttachmentKind(kind).label),
        url="" if file else url,
        digest=_digest(file) if file else "",
        public_until=timezone.now() + PUBLIC_FOR if file else None,
        added_by=by,
    )
    with _file_kept(document, file), transaction.atomic():
        order = locked(order)
        if (twin := _twin(document)) is not None:
            return twin
        check(order, "attach", stamp)
        _check_line(order, line)
        document.save()
        ask(
            order, AttachDocument(document.pk), "order.document_added", by=by,
            is_awaited=is_awaited, note=f"{document.get_kind_display()}: {document.name}",
        )  # fmt: skip
    return document


@contextmanager
def _file_kept(document: OrderDocument, file: File[bytes] | None) -> Iterator[None]:
    """Write the file before the order is locked; it goes again where no document came of it."""
    if file is not None:
        document.file.save("document.pdf", file, save=False)
    try:
        yield
    finally:
        if file is not None and document._state.adding:
            document.file.delete(save=False)


def _twin(document: OrderDocument) -> OrderDocument | None:
    """The same document of the same order, unless it was given up or taken back."""
    alike = OrderDocument.objects.filter(
        order=document.order_id, line=document.line_id, kind=document.kind,
        url=document.url, digest=document.digest, revoked_at=None,
    ).select_related("order")  # fmt: skip
    return next((one for one in alike if _is_fetchable(one) and not _was_given_up(one)), None)


def _digest(file: File[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _check(kind: str, file: File[bytes] | None, url: str, line: OrderLine | None) -> None:
    if kind not in AttachmentKind.values or kind == AttachmentKind.OTHER:
        raise RuleViolation(_("Choose what kind of document it is."))
    if (file is None) == (not url):
        raise RuleViolation(_("Give a file, or the address of one."))
    if (kind == AttachmentKind.WARRANTY) != (line is not None):
        raise RuleViolation(_("A warranty belongs to a product, and nothing else does."))
    if file is not None:
        _check_file(file)
    else:
        _check_url(url)


def _check_line(order: Order, line: OrderLine | None) -> None:
    if line is not None and line.order_id != order.pk:
        raise RuleViolation(_("A product is no longer on the order. Look again."))
    if line is not None and _has_warranty(line):
        raise RuleViolation(_("“%(line)s” has a warranty already.") % {"line": line})


def _has_warranty(line: OrderLine) -> bool:
    """There already, or about to be: a marketplace takes one for each product."""
    asked = OrderDocument.objects.filter(
        line=line, kind=AttachmentKind.WARRANTY, revoked_at=None
    ).select_related("order")
    return line.attachments.filter(kind=AttachmentKind.WARRANTY).exists() or any(
        not _was_given_up(document) for document in asked
    )


def _was_given_up(document: OrderDocument) -> bool:
    command = commands_of(document).first()
    return command is not None and command.status in GIVEN_UP


def commands_of(document: OrderDocument) -> QuerySet[Command]:
    """What was sent to have it attached; the newest first."""
    kind, wanted = AttachDocument.spec.kind, AttachDocument(document.pk).payload()
    return outbox.for_subject(document.order).filter(kind=kind, payload=wanted)


def _check_url(url: str) -> None:
    if len(url) > LONGEST_URL or not url.lower().startswith("https://"):
        raise RuleViolation(_("The address begins with https:// and has 1,024 signs at most."))
    try:
        URLValidator(schemes=["https"])(url)
    except ValidationError:
        raise RuleViolation(_("This is no address.")) from None


def _check_file(file: File[bytes]) -> None:
    """A PDF is known by how it begins, not by what it is called."""
    if (file.size or 0) > LARGEST:
        raise RuleViolation(_("The file is larger than 10 MB."))
    file.seek(0)
    begins = file.read(len(BEGINS))
    file.seek(0)
    if begins != BEGINS:
        raise RuleViolation(_("This is no PDF. Marketplaces take nothing else."))


@transaction.atomic
def record_attachment(document: OrderDocument) -> None:
    """The marketplace has taken the document: a fact, which is never refused."""
    document = OrderDocument.objects.select_for_update().select_related("order").get(pk=document.pk)
    if document.attached_at is not None:
        return
    document.attached_at = timezone.now()
    document.save(update_fields=["attached_at"])
    audit.record("order.document_attached", document.order, by=None, note=document.name)
    live.touch("orders", document.order_id)


@transaction.atomic
def revoke_document(document: OrderDocument, *, by: User | None) -> None:
    """End the public link of a file at once: the wrong document, say, or on the wrong order.

    What was not sent yet is not sent any more. What hangs at the marketplace leads nowhere from
    now on; whether it fetched a copy before is told by the visits.
    """
    order = locked(document.order)
    document = OrderDocument.objects.select_for_update().select_related("order").get(pk=document.pk)
    if not document.is_public:
        raise RuleViolation(link_is_over())
    for command in commands_of(document).filter(status__in=UNSENT | {CommandStatus.FAILED}):
        outbox.cancel(command, by=by, note=_("The link of the document was ended."))
    document.revoked_at = timezone.now()
    document.save(update_fields=["revoked_at"])
    audit.record("order.document_revoked", order, by=by, note=document.name)
    live.touch("orders", order.pk)


def link_is_over() -> str:
    return _("The link of this document is over already.")


# --- The public address -----------------------------------------------------------------------


def _is_fetchable(document: OrderDocument) -> bool:
    return bool(document.url) or document.is_public


def check_fetchable(document: OrderDocument) -> None:
    """Raise RuleViolation where a marketplace would be sent to an address that leads nowhere."""
    if not _is_fetchable(document):
        raise RuleViolation(_("The link of this document is over. Attach it again."))


def public_url(document: OrderDocument) -> str:
    """Where the marketplace fetches it. Asked again it is the same, so that nothing hangs twice."""
    if document.url:
        return document.url
    assert document.public_until is not None  # noqa: S101 - the constraint of the model
    token = _signer.sign(f"{document.pk}.{int(document.public_until.timestamp())}")
    return settings.SITE_URL.rstrip("/") + reverse("orders:document", args=[token])


def find_public(token: str) -> OrderDocument | None:
    """The document of a public address; None where it was forged, or is over."""
    try:
        pk, _dot, until = _signer.unsign(token).partition(".")
    except BadSignature:
        return None
    if datetime.fromtimestamp(int(until), UTC) <= timezone.now():
        return None
    document = OrderDocument.objects.filter(pk=int(pk)).first()
    return document if document is not None and document.is_public else None


@transaction.atomic
def note_visit(document: OrderDocument, address: str, agent: str) -> None:
    """Write down who fetched it; the first visit is news to who waits for it."""
    is_first = not document.visits.exists()
    DocumentVisit.objects.create(document=document, address=address, agent=agent[:500])
    if is_first:
        audit.record("order.document_fetched", document.order, by=None, note=document.name)
        live.touch("orders", document.order_id)
