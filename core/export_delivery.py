"""Making the file of a scheduled export and bringing it where it belongs, once.

The steps are written down as they are done: a worker that dies is followed by one that goes on
behind the last of them. Only a mail whose sending was cut off is not repeated, whichever end fell
silent: nobody can know whether it arrived.
"""

from __future__ import annotations

import smtplib
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import IO, Any

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from core import audit, export, export_files, export_rows, failpoints, live
from core.errors import RuleViolation, SetupNeeded
from core.export import Row
from core.export_rows import Content
from core.models import ExportRun, ExportStatus, ScheduledExport
from core.printing import NotPrinted
from core.scheduled_exports import source_of, why_it_cannot_run

MOST_ATTEMPTS = 4
PAUSES = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
LINK_LIVES = timedelta(days=7)
_SALT = "core.export_link"
# With these a mail server says that it did not take the mail. After anything else it may have.
REFUSALS = (
    smtplib.SMTPHeloError,
    smtplib.SMTPNotSupportedError,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPDataError,
)


def deliver(pk: int) -> ExportRun | None:
    """Do what is left to do for this file; None where somebody did it already."""
    run = _claim(pk)
    if run is None:
        return None
    owner = run.export.owner
    language = owner.language or settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(run.export.zone):
        try:
            _refuse_what_cannot_be(run)
            _bring(run)
        except (RuleViolation, SetupNeeded) as error:
            _end(run, ExportStatus.FAILED, str(error))
        except (OSError, smtplib.SMTPException, NotPrinted) as error:
            _try_later(run, str(error) or type(error).__name__)
        else:
            _end(run, ExportStatus.DONE)
    return run


@transaction.atomic
def _claim(pk: int) -> ExportRun | None:
    rows = ExportRun.objects.select_for_update(of=("self",)).select_related("export__owner")
    run = rows.filter(pk=pk).first()
    if run is None or run.is_over:
        return None
    run.attempts += 1
    run.status = ExportStatus.RUNNING
    run.save(update_fields=["attempts", "status"])
    live.touch("exports", run.export_id)
    return run


def _refuse_what_cannot_be(run: ExportRun) -> None:
    if run.mailing_at is not None and run.mailed_at is None:
        raise _nobody_knows()
    if run.attempts > MOST_ATTEMPTS:
        raise RuleViolation(_("It was begun %(n)s times and never came to an end.")
                            % {"n": MOST_ATTEMPTS})  # fmt: skip
    if reason := why_it_cannot_run(run.export):
        raise RuleViolation(reason)


def _nobody_knows() -> RuleViolation:
    return RuleViolation(
        _(
            "The worker or the mail server broke off while the mail was going out: it may have"
            " arrived or not. Ask, and run it again if it has not."
        )
    )


# --- The file ---------------------------------------------------------------------------------


def content_for(run: ExportRun) -> Content:
    """What the list shows to the owner: their rights, the columns and days of this file."""
    plan = run.export
    source = source_of(plan)
    query = QueryDict(run.query)
    filters = source.filters(query, plan.owner)
    if not filters.is_valid() or filters.search_is_too_short():
        raise RuleViolation(_("The list no longer knows this filter. Choose it anew."))
    table = source.table_for(plan.owner)(filters.qs, sort=query.get("sort", ""))
    table.show(plan.columns, selectable=False)
    details = source.details_called(plan.details)
    if plan.details and details is None:
        raise RuleViolation(_("The list no longer has these rows. Choose others."))
    return export_rows.content_of(table, title=str(source.title), filters=filters, details=details)


