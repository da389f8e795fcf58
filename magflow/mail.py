"""Mails of a first run, where there is no mail server: kept in var/mail, each told in one line."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import Message
from email.policy import SMTPUTF8
from pathlib import Path
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from magflow.environment import VAR_DIR
from magflow.refusal import disk_troubles

log = logging.getLogger("magflow.mail")


class FolderBackend(BaseEmailBackend):
    """Writes each mail to a file that mail programs open and people can read."""

    def __init__(self, folder: Path = VAR_DIR / "mail", **options: Any) -> None:
        super().__init__(**options)
        self.folder = folder

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        with disk_troubles(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for mail in email_messages:
                path = self.folder / file_name(mail)
                path.write_bytes(readable(mail.message()).as_bytes(policy=SMTPUTF8))
                log.info("Mail to %s kept in %s", ", ".join(mail.recipients()), path)
        return len(email_messages)


def file_name(mail: EmailMessage) -> str:
    """When, and to whom: 20260131-120000-123456-ana-example-com.eml."""
    whom = re.sub(r"[^a-z0-9]+", "-", (mail.recipients() or ["nobody"])[0].lower()).strip("-")
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{whom}.eml"


def readable(message: Message) -> Message:
    """Links and letters as they are, not as =C8=9B: these files are opened in an editor."""
    for part in message.walk():
        if part.get_content_maintype() == "text":
            text = part.get_payload(decode=True).decode(part.get_content_charset("utf-8"))
            del part["Content-Transfer-Encoding"]
            part["Content-Transfer-Encoding"] = "8bit"
            part.set_payload(text)
    return message
