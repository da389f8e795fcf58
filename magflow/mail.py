"""Mails of a first run, where there is no mail server: kept in var/mail, each told in one line."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from magflow.environment import VAR_DIR
from magflow.refusal import disk_troubles

log = logging.getLogger("magflow.mail")


class FolderBackend(BaseEmailBackend):
    """Writes each mail to a text file that its owner can read."""

    folder: Path = VAR_DIR / "mail"

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        with disk_troubles(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for mail in email_messages:
                path = self.folder / file_name(mail)
                path.write_text(as_text(mail))
                log.info("Mail to %s kept in %s", ", ".join(mail.recipients()), path)
        return len(email_messages)


def file_name(mail: EmailMessage) -> str:
    """When, and to whom: 20260131-120000-123456-ana-example-com.txt."""
    whom = re.sub(r"[^a-z0-9]+", "-", (mail.recipients() or ["nobody"])[0].lower()).strip("-")
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{whom}.txt"


def as_text(mail: EmailMessage) -> str:
    """What a person wants of it: who, what about, and the words with their links."""
    heads: dict[str, Any] = {
        "From": mail.from_email,
        "To": ", ".join(mail.recipients()),
        "Subject": mail.subject,
    }
    lines = [f"{name}: {value}" for name, value in heads.items()]
    return "\n".join([*lines, "", str(mail.body), ""])
