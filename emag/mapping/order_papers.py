"""The documents that hang on an order: attachments and pro-forma invoices."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from emag.mapping.leniency import leniently
from emag.mapping.statuses import ATTACHMENTS, OTHER_ATTACHMENT
from emag.reading import Raw, Unreadable, code, flag, ident, moment, money, rows, text
from orders.intake import AttachmentIn, ProformaIn


def attachments_in(raw: Raw, remarks: list[str], where: str = "") -> tuple[AttachmentIn, ...]:
    """Attachments of an order or of one of its lines; those without an address are left out."""
    found = []
    for number, part in enumerate(rows(raw, "attachments")):
        place = f"{where}.attachments[{number}]" if where else f"attachments[{number}]"
        attachment = leniently(_attachment_in, part, remarks, where=place)
        if attachment.url:
            found.append(attachment)
    return tuple(found)


def _attachment_in(raw: Raw) -> AttachmentIn:
    remote_kind = code(raw, "type")
    return AttachmentIn(
        name=text(raw, "name"),
        url=web_address(raw, "url"),
        kind=ATTACHMENTS.get(remote_kind, OTHER_ATTACHMENT),
        remote_kind=remote_kind,
    )


def web_address(raw: Raw, key: str) -> str:
    """An address that a browser may be sent to. What is no link is not shown as one."""
    url = text(raw, key, 2048)
    if url.startswith("//"):
        url = f"https:{url}"
    if url and not url.lower().startswith(("https://", "http://")):
        raise Unreadable(key, _("is no web address"))
    return url


def proformas_in(raw: Raw, zone: dt.tzinfo, remarks: list[str]) -> tuple[ProformaIn, ...]:
    """Pro-forma invoices. They used to be mere numbers and have been objects since 2026."""
    value = raw.get("proforms")
    if not value:
        return ()
    if isinstance(value, str | int):
        value = [value]
    if isinstance(value, list) and all(isinstance(part, str | int) for part in value):
        numbers = [text({"proforms": part}, "proforms", 64) for part in value]
        return tuple(ProformaIn(external_id=number, number=number) for number in numbers if number)
    return tuple(
        leniently(lambda part: _proforma_in(part, zone), part, remarks, where=f"proforms[{number}]")
        for number, part in enumerate(rows(raw, "proforms"))
    )


def _proforma_in(raw: Raw, zone: dt.tzinfo) -> ProformaIn:
    return ProformaIn(
        external_id=ident(raw, "id"),
        number=text(raw, "proforma_number", 64),
        net=money(raw, "net_value"),
        gross=money(raw, "gross_value"),
        is_paid=flag(raw, "is_payed"),
        issued_at=moment(raw, "created", zone),
        expires_at=moment(raw, "date_expire", zone),
    )