class _Counter:
    """Counts the rows of a file while they are written."""

    def __init__(self, content: Content) -> None:
        self.rows = 0
        self.content = replace(content, rows=lambda: self._count(content.rows()))

    def _count(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            self.rows += 1
            yield row


def _bring(run: ExportRun) -> None:
    plan = run.export
    counter = _Counter(content_for(run))
    run.file_name = export_files.file_name(
        plan.file_name, name=plan.name, day=timezone.localtime(run.slot), kind=plan.kind
    )
    with tempfile.TemporaryFile() as file:
        for piece in export.written(counter.content, plan.kind):
            file.write(piece)
        run.rows, run.size = counter.rows, file.tell()
        run.save(update_fields=["file_name", "rows", "size"])
        if plan.to_folder and run.filed_at is None:
            export_files.write(plan.folder, run.file_name, _pieces(file))
            failpoints.hit("export.filed")
            run.filed_at = timezone.now()
            run.save(update_fields=["filed_at"])
        if plan.emails and run.mailed_at is None:
            _mail(run, file, counter.content.told)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(export_files.PIECE):
        yield piece


# --- The mail ---------------------------------------------------------------------------------


def _mail(run: ExportRun, file: IO[bytes], told: str) -> None:
    """The step between "mailing" and "mailed" is as short as can be: one call.

    The server is reached before it, so that one that is away is just tried again later.
    """
    if settings.EMAIL_BACKEND.endswith(".dummy.EmailBackend"):
        raise SetupNeeded(_("No mail server is set up (EMAIL_URL), so nothing can be mailed."))
    run.is_linked = (run.size or 0) > settings.EXPORT_MAIL_MB * 1_000_000
    message = _message(run, told)
    if run.is_linked:
        export_files.keep_linked(run.pk, _pieces(file))
    else:
        file.seek(0)
        kind = export.TYPES[run.export.kind].partition(";")[0]
        message.attach(run.file_name, file.read(), kind)
    message.connection = get_connection()
    message.connection.open()
    try:
        run.mailing_at = timezone.now()
        run.save(update_fields=["is_linked", "mailing_at"])
        failpoints.hit("export.mailing")
        _send(run, message)
        failpoints.hit("export.mailed")
        run.mailed_at = timezone.now()
        run.save(update_fields=["mailed_at"])
    finally:
        message.connection.close()


def _send(run: ExportRun, message: EmailMessage) -> None:
    try:
        message.send()
    except REFUSALS:
        run.mailing_at = None
        run.save(update_fields=["mailing_at"])
        raise
    except (OSError, smtplib.SMTPException) as error:
        raise _nobody_knows() from error


def _message(run: ExportRun, told: str) -> EmailMessage:
    context: dict[str, Any] = {
        "run": run, "export": run.export, "told": told, "title": source_of(run.export).title,
        "link": link_to(run) if run.is_linked else "", "link_days": LINK_LIVES.days,
        "site_url": settings.SITE_URL,
    }  # fmt: skip
    text = render_to_string("core/mail/export.txt", context)
    host = settings.SITE_URL.partition("://")[2].partition("/")[0].partition(":")[0]
    # The same for every attempt, so that a mailbox which gets it twice can tell.
    headers = {"Message-ID": f"<export-{run.pk}@{host or 'magflow'}>"}
    subject = f"{run.export.name} · {timezone.localtime(run.slot):%d.%m.%Y}"
    return EmailMessage(subject, text, to=run.export.emails, headers=headers)


def link_to(run: ExportRun) -> str:
    token = signing.dumps(run.pk, salt=_SALT)
    return settings.SITE_URL.rstrip("/") + reverse("core:export_file", args=[token])


def linked(token: str) -> ExportRun | None:
    """The file that a mailed link stands for; None where the link is not ours, or too old."""
    try:
        pk = signing.loads(token, salt=_SALT, max_age=LINK_LIVES)
    except signing.BadSignature:
        return None
    runs = ExportRun.objects.filter(pk=pk, is_linked=True).select_related("export__owner")
    run = runs.first()
    return None if run is None or why_it_cannot_run(run.export) else run


# --- How it ends ------------------------------------------------------------------------------


def _try_later(run: ExportRun, error: str) -> None:
    if run.attempts >= MOST_ATTEMPTS:
        _end(run, ExportStatus.FAILED, error)
        return
    run.status, run.error = ExportStatus.WAITING, error
    run.try_at = timezone.now() + PAUSES[min(run.attempts, len(PAUSES)) - 1]
    run.save(update_fields=["status", "error", "try_at"])
    live.touch("exports", run.export_id)


@transaction.atomic
def _end(run: ExportRun, status: ExportStatus, error: str = "") -> None:
    run.status, run.error, run.ended_at = status, error, timezone.now()
    run.save(update_fields=["status", "error", "ended_at"])
    if status == ExportStatus.DONE:
        if run.last_on and not run.is_extra:
            ScheduledExport.objects.filter(pk=run.export_id).update(covered_to=run.last_on)
        audit.record(
            "export.delivered", run.export, by=None, note=run.file_name, changes=_reached(run)
        )
    else:
        audit.record("export.failed", run.export, by=None, note=error)
    live.touch("exports", run.export_id)


def _reached(run: ExportRun) -> dict[str, tuple[Any, Any]]:
    """How much went where, for the audit trail."""
    reached: dict[str, tuple[Any, Any]] = {"rows": ("", run.rows)}
    if run.mailed_at:
        reached["emails"] = ([], run.export.emails)
    if run.filed_at:
        reached["folder"] = ("", f"{run.export.folder}/")
    return reached
